// SPDX-License-Identifier: MIT
// Strict JSON documents: duplicate keys, comments, trailing commas and deep nesting are errors; integers stay
// integers. Needs nlohmann-json.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyrograd/core/error.hpp"
#include "gyrograd/io/file_bytes.hpp"
#include "gyrograd/io/text.hpp"

namespace gyrograd::io {

/// Limits on JSON documents.
struct JsonLimits {
  static constexpr std::size_t file_bytes = std::size_t{1} << 20;
  static constexpr std::size_t members = 4096;  ///< of one object
  static constexpr std::size_t depth = 16;
};

/// A JSON value; the members of an object keep their order.
struct JsonValue {
  enum class Kind : std::uint8_t { null, boolean, integer, real, text, array, object };
  Kind kind = Kind::null;
  bool boolean = false;
  std::int64_t integer = 0;
  double real = 0;  ///< also set for integers
  std::string text;
  std::vector<std::string> keys;  ///< of an object; items[i] belongs to keys[i]
  std::vector<JsonValue> items;   ///< of a list or an object

  /// Member called `key`, or nullptr.
  const JsonValue* find(std::string_view key) const noexcept {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (keys[i] == key) return &items[i];
    }
    return nullptr;
  }
  /// Kind in words.
  std::string_view kind_text() const noexcept {
    static constexpr std::string_view words[] = {"null",   "a boolean", "an integer", "a number",
                                                 "a text", "a list",    "an object"};
    return words[static_cast<std::size_t>(kind)];
  }
};

namespace detail {

/// Builds a JsonValue from parser events.
class JsonBuilder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit JsonBuilder(const std::string& file) : file_(file) {}
  JsonValue take() { return std::move(root_); }

  bool null() override { return put({}); }
  bool boolean(bool value) override {
    JsonValue v;
    v.kind = JsonValue::Kind::boolean;
    v.boolean = value;
    return put(std::move(v));
  }
  bool number_integer(std::int64_t value) override {
    JsonValue v;
    v.kind = JsonValue::Kind::integer;
    v.integer = value;
    v.real = static_cast<double>(value);
    return put(std::move(v));
  }
  bool number_unsigned(std::uint64_t value) override {
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      error("integer " + std::to_string(value) + " is too large");
    }
    return number_integer(static_cast<std::int64_t>(value));
  }
  bool number_float(double value, const std::string& text) override {
    if (text.find_first_of(".eE") == std::string::npos)
      error("integer " + printable(text, 40) + " is too large");
    JsonValue v;
    v.kind = JsonValue::Kind::real;
    v.real = value;
    return put(std::move(v));
  }
  bool string(std::string& value) override {
    JsonValue v;
    v.kind = JsonValue::Kind::text;
    v.text = std::move(value);
    return put(std::move(v));
  }
  bool binary(nlohmann::json::binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(JsonValue::Kind::object); }
  bool start_array(std::size_t) override { return open(JsonValue::Kind::array); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(std::string& name) override {
    if (open_.back().find(name) != nullptr) error("duplicate key " + in_quotes(name));
    if (open_.back().keys.size() == JsonLimits::members) error("more than 4096 keys in one object");
    open_.back().keys.push_back(std::move(name));
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& why) override {
    std::string_view text = why.what();
    const std::size_t tag = text.find("] ");
    if (tag != std::string_view::npos) text.remove_prefix(tag + 2);
    fail<ConfigError>(file_, ": not valid JSON, byte ", position, ": ", printable(text, 200));
  }

 private:
  [[noreturn]] void error(const std::string& what) const { fail<ConfigError>(file_, ": JSON: ", what); }

  bool open(JsonValue::Kind kind) {
    if (open_.size() == JsonLimits::depth) error("nested more than 16 levels deep");
    JsonValue v;
    v.kind = kind;
    open_.push_back(std::move(v));
    return true;
  }
  bool close() {
    JsonValue done = std::move(open_.back());
    open_.pop_back();
    return put(std::move(done));
  }
  bool put(JsonValue value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else {
      open_.back().items.push_back(std::move(value));
    }
    return true;
  }

  const std::string& file_;
  std::vector<JsonValue> open_;
  JsonValue root_;
};

}  // namespace detail

/// Parses `text`; `file` is used in messages. Error (ConfigError): anything but one strict JSON value.
inline JsonValue parse_json(std::string_view text, const std::string& file) {
  detail::JsonBuilder builder(file);
  (void)nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  return builder.take();
}

/// Reads a JSON file of at most 1 MiB.
inline JsonValue read_json(const std::filesystem::path& path) {
  const auto file = FileBytes::open(path);
  if (file->size() > JsonLimits::file_bytes) {
    fail<ConfigError>(file->name(), ": ", file->size(), " bytes, expected at most ", JsonLimits::file_bytes);
  }
  return parse_json({reinterpret_cast<const char*>(file->bytes().data()), file->size()}, file->name());
}

}  // namespace gyrograd::io
