// SPDX-License-Identifier: MIT
// Charts and the page of `gyrograd plot`: what was run, with what, and how well.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/plot_material.hpp"
#include "gyrograd/metrics/roc.hpp"
#include "gyrograd/train/charts.hpp"
#include "gyrograd/train/html_report.hpp"

namespace gyrograd::cli {

/// A finished chart; `file` is its name without ".svg".
struct Chart {
  std::string file, svg, caption;
};

namespace detail {

/// At most `most` points of a curve, its ends and shape kept.
inline train::Series thinned(std::string name, const std::vector<double>& x, const std::vector<double>& y,
                             std::size_t most = 400) {
  train::Series s{std::move(name), {}, {}};
  const std::size_t n = x.size(), step = std::max<std::size_t>(1, n / most);
  for (std::size_t i = 0; i < n; i += step) {
    s.x.push_back(x[i]);
    s.y.push_back(y[i]);
  }
  if (n > 0 && (n - 1) % step != 0) {
    s.x.push_back(x.back());
    s.y.push_back(y.back());
  }
  return s;
}

inline train::Series epoch_series(std::string name, const std::map<Index, double>& curve) {
  train::Series s{std::move(name), {}, {}};
  for (const auto& [epoch, value] : curve) {
    s.x.push_back(static_cast<double>(epoch));
    s.y.push_back(value);
  }
  return thinned(s.name, s.x, s.y, 1500);
}

inline bool any_finite(const std::map<Index, double>& curve) {
  return std::any_of(curve.begin(), curve.end(), [](const auto& p) { return std::isfinite(p.second); });
}

}  // namespace detail

inline Chart confusion_chart(const NamedConfusion& c) {
  std::vector<Index> counts;
  for (Index r = 0; r < c.counts.classes(); ++r)
    for (Index p = 0; p < c.counts.classes(); ++p) counts.push_back(c.counts(r, p));
  return {"confusion", train::heat_map({"Confusion matrix", "Predicted", "Actual"}, c.names, counts),
          "Rows are the true classes: share of the row and number of items."};
}

/// One curve for each class against the rest, their mean, and chance.
inline Chart roc_chart(const metrics::RocReport& roc, const std::vector<std::string>& names) {
  std::vector<train::Series> series;
  series.push_back(detail::thinned(message("mean of classes, AUC ", train::fixed_number(roc.macro.area, 3)),
                                   roc.macro.false_rate, roc.macro.true_rate));
  for (std::size_t k = 0; k < roc.classes.size(); ++k) {
    const metrics::RocCurve& curve = roc.classes[k];
    if (std::isnan(curve.area)) continue;
    series.push_back(detail::thinned(message(names[k], ", AUC ", train::fixed_number(curve.area, 3)),
                                     curve.false_rate, curve.true_rate));
  }
  series.push_back({"chance", {0, 1}, {0, 1}});
  return {"roc",
          train::line_chart({"ROC curves", "false-positive rate", "true-positive rate"}, series, 620, 470),
          "Each class against the rest, scored by its softmax probability; AUC is the area under the curve."};
}

/// Losses, and accuracy where it was measured.
inline std::vector<Chart> curve_charts(const LearningCurves& c, const std::string& suffix) {
  std::vector<Chart> charts;
  std::vector<train::Series> losses;
  if (detail::any_finite(c.train_loss)) losses.push_back(detail::epoch_series("training", c.train_loss));
  if (detail::any_finite(c.validation_loss))
    losses.push_back(detail::epoch_series("validation", c.validation_loss));
  const std::string of = c.command.empty() ? "" : " of " + c.command;
  if (!losses.empty())
    charts.push_back({"loss" + suffix, train::line_chart({"Loss by epoch", "epoch", "loss"}, losses),
                      "Loss" + of + " by epoch."});
  if (detail::any_finite(c.validation_accuracy)) {
    const std::vector<train::Series> accuracy = {detail::epoch_series("validation", c.validation_accuracy)};
    charts.push_back({"accuracy" + suffix,
                      train::line_chart({"Accuracy by epoch", "epoch", "accuracy"}, accuracy),
                      "Validation accuracy" + of + " by epoch."});
  }
  return charts;
}

/// Precision, recall, F1, area under the ROC curve and items of every class, and their means.
inline Table class_table(const NamedConfusion& c, const metrics::RocReport* roc) {
  Table rows{{"class", "precision", "recall", "F1", "AUC", "items", "predicted"}};
  const auto row = [](const std::string& name, const metrics::ClassScore& s, double area, Index items,
                      Index predicted) {
    return std::vector<std::string>{name,
                                    train::fixed_number(s.precision, 3),
                                    train::fixed_number(s.recall, 3),
                                    train::fixed_number(s.f1, 3),
                                    train::fixed_number(area, 3),
                                    std::to_string(items),
                                    std::to_string(predicted)};
  };
  constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
  for (Index k = 0; k < c.counts.classes(); ++k) {
    const auto at = static_cast<std::size_t>(k);
    rows.push_back(row(c.names[at], metrics::class_score(c.counts, k),
                       roc != nullptr && at < roc->classes.size() ? roc->classes[at].area : unknown,
                       c.counts.true_count(k), c.counts.predicted_count(k)));
  }
  const double macro_area = roc != nullptr ? roc->macro.area : unknown;
  const Index total = c.counts.total();
  rows.push_back(row("mean of classes that occur", metrics::average_score(c.counts, metrics::Average::macro),
                     macro_area, total, total));
  rows.push_back(row("mean of all classes", metrics::average_score(c.counts, metrics::Average::macro_all),
                     unknown, total, total));
  rows.push_back(row("mean by items", metrics::average_score(c.counts, metrics::Average::weighted), unknown,
                     total, total));
  return rows;
}

/// Scores of the parts that a report has: accuracy, macro F1 over the classes that occur and over all, loss.
inline Table part_table(const io::JsonValue& report) {
  Table rows{{"part", "accuracy", "macro F1, classes that occur", "macro F1, all classes", "loss", "items"}};
  for (std::size_t i = 0; i < report.keys.size(); ++i) {
    const io::JsonValue& part = report.items[i];
    if (part.kind != io::JsonValue::Kind::object || part.find("loss") == nullptr) continue;
    const auto cell = [&](const char* key, int digits) {
      return train::fixed_number(detail::number_or_nan(part.find(key)), digits);
    };
    rows.push_back({report.keys[i], cell("accuracy", 4), cell("macro_f1", 4), cell("macro_f1_all_classes", 4),
                    cell("loss", 5), cell("count", 0)});
  }
  return rows;
}

/// What was run and with what: kind, options, versions and single values of a report.
inline Table option_table(const io::JsonValue& report) {
  Table rows{{"option", "value"}};
  for (std::size_t i = 0; i < report.keys.size(); ++i) {
    const io::JsonValue& value = report.items[i];
    const bool group =
        report.keys[i] == "options" || report.keys[i] == "versions" || report.keys[i] == "data";
    using Kind = io::JsonValue::Kind;
    if (group && value.kind == Kind::object) {
      for (std::size_t k = 0; k < value.keys.size(); ++k)
        rows.push_back({value.keys[k], detail::cell_text(value.items[k])});
    } else if (value.kind != Kind::object && value.kind != Kind::array) {
      rows.push_back({report.keys[i], detail::cell_text(value)});
    }
  }
  return rows;
}

/// The whole page.
inline std::string run_page(const std::string& title, const io::JsonValue& report,
                            const NamedConfusion* confusion, const metrics::RocReport* roc,
                            const std::vector<Chart>& charts, const std::vector<std::string>& notes) {
  train::HtmlReport page(title, message("gyrograd ", GYROGRAD_VERSION));
  std::vector<train::HtmlReport::Figure> figures;
  const Table parts = part_table(report);
  if (confusion != nullptr) {
    const metrics::Confusion& c = confusion->counts;
    figures = {{train::fixed_number(metrics::accuracy(c), 3), "accuracy"},
               {train::fixed_number(metrics::macro_f1(c), 3), "macro F1 of the classes that occur"},
               {train::fixed_number(metrics::macro_f1(c, metrics::Average::macro_all), 3),
                "macro F1 of all classes"}};
    if (roc != nullptr) figures.push_back({train::fixed_number(roc->macro.area, 3), "area under ROC, mean"});
  } else if (parts.size() > 1) {
    figures.push_back({parts[1][4], "loss, " + parts[1][0]});
  }
  if (!figures.empty()) page.figures(figures);
  page.section("How well");
  if (parts.size() > 1) page.table(parts);
  if (confusion != nullptr) page.table(class_table(*confusion, roc));
  for (const std::string& note : notes) page.paragraph(note);
  if (!charts.empty()) page.section("Charts");
  for (const Chart& chart : charts) page.chart(chart.svg, chart.caption);
  page.section("What was run");
  page.table(option_table(report));
  return page.str();
}

}  // namespace gyrograd::cli
