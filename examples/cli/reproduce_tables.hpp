// SPDX-License-Identifier: MIT
// The tables of the LIMU-BERT paper (SenSys 2021) as lists of runs, with the published scores beside them.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "cli/cli.hpp"
#include "gyrograd/core/config.hpp"
#include "gyrograd/core/suggest.hpp"

namespace gyrograd::cli {

/// Accuracy and macro F1; NaN where the paper gives none.
struct PaperScore {
  double accuracy = std::numeric_limits<double>::quiet_NaN();
  double f1 = std::numeric_limits<double>::quiet_NaN();
};

/// A model of a table and the command that trains it.
struct PaperModel {
  std::string_view name, command, method, version, recipe{};  ///< recipe: value of tpn --recipe

  /// Folder below saved/ in front of data set and version.
  std::string folder() const {
    if (command == "tpn") return "bench_tpn_classifier";
    return (uses_encoder() ? "classifier_base_" : "bench_") + std::string(method);
  }
  bool uses_encoder() const { return command == "classifier"; }
};

/// One figure of a table: a model on a data set.
struct PaperCell {
  PaperModel model;
  std::string row, column;
  std::string dataset, encoder;  ///< set that the encoder was trained on, where there is one
  std::string label = "activity";
  double rate = 0.01;
  PaperScore paper;
};

namespace paper {

inline constexpr PaperModel dcnn{"DCNN", "benchmark", "dcnn", "v1"};
inline constexpr PaperModel deepsense{"DeepSense", "benchmark", "deepsense", "v1"};
inline constexpr PaperModel r_gru{"R-GRU", "benchmark", "gru", "v2"};
inline constexpr PaperModel tpn{"TPN", "tpn", "tpn", "v1"};
inline constexpr PaperModel repaired_tpn{"TPN-repaired", "tpn", "tpn", "v1",
                                         "corrected"};  // not in the paper
inline constexpr PaperModel limu_gru{"LIMU-GRU", "classifier", "gru", "v2"};

inline constexpr std::array<std::string_view, 4> sets{"hhar", "uci", "motion", "shoaib"};
inline constexpr std::array<std::string_view, 6> tables{"har",   "dpc",    "classifiers",
                                                        "cross", "window", "rate"};

/// Place of a set in the columns of the paper, or its number of columns when it has none.
inline std::size_t place(std::string_view set) {
  return static_cast<std::size_t>(std::find(sets.begin(), sets.end(), set) - sets.begin());
}

/// Scores of one row in the order of `sets`.
using Row = std::array<PaperScore, 4>;

inline PaperScore at(const Row& row, std::string_view set) {
  return place(set) < row.size() ? row[place(set)] : PaperScore{};
}

/// A model with its scores in the order of `sets`.
struct ScoredModel {
  PaperModel model;
  Row scores;
};

/// Every model on every data set: activities, 1 % labels, an encoder trained on the same set.
template <std::size_t N>
std::vector<PaperCell> one_percent(const std::array<ScoredModel, N>& lines,
                                   const std::vector<std::string>& datasets) {
  std::vector<PaperCell> cells;
  for (const ScoredModel& line : lines)
    for (const std::string& set : datasets)
      cells.push_back(
          {line.model, std::string(line.model.name), set, set, set, "activity", .01, at(line.scores, set)});
  return cells;
}

/// Table "har": 1 % labels (LIMU-BERT sheet §14.1).
inline std::vector<PaperCell> har(const std::vector<std::string>& datasets) {
  static constexpr std::array<ScoredModel, 6> lines{
      {{dcnn, {{{.760, .736}, {.649, .625}, {.721, .637}, {.715, .718}}}},
       {deepsense, {{{.715, .688}, {.576, .544}, {.722, .650}, {.682, .683}}}},
       {r_gru, {{{.849, .832}, {.760, .741}, {.846, .806}, {.785, .787}}}},
       {tpn, {{{.250, .151}, {.208, .068}, {.084, .026}, {.163, .040}}}},
       {repaired_tpn, {}},
       {limu_gru, {{{.964, .962}, {.924, .923}, {.927, .899}, {.900, .899}}}}}};
  return one_percent(lines, datasets);
}

/// Table "dpc": where Shoaib's phones were worn, by label rate (sheet §14.2).
inline std::vector<PaperCell> dpc() {
  struct Line {
    PaperModel model;
    std::array<PaperScore, 6> scores;
  };
  static constexpr std::array<double, 6> rates{.002, .005, .01, .02, .05, .1};
  static constexpr std::array<std::string_view, 6> names{"0.2 %", "0.5 %", "1 %", "2 %", "5 %", "10 %"};
  static constexpr std::array<Line, 6> lines{
      {{dcnn, {{{.486, .484}, {.561, .564}, {.657, .652}, {.781, .778}, {.842, .839}, {.900, .897}}}},
       {deepsense, {{{.463, .457}, {.537, .529}, {.600, .594}, {.669, .663}, {.765, .761}, {.819, .815}}}},
       {r_gru, {{{.613, .589}, {.719, .716}, {.832, .830}, {.901, .901}, {.941, .941}, {.964, .964}}}},
       {tpn, {{{.321, .184}, {.421, .319}, {.404, .266}, {.488, .391}, {.336, .216}, {.391, .257}}}},
       {repaired_tpn, {}},
       {limu_gru, {{{.753, .746}, {.886, .885}, {.920, .921}, {.948, .949}, {.969, .970}, {.984, .984}}}}}};
  std::vector<PaperCell> cells;
  for (const Line& line : lines)
    for (std::size_t k = 0; k < rates.size(); ++k)
      cells.push_back({line.model, std::string(line.model.name), std::string(names[k]), "shoaib", "shoaib",
                       "position", rates[k], line.scores[k]});
  return cells;
}

/// Table "classifiers": heads on the same embeddings (sheet §14.3). LIMU-CNN is cnn2; cnn1 has no row there.
inline std::vector<PaperCell> classifiers(const std::vector<std::string>& datasets) {
  static constexpr std::array<ScoredModel, 5> lines{
      {{{"LIMU-CNN", "classifier", "cnn2", "v1"}, {{{.952, .946}, {.883, .882}, {.895, .858}, {.849, .850}}}},
       {{"LIMU-CNN1D", "classifier", "cnn1", "v1"}, {}},
       {{"LIMU-ATTN", "classifier", "attn", "v1"},
        {{{.928, .923}, {.915, .913}, {.909, .874}, {.809, .810}}}},
       {{"LIMU-LSTM", "classifier", "lstm", "v1"},
        {{{.953, .949}, {.913, .915}, {.913, .880}, {.890, .891}}}},
       {limu_gru, {{{.964, .962}, {.924, .923}, {.927, .899}, {.900, .899}}}}}};
  return one_percent(lines, datasets);
}

/// Table "cross": encoders trained on another set, rows = that set (sheet §14.4, accuracies only).
inline std::vector<PaperCell> cross(const std::vector<std::string>& datasets) {
  static constexpr double accuracy[4][4] = {
      {.964, .862, .872, .845}, {.865, .924, .879, .843}, {.883, .879, .927, .847}, {.879, .847, .869, .900}};
  std::vector<PaperCell> cells;
  for (const std::string& source : datasets)
    for (const std::string& set : datasets) {
      PaperCell cell{limu_gru, "trained on " + source, set, set, source, "activity", .01, {}};
      if (place(source) < 4 && place(set) < 4) cell.paper.accuracy = accuracy[place(source)][place(set)];
      cells.push_back(cell);
    }
  return cells;
}

/// Table "window": pieces of 20, 40, 60 and 120 steps; the paper shows curves, and no figures are known.
inline std::vector<PaperCell> window(const std::vector<std::string>& datasets) {
  static constexpr std::array<std::string_view, 4> steps{"20", "40", "60", "120"};
  static constexpr std::array<std::string_view, 4> gru{"v2", "v11", "v12", "v13"},
      cnn{"v2", "v3", "v4", "v5"};
  std::vector<PaperCell> cells;
  for (const PaperModel& base : {dcnn, deepsense, r_gru, limu_gru})
    for (const std::string& set : datasets)
      for (std::size_t k = 0; k < steps.size(); ++k) {
        PaperModel model = base;
        model.version = base.method == "gru" ? gru[k] : cnn[k];
        cells.push_back({model,
                         std::string(base.name),
                         set + " " + std::string(steps[k]) + " steps",
                         set,
                         set,
                         "activity",
                         .01,
                         {}});
      }
  return cells;
}

/// Table "rate": activities by label rate (sheet §14.1 gives 0.2 % of LIMU-GRU and the column of 1 %).
inline std::vector<PaperCell> rate(const std::vector<std::string>& datasets) {
  static constexpr std::array<double, 3> least{.863, .875, .855};  // hhar, uci, motion
  static constexpr std::array<double, 6> rates{.002, .005, .01, .02, .05, .1};
  static constexpr std::array<std::string_view, 6> names{"0.2 %", "0.5 %", "1 %", "2 %", "5 %", "10 %"};
  const std::vector<PaperCell> one = har(datasets);
  std::vector<PaperCell> cells;
  for (const PaperCell& known : one)
    for (std::size_t k = 0; k < rates.size(); ++k) {
      PaperCell cell = known;
      cell.column = known.dataset + " " + std::string(names[k]);
      cell.rate = rates[k];
      if (k != 2) cell.paper = {};
      if (k == 0 && cell.model.uses_encoder() && place(cell.dataset) < least.size())
        cell.paper.accuracy = least[place(cell.dataset)];
      cells.push_back(cell);
    }
  return cells;
}

}  // namespace paper

/// Cells of a table; UsageError for an unknown one.
inline std::vector<PaperCell> paper_table(const std::string& table,
                                          const std::vector<std::string>& datasets) {
  if (table == "har") return paper::har(datasets);
  if (table == "dpc") return paper::dpc();
  if (table == "classifiers") return paper::classifiers(datasets);
  if (table == "cross") return paper::cross(datasets);
  if (table == "window") return paper::window(datasets);
  if (table == "rate") return paper::rate(datasets);
  std::string list;
  for (const std::string_view known : paper::tables) list += (list.empty() ? "" : ", ") + std::string(known);
  fail<UsageError>("reproduce: --table is '", table, "', expected one of ", list,
                   did_you_mean(table, paper::tables));
}

/// Cells of the models that are named, with or without capitals; UsageError for one the table lacks.
inline std::vector<PaperCell> cells_of_models(const std::vector<PaperCell>& cells, const std::string& table,
                                              const std::vector<std::string>& names) {
  const auto small = [](std::string_view text) {
    std::string word(text);
    std::transform(word.begin(), word.end(), word.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return word;
  };
  std::vector<std::string> known, wanted;
  for (const PaperCell& cell : cells)
    if (std::find(known.begin(), known.end(), small(cell.model.name)) == known.end())
      known.push_back(small(cell.model.name));
  for (const std::string& name : names) {
    wanted.push_back(small(name));
    if (std::find(known.begin(), known.end(), wanted.back()) != known.end()) continue;
    std::string list;
    for (const std::string& word : known) list += (list.empty() ? "" : ", ") + word;
    fail<UsageError>("reproduce: --models: table ", table, " has no model '", name, "', expected of ", list,
                     did_you_mean(wanted.back(), known));
  }
  std::vector<PaperCell> left;
  for (const PaperCell& cell : cells)
    if (std::find(wanted.begin(), wanted.end(), small(cell.model.name)) != wanted.end()) left.push_back(cell);
  return left;
}

}  // namespace gyrograd::cli
