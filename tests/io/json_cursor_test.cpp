// SPDX-License-Identifier: MIT
#include "gyrograd/io/json_cursor.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/malformed.hpp"

namespace {

using namespace gyrograd::io;
using namespace gyrograd::testing;
using Catch::Matchers::Contains;

JsonCursor cursor(const std::string& text) {
  return JsonCursor(FileBytes::own(bytes_of(text), "f.json"));
}
/// What passing over the whole text says; empty when it is JSON.
std::string complaint(const std::string& text) {
  return error_of([&] {
    JsonCursor json = cursor(text);
    json.skip();
    json.finish();
  });
}

TEST_CASE("values are read in the order of the text") {
  JsonCursor json =
      cursor("\xEF\xBB\xBF{\"a\": [1, -2.5e1, 0], \"b\": {}, \"c\": true, \"d\": null,\n\"e\": \"x\"}");
  json.enter_object();
  std::string key;
  REQUIRE(json.next_key(key));
  CHECK(key == "a");
  CHECK(json.kind() == JsonCursor::Kind::list);
  json.enter_list();
  std::vector<double> numbers;
  while (json.next_item()) numbers.push_back(json.number());
  CHECK(numbers == std::vector<double>{1, -25, 0});
  REQUIRE(json.next_key(key));
  json.enter_object();
  CHECK_FALSE(json.next_key(key));
  REQUIRE(json.next_key(key));
  CHECK(json.boolean());
  REQUIRE(json.next_key(key));
  CHECK(json.null());
  REQUIRE(json.next_key(key));
  CHECK(key == "e");
  CHECK_FALSE(json.null());
  CHECK_THAT(json.where(), Contains("f.json:2, byte"));
  CHECK(json.text() == "x");
  CHECK_FALSE(json.next_key(key));
  json.finish();
}

TEST_CASE("texts: escapes and surrogate pairs become UTF-8") {
  CHECK(cursor(R"("a\"\\\/\b\f\n\r\t")").text() == "a\"\\/\b\f\n\r\t");
  CHECK(cursor(R"("\u0041\u00e9\u20AC\ud83d\ude00")").text() == "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
}

TEST_CASE("values that nobody asked for are passed over with their grammar checked") {
  for (const char* good : {"{}", "[]", "[[], {}, [1, [2]], \"]\"]",
                           R"({"a": {"b": [1, {"c": "}"}]}, "d": null})", "-0.5E+3", "\"\"", " true "})
    CHECK(complaint(good).empty());
  JsonCursor json = cursor(R"([{"x": [1, 2, {"y": []}]}, 7])");
  json.enter_list();
  REQUIRE(json.next_item());
  json.skip();
  REQUIRE(json.next_item());
  CHECK(json.number() == 7);
  CHECK_FALSE(json.next_item());
}

TEST_CASE("what is not JSON is refused with file, line and byte") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "ends too early"},
      {"[1, 2", "ends too early"},
      {"{\"a\" 1}", "expected ':'"},
      {"{a: 1}", "a key in quotes"},
      {"[1,]", "a value behind the comma"},
      {"{\"a\": 1,}", "a value behind the comma"},
      {"[1 2]", "',' or ']'"},
      {"[01]", "expected a finite number"},
      {"[1.]", "expected a finite number"},
      {"[.5]", "expected a number"},
      {"[1e999]", "expected a finite number"},
      {"[+1]", "expected a number"},
      {"[NaN]", "expected a number"},
      {"[tru]", "true or false"},
      {"[nul]", "expected a value"},
      {"\"abc", "without an end"},
      {"\"a\nb\"", "without an end"},
      {"\"\\x\"", "an escape"},
      {"\"\\u12\"", "four hexadecimal digits"},
      {"\"\\ud800x\"", "surrogate"},
      {"\"\\ud800\\u0041\"", "surrogate"},
      {"\"\\udc00\"", "surrogate"},
      {"\"\xFF\"", "not UTF-8"},
      {"{} {}", "more text behind"},
      {"// comment\n{}", "expected a number"},
      {std::string(65, '['), "more than 64 levels"},
      {"\"" + std::string((std::size_t{1} << 20) + 1, 'x') + "\"", "more than 1 MiB"},
  };
  for (const auto& [text, part] : cases) {
    INFO(text.substr(0, 40));
    CHECK_THAT(complaint(text), Contains(part) && Contains("f.json:"));
  }
  CHECK_THAT(complaint("[1,\n2,\nx]"), Contains("f.json:3, byte 7"));
}

TEST_CASE("a value of another kind is refused") {
  CHECK_THAT(error_of([] { (void)cursor("[1]").text(); }), Contains("expected a text, got '[1]'"));
  CHECK_THAT(error_of([] { (void)cursor("\"1\"").number(); }), Contains("expected a number"));
  CHECK_THAT(error_of([] { cursor("{}").enter_list(); }), Contains("expected a list"));
  CHECK_THAT(error_of([] { cursor("[]").enter_object(); }), Contains("expected an object"));
  CHECK_THAT(error_of([] { (void)cursor("1").boolean(); }), Contains("true or false"));
}

TEST_CASE("every prefix of a document is refused, every flipped bit is survived") {
  const std::string good =
      R"({"annotations": {"t": [{"rejected": false, "descriptions": [{"text": "C \u00e9", "timestamp": 1.5}]}]}})";
  const std::size_t refused = sweep(good, [](const std::shared_ptr<const FileBytes>& file) {
    JsonCursor json(file);
    json.skip();
    json.finish();
  });
  CHECK(refused > good.size());
  CHECK(complaint(good).empty());
}

}  // namespace
