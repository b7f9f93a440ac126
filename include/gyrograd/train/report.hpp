// SPDX-License-Identifier: MIT
// The result of an evaluation as JSON: scores of each part, confusion matrix, options, versions. Needs
// nlohmann-json.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/io/file.hpp"
#include "gyrograd/metrics/classification.hpp"
#include "gyrograd/train/loop.hpp"

namespace gyrograd::train {

using Json = nlohmann::ordered_json;

/// Scores of one part of the data set.
struct PartScore {
  double accuracy = 0;
  double macro_f1 = 0;      // over the classes that occur, as published
  double macro_f1_all = 0;  // over all classes
  double loss = 0;          // mean cross-entropy
  metrics::Confusion confusion{1};
};

/// Scores from a confusion matrix and the mean loss.
inline PartScore part_score(const metrics::Confusion& confusion, double loss) {
  return {metrics::accuracy(confusion), metrics::macro_f1(confusion),
          metrics::macro_f1(confusion, metrics::Average::macro_all), loss, confusion};
}

/// {"accuracy", "macro_f1", "macro_f1_all_classes", "loss", "count"}.
inline Json part_json(const PartScore& part) {
  return {{"accuracy", part.accuracy},
          {"macro_f1", part.macro_f1},
          {"macro_f1_all_classes", part.macro_f1_all},
          {"loss", part.loss},
          {"count", part.confusion.total()}};
}

/// {"labels": names, "matrix": rows = truth, columns = prediction}. ShapeError when the names do not fit.
inline Json confusion_json(const metrics::Confusion& confusion, const std::vector<std::string>& names) {
  if (names.size() != static_cast<std::size_t>(confusion.classes())) {
    fail<ShapeError>("report: ", names.size(), " class names for ", confusion.classes(), " classes");
  }
  Json rows = Json::array();
  for (Index r = 0; r < confusion.classes(); ++r) {
    Json row = Json::array();
    for (Index c = 0; c < confusion.classes(); ++c) row.push_back(confusion(r, c));
    rows.push_back(std::move(row));
  }
  return {{"labels", names}, {"matrix", std::move(rows)}};
}

/// Precision, recall, F1, true and predicted items of every class; ShapeError when the names do not fit.
inline Json per_class_json(const metrics::Confusion& confusion, const std::vector<std::string>& names) {
  if (names.size() != static_cast<std::size_t>(confusion.classes())) {
    fail<ShapeError>("report: ", names.size(), " class names for ", confusion.classes(), " classes");
  }
  Json rows = Json::array();
  for (Index k = 0; k < confusion.classes(); ++k) {
    const metrics::ClassScore s = metrics::class_score(confusion, k);
    rows.push_back({{"class", names[static_cast<std::size_t>(k)]},
                    {"precision", s.precision},
                    {"recall", s.recall},
                    {"f1", s.f1},
                    {"count", confusion.true_count(k)},
                    {"predicted", confusion.predicted_count(k)}});
  }
  return rows;
}

/// part_json() with "balanced_accuracy", "per_class" and "confusion".
inline Json part_json(const PartScore& part, const std::vector<std::string>& names) {
  Json json = part_json(part);
  json["balanced_accuracy"] = metrics::balanced_accuracy(part.confusion);
  json["per_class"] = per_class_json(part.confusion, names);
  json["confusion"] = confusion_json(part.confusion, names);
  return json;
}

/// Learning curves: {"train_loss": [...], "validation_loss": [...], "validation_accuracy": [...]}, one entry
/// per epoch, null where a run has no such figure.
inline Json history_json(const std::vector<EpochRecord>& history) {
  Json json = {{"train_loss", Json::array()},
               {"validation_loss", Json::array()},
               {"validation_accuracy", Json::array()}};
  for (const EpochRecord& r : history) {
    json["train_loss"].push_back(r.train_loss);
    json["validation_loss"].push_back(r.validation_loss);
    json["validation_accuracy"].push_back(r.validation_accuracy);
  }
  return json;
}

/// What produced the report: first and last fields of every report file.
inline Json report_head(std::string_view kind, std::uint64_t seed, Json options) {
  return {{"kind", kind},
          {"seed", seed},
          {"options", std::move(options)},
          {"versions", {{"gyrograd", GYROGRAD_VERSION}, {"report", 1}}}};
}

/// Writes pretty JSON, complete or not at all.
inline void write_json(const std::filesystem::path& path, const Json& json) {
  io::atomic_write(path, json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n');
}

/// Path of the report beside a weight file: model.safetensors -> model.report.json.
inline std::filesystem::path report_path(std::filesystem::path weights) {
  return weights.replace_extension(".report.json");
}

}  // namespace gyrograd::train
