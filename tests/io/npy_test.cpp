// SPDX-License-Identifier: MIT
// .npy: round trips, Fortran order, the bytes NumPy writes, and the malformed cases N1 and N5.
#include "gyrograd/io/npy.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/malformed.hpp"

namespace {

using namespace gyrograd::io;
using gyrograd::testing::bytes_of;
using gyrograd::testing::check_malformed;
using gyrograd::testing::error_of;
using gyrograd::testing::file_text;
using gyrograd::testing::little;
using gyrograd::testing::MalformedCase;
using gyrograd::testing::TempFolder;

std::string npy(const std::string& header, const std::string& data, int major = 1) {
  std::string out = "\x93NUMPY";
  out += static_cast<char>(major);
  out += '\0';
  out += major == 1 ? little(static_cast<std::uint16_t>(header.size()))
                    : little(static_cast<std::uint32_t>(header.size()));
  return out + header + data;
}
std::string dict(const std::string& descr, const std::string& order, const std::string& shape) {
  return "{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}
std::string f8(const std::string& shape, std::size_t bytes) {
  return npy(dict("'<f8'", "False", shape), std::string(bytes, '\0'));
}
NpyFile parse(const std::string& content) {
  return read_npy(FileBytes::own(bytes_of(content), "memory"));
}

const std::vector<MalformedCase>& malformed() {
  static const std::vector<MalformedCase> cases{
      {"empty", [] { return std::string(); }, {"signature"}},
      {"signature only", [] { return std::string("\x93NUMPY"); }, {"signature"}},
      {"wrong signature", [] { return "\x93NUMPX" + f8("(1,)", 8).substr(6); }, {"signature"}},
      {"version 0",
       [] { return npy(dict("'<f8'", "False", "(1,)"), std::string(8, '\0'), 0); },
       {"version 0.0"}},
      {"version 4",
       [] { return npy(dict("'<f8'", "False", "(1,)"), std::string(8, '\0'), 4); },
       {"version 4.0"}},
      {"N1 v1 header length 65535 in 77 bytes",
       [] { return "\x93NUMPY" + std::string("\x01\0\xFF\xFF", 4) + std::string(67, ' '); },
       {"header length 65535", "at most 67"}},
      {"N1 v2 header length 2^32-1",
       [] { return "\x93NUMPY" + std::string("\x02\0\xFF\xFF\xFF\xFF", 6) + std::string(67, ' '); },
       {"header length 4294967295"}},
      {"N1 v3 header length 2^32-1",
       [] { return "\x93NUMPY" + std::string("\x03\0\xFF\xFF\xFF\xFF", 6) + std::string(67, ' '); },
       {"header length 4294967295"}},
      {"N5 big-endian",
       [] { return npy(dict("'>f4'", "False", "(1,)"), "1234"); },
       {"big-endian dtype '>f4'"}},
      {"N5 native order mark",
       [] { return npy(dict("'=f4'", "False", "(1,)"), "1234"); },
       {"dtype '=f4' is not supported"}},
      {"N5 structured dtype",
       [] { return npy(dict("[('a', '<f4')]", "False", "(1,)"), "1234"); },
       {"structured dtype"}},
      {"N5 object dtype",
       [] { return npy(dict("'|O'", "False", "(1,)"), "12345678"); },
       {"object dtype '|O' is refused"}},
      {"N5 object dtype with size",
       [] { return npy(dict("'|O8'", "False", "(1,)"), "12345678"); },
       {"object dtype"}},
      {"N5 text dtype",
       [] { return npy(dict("'<U1'", "False", "(1,)"), "1234"); },
       {"dtype '<U1' is not supported"}},
      {"N5 complex dtype", [] { return npy(dict("'<c8'", "False", "(1,)"), "12345678"); }, {"'<c8'"}},
      {"N5 time dtype",
       [] { return npy(dict("'<M8[ns]'", "False", "(1,)"), "12345678"); },
       {"not supported"}},
      {"N5 dtype without order",
       [] { return npy(dict("'f4'", "False", "(1,)"), "1234"); },
       {"not supported"}},
      {"N5 bar before a wide type",
       [] { return npy(dict("'|f4'", "False", "(1,)"), "1234"); },
       {"not supported"}},
      {"N5 missing comma",
       [] { return npy("{'descr': '<f4' 'fortran_order': False, 'shape': (1,), }\n", "1234"); },
       {"expected ','"}},
      {"N5 header of 10 001 bytes",
       [] { return npy(dict("'<f4'", "False", "(1,)") + std::string(9'950, ' '), "1234"); },
       {"at most 10000"}},
      {"N5 33 dimensions",
       [] {
         std::string shape = "(";
         for (int i = 0; i < 33; ++i) shape += "1, ";
         return npy(dict("'<f4'", "False", shape + ")"), "1234");
       },
       {"more than 8 dimensions"}},
      {"N5 product overflows", [] { return f8("(4294967296, 4294967296)", 0); }, {"overflow"}},
      {"N5 bytes overflow", [] { return f8("(4611686018427387904,)", 0); }, {"overflow"}},
      {"N5 overflow behind a zero", [] { return f8("(4294967296, 4294967296, 0)", 0); }, {"overflow"}},
      {"N5 extent of 2^64", [] { return f8("(18446744073709551616,)", 0); }, {"overflow"}},
      {"N5 trailing data", [] { return f8("(1,)", 9); }, {"trailing data"}},
      {"N2 array larger than the file",
       [] { return f8("(2,)", 8); },
       {"needs 16 bytes", "holds 8", "cut short"}},
      {"N5 __import__",
       [] { return npy(dict("'<f4'", "False", "(__import__('os'),)"), "1234"); },
       {"plain non-negative integer"}},
      {"N5 exponent", [] { return f8("(1e3,)", 8000); }, {"plain non-negative integer"}},
      {"N5 hexadecimal", [] { return f8("(0x10,)", 128); }, {"plain non-negative integer"}},
      {"N5 underscore", [] { return f8("(1_0,)", 80); }, {"plain non-negative integer"}},
      {"N5 long suffix", [] { return f8("(1L,)", 8); }, {"plain non-negative integer"}},
      {"N5 leading zero", [] { return f8("(01,)", 8); }, {"plain non-negative integer"}},
      {"N5 negative extent", [] { return f8("(-1,)", 8); }, {"plain non-negative integer"}},
      {"N5 true as extent", [] { return f8("(True,)", 8); }, {"plain non-negative integer"}},
      {"N5 sum as extent", [] { return f8("(1+1,)", 16); }, {"plain non-negative integer"}},
      {"N5 number instead of tuple", [] { return f8("(1)", 8); }, {"needs a comma"}},
      {"N5 list instead of tuple", [] { return f8("[1]", 8); }, {"expected '('"}},
      {"N5 two commas", [] { return f8("(1,,1)", 8); }, {"plain non-negative integer"}},
      {"N5 order as number",
       [] { return npy(dict("'<f8'", "0", "(1,)"), std::string(8, '\0')); },
       {"expected True or False"}},
      {"N5 order as text",
       [] { return npy(dict("'<f8'", "'False'", "(1,)"), std::string(8, '\0')); },
       {"expected True or False"}},
      {"duplicate key",
       [] {
         return npy("{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (1,)}\n",
                    std::string(8, '\0'));
       },
       {"duplicate key 'descr'"}},
      {"unknown key",
       [] { return npy("{'descr': '<f8', 'evil': False, 'shape': (1,)}\n", std::string(8, '\0')); },
       {"unknown key 'evil'"}},
      {"missing key",
       [] { return npy("{'descr': '<f8', 'shape': (1,)}\n", std::string(8, '\0')); },
       {"needs the keys"}},
      {"text after the dictionary",
       [] {
         return npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} x\n", std::string(8, '\0'));
       },
       {"after the closing brace"}},
      {"unfinished string", [] { return npy("{'descr", ""); }, {"string without an end"}},
      {"escape in a string", [] { return npy("{'de\\x73cr': '<f8'}", ""); }, {"escape"}},
      {"control bytes in a key", [] { return npy("{'\x1B[31m\n': '<f8'}", ""); }, {"unknown key", "\\x1b"}},
  };
  return cases;
}

TEST_CASE("npy: malformed files N1, N5 are refused with the reason") {
  check_malformed(malformed(), [](const auto& file) { (void)read_npy(file); });
  for (const MalformedCase& c : malformed()) {
    INFO(c.name);
    const auto file = FileBytes::own(bytes_of(c.build()), "bad");
    CHECK(gyrograd::testing::within_memory(file, [](const auto& f) { (void)read_npy(f); }).value_or(true));
  }
}

TEST_CASE("npy: the header is the 128 bytes that NumPy writes") {
  const std::string expected = std::string("\x93NUMPY\x01\0\x76\0", 10) +
                               "{'descr': '<f8', 'fortran_order': False, 'shape': (2088, 120, 6), }" +
                               std::string(50, ' ') + "\n";
  CHECK(npy_preamble(Dtype::f64, Shape{2088, 120, 6}) == expected);
  CHECK(expected.size() == 128);
  CHECK(npy_preamble(Dtype::boolean, Shape{3})
            .find("{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }") == 10);
  CHECK(npy_preamble(Dtype::i64, Shape{}).find("{'descr': '<i8', 'fortran_order': False, 'shape': (), }") ==
        10);
  CHECK(npy_preamble(Dtype::u8, Shape{0, 2}).find("'|u1'") != std::string::npos);
}

template <class Value>
void round_trip(const std::vector<Value>& values, Dtype dtype) {
  const TempFolder folder;
  write_npy(folder / "a.npy", values, {1, values.size(), 1});
  const NpyFile back = read_npy(folder / "a.npy");
  CHECK(back.dtype() == dtype);
  CHECK(back.shape() == Shape{1, values.size(), 1});
  CHECK_FALSE(back.fortran_order());
  CHECK(back.values<Value>() == values);
  CHECK(std::filesystem::file_size(folder / "a.npy") == 128 + values.size() * sizeof(Value));
}

TEST_CASE("npy: float32, float64 and int64 read back") {
  round_trip<float>({1.5f, -2.0f, 1e-45f}, Dtype::f32);
  round_trip<double>({0.1, -0.0}, Dtype::f64);
  round_trip<std::int64_t>({-1, std::int64_t{1} << 62}, Dtype::i64);
}

TEST_CASE("npy: conversion to the type asked for") {
  CHECK(parse(npy(dict("'|b1'", "False", "(2,)"), std::string("\x01\0", 2))).values<float>() ==
        std::vector<float>{1, 0});
  CHECK(parse(npy(dict("'<i4'", "False", "(1,)"), std::string("\xFE\xFF\xFF\xFF", 4))).values<double>() ==
        std::vector<double>{-2});
  CHECK(parse(npy(dict("'|u1'", "False", "()"), "\xFF")).values<double>() == std::vector<double>{255});
  CHECK(error_of([] {
          (void)parse(npy(dict("'|b1'", "False", "(1,)"), "\x02")).values<float>();
        }).find("element 0 of type bool") != std::string::npos);
  CHECK_FALSE(error_of([] { (void)parse(f8("(1,)", 8)).values<std::int64_t>(); }).empty());
}

TEST_CASE("npy: other accepted spellings and versions") {
  CHECK(parse(npy("{\"shape\": (1,), \"fortran_order\": False, \"descr\": \"<f8\"}", std::string(8, '\0')))
            .count() == 1);
  CHECK(parse(npy(dict("'<f8'", "False", "(1,)"), std::string(8, '\0'), 2)).count() == 1);
  CHECK(parse(npy(dict("'<f8'", "False", "(1,)"), std::string(8, '\0'), 3)).count() == 1);
  CHECK(parse(f8("(3, 0)", 0)).count() == 0);
  CHECK(parse(f8("()", 8)).count() == 1);
}

TEST_CASE("npy: Fortran order is handed out row-major") {
  // a[i][j][k] = 100 i + 10 j + k, shape (2, 3, 4), first index fastest in the file.
  std::string data;
  std::vector<double> expected(24);
  for (std::size_t k = 0; k < 4; ++k) {
    for (std::size_t j = 0; j < 3; ++j) {
      for (std::size_t i = 0; i < 2; ++i) {
        const double value = static_cast<double>(100 * i + 10 * j + k);
        data += little(std::bit_cast<std::uint64_t>(value));
        expected[(i * 3 + j) * 4 + k] = value;
      }
    }
  }
  const NpyFile file = parse(npy(dict("'<f8'", "True", "(2, 3, 4)"), data));
  CHECK(file.fortran_order());
  CHECK(file.values<double>() == expected);
  CHECK(file.values<float>()[23] == 123.0f);
  const auto bytes = file.row_major_bytes();
  CHECK(little_endian<std::uint64_t>(bytes, 8 * 23) == std::bit_cast<std::uint64_t>(123.0));
}

TEST_CASE("npy: the writer refuses a shape that does not hold the values, rank is checked on request") {
  const TempFolder folder;
  const std::vector<float> values(6);
  CHECK_FALSE(error_of([&] { write_npy(folder / "a", values, {2, 2}); }).empty());
  CHECK(gyrograd::testing::entry_count(folder.path()) == 0);
  write_npy(folder / "a", values, {2, 3});
  CHECK(error_of([&] {
          (void)read_npy(folder / "a").expect_rank(3, "the data array");
        }).find("expected 3 dimensions") != std::string::npos);
}

TEST_CASE("npy: prefixes are refused, bit flips never crash") {
  const std::string whole = npy(dict("'<f4'", "True", "(2, 3)"), std::string(24, '\x3F'));
  CHECK(gyrograd::testing::sweep(
            whole, [](const auto& file) { (void)read_npy(file).template values<double>(); }) > 100);
}

}  // namespace
