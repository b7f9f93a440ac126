// SPDX-License-Identifier: MIT
// A reproduced table: paper beside measured as text, JSON and one HTML page.
#pragma once

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "cli/reproduce_jobs.hpp"
#include "gyrograd/train/charts.hpp"
#include "gyrograd/train/html_report.hpp"
#include "gyrograd/train/report.hpp"
#include "gyrograd/train/svg.hpp"

namespace gyrograd::cli {

/// Scores of one cell over the seeds that are finished.
struct Measured {
  std::vector<double> accuracy, f1;
  double seconds = 0;
};

/// Mean and sample standard deviation; NaN where there are too few values.
struct Spread {
  double mean = std::numeric_limits<double>::quiet_NaN(),
         deviation = std::numeric_limits<double>::quiet_NaN();
};

inline Spread spread_of(const std::vector<double>& values) {
  Spread s;
  if (values.empty()) return s;
  const auto n = static_cast<double>(values.size());
  s.mean = 0;
  for (const double v : values) s.mean += v / n;
  if (values.size() < 2) return s;
  double squares = 0;
  for (const double v : values) squares += (v - s.mean) * (v - s.mean);
  s.deviation = std::sqrt(squares / (n - 1));
  return s;
}

/// ".924", "-" for NaN.
inline std::string short_score(double value) {
  if (!std::isfinite(value)) return "-";
  const std::string text = train::fixed_number(value, 3);
  return text.starts_with("0.") ? text.substr(1) : text;
}
inline std::string spread_text(const std::vector<double>& values) {
  const Spread s = spread_of(values);
  return short_score(s.mean) + (std::isfinite(s.deviation) ? " ± " + short_score(s.deviation) : "");
}

/// Reads what is finished of every cell.
inline std::vector<Measured> read_results(const ReproducePlan& p) {
  std::vector<Measured> results;
  for (const PaperCell& cell : p.cells) {
    Measured m;
    for (const std::uint32_t seed : p.seeds) {
      const fs::path path = cell_report(p, cell, seed);
      std::ifstream in(path);
      if (!in) continue;
      const train::Json report = train::Json::parse(in, nullptr, false);
      if (report.is_discarded() || !report.contains("test"))
        fail<IoError>(path.string(), ": is no report of a run; remove it and run again");
      m.accuracy.push_back(report["test"]["accuracy"].get<double>());
      m.f1.push_back(report["test"]["macro_f1"].get<double>());
      m.seconds += report.value("seconds", 0.0);
    }
    results.push_back(std::move(m));
  }
  return results;
}

/// One line that says when a run is shorter than the published one; else empty.
inline std::string shortened_text(const ReproducePlan& p) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : "; ") + part; };
  if (p.pretrain_epochs < 3200 && p.weights.empty())
    add(std::to_string(p.pretrain_epochs) + " instead of 3200 epochs of pre-training");
  if (p.epochs < 700) add(std::to_string(p.epochs) + " instead of 700 epochs of training");
  return text.empty() ? "" : "SHORTENED RUN, not comparable with the paper: " + text;
}

/// Rows of the table with a head: model, column, paper and measured accuracy and macro F1, seeds.
inline std::vector<std::vector<std::string>> table_rows(const ReproducePlan& p,
                                                        const std::vector<Measured>& m) {
  std::vector<std::vector<std::string>> rows = {
      {"model", "data", "paper acc", "measured acc", "paper F1", "measured F1", "seeds", "s per run"}};
  for (std::size_t i = 0; i < p.cells.size(); ++i) {
    const PaperCell& c = p.cells[i];
    const std::size_t runs = m[i].accuracy.size();
    rows.push_back({c.row, c.column, short_score(c.paper.accuracy), spread_text(m[i].accuracy),
                    short_score(c.paper.f1), spread_text(m[i].f1), std::to_string(runs),
                    runs > 0 ? train::fixed_number(m[i].seconds / static_cast<double>(runs), 1) : "-"});
  }
  return rows;
}

