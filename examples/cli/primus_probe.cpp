// SPDX-License-Identifier: MIT
// `gyrograd primus probe EMBEDDINGS LABELS`: few-shot tables of frozen encoders.
#include <optional>
#include <string>
#include <vector>

#include "cli/primus.hpp"
#include "cli/probe_grid.hpp"
#include "cli/probe_input.hpp"
#include "gyrograd/data/windows_file.hpp"
#include "gyrograd/io/file.hpp"
#include "gyrograd/models/primus_encoder.hpp"
#include "gyrograd/train/progress.hpp"

namespace gyrograd::cli {
namespace {

constexpr const char* command = "primus probe";

std::string probe_page(const ProbeInput& in, const ProbeGrid& grid, const ProbeTable& table) {
  train::HtmlReport page(
      "Few-shot probes of frozen encoders",
      message("gyrograd ", GYROGRAD_VERSION, ", ", in.split.train.size(), " training windows, ",
              in.split.test.size(), " test windows, ", in.classes, " classes, ", in.split_text));
  page.section("Accuracy by number of labels");
  page.paragraph(
      message("Each cell is the mean of ", grid.seeds,
              " draws of the labelled windows (and of the encoders of a method), with one standard "
              "error. The converged probe is a logistic regression solved to the end; the published "
              "one starts from the text vectors and moves little with few labels; knn does not "
              "learn."));
  add_table(page, table, message("Tested on ", in.split.test.size(), " windows (", in.split_text, ")."));
  return page.str();
}

/// Windows of --standard, which must be those of the labels.
void read_standard(const Arguments& a, ProbeInput& input) {
  const std::string file = a.text("standard");
  if (a.has("test-embeddings"))
    fail<UsageError>(command, ": --standard and --test-embeddings exclude each other");
  input.windows = data::load_windows(file);
  const models::PrimusConfig config;
  if (input.windows.count != input.count())
    fail<IoError>(file, ": ", input.windows.count, " windows, but there are ", input.count(), " labels");
  if (input.windows.channels != models::PrimusConfig::channels || input.windows.steps < config.shortest())
    fail<IoError>(file, ": windows of ", input.windows.steps, " x ", input.windows.channels,
                  ", the network takes ", config.shortest(), " samples or more of ",
                  models::PrimusConfig::channels, " channels");
}

std::vector<OptionSpec> option_specs() {
  std::vector<OptionSpec> options = probe_input_specs();
  const std::vector<OptionSpec> own = {
      {"standard", "FILE", "windows (.npy) of LABELS: a network trained on the shots alone, as a row"},
      {"out", "DIR", "folder of the results (default probe)"},
      {"threads", "N", "worker threads (default: all cores); never changes the result"},
      {"quiet", "", "no progress and no notes"},
      {"force", "", "replace results that exist"},
      {"resume", "", "continue an interrupted grid: finished cells are kept"},
      {"dry-run", "", "check everything, say what would be done, write nothing"},
  };
  for (const auto& more : {probe_grid_specs(), own}) options.insert(options.end(), more.begin(), more.end());
  return options;
}

}  // namespace

int run_primus_probe(int argc, char** argv) {
  Arguments arguments(command,
                      "Judge embeddings by probes on n labelled windows of each class. Writes\n"
                      "cells.jsonl, table.json and report.html into --out.",
                      {{"EMBEDDINGS", "FILE.npy or NAME=FILE,...: (windows, width) or with steps"},
                       {"LABELS", "FILE.npy: class of every window"}},
                      option_specs());
  if (!arguments.parse(argc, argv)) return ExitCode::done;
  const RunOptions run = read_run_options(arguments, true);
  ProbeInput input = read_probe_input(command, arguments);
  if (arguments.has("standard")) read_standard(arguments, input);
  const ProbeGrid grid = read_probe_grid(command, arguments, input);
  const fs::path out = arguments.text("out", "probe");
  const fs::path cells_path = out / "cells.jsonl", table_path = out / "table.json",
                 page_path = out / "report.html";
  if (!run.resume)
    for (const fs::path& path : {cells_path, table_path, page_path}) refuse_existing(path, run.force);
  for (const std::string& line : input.warnings) note(run, command, ": warning: ", line);
  if (run.dry_run) {
    note(run, command, ": would probe ", input.features.size(), " embeddings of ", input.count(),
         " windows and write ", table_path.string());
    return ExitCode::done;
  }
  make_folder(out);
  const io::DirectoryLock lock(out);
  train::CellLog cells(cells_path, grid_identity(input, grid), run.resume);
  if (cells.size() > 0) note(run, command, ": ", cells.size(), " finished cells are kept");
  ThreadPool pool(run.threads);
  const train::ProgressStyle style = run.style();
  std::optional<train::Progress> progress;
  const ProbeTable table = fill_grid(input, grid, cells, pool, [&](Index done, Index total) {
    if (!progress) progress.emplace(command, "cells", total, style);
    progress->update(done, "");
  });
  if (progress) progress->close_line();
  for (std::size_t i = input.warnings.size(); i < table.warnings.size(); ++i)
    note(run, command, ": warning: ", table.warnings[i]);
  train::Json json =
      train::report_head("primus probe", static_cast<std::uint64_t>(grid.seeds), grid_identity(input, grid));
  json["split"] = input.split_text;
  json["train_windows"] = input.split.train.size();
  json["test_windows"] = input.split.test.size();
  json["classes"] = input.class_names;
  json.update(table_json(table));
  train::write_json(table_path, json);
  io::atomic_write(page_path, std::string_view(probe_page(input, grid, table)));
  for (const std::string& line : table_lines(table)) result(line);
  result(page_path.string());
  return ExitCode::done;
}

}  // namespace gyrograd::cli
