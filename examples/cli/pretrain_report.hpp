// SPDX-License-Identifier: MIT
// Parts of the reports of `gyrograd primus pretrain` that all methods have: learning curves, settings.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "gyrograd/train/charts.hpp"
#include "gyrograd/train/checkpoint.hpp"
#include "gyrograd/train/html_report.hpp"
#include "gyrograd/train/loop.hpp"
#include "gyrograd/train/report.hpp"

namespace gyrograd::cli {

/// Section with the curves of training and validation loss.
inline void add_loss_section(train::HtmlReport& page, const std::vector<train::EpochRecord>& history,
                             const std::string& caption) {
  page.section("Loss by epoch");
  std::vector<train::Series> curves = {{"training", {}, {}}, {"validation", {}, {}}};
  for (std::size_t i = 0; i < history.size(); ++i) {
    curves[0].x.push_back(static_cast<double>(i + 1));
    curves[0].y.push_back(history[i].train_loss);
    if (!std::isfinite(history[i].validation_loss)) continue;
    curves[1].x.push_back(static_cast<double>(i + 1));
    curves[1].y.push_back(history[i].validation_loss);
  }
  if (curves[1].x.empty()) curves.pop_back();
  page.chart(train::line_chart({"Loss by epoch", "epoch", "loss"}, curves), caption);
}

inline void add_settings_section(train::HtmlReport& page, const train::RunIdentity& identity) {
  page.section("Settings");
  std::vector<std::vector<std::string>> rows = {{"setting", "value"}};
  for (const auto& [name, value] : identity) rows.push_back({name, value});
  page.table(rows);
}

inline train::Json identity_json(const train::RunIdentity& identity) {
  train::Json json = train::Json::object();
  for (const auto& [name, value] : identity) json[name] = value;
  return json;
}

}  // namespace gyrograd::cli
