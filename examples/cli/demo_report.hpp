// SPDX-License-Identifier: MIT
// The story that `gyrograd demo` tells: its figures, the HTML page, and the summary in the terminal.
#pragma once

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/run_options.hpp"
#include "gyrograd/data/windows.hpp"
#include "gyrograd/train/charts.hpp"
#include "gyrograd/train/html_report.hpp"
#include "gyrograd/train/loop.hpp"
#include "gyrograd/train/report.hpp"

namespace gyrograd::cli {

/// In the head of every page that the demo writes.
inline constexpr std::string_view demo_mark = "<meta name=\"generator\" content=\"gyrograd demo\">";

/// One trained classifier.
struct ClassifierRun {
  std::vector<train::EpochRecord> history;
  train::PartScore test;
};

/// Everything that the page shows.
struct Story {
  std::string source;
  std::uint64_t seed = 0;
  int threads = 1;
  Index users_train = 0, users_test = 0, windows_train = 0, windows_test = 0;
  Index labelled = 0, training_pieces = 0, test_pieces = 0, classifier_epochs = 0;
  std::vector<train::EpochRecord> pretrain;
  double pretrain_seconds = 0, seconds = 0;
  train::Waveform wave;
  std::vector<train::Point> map;
  std::vector<Index> map_labels;
  double map_share = 0;
  std::string block;
  std::vector<std::string> class_names;
  std::vector<ClassifierRun> limu, raw;
};

/// Number of different users that recorded the given windows.
inline Index distinct_users(const data::Labels& labels, Index column, const std::vector<Index>& windows) {
  std::set<double> users;
  for (const Index w : windows) users.insert(labels.at(w, 0, column));
  return static_cast<Index>(users.size());
}

inline std::vector<double> accuracies(const std::vector<ClassifierRun>& runs) {
  std::vector<double> out;
  for (const ClassifierRun& run : runs) out.push_back(run.test.accuracy);
  return out;
}

inline double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

inline std::string percent(double share) {
  return train::fixed_number(100 * share, 1) + " %";
}

namespace detail {

inline train::Series curve(std::string name, const std::vector<train::EpochRecord>& history,
                           double train::EpochRecord::*figure) {
  train::Series series{std::move(name), {}, {}};
  for (std::size_t i = 0; i < history.size(); ++i) {
    series.x.push_back(static_cast<double>(i + 1));
    series.y.push_back(history[i].*figure);
  }
  return series;
}

inline void add_result(train::HtmlReport& page, const Story& s) {
  page.section("The result: people never seen, few labels");
  page.paragraph(message(
      "Both classifiers are the same GRU, trained on the same ", s.labelled, " labelled seconds (",
      percent(static_cast<double>(s.labelled) / static_cast<double>(s.training_pieces)),
      " of the training data) for the same ", s.classifier_epochs,
      " epochs with the same settings; the best epoch on validation users is kept. One reads the raw signals "
      "of a second, the other the embeddings of that second, which also carry the context of the six-second "
      "window around it. Each dot is one draw of the labels; all are tested on ",
      s.test_pieces, " seconds of ", s.users_test, " users who took no part in any training."));
  const std::vector<train::Bar> bars = {{"GRU on LIMU-BERT embeddings", accuracies(s.limu)},
                                        {"GRU on raw signals", accuracies(s.raw)}};
  page.chart(train::bar_chart({"Test accuracy of both classifiers", "", "test accuracy"}, bars),
             "Accuracy on held-out users: mean of the runs, one dot for each.");
  std::vector<std::vector<std::string>> rows = {
      {"run", "embeddings: accuracy", "macro F1", "raw: accuracy", "macro F1"}};
  for (std::size_t i = 0; i < s.limu.size(); ++i) {
    rows.push_back({std::to_string(i + 1), train::fixed_number(s.limu[i].test.accuracy, 3),
                    train::fixed_number(s.limu[i].test.macro_f1, 3),
                    train::fixed_number(s.raw[i].test.accuracy, 3),
                    train::fixed_number(s.raw[i].test.macro_f1, 3)});
  }
  page.table(rows);
}

inline void add_pretraining(train::HtmlReport& page, const Story& s) {
  page.section("Pre-training without labels");
  page.paragraph(
      message("LIMU-BERT hides short spans of every window and learns to fill them in: ", s.windows_train,
              " windows of ", s.users_train, " users, ", s.pretrain.size(), " epochs, ",
              train::fixed_number(s.pretrain_seconds, 0), " seconds on ", s.threads,
              s.threads == 1 ? " thread" : " threads",
              s.block == "residual" ? "; the transformer block has the usual residual around attention."
                                    : "; the transformer block is the published one."));
  const std::vector<train::Series> curves = {
      curve("training", s.pretrain, &train::EpochRecord::train_loss),
      curve("validation", s.pretrain, &train::EpochRecord::validation_loss)};
  page.chart(train::line_chart({"Reconstruction error by epoch", "epoch", "mean squared error"}, curves),
             "Error at the hidden positions, in units of the normalised signals (accelerations in g, rates "
             "in rad/s).");
  page.chart(train::waveform_chart({"A reconstructed window", "seconds", ""}, s.wave),
             "A window of a held-out user: recorded (solid) and reconstructed (dashed). The grey spans were "
             "hidden from the model.");
}

inline void add_embeddings(train::HtmlReport& page, const Story& s) {
  page.section("What the embeddings know");
  page.paragraph(
      "Windows of held-out users, each as the mean of its embeddings over time. The encoder never saw a "
      "label; the colours are added afterwards.");
  page.chart(
      train::scatter_map({"Map of the embeddings", "first principal component", "second principal component"},
                         s.map, s.map_labels, s.class_names),
      message("The two leading principal components hold ", percent(s.map_share), " of the variance."));
}

inline void add_classifier(train::HtmlReport& page, const Story& s) {
  page.section("Where it still errs");
  const metrics::Confusion& confusion = s.limu.front().test.confusion;
  std::vector<Index> counts;
  for (Index r = 0; r < confusion.classes(); ++r) {
    for (Index c = 0; c < confusion.classes(); ++c) counts.push_back(confusion(r, c));
  }
  page.chart(train::heat_map({"Confusion matrix on held-out users", "", ""}, s.class_names, counts),
             "Classifier on embeddings, first run: share of the true class and number of seconds.");
  const std::vector<train::Series> curves = {
      curve("on embeddings", s.limu.front().history, &train::EpochRecord::validation_accuracy),
      curve("on raw signals", s.raw.front().history, &train::EpochRecord::validation_accuracy)};
  page.chart(train::line_chart({"Validation accuracy by epoch", "epoch", "validation accuracy"}, curves),
             "Learning curves of the two classifiers, first run.");
}

}  // namespace detail

/// The whole page.
inline std::string demo_page(const Story& s) {
  const double limu = mean_of(accuracies(s.limu)), raw = mean_of(accuracies(s.raw));
  train::HtmlReport page("Activities from a few labelled seconds",
                         message("gyrograd ", GYROGRAD_VERSION, " · data: ", s.source, " · seed ", s.seed));
  const std::vector<train::HtmlReport::Figure> cards = {
      {percent(limu), "accuracy with pre-training"},
      {percent(raw), "same classifier, raw signals"},
      {std::to_string(s.labelled), "labelled seconds in all"},
      {train::format_duration(s.seconds), "minutes for everything"}};
  page.figures(cards);
  detail::add_result(page, s);
  detail::add_pretraining(page, s);
  detail::add_embeddings(page, s);
  detail::add_classifier(page, s);
  std::string html = page.str();
  html.insert(html.find("<title>"), std::string(demo_mark) + '\n');
  return html;
}

/// The same figures for programs.
inline train::Json demo_json(const Story& s) {
  train::Json json = train::report_head(
      "demo", s.seed,
      {{"source", s.source}, {"labelled", s.labelled}, {"classifier_epochs", s.classifier_epochs}});
  for (const auto& [name, runs] :
       {std::pair<const char*, const std::vector<ClassifierRun>&>{"limu_gru", s.limu}, {"raw_gru", s.raw}}) {
    train::Json list = train::Json::array();
    for (const ClassifierRun& run : runs) list.push_back(train::part_json(run.test));
    json[name] = {{"mean_accuracy", mean_of(accuracies(runs))}, {"runs", std::move(list)}};
  }
  json["test"] = train::part_json(s.limu.front().test);
  json["confusion"] = train::confusion_json(s.limu.front().test.confusion, s.class_names);
  json["seconds"] = s.seconds;
  return json;
}

/// A short summary on standard output.
inline void print_story(const Story& s) {
  const double limu = mean_of(accuracies(s.limu)), raw = mean_of(accuracies(s.raw));
  result("pre-trained on ", s.windows_train, " unlabelled windows of ", s.users_train, " users in ",
         train::format_duration(s.pretrain_seconds));
  result("classifiers learned from ", s.labelled, " labelled seconds, tested on ", s.test_pieces,
         " seconds of ", s.users_test, " other users, mean of ", s.limu.size(), " runs:");
  result("  GRU on LIMU-BERT embeddings  accuracy ", train::fixed_number(limu, 3));
  result("  GRU on raw signals           accuracy ", train::fixed_number(raw, 3));
  result("everything took ", train::format_duration(s.seconds));
}

}  // namespace gyrograd::cli
