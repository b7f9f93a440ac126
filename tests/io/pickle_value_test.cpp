// SPDX-License-Identifier: MIT
// The list of names that a weight file may refer to.
#include "gyrograd/io/pickle_value.hpp"

#include "support/catch.hpp"

namespace {

using namespace gyrograd::io;

TEST_CASE("pickle_global: the names of weight files") {
  CHECK(pickle_global("collections", "OrderedDict")->global == PickleGlobal::ordered_dict);
  CHECK(pickle_global("torch._utils", "_rebuild_tensor_v2")->global == PickleGlobal::rebuild_tensor);
  CHECK(pickle_global("torch", "FloatStorage")->dtype == Dtype::f32);
  CHECK(pickle_global("torch", "BFloat16Storage")->dtype == Dtype::bf16);
  CHECK(pickle_global("torch", "BoolStorage")->global == PickleGlobal::storage);
  CHECK(pickle_global("torch", "float32")->global == PickleGlobal::inert);
}

TEST_CASE("pickle_global: everything else is unknown") {
  CHECK_FALSE(pickle_global("os", "system"));
  CHECK_FALSE(pickle_global("posix", "system"));
  CHECK_FALSE(pickle_global("builtins", "eval"));
  CHECK_FALSE(pickle_global("torch", "load"));
  CHECK_FALSE(pickle_global("torch", "ComplexFloatStorage"));
  CHECK_FALSE(pickle_global("Torch", "FloatStorage"));
  CHECK_FALSE(pickle_global("collections", "FloatStorage"));
  CHECK_FALSE(pickle_global("", ""));
}

}  // namespace
