// SPDX-License-Identifier: MIT
// Reads the published JSON configuration files strictly: unknown, misspelt and mistyped keys are errors.
// Needs nlohmann-json.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyrograd/core/error.hpp"
#include "gyrograd/core/suggest.hpp"
#include "gyrograd/io/configs.hpp"
#include "gyrograd/io/json_strict.hpp"
#include "gyrograd/io/text.hpp"

namespace gyrograd::io {

/// Reads the members of one JSON object into fields; missing keys leave the field as it is. finish() refuses
/// keys that nobody asked for.
class JsonObjectReader {
 public:
  /// where: file and place, the start of every message.
  JsonObjectReader(const JsonValue& object, std::string where) : object_(object), where_(std::move(where)) {
    if (object.kind != JsonValue::Kind::object) {
      fail<ConfigError>(where_, ": expected an object, got ", object.kind_text());
    }
  }

  template <class Integer>
  requires std::integral<Integer> JsonObjectReader& integer(std::string_view key, Integer& out) {
    if (const JsonValue* value = ask(key)) out = integer_of<Integer>(*value, key);
    return *this;
  }
  JsonObjectReader& number(std::string_view key, double& out) {
    const JsonValue* value = ask(key);
    if (value == nullptr) return *this;
    const bool is_number = value->kind == JsonValue::Kind::integer || value->kind == JsonValue::Kind::real;
    if (!is_number) wrong(key, "a number", *value);
    out = value->real;
    return *this;
  }
  JsonObjectReader& boolean(std::string_view key, bool& out) {
    const JsonValue* value = ask(key);
    if (value == nullptr) return *this;
    if (value->kind != JsonValue::Kind::boolean) wrong(key, "true or false", *value);
    out = value->boolean;
    return *this;
  }
  JsonObjectReader& text(std::string_view key, std::string& out) {
    const JsonValue* value = ask(key);
    if (value == nullptr) return *this;
    if (value->kind != JsonValue::Kind::text) wrong(key, "a text", *value);
    out = value->text;
    return *this;
  }
  /// The member itself, of any kind, or nullptr.
  const JsonValue* any(std::string_view key) { return ask(key); }
  JsonObjectReader& texts(std::string_view key, std::vector<std::string>& out) {
    return list(key, out, [&](const JsonValue& item) {
      if (item.kind != JsonValue::Kind::text) wrong(key, "a list of texts", item);
      return item.text;
    });
  }
  JsonObjectReader& integers(std::string_view key, std::vector<int>& out) {
    return list(key, out, [&](const JsonValue& item) { return integer_of<int>(item, key); });
  }
  /// List of lists of exactly Count integers: make(array) turns each into an element.
  template <std::size_t Count, class Element, class Make>
  JsonObjectReader& tuples(std::string_view key, std::vector<Element>& out, Make&& make) {
    return list(key, out, [&](const JsonValue& item) {
      if (item.kind != JsonValue::Kind::array || item.items.size() != Count) {
        wrong(key, "lists of " + std::to_string(Count) + " integers", item);
      }
      std::array<int, Count> numbers{};
      for (std::size_t i = 0; i < Count; ++i) numbers[i] = integer_of<int>(item.items[i], key);
      return make(numbers);
    });
  }
  /// [kernel, stride, padding], each an integer or a pair; [] means none.
  JsonObjectReader& pool(std::string_view key, PoolSize& out) {
    const JsonValue* value = ask(key);
    if (value == nullptr) return *this;
    const bool fits =
        value->kind == JsonValue::Kind::array && (value->items.empty() || value->items.size() == 3);
    if (!fits) wrong(key, "[kernel, stride, padding]", *value);
    if (value->items.empty()) return *this;
    out = {pair_of(value->items[0], key), pair_of(value->items[1], key), pair_of(value->items[2], key)};
    return *this;
  }

  /// Error: the object has a key that was not asked for.
  void finish() const {
    for (const std::string& name : object_.keys) {
      bool known = false;
      for (const std::string_view key : asked_) known = known || key == name;
      if (known) continue;
      const std::string_view near = nearest(name, asked_);
      fail<ConfigError>(where_, ": unknown key ", in_quotes(name),
                        near.empty() ? "; remove it" : "; did you mean " + in_quotes(near) + "?");
    }
  }

