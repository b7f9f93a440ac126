// SPDX-License-Identifier: MIT
// Hand-written files of a run (report, log, scores, embeddings) for tests of what reads them.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/tool.hpp"
#include "gyrograd/io/npy.hpp"

namespace gyrograd::testing {

/// A classifier's report of three classes with ten items each; class "run" is right in eight.
inline std::string small_report(const std::string& more = {}) {
  return R"({"kind": "classifier", "seed": 7,
  "options": {"--lr": "0.001", "--split": "user"},
  "versions": {"gyrograd": "0.1.0", "report": 1},
  "epochs": 3, "best_epoch": 2,
  "test": {"accuracy": 0.9, "macro_f1": 0.8999, "macro_f1_all_classes": 0.8999, "loss": 0.25, "count": 30},
  "confusion": {"labels": ["sit", "walk", "run"], "matrix": [[10, 0, 0], [1, 9, 0], [0, 2, 8]]},
  "history": {"train_loss": [1.0, 0.5, 0.25], "validation_loss": [1.1, 0.6, 0.65],
              "validation_accuracy": [0.4, 0.8, 0.7]})" +
         more + "}\n";
}

/// Scores of the items that the report counts: window, piece, truth, prediction, three logits.
inline void write_small_scores(const fs::path& path, std::size_t classes = 3) {
  const int predicted[3][3] = {{10, 0, 0}, {1, 9, 0}, {0, 2, 8}};
  std::vector<double> rows;
  double window = 0;
  for (int truth = 0; truth < 3; ++truth)
    for (int guess = 0; guess < 3; ++guess)
      for (int i = 0; i < predicted[truth][guess]; ++i, ++window) {
        rows.insert(rows.end(), {window, 0, static_cast<double>(truth), static_cast<double>(guess)});
        for (std::size_t c = 0; c < classes; ++c)
          rows.push_back(c == static_cast<std::size_t>(guess)
                             ? 2 + 0.01 * i
                             : 0.1 * i + 0.0017 * window + 0.013 * static_cast<double>(c));
      }
  io::write_npy(path, rows, {30, 4 + classes});
}

/// Embeddings (30, 4, 5) around three centres, their card, and a data set with labels activity and user.
inline void write_small_embeddings(const fs::path& root) {
  fs::create_directories(root / "embed");
  fs::create_directories(root / "dataset/toy");
  std::vector<float> values, data;
  std::vector<double> labels;
  for (int w = 0; w < 30; ++w)
    for (int t = 0; t < 4; ++t) {
      for (int c = 0; c < 5; ++c)
        values.push_back(static_cast<float>((c == w % 3 ? 5 : 0) + std::sin(w * 7 + t * 3 + c)));
      for (int c = 0; c < 6; ++c) data.push_back(static_cast<float>(c));
      labels.push_back(w % 3);
      labels.push_back(w % 2);
    }
  io::write_npy(root / "embed/embed_limu_toy_20_4.npy", values, {30, 4, 5});
  spill(root / "embed/embed_limu_toy_20_4.json", R"({"encoder": "limu.safetensors", "data": "toy 20_4"})");
  io::write_npy(root / "dataset/toy/data_20_4.npy", data, {30, 4, 6});
  io::write_npy(root / "dataset/toy/label_20_4.npy", labels, {30, 4, 2});
  spill(
      root / "dataset/toy/card.json",
      R"({"labels": [{"name": "activity", "classes": ["sit", "walk", "run"]}, {"name": "user", "classes": []}]})");
}

}  // namespace gyrograd::testing
