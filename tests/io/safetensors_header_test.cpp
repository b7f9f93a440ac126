// SPDX-License-Identifier: MIT
// Grammar of the safetensors header: what is accepted and how strings are decoded.
#include "gyrograd/io/safetensors_header.hpp"

#include <string>

#include "support/catch.hpp"
#include "support/malformed.hpp"

namespace {

using namespace gyrograd::io;
using gyrograd::testing::error_of;

TEST_CASE("header: records in order, any order of fields, spaces anywhere") {
  const auto h = parse_safetensors_header(
      " {\n\"b\" : { \"shape\":[2 ,3], \"data_offsets\":[0,24],\"dtype\":\"F32\"} , "
      "\"__metadata__\":{\"k\":\"v\"},\"a\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[24,25]}}   ",
      "f");
  REQUIRE(h.records.size() == 2);
  CHECK(h.records[0].name == "b");
  CHECK(h.records[0].shape == Shape{2, 3});
  CHECK(h.records[0].end == 24);
  CHECK(h.records[1].dtype == Dtype::u8);
  CHECK(h.metadata.at("k") == "v");
  CHECK(parse_safetensors_header("{}", "f").records.empty());
}

TEST_CASE("header: escapes are decoded") {
  const auto h = parse_safetensors_header(
      R"({"__metadata__":{"e":"\"\\\/\b\f\n\r\t\u00e9\u20ac\ud83d\ude00\u0041"}})", "f");
  CHECK(h.metadata.at("e") ==
        "\"\\/\b\f\n\r\t\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"
        "A");
}

TEST_CASE("header: the largest number fits, one more does not") {
  const std::string before = R"({"a":{"dtype":"U8","shape":[0],"data_offsets":[0,)";
  CHECK(parse_safetensors_header(before + "18446744073709551615]}}", "f").records[0].end ==
        ~std::uint64_t{0});
  CHECK(error_of([&] {
          (void)parse_safetensors_header(before + "18446744073709551616]}}", "f");
        }).find("overflow") != std::string::npos);
}

TEST_CASE("header: every prefix of a header is refused") {
  const std::string whole =
      R"({"__metadata__":{"k":"v\n"},"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}})";
  for (std::size_t n = 0; n < whole.size(); ++n) {
    INFO(n);
    CHECK_FALSE(error_of([&] { (void)parse_safetensors_header(whole.substr(0, n), "f"); }).empty());
  }
  CHECK(error_of([&] { (void)parse_safetensors_header(whole, "f"); }).empty());
}

}  // namespace
