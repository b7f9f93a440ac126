// SPDX-License-Identifier: MIT
// Strict JSON: values and kinds, and what is refused (N8, S9, S10).
#include "gyrograd/io/json_strict.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/malformed.hpp"

namespace {

using namespace gyrograd::io;
using namespace gyrograd::testing;

TEST_CASE("json: kinds, order and numbers") {
  const JsonValue v =
      parse_json(R"( {"b": 1, "a": [true, null, "x\n", 2.5, 1e3, -9223372036854775808]} )", "f");
  REQUIRE(v.kind == JsonValue::Kind::object);
  CHECK(v.keys[0] == "b");
  CHECK(v.find("b")->integer == 1);
  CHECK(v.find("b")->real == 1.0);
  const auto& items = v.find("a")->items;
  CHECK(items[0].boolean);
  CHECK(items[1].kind == JsonValue::Kind::null);
  CHECK(items[2].text == "x\n");
  CHECK(items[3].real == 2.5);
  CHECK(items[4].kind == JsonValue::Kind::real);
  CHECK(items[5].integer == INT64_MIN);
  CHECK(v.find("none") == nullptr);
}

TEST_CASE("json: malformed documents are refused with the reason") {
  const auto text = [](const std::string& t) { return [t] { return t; }; };
  std::string many = "{";
  for (int i = 0; i < 5000; ++i) many += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
  const std::vector<MalformedCase> cases{
      {"empty", text(""), {"not valid JSON"}},
      {"cut short", text("{\"a\": [1, 2"), {"not valid JSON"}},
      {"duplicate key", text(R"({"a":1,"a":2})"), {"duplicate key 'a'"}},
      {"duplicate key in depth", text(R"({"x":[{"a":1,"\u0061":2}]})"), {"duplicate key 'a'"}},
      {"line comment", text("{\"a\":1 // x\n}"), {"not valid JSON"}},
      {"block comment", text("{/* x */}"), {"not valid JSON"}},
      {"trailing comma in an object", text("{\"a\":1,}"), {"not valid JSON"}},
      {"trailing comma in a list", text("[1,]"), {"not valid JSON"}},
      {"text after the end", text("{} x"), {"not valid JSON"}},
      {"two documents", text("{}{}"), {"not valid JSON"}},
      {"NaN", text("[NaN]"), {"not valid JSON"}},
      {"Infinity", text("[-Infinity]"), {"not valid JSON"}},
      {"1e400", text("[1e400]"), {"overflow"}},
      {"2^63", text("[9223372036854775808]"), {"too large"}},
      {"2^64", text("[18446744073709551616]"), {"too large"}},
      {"leading zero", text("[01]"), {"not valid JSON"}},
      {"plus sign", text("[+1]"), {"not valid JSON"}},
      {"hexadecimal", text("[0x1]"), {"not valid JSON"}},
      {"single quotes", text("{'a':1}"), {"not valid JSON"}},
      {"control byte in a text", text("[\"a\x01\"]"), {"not valid JSON"}},
      {"invalid UTF-8", text("[\"a\xFF\"]"), {"not valid JSON"}},
      {"lone surrogate", text(R"(["\ud800"])"), {"not valid JSON"}},
      {"200 000 nested lists", text(std::string(200'000, '[')), {"nested more than 16"}},
      {"too many keys", text(many + "}"), {"more than 4096 keys"}},
  };
  check_malformed(cases, [](const auto& file) {
    (void)parse_json({reinterpret_cast<const char*>(file->bytes().data()), file->size()}, file->name());
  });
}

TEST_CASE("json: a file above 1 MiB is refused") {
  const TempFolder folder;
  write_text(folder / "big.json", "{}" + std::string(std::size_t{1} << 20, ' '));
  CHECK(error_of([&] { (void)read_json(folder / "big.json"); }).find("expected at most 1048576") !=
        std::string::npos);
  write_text(folder / "ok.json", "{}");
  CHECK(read_json(folder / "ok.json").keys.empty());
}

TEST_CASE("json: prefixes are refused, bit flips never crash") {
  CHECK(sweep(R"({"a":[1,2.5e3,"x\u00e9",{"b":null}]})", [](const auto& file) {
          (void)parse_json({reinterpret_cast<const char*>(file->bytes().data()), file->size()}, file->name());
        }) > 50);
}

}  // namespace
