// SPDX-License-Identifier: MIT
// `gyrograd primus zero-shot EMBEDDINGS LABELS`: classes by their text vectors, without any label.
#include <string>
#include <vector>

#include "cli/primus.hpp"
#include "cli/probe_input.hpp"
#include "cli/run_options.hpp"
#include "gyrograd/io/file.hpp"
#include "gyrograd/train/charts.hpp"
#include "gyrograd/train/html_report.hpp"
#include "gyrograd/train/probe.hpp"
#include "gyrograd/train/report.hpp"

namespace gyrograd::cli {
namespace {

constexpr const char* command = "primus zero-shot";

void add_encoder(train::HtmlReport& page, const ProbeInput& in, const NamedFeatures& f,
                 const train::PartScore& score) {
  page.section(f.name);
  page.paragraph(message("Accuracy ", train::fixed_number(score.accuracy, 3), ", macro F1 ",
                         train::fixed_number(score.macro_f1, 3), ", balanced accuracy ",
                         train::fixed_number(metrics::balanced_accuracy(score.confusion), 3), " on ",
                         score.confusion.total(), " windows."));
  std::vector<Index> counts;
  for (Index r = 0; r < in.classes; ++r)
    for (Index c = 0; c < in.classes; ++c) counts.push_back(score.confusion(r, c));
  page.chart(train::heat_map({"Confusion matrix", "", ""}, in.class_names, counts),
             "Share of the true class and number of windows.");
}

std::vector<OptionSpec> option_specs() {
  std::vector<OptionSpec> options = probe_input_specs();
  const std::vector<OptionSpec> own = {
      {"all", "", "score every labelled window, not the test part only"},
      {"class-vector-form", "KIND", "mean of the prompts: published (default) or unit length"},
      {"out", "DIR", "folder of scores.json and report.html (default zero_shot)"},
      {"threads", "N", "worker threads (default: all cores); never changes the result"},
      {"quiet", "", "no notes"},
      {"force", "", "replace results that exist"},
  };
  options.insert(options.end(), own.begin(), own.end());
  return options;
}

}  // namespace

int run_primus_zero_shot(int argc, char** argv) {
  Arguments arguments(command,
                      "Recognise classes by the text vectors of their prompts (--class-vectors).\n"
                      "Writes scores.json and report.html into --out.",
                      {{"EMBEDDINGS", "FILE.npy or NAME=FILE,...: (windows, width) or with steps"},
                       {"LABELS", "FILE.npy: class of every window"}},
                      option_specs());
  if (!arguments.parse(argc, argv)) return ExitCode::done;
  const RunOptions run = read_run_options(arguments, false);
  if (!arguments.has("class-vectors"))
    fail<UsageError>(command, ": --class-vectors is missing: text vectors of the prompts of every class");
  ProbeInput in = read_probe_input(command, arguments);
  const bool unit = arguments.choice("class-vector-form", {"published", "unit"}) == "unit";
  const fs::path out = arguments.text("out", "zero_shot");
  refuse_existing(out / "scores.json", run.force);
  refuse_existing(out / "report.html", run.force);
  if (arguments.flag("all")) {
    in.split.test.clear();
    for (Index i = 0; i < in.count(); ++i)
      if (in.labels[static_cast<std::size_t>(i)] >= 0) in.split.test.push_back(i);
    in.warnings.clear();
  }
  for (const std::string& line : in.warnings) note(run, command, ": warning: ", line);
  ThreadPool pool(run.threads);
  const std::vector<float> vectors =
      train::class_vectors(train::FeatureRows<float>{in.prompts.values, in.prompts.width}, in.prompt_labels,
                           in.classes, unit ? train::ClassVectors::unit : train::ClassVectors::published);
  train::HtmlReport page("Zero-shot recognition",
                         message("gyrograd ", GYROGRAD_VERSION, ", ", in.split.test.size(), " windows, ",
                                 in.classes, " classes, ", in.prompts.count, " prompts"));
  for (const std::string& line : in.warnings) page.paragraph("Warning: " + line + ".");
  train::Json json =
      train::report_head("primus zero-shot", 0, {{"class_vector_form", unit ? "unit" : "published"}});
  json["warnings"] = in.warnings;
  for (const NamedFeatures& f : in.features) {
    const train::ProbeTask task{f.rows(), in.labels, in.classes, in.split.test, vectors};
    const train::PartScore score = train::part_score(train::zero_shot(task, pool), 0);
    json["scores"][f.name] = {{"accuracy", score.accuracy},
                              {"macro_f1", score.macro_f1},
                              {"balanced_accuracy", metrics::balanced_accuracy(score.confusion)},
                              {"count", score.confusion.total()},
                              {"confusion", train::confusion_json(score.confusion, in.class_names)}};
    result(f.name, "  accuracy ", train::fixed_number(score.accuracy, 4), "  macro F1 ",
           train::fixed_number(score.macro_f1, 4), "  (", score.confusion.total(), " windows, chance ",
           train::fixed_number(1.0 / static_cast<double>(in.classes), 4), ")");
    add_encoder(page, in, f, score);
  }
  make_folder(out);
  train::write_json(out / "scores.json", json);
  io::atomic_write(out / "report.html", std::string_view(page.str()));
  result((out / "report.html").string());
  return ExitCode::done;
}

}  // namespace gyrograd::cli