 private:
  const JsonValue* ask(std::string_view key) {
    asked_.push_back(key);
    return object_.find(key);
  }
  [[noreturn]] void wrong(std::string_view key, const std::string& expected, const JsonValue& got) const {
    fail<ConfigError>(where_, ": key ", in_quotes(key), ": expected ", expected, ", got ", got.kind_text());
  }
  template <class Integer>
  Integer integer_of(const JsonValue& value, std::string_view key) const {
    if (value.kind == JsonValue::Kind::real)
      wrong(key, "an integer (written without point or exponent)", value);
    if (value.kind != JsonValue::Kind::integer) wrong(key, "an integer", value);
    if (!std::in_range<Integer>(value.integer)) {
      fail<ConfigError>(where_, ": key ", in_quotes(key), ": ", value.integer, " is out of range");
    }
    return static_cast<Integer>(value.integer);
  }
  Pair pair_of(const JsonValue& value, std::string_view key) const {
    if (value.kind != JsonValue::Kind::array) {
      const int both = integer_of<int>(value, key);
      return {both, both};
    }
    if (value.items.size() != 2) wrong(key, "integers or pairs of integers", value);
    return {integer_of<int>(value.items[0], key), integer_of<int>(value.items[1], key)};
  }
  template <class Element, class Convert>
  JsonObjectReader& list(std::string_view key, std::vector<Element>& out, Convert&& convert) {
    const JsonValue* value = ask(key);
    if (value == nullptr) return *this;
    if (value->kind != JsonValue::Kind::array) wrong(key, "a list", *value);
    out.clear();
    for (const JsonValue& item : value->items) out.push_back(convert(item));
    return *this;
  }

