// SPDX-License-Identifier: MIT
// Mapping of files, and what cannot be mapped.
#include "gyrograd/io/file_bytes.hpp"

#include <sys/stat.h>

#include <string>

#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/malformed.hpp"

namespace {

using namespace gyrograd::io;
using gyrograd::testing::error_of;
using gyrograd::testing::TempFolder;
using gyrograd::testing::write_text;

TEST_CASE("FileBytes: content, size and name, an empty file is fine") {
  const TempFolder folder;
  write_text(folder / "a", "hello");
  write_text(folder / "empty", "");
  const auto file = FileBytes::open(folder / "a");
  REQUIRE(file->size() == 5);
  CHECK(std::to_integer<char>(file->bytes()[4]) == 'o');
  CHECK(file->name() == (folder / "a").string());
  CHECK(FileBytes::open(folder / "empty")->size() == 0);
}

TEST_CASE("FileBytes: a mapping outlives the replacement of its path") {
  const TempFolder folder;
  write_text(folder / "a", "old");
  const auto file = FileBytes::open(folder / "a");
  write_text(folder / "b", "newer");
  std::filesystem::rename(folder / "b", folder / "a");
  CHECK(std::to_integer<char>(file->bytes()[0]) == 'o');
  CHECK(FileBytes::open(folder / "a")->size() == 5);
}

TEST_CASE("FileBytes: missing files, folders and pipes are refused without waiting") {
  const TempFolder folder;
  CHECK(error_of([&] { (void)FileBytes::open(folder / "none"); }).find("No such file") != std::string::npos);
  CHECK(error_of([&] { (void)FileBytes::open(folder.path()); }).find("is a folder") != std::string::npos);
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(error_of([&] { (void)FileBytes::open(folder / "pipe"); }).find("pipe") != std::string::npos);
  const std::string odd = error_of([&] { (void)FileBytes::open(folder / "line\nbreak"); });
  CHECK(odd.find('\n') == std::string::npos);
}

TEST_CASE("FileBytes: memory of mapped files is measured and given back") {
  constexpr std::size_t own = 2'000'000;  // pages of programs count, too, and the system counts in groups
  const std::size_t before = resident_file_bytes();
  if (before == SIZE_MAX) {
    WARN("skipped: /proc/self/statm does not tell the memory of mapped files");
    return;
  }
  const TempFolder folder;
  gyrograd::testing::write_text(folder / "large", std::string(8'000'000, 'x'));
  const auto file = FileBytes::open(folder / "large");
  std::size_t sum = 0;
  for (std::size_t at = 0; at < file->size(); at += 4096) sum += static_cast<std::size_t>(file->bytes()[at]);
  CHECK(sum == 'x' * (8'000'000 / 4096 + 1U));
  CHECK(resident_file_bytes() > before + 8'000'000 - own);
  file->forget();
  CHECK(resident_file_bytes() < before + own);
}

TEST_CASE("little_endian: bytes in order") {
  const auto bytes = gyrograd::testing::bytes_of(std::string("\x01\x02\x03\x04\x05\x06\x07\x88", 8));
  CHECK(little_endian<std::uint16_t>(bytes, 1) == 0x0302u);
  CHECK(little_endian<std::uint32_t>(bytes, 0) == 0x04030201u);
  CHECK(little_endian<std::uint64_t>(bytes, 0) == 0x8807060504030201u);
  CHECK(little_endian<std::uint8_t>(bytes, 7) == 0x88u);
}

}  // namespace
