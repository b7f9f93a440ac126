// SPDX-License-Identifier: MIT
// The helpers for malformed files can themselves fail a reader.
#include "support/malformed.hpp"

#include <string>
#include <vector>

#include "support/archives.hpp"
#include "support/catch.hpp"

namespace {

using namespace gyrograd::testing;
using gyrograd::io::FileBytes;

TEST_CASE("within_memory: a reader that asks for 64 MiB beside a small file is caught") {
  const auto file = FileBytes::own(bytes_of("small"), "f");
  const char* volatile seen = nullptr;  // a compiler may leave out memory that nothing looks at
  const auto greedy = [&seen](const auto&) {
    std::vector<char> block(std::size_t{64} << 20, 'x');
    seen = block.data();
    gyrograd::fail<gyrograd::IoError>("never here: ", block.size());
  };
  const auto modest = [&seen](const auto&) {
    std::vector<char> block(std::size_t{1} << 18, 'x');
    seen = block.data();
    gyrograd::fail<gyrograd::IoError>("refused: ", block.size());
  };
  CHECK_FALSE(within_memory(file, greedy).value_or(false));
  CHECK(within_memory(file, modest).value_or(true));
}

TEST_CASE("sweep: counts the flips that a reader refuses") {
  const auto exact = [](const auto& file) {
    if (file->size() != 2 || file->bytes()[0] != std::byte{'o'}) gyrograd::fail<gyrograd::IoError>("no");
  };
  CHECK(sweep("ok", exact) == 8);
}

TEST_CASE("error_of: message of ours, nothing when nothing is thrown, other exceptions pass") {
  CHECK(error_of([] { gyrograd::fail<gyrograd::IoError>("a", 1); }) == "a1");
  CHECK(error_of([] {}).empty());
  CHECK_THROWS_AS(error_of([] { throw 1; }), int);
}

TEST_CASE("zip_of, little: known bytes") {
  CHECK(little(std::uint32_t{0x01020304}) == "\x04\x03\x02\x01");
  CHECK(zip_of({}) == std::string("PK\x05\x06") + std::string(18, '\0'));
}

}  // namespace
