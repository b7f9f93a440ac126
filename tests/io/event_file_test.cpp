// SPDX-License-Identifier: MIT
// Event files byte by byte: known frames, parsed back by an independent reader, continued after a kill.
#include "gyrograd/io/event_file.hpp"

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::io;
using gyrograd::testing::file_text;
using gyrograd::testing::TempFolder;

namespace {

/// CRC-32C bit by bit, as its definition reads.
std::uint32_t slow_crc32c(const std::string& bytes) {
  std::uint32_t crc = 0xFFFFFFFFu;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1u) != 0 ? 0x82F63B78u : 0u);
  }
  return ~crc;
}

std::uint64_t number(const std::string& bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes.at(at + i));
  return value;
}

/// The messages of a file, every length and CRC checked.
std::vector<std::string> messages(const std::string& file) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < file.size();) {
    const auto stored = [](const std::string& bytes) {
      const std::uint32_t crc = slow_crc32c(bytes);
      return ((crc >> 15) | (crc << 17)) + 0xA282EAD8u;
    };
    const auto length = static_cast<std::size_t>(number(file, at, 8));
    REQUIRE(number(file, at + 8, 4) == stored(file.substr(at, 8)));
    out.push_back(file.substr(at + 12, length));
    REQUIRE(number(file, at + 12 + length, 4) == stored(out.back()));
    at += 16 + length;
  }
  return out;
}

/// Fields of a message: number -> raw values in order. Wire types as protocol buffers define them.
std::multimap<std::uint64_t, std::string> fields(const std::string& message) {
  std::multimap<std::uint64_t, std::string> out;
  std::size_t at = 0;
  const auto varint = [&] {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(message.at(at++));
      value |= std::uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.size()) {
    const std::uint64_t key = varint();
    std::size_t size = 0;
    if ((key & 7) == 0) {
      out.emplace(key >> 3, std::to_string(varint()));
      continue;
    }
    if ((key & 7) == 1) size = 8;
    if ((key & 7) == 2) size = static_cast<std::size_t>(varint());
    if ((key & 7) == 5) size = 4;
    REQUIRE(size > 0);
    out.emplace(key >> 3, message.substr(at, size));
    at += size;
  }
  return out;
}

std::string one(const std::multimap<std::uint64_t, std::string>& all, std::uint64_t field) {
  REQUIRE(all.count(field) == 1);
  return all.find(field)->second;
}

template <class Value>
Value as(const std::string& bytes) {
  Value value{};
  REQUIRE(bytes.size() == sizeof value);
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

}  // namespace

TEST_CASE("the masked CRC of known bytes", "[event_file]") {
  CHECK(crc32c(std::as_bytes(std::span(std::string_view("123456789")))) == 0xE3069283u);
  CHECK(masked_crc32c("123456789") == 0xC78AB0E5u);
}

TEST_CASE("bytes of a version event", "[event_file]") {
  const std::string event = version_event(1.0);
  CHECK(event == std::string("\x09\x00\x00\x00\x00\x00\x00\xF0\x3F\x1A\x0D", 11) + "brain.Event:2");
}

TEST_CASE("bytes of a scalar event", "[event_file]") {
  const std::vector<Scalar32> values{{"loss", 0.5F}};
  const std::string event = scalar_event(2.0, 300, values);
  const std::string expected(
      "\x09\x00\x00\x00\x00\x00\x00\x00\x40"               // wall_time
      "\x10\xAC\x02"                                       // step
      "\x2A\x0D\x0A\x0B\x0A\x04loss\x15\x00\x00\x00\x3F",  // summary, value, tag
      27);
  CHECK(event == expected);
}

TEST_CASE("what is written is read back by an independent reader", "[event_file]") {
  const TempFolder folder;
  const auto path = folder / "events.out.tfevents.test";
  {
    EventFile file(path, false);
    file.write(1, std::vector<Scalar32>{{"pretrain/train_loss", 0.75F}, {"pretrain/validation_loss", 1.5F}});
    file.write(1000000, std::vector<Scalar32>{{std::string(300, 'x'), -2.0F}});
  }
  const std::vector<std::string> events = messages(file_text(path));
  REQUIRE(events.size() == 3);
  CHECK(one(fields(events[0]), 3) == "brain.Event:2");
  const auto first = fields(events[1]);
  CHECK(as<double>(one(first, 1)) > 1.6e9);
  CHECK(one(first, 2) == "1");
  const auto summary = fields(one(first, 5));
  REQUIRE(summary.count(1) == 2);
  auto value = summary.find(1);
  CHECK(one(fields(value->second), 1) == "pretrain/train_loss");
  CHECK(as<float>(one(fields(value->second), 2)) == 0.75F);
  ++value;
  CHECK(one(fields(value->second), 1) == "pretrain/validation_loss");
  CHECK(as<float>(one(fields(value->second), 2)) == 1.5F);
  CHECK(one(fields(events[2]), 2) == "1000000");
  CHECK(one(fields(one(fields(one(fields(events[2]), 5)), 1)), 1) == std::string(300, 'x'));
}

TEST_CASE("a file is continued behind its last whole event", "[event_file]") {
  const TempFolder folder;
  const auto path = folder / "events.out.tfevents.test";
  {
    EventFile file(path, true);  // nothing there yet: begins
    file.write(1, std::vector<Scalar32>{{"a", 1.0F}});
  }
  const std::string whole = file_text(path);
  for (const std::string& damage : {std::string("\x30"), std::string(20, '\0'), whole.substr(0, 30)}) {
    const std::string damaged = whole + damage;
    gyrograd::testing::write_text(path, damaged);
    CHECK(whole_records(std::as_bytes(std::span(damaged))) == whole.size());
    EventFile(path, true).write(2, std::vector<Scalar32>{{"a", 2.0F}});
    const std::vector<std::string> events = messages(file_text(path));
    REQUIRE(events.size() == 3);
    CHECK(one(fields(events[2]), 2) == "2");
  }
  EventFile(path, false).write(3, std::vector<Scalar32>{{"a", 2.0F}});
  CHECK(messages(file_text(path)).size() == 2);
}

TEST_CASE("an event file that cannot be written is an error with its name", "[event_file]") {
  const TempFolder folder;
  CHECK_THROWS_WITH(EventFile(folder / "no/where", false), Catch::Contains("no/where"));
}