/// The rows in columns of equal width.
inline std::string aligned_text(const std::vector<std::vector<std::string>>& rows) {
  const auto width = [](const std::string& s) {  // "±" is two bytes
    return static_cast<std::size_t>(std::count_if(
        s.begin(), s.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
  };
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows)
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], width(row[c]));
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c)
      line += row[c] + std::string(widths[c] - width(row[c]) + 2, ' ');
    text += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
  }
  return text;
}

/// "model name" of /proc/cpuinfo, or nothing.
inline std::string processor_name() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    const std::size_t at = line.find(": ");
    if (line.starts_with("model name") && at != std::string::npos) return line.substr(at + 2);
  }
  return {};
}

inline train::Json reproduce_json(const ReproducePlan& p, const std::vector<Measured>& m,
                                  const std::vector<Job>& jobs) {
  train::Json cells = train::Json::array();
  for (std::size_t i = 0; i < p.cells.size(); ++i) {
    const PaperCell& c = p.cells[i];
    const Spread accuracy = spread_of(m[i].accuracy), f1 = spread_of(m[i].f1);
    cells.push_back(
        {{"model", c.row},
         {"column", c.column},
         {"data", c.dataset},
         {"encoder", c.model.uses_encoder() ? c.encoder : ""},
         {"configuration", std::string(c.model.method) + '_' + std::string(c.model.version)},
         {"label", c.label},
         {"label_rate", c.rate},
         {"paper", {{"accuracy", c.paper.accuracy}, {"macro_f1", c.paper.f1}}},
         {"accuracy", {{"mean", accuracy.mean}, {"sd", accuracy.deviation}, {"runs", m[i].accuracy}}},
         {"macro_f1", {{"mean", f1.mean}, {"sd", f1.deviation}, {"runs", m[i].f1}}},
         {"seconds", m[i].seconds}});
  }
  train::Json lines = train::Json::array();
  for (const Job& job : jobs) {
    std::string line = "gyrograd";
    for (const std::string& word : job.words) line += ' ' + word;
    lines.push_back(line);
  }
  return {{"kind", "reproduce"},
          {"paper", "limu-bert"},
          {"table", p.table},
          {"split", p.split},
          {"seeds", p.seeds},
          {"pretrain_epochs", p.pretrain_epochs},
          {"epochs", p.epochs},
          {"published_weights", !p.weights.empty()},
          {"one_encoder", p.one_encoder},
          {"shortened", shortened_text(p)},
          {"threads", p.threads},
          {"processor", processor_name()},
          {"cells", cells},
          {"commands", lines},
          {"versions", {{"gyrograd", GYROGRAD_VERSION}, {"report", 1}}}};
}

inline std::string reproduce_page(const ReproducePlan& p, const std::vector<Measured>& m,
                                  const std::vector<Job>& jobs) {
  train::HtmlReport page(
      "LIMU-BERT, table " + p.table,
      "paper beside measured; " + std::to_string(p.seeds.size()) + " seeds, split " + p.split);
  if (!shortened_text(p).empty()) page.paragraph(shortened_text(p));
  page.paragraph(
      "Measured: mean ± standard deviation over the seeds, test part, epoch with the best validation "
      "accuracy. Paper: SenSys 2021.");
  const auto rows = table_rows(p, m);
  page.table(rows);
  std::vector<std::string> columns;
  for (const PaperCell& c : p.cells)
    if (std::find(columns.begin(), columns.end(), c.column) == columns.end()) columns.push_back(c.column);
  for (const std::string& column : columns) {
    std::vector<train::Bar> bars;
    for (std::size_t i = 0; i < p.cells.size(); ++i)
      if (p.cells[i].column == column && !m[i].accuracy.empty())
        bars.push_back({p.cells[i].row, m[i].accuracy});
    if (bars.empty()) continue;
    page.section(column);
    page.chart(train::bar_chart({"accuracy on " + column, "", "test accuracy"}, bars),
               "mean; a dot for each seed");
  }
  page.section("Commands");
  for (const Job& job : jobs) {
    std::string line = "gyrograd";
    for (const std::string& word : job.words) line += ' ' + word;
    page.paragraph(line);
  }
  page.paragraph(processor_name() + ", " + std::to_string(p.threads) +
                 " threads, gyrograd " GYROGRAD_VERSION);
  return page.str();
}

}  // namespace gyrograd::cli
