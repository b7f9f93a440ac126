// SPDX-License-Identifier: MIT
// What `gyrograd plot` draws from: the report of a run, its log, scores and reconstructions, checked on
// reading.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/workspace.hpp"
#include "gyrograd/core/config.hpp"
#include "gyrograd/io/file_bytes.hpp"
#include "gyrograd/io/json_strict.hpp"
#include "gyrograd/io/npy.hpp"
#include "gyrograd/metrics/classification.hpp"
#include "gyrograd/train/charts.hpp"

namespace gyrograd::cli {

using Table = std::vector<std::vector<std::string>>;

/// Learning curves of one command: epoch -> figures, NaN where there are none.
struct LearningCurves {
  std::string command;
  std::map<Index, double> train_loss, validation_loss, validation_accuracy;
};

/// Predicted scores: one row of logits and the true class for every item.
struct ScoreTable {
  Index classes = 0;
  std::vector<double> logits;  // (items, classes)
  std::vector<Index> truth;
};

namespace detail {

inline double number_or_nan(const io::JsonValue* value) {
  using Kind = io::JsonValue::Kind;
  if (value == nullptr || (value->kind != Kind::real && value->kind != Kind::integer))
    return std::numeric_limits<double>::quiet_NaN();
  return value->real;
}

/// A value of a report as a cell of a table.
inline std::string cell_text(const io::JsonValue& value) {
  using Kind = io::JsonValue::Kind;
  switch (value.kind) {
    case Kind::boolean:
      return value.boolean ? "yes" : "no";
    case Kind::integer:
      return std::to_string(value.integer);
    case Kind::real:
      return train::short_number(value.real, 6);
    case Kind::text:
      return value.text;
    case Kind::array: {
      std::string text;
      for (const io::JsonValue& item : value.items) text += (text.empty() ? "" : ", ") + cell_text(item);
      return text;
    }
    case Kind::object: {
      std::string text;
      for (std::size_t i = 0; i < value.items.size(); ++i)
        text += (text.empty() ? "" : ", ") + value.keys[i] + ' ' + cell_text(value.items[i]);
      return text;
    }
    case Kind::null:
      break;
  }
  return "-";
}

/// Epoch i + 1 of a list of numbers.
inline void read_curve(const io::JsonValue* list, std::map<Index, double>& curve) {
  if (list == nullptr) return;
  for (std::size_t i = 0; i < list->items.size(); ++i)
    curve[static_cast<Index>(i) + 1] = number_or_nan(&list->items[i]);
}

}  // namespace detail

/// Confusion matrix of a report with its class names: {"labels", "matrix"}, of the whole or of its test part.
struct NamedConfusion {
  std::vector<std::string> names;
  metrics::Confusion counts{1};
};

/// Reads a confusion matrix. IoError when it is not square or counts are no whole numbers.
inline NamedConfusion read_confusion(const io::JsonValue& value, const std::string& file) {
  const io::JsonValue* labels = value.find("labels");
  const io::JsonValue* matrix = value.find("matrix");
  NamedConfusion out;
  if (labels != nullptr)
    for (const io::JsonValue& name : labels->items) out.names.push_back(detail::cell_text(name));
  const std::size_t n = out.names.size();
  if (n == 0 || matrix == nullptr || matrix->items.size() != n)
    fail<IoError>(file, ": confusion: matrix has ", matrix == nullptr ? 0 : matrix->items.size(),
                  " rows for ", n, " labels; the report is damaged or of another program");
  out.counts = metrics::Confusion(static_cast<Index>(n));
  for (std::size_t r = 0; r < n; ++r) {
    const auto& row = matrix->items[r].items;
    if (row.size() != n)
      fail<IoError>(file, ": confusion: row ", r, " has ", row.size(), " counts, expected ", n);
    for (std::size_t c = 0; c < n; ++c) {
      if (row[c].kind != io::JsonValue::Kind::integer || row[c].integer < 0 || row[c].integer > 1'000'000'000)
        fail<IoError>(file, ": confusion: row ", r, " column ", c, " is ", detail::cell_text(row[c]),
                      ", expected a count");
      out.counts.add(static_cast<Index>(r), static_cast<Index>(c), row[c].integer);
    }
  }
  return out;
}

/// Curves that a report carries in "history": lists by name, or pairs of training and validation loss.
inline LearningCurves read_history(const io::JsonValue& report) {
  LearningCurves curves;
  if (const io::JsonValue* kind = report.find("kind")) curves.command = kind->text;
  const io::JsonValue* history = report.find("history");
  if (history == nullptr) return curves;
  if (history->kind == io::JsonValue::Kind::object) {
    detail::read_curve(history->find("train_loss"), curves.train_loss);
    detail::read_curve(history->find("validation_loss"), curves.validation_loss);
    detail::read_curve(history->find("validation_accuracy"), curves.validation_accuracy);
    return curves;
  }
  for (std::size_t i = 0; i < history->items.size(); ++i) {
    const auto& pair = history->items[i].items;
    if (pair.size() != 2) continue;
    curves.train_loss[static_cast<Index>(i) + 1] = detail::number_or_nan(&pair[0]);
    curves.validation_loss[static_cast<Index>(i) + 1] = detail::number_or_nan(&pair[1]);
  }
  return curves;
}

/// Curves of a log of JSON lines, one for each command in it; the last line about an epoch counts, as a
/// resumed run repeats some. A half line at the end, left by a killed run, is passed over.
inline std::vector<LearningCurves> read_log(const fs::path& path) {
  const auto file = io::FileBytes::open(path);
  const std::string_view text(reinterpret_cast<const char*>(file->bytes().data()), file->size());
  std::vector<LearningCurves> out;
  std::size_t line = 0, epochs = 0;
  for (std::size_t at = 0; at < text.size(); ++line) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string_view::npos) break;
    const io::JsonValue value =
        io::parse_json(text.substr(at, end - at), message(file->name(), ": line ", line + 1));
    at = end + 1;
    const io::JsonValue* event = value.find("event");
    const double epoch = detail::number_or_nan(value.find("epoch"));
    if (event == nullptr || event->text != "epoch" || !(epoch >= 1)) continue;
    ++epochs;
    const io::JsonValue* command = value.find("command");
    const std::string name = command == nullptr ? "" : command->text;
    if (out.empty() || out.back().command != name) out.push_back({name, {}, {}, {}});
    const auto e = static_cast<Index>(epoch);
    out.back().train_loss[e] = detail::number_or_nan(value.find("train_loss"));
    out.back().validation_loss[e] = detail::number_or_nan(value.find("validation_loss"));
    out.back().validation_accuracy[e] = detail::number_or_nan(value.find("validation_accuracy"));
  }
  if (epochs == 0)
    fail<IoError>(file->name(), ": no line {\"event\": \"epoch\", ...}; give a file that --log-json wrote");
  return out;
}

