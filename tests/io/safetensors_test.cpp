// SPDX-License-Identifier: MIT
// Safetensors: round trips, the layout of written files, and the malformed cases S1-S17.
#include "gyrograd/io/safetensors.hpp"

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/malformed.hpp"
#include "support/shared.hpp"

namespace {

using namespace gyrograd::io;
using gyrograd::testing::bytes_of;
using gyrograd::testing::check_malformed;
using gyrograd::testing::error_of;
using gyrograd::testing::file_text;
using gyrograd::testing::little;
using gyrograd::testing::MalformedCase;
using gyrograd::testing::TempFolder;

std::string file_of(const std::string& header, std::size_t data = 0) {
  return little(std::uint64_t{header.size()}) + header + std::string(data, '\0');
}
std::string entry(const std::string& name, const std::string& shape, const std::string& offsets,
                  const std::string& dtype = "F32") {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":[" + shape + "],\"data_offsets\":[" +
         offsets + "]}";
}
std::string one(const std::string& shape, const std::string& offsets, std::size_t data,
                const std::string& dtype = "F32") {
  return file_of("{" + entry("w", shape, offsets, dtype) + "}", data);
}
std::string two(const std::string& first, const std::string& second, std::size_t data) {
  return file_of("{" + first + "," + second + "}", data);
}
TensorFile parse(const std::string& content) {
  return read_safetensors(FileBytes::own(bytes_of(content), "memory"));
}
std::string named(const std::string& name) {
  return file_of("{" + entry(name, "1", "0,4") + "}", 4);
}
std::string repeat(const std::string& text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

const std::vector<MalformedCase>& malformed() {
  static const std::vector<MalformedCase> cases{
      {"S1 empty file", [] { return std::string(); }, {"0 bytes", "at least 8"}},
      {"S1 seven bytes", [] { return std::string(7, '\0'); }, {"7 bytes"}},
      {"S1 header length 1000 in a tiny file",
       [] { return little(std::uint64_t{1000}) + "{}"; },
       {"header length 1000", "at most 2"}},
      {"S1 header length equal to the file size",
       [] { return little(std::uint64_t{10}) + "{}"; },
       {"header length 10"}},
      {"S1 header length 2^63",
       [] { return little(std::uint64_t{1} << 63) + "{}"; },
       {"header length 9223372036854775808"}},
      {"S1 header length 2^64-1",
       [] { return little(~std::uint64_t{0}) + "{}"; },
       {"header length 18446744073709551615"}},
      {"S1 header length + 8 wraps", [] { return little(~std::uint64_t{0} - 7) + "{}"; }, {"header length"}},
      {"S2 more than the limit of tensors",
       [] {
         std::string header = "{";
         for (int i = 0; i <= 16'384; ++i)
           header += (i == 0 ? "" : ",") + entry("t" + std::to_string(i), "0", "0,0");
         return file_of(header + "}");
       },
       {"more than 16384 tensors"}},
      {"S3 two tensors share their bytes",
       [] { return two(entry("a", "4", "0,16"), entry("b", "4", "0,16"), 16); },
       {"overlap"}},
      {"S3 partial overlap",
       [] { return two(entry("a", "4", "0,16"), entry("b", "4", "8,24"), 24); },
       {"'b'", "overlap"}},
      {"S3 many tensors share [0,16)",
       [] {
         std::string header = "{";
         for (int i = 0; i < 1000; ++i)
           header += (i == 0 ? "" : ",") + entry("t" + std::to_string(i), "4", "0,16");
         return file_of(header + "}", 16);
       },
       {"overlap"}},
      {"S4 gap between tensors",
       [] { return two(entry("a", "1", "0,4"), entry("b", "1", "8,12"), 12); },
       {"hole", "expected 4"}},
      {"S4 gap at the start", [] { return one("1", "4,8", 8); }, {"hole", "expected 0"}},
      {"S5 trailing bytes", [] { return one("1", "0,4", 6); }, {"2 trailing bytes"}},
      {"S5 two bytes missing", [] { return one("1", "0,4", 2); }, {"beyond the 2 bytes"}},
      {"S5 zip appended", [] { return one("1", "0,4", 4) + "PK\x03\x04zip"; }, {"trailing bytes"}},
      {"S6 shape product wraps to 0", [] { return one("4294967296,4294967296", "0,0", 0); }, {"overflow"}},
      {"S6 wraps to 0 with huge offsets",
       [] { return one("4294967296,4294967296", "0,18446744073709551615", 4); },
       {"overflow"}},
      {"S6 elements times size wraps", [] { return one("4611686018427387904", "0,0", 0); }, {"overflow"}},
      {"S6 zero in front of a wrapping product",
       [] { return one("0,4294967296,4294967296", "0,0", 0); },
       {"overflow"}},
      {"S6 zero hides a wrapping product",
       [] { return one("4294967296,4294967296,0", "0,0", 0); },
       {"overflow"}},
      {"S7 negative extent", [] { return one("-1", "0,4", 4); }, {"plain non-negative integer", "'-1"}},
      {"S7 extent 1e3", [] { return one("1e3", "0,4000", 4000); }, {"plain non-negative integer"}},
      {"S7 extent 4.0", [] { return one("4.0", "0,16", 16); }, {"plain non-negative integer"}},
      {"S7 extent as text", [] { return one("\"4\"", "0,16", 16); }, {"plain non-negative integer"}},
      {"S7 extent true", [] { return one("true", "0,4", 4); }, {"plain non-negative integer"}},
      {"S7 extent null", [] { return one("null", "0,4", 4); }, {"plain non-negative integer"}},
      {"S7 leading zero", [] { return one("01", "0,4", 4); }, {"plain non-negative integer"}},
      {"S7 hexadecimal", [] { return one("0x1", "0,4", 4); }, {"expected ','"}},
      {"S8 offsets shorter than the shape", [] { return one("4", "0,8", 8); }, {"needs 16 bytes", "hold 8"}},
      {"S8 offsets longer than the shape", [] { return one("1", "0,8", 8); }, {"needs 4 bytes", "hold 8"}},
      {"S8 one offset", [] { return one("1", "4", 4); }, {"1 numbers, expected 2"}},
      {"S8 three offsets", [] { return one("1", "0,4,4", 4); }, {"3 numbers, expected 2"}},
      {"S8 no offsets", [] { return one("1", "", 4); }, {"0 numbers, expected 2"}},
      {"S8 end before begin", [] { return one("1", "4,0", 4); }, {"end 0 before they begin, at 4"}},
      {"S8 beyond the file", [] { return one("2", "0,8", 4); }, {"beyond the 4 bytes"}},
      {"S9 2^64 as extent", [] { return one("18446744073709551616", "0,4", 4); }, {"64 bits", "overflow"}},
      {"S9 2^64 as offset", [] { return one("1", "0,18446744073709551616", 4); }, {"overflow"}},
      {"S9 -1 as offset", [] { return one("1", "-1,3", 4); }, {"plain non-negative integer"}},
      {"S9 1.5 as extent", [] { return one("1.5", "0,4", 4); }, {"plain non-negative integer"}},
      {"S10 200 000 nested arrays",
       [] { return file_of("{\"a\":" + std::string(200'000, '[')); },
       {"expected '{', got '['"}},
      {"S10 nested array as shape", [] { return one("[1]", "0,4", 4); }, {"plain non-negative integer"}},
      {"S10 nested object in metadata",
       [] { return file_of("{\"__metadata__\":{\"a\":" + repeat("{\"a\":", 1000)); },
       {"metadata value: expected a string"}},
      {"S11 duplicate tensor",
       [] { return two(entry("a", "1", "0,4"), entry("a", "1", "4,8"), 8); },
       {"duplicate tensor name 'a'"}},
      {"S11 duplicate by an escape",
       [] { return two(entry("a", "1", "0,4"), entry("\\u0061", "1", "4,8"), 8); },
       {"duplicate tensor name 'a'"}},
      {"S11 duplicate key in an entry",
       [] { return file_of(R"({"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 4); },
       {"duplicate key 'dtype'"}},
      {"S11 __metadata__ as tensor",
       [] { return file_of("{" + entry("__metadata__", "1", "0,4") + "}", 4); },
       {"__metadata__", "expected a string"}},
      {"S11 two __metadata__",
       [] { return file_of(R"({"__metadata__":{},"__metadata__":{}})"); },
       {"duplicate key '__metadata__'"}},
      {"S11 duplicate metadata key",
       [] { return file_of(R"({"__metadata__":{"k":"1","k":"2"}})"); },
       {"duplicate metadata key 'k'"}},
      {"S12 byte order mark", [] { return file_of("\xEF\xBB\xBF{}"); }, {"byte order mark"}},
      {"S12 list instead of object", [] { return file_of("[]"); }, {"expected '{'"}},
      {"S12 number instead of object", [] { return file_of("12"); }, {"expected '{'"}},
      {"S12 only spaces", [] { return file_of("    "); }, {"end of the header"}},
      {"S12 text after the brace", [] { return file_of("{}x"); }, {"after the closing brace"}},
      {"S12 NUL after the brace",
       [] { return file_of(std::string("{}\0", 3)); },
       {"after the closing brace"}},
      {"S12 NUL inside a name", [] { return named(std::string("a\0b", 3)); }, {"control character"}},
      {"S12 escaped NUL in a name", [] { return named("a\\u0000b"); }, {"NUL character"}},
      {"S12 newline in a name", [] { return named("a\nb"); }, {"control character"}},
      {"S12 invalid UTF-8", [] { return named("a\xFF"); }, {"invalid UTF-8"}},
      {"S12 overlong UTF-8", [] { return named("a\xC0\xAF"); }, {"invalid UTF-8"}},
      {"S12 UTF-8 surrogate", [] { return named("a\xED\xA0\x80"); }, {"invalid UTF-8"}},
      {"S12 lone high surrogate", [] { return named("\\ud800"); }, {"lone surrogate"}},
      {"S12 lone low surrogate", [] { return named("\\udc00"); }, {"lone surrogate"}},
      {"S12 high surrogate before a letter", [] { return named("\\ud800\\u0041"); }, {"lone surrogate"}},
      {"S12 unknown escape", [] { return named("\\x41"); }, {"unknown escape"}},
      {"S12 short hexadecimal escape", [] { return named("\\u12"); }, {"hexadecimal"}},
      {"S12 unfinished string", [] { return file_of("{\"abc"); }, {"string without an end"}},
      {"S12 name longer than 64 kB", [] { return named(std::string(65'537, 'n')); }, {"longer than 65536"}},
      {"S12 empty name", [] { return named(""); }, {"empty name"}},
      {"S12 trailing comma",
       [] { return file_of("{" + entry("a", "1", "0,4") + ",}", 4); },
       {"expected a string"}},
      {"S12 comment", [] { return file_of("{/*x*/}"); }, {"expected a string"}},
      {"S12 single quotes", [] { return file_of("{'a':1}"); }, {"expected a string"}},
      {"S12 ANSI escape in an unknown key",
       [] { return file_of("{\"a\":{\"\\u001b[31m\":1}}"); },
       {"unknown key", "\\x1b"}},
      {"S13 unknown dtype",
       [] { return one("1", "0,4", 4, "float32"); },
       {"dtype 'float32' is not supported"}},
      {"S13 8-bit float", [] { return one("1", "0,1", 1, "F8_E4M3"); }, {"F8_E4M3"}},
      {"S13 4-bit float", [] { return one("2", "0,1", 1, "F4"); }, {"'F4'"}},
      {"S13 dtype as number",
       [] { return file_of(R"({"a":{"dtype":3,"shape":[1],"data_offsets":[0,4]}})", 4); },
       {"dtype: expected a string"}},
      {"S14 rank 9", [] { return one("1,1,1,1,1,1,1,1,1", "0,4", 4); }, {"more than 8 dimensions"}},
      {"missing dtype",
       [] { return file_of(R"({"a":{"shape":[1],"data_offsets":[0,4]}})", 4); },
       {"'dtype' is missing"}},
      {"missing shape",
       [] { return file_of(R"({"a":{"dtype":"F32","data_offsets":[0,4]}})", 4); },
       {"'shape' is missing"}},
      {"missing offsets",
       [] { return file_of(R"({"a":{"dtype":"F32","shape":[1]}})", 4); },
       {"'data_offsets' is missing"}},
      {"unknown key", [] { return file_of(R"({"a":{"dtyp":"F32"}})"); }, {"unknown key 'dtyp'"}},
      {"entry is a list", [] { return file_of(R"({"a":[1]})"); }, {"tensor 'a'", "expected '{'"}},
      {"shape is a number", [] { return file_of(R"({"a":{"shape":1}})"); }, {"expected '['"}},
      {"data without tensors", [] { return file_of("{}", 4); }, {"4 trailing bytes"}},
      {"zero-sized tensor inside another",
       [] { return two(entry("a", "4", "0,16"), entry("z", "0", "8,8"), 16); },
       {"'z'", "overlap"}},
  };
  return cases;
}

TEST_CASE("safetensors: malformed files S1-S14 are refused with the reason") {
  check_malformed(malformed(), [](const auto& file) { (void)read_safetensors(file); });
}

TEST_CASE("safetensors: refusing takes little memory and time") {
  for (const MalformedCase& c : malformed()) {
    INFO(c.name);
    const auto file = FileBytes::own(bytes_of(c.build()), "bad");
    const auto start = std::chrono::steady_clock::now();
    CHECK(gyrograd::testing::within_memory(file, [](const auto& f) {
            (void)read_safetensors(f);
          }).value_or(true));
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(2));
  }
}

TEST_CASE("safetensors: S2, a header of more than 100 MB is refused although the file holds it") {
  const TempFolder folder;
  {
    std::ofstream out(folder / "big", std::ios::binary);
    const std::string length = little(std::uint64_t{100'000'001});
    out.write(length.data(), 8);
    out.seekp(100'000'100);
    out.put('\0');  // a sparse file
  }
  CHECK(error_of([&] { (void)read_safetensors(folder / "big"); }).find("at most 100000000") !=
        std::string::npos);
}

TEST_CASE("safetensors: what must load (S4, S12, S14)") {
  CHECK(parse(two(entry("b", "1", "4,8"), entry("a", "1", "0,4"), 8)).entries()[0].name == "b");  // unordered
  CHECK(parse(file_of("  {\"a\" : {\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}  ", 4))
            .entries()
            .size() == 1);
  CHECK(parse(file_of("{}")).entries().empty());
  CHECK(parse(one("2,0", "0,0", 0)).entries()[0].count() == 0);
  CHECK(parse(one("", "0,4", 4)).entries()[0].count() == 1);
  CHECK(parse(one("1,1,1,1,1,1,1,1", "0,4", 4)).entries()[0].shape.size() == 8);
  CHECK(parse(two(entry("z", "0", "0,0"), entry("a", "4", "0,16"), 16)).entries().size() == 2);
  CHECK(parse(named(std::string(65'536, 'n'))).entries()[0].name.size() == 65'536);
  CHECK(parse(named("../../etc/passwd")).find("../../etc/passwd") != nullptr);
  CHECK(parse(named("\\u001b[31mred\\n")).entries()[0].name == "\x1B[31mred\n");
  CHECK(parse(file_of(R"({"__metadata__":{}})")).metadata().empty());
}

TEST_CASE("safetensors: S13, conversions") {
  std::string bools = one("2", "0,2", 0, "BOOL");
  CHECK(error_of([&] {
          (void)values_of<float>(parse(bools + "\x01\x02").entries()[0], "f");
        }).find("element 1 of type bool") != std::string::npos);
  CHECK(values_of<float>(parse(bools + std::string("\x01\0", 2)).entries()[0]) == std::vector<float>{1, 0});
  CHECK(values_of<float>(
            parse(one("1", "0,8", 0, "F64") + little(std::bit_cast<std::uint64_t>(0.1))).entries()[0])[0] ==
        0.1f);
}

std::vector<float> ramp(std::size_t count) {
  std::vector<float> out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<float>(i) - 2.5f;
  return out;
}

TEST_CASE("safetensors: a written file reads back bit by bit, order and metadata kept") {
  const TempFolder folder;
  const auto f = ramp(6);
  const std::vector<double> d{0.1, -0.0, std::numeric_limits<double>::denorm_min()};
  const std::vector<std::int64_t> i{-1, 1};
  const std::vector<std::uint8_t> u{3};
  const std::vector<TensorEntry> entries{
      tensor_entry<std::uint8_t>("tiny", {1}, u), tensor_entry<float>("z.weight", {2, 3}, f),
      tensor_entry<double>("d", {3}, d), tensor_entry<std::int64_t>("i", {2, 1}, i),
      tensor_entry<float>("none", {0, 5}, {})};
  const Metadata metadata{{"format", "pt"}, {"text", "quote \" back \\ tab \t \xE2\x82\xAC"}};
  write_safetensors(folder / "a.safetensors", entries, metadata);
  const TensorFile back = read_safetensors(folder / "a.safetensors");
  CHECK(back.metadata() == metadata);
  REQUIRE(back.entries().size() == entries.size());
  for (std::size_t n = 0; n < entries.size(); ++n) {
    CHECK(back.entries()[n].name == entries[n].name);
    CHECK(back.entries()[n].dtype == entries[n].dtype);
    CHECK(back.entries()[n].shape == entries[n].shape);
    CHECK(std::equal(entries[n].bytes.begin(), entries[n].bytes.end(), back.entries()[n].bytes.begin(),
                     back.entries()[n].bytes.end()));
  }
  const std::string text = file_text(folder / "a.safetensors");
  CHECK((8 + little_endian<std::uint64_t>(bytes_of(text), 0)) % 8 == 0);
  for (const TensorEntry& e : back.entries()) {
    if (!e.bytes.empty()) CHECK(reinterpret_cast<std::uintptr_t>(e.bytes.data()) % dtype_size(e.dtype) == 0);
  }
}

TEST_CASE("safetensors: S16, NaN, infinity and denormals survive") {
  const TempFolder folder;
  const std::vector<float> f{std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity(),
                             1e-45f};
  write_safetensors(folder / "a", std::vector{tensor_entry<float>("w", {3}, f)});
  const auto back = values_of<float>(read_safetensors(folder / "a").at("w"));
  CHECK(std::isnan(back[0]));
  CHECK(back[1] == f[1]);
  CHECK(back[2] == f[2]);
}

TEST_CASE("safetensors: S15, a mapped file can be replaced by its own tensors") {
  const TempFolder folder;
  const auto f = ramp(10'000);
  write_safetensors(folder / "a", std::vector{tensor_entry<float>("w", {10'000}, f)});
  const TensorFile old = read_safetensors(folder / "a");
  std::vector<TensorEntry> renamed{old.entries()[0]};
  renamed[0].name = "v";
  write_safetensors(folder / "a", renamed);
  CHECK(values_of<float>(old.at("w")) == f);
  CHECK(values_of<float>(read_safetensors(folder / "a").at("v")) == f);
}

TEST_CASE("safetensors: the writer refuses what the reader would refuse, and leaves the old file") {
  const TempFolder folder;
  const auto f = ramp(2);
  const auto w = tensor_entry<float>("w", {2}, f);
  gyrograd::testing::write_text(folder / "a", "old");
  const auto refused = [&](std::vector<TensorEntry> entries, Metadata metadata = {}) {
    return error_of([&] { write_safetensors(folder / "a", entries, metadata); });
  };
  CHECK(refused({w, w}).find("duplicate tensor name 'w'") != std::string::npos);
  CHECK_FALSE(refused({{"", w.dtype, w.shape, w.bytes}}).empty());
  CHECK_FALSE(refused({{"__metadata__", w.dtype, w.shape, w.bytes}}).empty());
  CHECK_FALSE(refused({{"\xFF", w.dtype, w.shape, w.bytes}}).empty());
  CHECK(refused({{"w", w.dtype, {3}, w.bytes}}).find("does not match 8 bytes") != std::string::npos);
  CHECK_FALSE(refused({{"w", w.dtype, Shape(9, 1), w.bytes.first(4)}}).empty());
  CHECK_FALSE(refused({w}, {{"k", "\xFF"}}).empty());
  CHECK(file_text(folder / "a") == "old");
}

TEST_CASE("safetensors: prefixes are refused, bit flips never crash") {
  const std::string whole = file_of(R"({"__metadata__":{"k":"v"},)" + entry("a", "2,3", "0,24") + "," +
                                        entry("b", "1", "24,25", "BOOL") + "}",
                                    25);
  const std::size_t refused = gyrograd::testing::sweep(whole, [](const auto& file) {
    const TensorFile t = read_safetensors(file);
    for (const TensorEntry& e : t.entries()) (void)values_of<double>(e);
  });
  CHECK(refused > 1000);
}

TEST_CASE("safetensors: every golden file loads and survives a rewrite") {
  const auto golden = gyrograd::testing::shared_path("golden");
  if (!golden) return;
  const TempFolder folder;
  std::size_t count = 0;
  for (const auto& item : std::filesystem::directory_iterator(*golden)) {
    if (item.path().extension() != ".safetensors") continue;
    INFO(item.path().filename().string());
    const TensorFile first = read_safetensors(item.path());
    REQUIRE_FALSE(first.metadata_or("op", "").empty());
    write_safetensors(folder / "copy", first.entries(), first.metadata());
    const TensorFile second = read_safetensors(folder / "copy");
    REQUIRE(second.entries().size() == first.entries().size());
    for (const TensorEntry& e : first.entries()) {
      const TensorEntry& copy = second.at(e.name);
      REQUIRE(std::equal(e.bytes.begin(), e.bytes.end(), copy.bytes.begin(), copy.bytes.end()));
    }
    ++count;
  }
  CHECK(count > 0);
}

}  // namespace