  const JsonValue& object_;
  std::string where_;
  std::vector<std::string_view> asked_;
};

/// One entry of limu_bert.json.
inline EncoderConfig encoder_config_from(const JsonValue& value, const std::string& where) {
  EncoderConfig c;
  JsonObjectReader reader(value, where);
  reader.integer("hidden", c.hidden).integer("hidden_ff", c.hidden_ff).integer("feature_num", c.feature_num);
  reader.integer("n_layers", c.n_layers).integer("n_heads", c.n_heads).integer("seq_len", c.seq_len);
  reader.boolean("emb_norm", c.emb_norm).finish();
  check_encoder(c, where);
  return c;
}

/// One entry of classifier.json.
inline ClassifierConfig classifier_config_from(const JsonValue& value, const std::string& where) {
  ClassifierConfig c;
  JsonObjectReader r(value, where);
  const auto in_out = [](const std::array<int, 2>& n) { return InOut{n[0], n[1]}; };
  r.integer("seq_len", c.seq_len).integer("input", c.input);
  r.integer("num_rnn", c.num_rnn).integers("num_layers", c.num_layers).tuples<2>("rnn_io", c.rnn_io, in_out);
  r.integer("num_cnn", c.num_cnn);
  r.tuples<4>("conv_io", c.conv_io, [](const std::array<int, 4>& n) {
    return ConvSize{n[0], n[1], n[2], n[3]};
  });
  r.pool("pool", c.pool).integer("flat_num", c.flat_num);
  r.integer("num_attn", c.num_attn).integer("num_head", c.num_head).integer("atten_hidden", c.atten_hidden);
  r.integer("num_linear", c.num_linear).tuples<2>("linear_io", c.linear_io, in_out);
  r.boolean("activ", c.activ).boolean("dropout", c.dropout).finish();
  const auto same = [&](const char* key, int count, std::size_t entries) {
    if (count < 0 || static_cast<std::size_t>(count) != entries) {
      fail<ConfigError>(where, ": ", key, " is ", count, ", but ", entries, " sizes are given");
    }
  };
  same("num_rnn", c.num_rnn, c.rnn_io.size());
  same("num_rnn", c.num_rnn, c.num_layers.size());
  same("num_cnn", c.num_cnn, c.conv_io.size());
  same("num_linear", c.num_linear, c.linear_io.size());
  if (c.seq_len < 1) fail<ConfigError>(where, ": seq_len is ", c.seq_len, ", expected at least 1");
  return c;
}

/// pretrain.json, train.json and the like.
inline TrainConfig train_config_from(const JsonValue& value, const std::string& where) {
  TrainConfig c;
  JsonObjectReader reader(value, where);
  reader.integer("seed", c.seed).integer("batch_size", c.batch_size).number("lr", c.lr);
  reader.integer("n_epochs", c.n_epochs).number("warmup", c.warmup).integer("save_steps", c.save_steps);
  reader.integer("total_steps", c.total_steps).number("lambda1", c.lambda1).number("lambda2", c.lambda2);
  reader.finish();
  if (c.batch_size < 1) fail<ConfigError>(where, ": batch_size is ", c.batch_size, ", expected at least 1");
  if (c.n_epochs < 0) fail<ConfigError>(where, ": n_epochs is ", c.n_epochs, ", expected at least 0");
  if (!(c.lr > 0.0)) fail<ConfigError>(where, ": lr is ", c.lr, ", expected a number above 0");
  if (c.total_steps < 0) fail<ConfigError>(where, ": total_steps is ", c.total_steps, ", expected 0 or more");
  return c;
}

/// mask.json.
inline MaskConfig mask_config_from(const JsonValue& value, const std::string& where) {
  MaskConfig c;
  JsonObjectReader reader(value, where);
  reader.number("mask_ratio", c.mask_ratio)
      .number("mask_alpha", c.mask_alpha)
      .integer("max_gram", c.max_gram);
  reader.number("mask_prob", c.mask_prob).number("replace_prob", c.replace_prob).finish();
  if (!(c.mask_ratio > 0.0 && c.mask_ratio < 1.0)) {
    fail<ConfigError>(where, ": mask_ratio is ", c.mask_ratio, ", expected a number between 0 and 1");
  }
  for (const auto& [key, p] :
       {std::pair("mask_prob", c.mask_prob), std::pair("replace_prob", c.replace_prob)}) {
    if (!(p >= 0.0 && p <= 1.0)) fail<ConfigError>(where, ": ", key, " is ", p, ", expected 0 to 1");
  }
  if (c.max_gram < 1) fail<ConfigError>(where, ": max_gram is ", c.max_gram, ", expected at least 1");
  return c;
}

/// One entry of data_config.json.
inline DataConfig data_config_from(const JsonValue& value, const std::string& where) {
  DataConfig c;
  JsonObjectReader r(value, where);
  r.integer("sr", c.sr)
      .integer("seq_len", c.seq_len)
      .integer("dimension", c.dimension)
      .integer("size", c.size);
  r.integer("activity_label_index", c.activity.index).integer("activity_label_size", c.activity.size);
  r.integer("user_label_index", c.user.index).integer("user_label_size", c.user.size);
  r.integer("position_label_index", c.position.index).integer("position_label_size", c.position.size);
  r.integer("model_label_index", c.model.index).integer("model_label_size", c.model.size);
  r.texts("activity_label", c.activity.names).texts("position_label", c.position.names).finish();
  if (c.dimension < 1) fail<ConfigError>(where, ": dimension is ", c.dimension, ", expected at least 1");
  for (const auto* label : {&c.activity, &c.user, &c.position, &c.model}) {
    const bool named = label->names.empty() || static_cast<std::size_t>(label->size) == label->names.size();
    if (label->index < -1 || label->size < 0 || !named) {
      fail<ConfigError>(where, ": a label has index ", label->index, ", size ", label->size, " and ",
                        label->names.size(), " names, which do not fit each other");
    }
  }
  return c;
}

namespace detail {

/// The entry called `name` of an object of named entries.
inline const JsonValue& named_entry(const JsonValue& document, std::string_view name,
                                    const std::string& file) {
  if (document.kind != JsonValue::Kind::object) {
    fail<ConfigError>(file, ": expected an object of named entries, got ", document.kind_text());
  }
  if (const JsonValue* entry = document.find(name)) return *entry;
  const std::string_view near = nearest(name, document.keys);
  fail<ConfigError>(file, ": no entry ", in_quotes(name),
                    near.empty() ? "" : "; did you mean " + in_quotes(near) + "?");
}

template <class Convert>
auto read_named(const std::filesystem::path& path, std::string_view name, Convert&& convert) {
  const std::string file = printable(path.string(), 4096);
  const JsonValue document = read_json(path);
  return convert(named_entry(document, name, file), file + ": " + printable(name));
}

}  // namespace detail

/// Entry `name` ("base_v1") of a limu_bert.json.
inline EncoderConfig read_encoder_config(const std::filesystem::path& path, std::string_view name) {
  return detail::read_named(path, name, encoder_config_from);
}
/// Entry `name` ("gru_v2") of a classifier.json.
inline ClassifierConfig read_classifier_config(const std::filesystem::path& path, std::string_view name) {
  return detail::read_named(path, name, classifier_config_from);
}
/// Entry `name` ("uci_20_120") of a data_config.json.
inline DataConfig read_data_config(const std::filesystem::path& path, std::string_view name) {
  return detail::read_named(path, name, data_config_from);
}
/// A pretrain.json, train.json or bert_classifier_train.json.
inline TrainConfig read_train_config(const std::filesystem::path& path) {
  return train_config_from(read_json(path), printable(path.string(), 4096));
}
/// A mask.json.
inline MaskConfig read_mask_config(const std::filesystem::path& path) {
  return mask_config_from(read_json(path), printable(path.string(), 4096));
}

}  // namespace gyrograd::io