/// Scores that `gyrograd evaluate --scores` wrote: (items, 4 + classes) = window, piece, truth, prediction,
/// logits.
inline ScoreTable read_scores(const fs::path& path, Index classes) {
  const io::NpyFile file = io::read_npy(path);
  file.expect_rank(2, "scores");
  const auto width = static_cast<std::size_t>(classes) + 4;
  if (file.shape()[1] != width)
    fail<IoError>(file.name(), ": scores have ", file.shape()[1], " columns, expected ", width,
                  " (window, piece, truth, prediction, and one logit for each of the ", classes,
                  " classes of the report); evaluate again with --scores");
  const std::vector<double> values = file.values<double>();
  ScoreTable out{classes, {}, {}};
  for (std::size_t i = 0; i < values.size(); i += width) {
    const double truth = values[i + 2];
    if (!(truth >= 0 && truth < static_cast<double>(classes)) || truth != std::floor(truth))
      fail<IoError>(file.name(), ": row ", i / width, ": truth is ", truth, ", expected a class 0 to ",
                    classes - 1);
    out.truth.push_back(static_cast<Index>(truth));
    for (std::size_t c = 4; c < width; ++c) {
      if (!std::isfinite(values[i + c]))
        fail<IoError>(file.name(), ": row ", i / width, ": logit ", c - 4, " is not a finite number");
      out.logits.push_back(values[i + c]);
    }
  }
  return out;
}

/// Reconstructions that `gyrograd evaluate` wrote: (windows, 3, steps, channels) = recorded, reconstructed,
/// hidden (1) or shown (0).
inline std::vector<train::Waveform> read_reconstructions(const fs::path& path, double rate,
                                                         const std::vector<std::string>& names) {
  const io::NpyFile file = io::read_npy(path);
  file.expect_rank(4, "reconstructions");
  const auto& shape = file.shape();
  if (shape[1] != 3 || shape[2] == 0 || shape[3] == 0)
    fail<IoError>(file.name(), ": reconstructions have shape ", io::shape_text(shape),
                  ", expected (windows, 3, steps, channels)");
  const std::vector<float> values = file.values<float>();
  const std::size_t size = shape[2] * shape[3];
  std::vector<train::Waveform> out;
  for (std::size_t w = 0; w < shape[0]; ++w) {
    train::Waveform wave;
    wave.steps = static_cast<Index>(shape[2]);
    wave.channels = static_cast<Index>(shape[3]);
    wave.rate = rate;
    const auto first = values.begin() + static_cast<Index>(3 * w * size);
    wave.original.assign(first, first + static_cast<Index>(size));
    wave.reconstruction.assign(first + static_cast<Index>(size), first + static_cast<Index>(2 * size));
    std::vector<Index> hidden;
    for (Index t = 0; t < wave.steps; ++t)
      if (*(first + static_cast<Index>(2 * size) + t * wave.channels) > 0.5F) hidden.push_back(t);
    wave.masked = train::spans_of(hidden);
    for (Index c = 0; c < wave.channels; ++c) {
      const auto at = static_cast<std::size_t>(c);
      wave.channel_names.push_back(at < names.size() ? names[at] : "channel " + std::to_string(c));
    }
    out.push_back(std::move(wave));
  }
  return out;
}

}  // namespace gyrograd::cli
