// SPDX-License-Identifier: MIT
// Reads and writes card.json, strictly. Needs nlohmann-json.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/data/card.hpp"
#include "gyrograd/io/config_json.hpp"
#include "gyrograd/io/file.hpp"
#include "gyrograd/io/json_strict.hpp"
#include "gyrograd/io/text.hpp"

namespace gyrograd::data {

/// Replaces `path` by the card.
inline void write_card(const std::filesystem::path& path, const Card& card) {
  using Json = nlohmann::ordered_json;
  check_card(card, io::printable(path.string(), 4096));
  Json labels = Json::array();
  for (const CardLabel& label : card.labels)
    labels.push_back({{"name", label.name}, {"classes", label.classes}});
  const Json json = {{"source", card.source}, {"licence", card.licence},       {"citation", card.citation},
                     {"recipe", card.recipe}, {"rate_hz", card.rate},          {"steps", card.steps},
                     {"stride", card.stride}, {"resampling", card.resampling}, {"channels", card.channels},
                     {"units", card.units},   {"labels", std::move(labels)},   {"findings", card.findings}};
  io::atomic_write(path, json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n');
}

/// Reads a card. Missing keys keep the values of `otherwise`; errors as for every configuration
/// (ConfigError).
inline Card read_card(const std::filesystem::path& path, Card otherwise = {}) {
  const std::string where = io::printable(path.string(), 4096);
  const io::JsonValue document = io::read_json(path);
  Card card = std::move(otherwise);
  io::JsonObjectReader r(document, where);
  r.text("source", card.source).text("licence", card.licence).text("citation", card.citation);
  r.text("recipe", card.recipe).text("resampling", card.resampling);
  r.number("rate_hz", card.rate).integer("steps", card.steps).integer("stride", card.stride);
  r.texts("channels", card.channels).texts("units", card.units).integer("findings", card.findings);
  const io::JsonValue* labels = r.any("labels");
  r.finish();
  if (labels != nullptr) {
    if (labels->kind != io::JsonValue::Kind::array)
      fail<ConfigError>(where, ": key 'labels': expected a list, got ", labels->kind_text());
    card.labels.clear();
    for (const io::JsonValue& item : labels->items) {
      CardLabel label;
      io::JsonObjectReader(item, where + ": labels")
          .text("name", label.name)
          .texts("classes", label.classes)
          .finish();
      if (label.name.empty()) fail<ConfigError>(where, ": a label column has no name");
      card.labels.push_back(std::move(label));
    }
  }
  check_card(card, where);
  return card;
}

}  // namespace gyrograd::data
