// SPDX-License-Identifier: MIT
// Formats are told apart by content, not by name.
#include "gyrograd/io/tensors.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include "support/archives.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/malformed.hpp"

namespace {

using namespace gyrograd::io;
using namespace gyrograd::testing;

TEST_CASE("read_tensors: each format under a misleading name") {
  const TempFolder folder;
  const std::vector<float> w{1, 2, 3, 4, 5, 6};
  write_safetensors(folder / "a.npy", std::vector{tensor_entry<float>("w", {2, 3}, w)});
  CHECK(read_tensors(folder / "a.npy").format() == "safetensors");
  write_npy(folder / "b.safetensors", w, {2, 3});
  const TensorFile array = read_tensors(folder / "b.safetensors");
  CHECK(array.format() == "npy");
  CHECK(values_of<float>(array.at("array")) == w);
  write_text(folder / "c.txt", pt_of(pickle::dict("")));
  CHECK(read_tensors(folder / "c.txt").format() == "pytorch zip");
  const auto legacy = std::filesystem::path(GYROGRAD_SOURCE_DIR) / "tests/io/fixtures/views_legacy.pt";
  CHECK(read_tensors(legacy).format() == "pytorch legacy");
}

TEST_CASE("read_tensors: a Fortran-ordered array becomes row-major") {
  const std::string header = "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }\n";
  const std::string text = std::string("\x93NUMPY\x01\0", 8) +
                           little(static_cast<std::uint16_t>(header.size())) + header +
                           "\x01\x04\x02\x05\x03\x06";
  const TensorFile f = read_tensors(FileBytes::own(bytes_of(text), "f"));
  CHECK(values_of<double>(f.at("array")) == std::vector<double>{1, 2, 3, 4, 5, 6});
}

TEST_CASE("read_tensors: anything else is one clear line") {
  for (const std::string& text : {std::string(), std::string("hello"), std::string(100, '\0'),
                                  std::string("{\"json\": 1}        "), std::string("PK")}) {
    CHECK(error_of([&] {
            (void)read_tensors(FileBytes::own(bytes_of(text), "some/file"));
          }).starts_with("some/file: is neither"));
  }
}

}  // namespace
