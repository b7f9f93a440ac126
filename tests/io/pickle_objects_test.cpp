// SPDX-License-Identifier: MIT
// Storages, tensors, parameters and sizes that a pickle describes.
#include "gyrograd/io/pickle_objects.hpp"

#include <string>
#include <vector>

#include "gyrograd/io/pickle.hpp"
#include "support/archives.hpp"
#include "support/catch.hpp"

namespace {

using namespace gyrograd::io;
using namespace gyrograd::testing;
using Kind = PickleValue::Kind;

TEST_CASE("pickle objects: tensors share a storage that is described once") {
  const std::string block = pickle::storage("HalfStorage", "7", 6);
  const auto bytes = bytes_of(pickle::whole(
      "(" + pickle::tensor(block, 0, pickle::number(2), pickle::number(1)) +
      pickle::tensor(block, 2, pickle::number(2) + pickle::number(2), pickle::number(2) + pickle::number(1)) +
      "t"));
  const PickleResult r = read_pickle(bytes, 1000, "f");
  REQUIRE(r.storages.size() == 1);
  CHECK(r.storages[0].key == "7");
  CHECK(r.storages[0].dtype == Dtype::f16);
  CHECK(r.storages[0].count == 6);
  REQUIRE(r.tensors.size() == 2);
  CHECK(r.tensors[1].offset == 2);
  CHECK(r.tensors[1].shape == std::vector<std::size_t>{2, 2});
  CHECK(r.tensors[1].strides == std::vector<std::uint64_t>{2, 1});
}

TEST_CASE("pickle objects: parameters are their tensor, sizes are tuples, devices are nothing") {
  const std::string t = pickle::tensor(pickle::storage("FloatStorage", "0", 1), 0, "", "");
  const auto parameter = bytes_of(pickle::whole(pickle::call(
      pickle::global("torch._utils", "_rebuild_parameter"), t + "\x88" + pickle::ordered_dict())));
  CHECK(read_pickle(parameter, 1000, "f").root.kind == Kind::tensor);
  const auto size = bytes_of(
      pickle::whole(pickle::call(pickle::global("torch", "Size"), pickle::tuple(pickle::number(3)))));
  CHECK(read_pickle(size, 1000, "f").root.kind == Kind::tuple);
  const auto device =
      bytes_of(pickle::whole(pickle::call(pickle::global("torch", "device"), pickle::text("cuda"))));
  CHECK(read_pickle(device, 1000, "f").root.kind == Kind::none);
}

}  // namespace
