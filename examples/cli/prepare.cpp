// SPDX-License-Identifier: MIT
// `gyrograd prepare DATASET RAW`: raw recordings to windows, as published.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/card.hpp"
#include "cli/run_options.hpp"
#include "gyrograd/data/readers/hapt.hpp"
#include "gyrograd/data/windows_file.hpp"
#include "gyrograd/io/file.hpp"

namespace gyrograd::cli {
namespace {

constexpr std::array<std::string_view, 1> readable_sets = {"uci"};
constexpr std::string_view version = "20_120";

/// The folder that holds the recordings: RAW itself or its RawData.
fs::path recordings_folder(const fs::path& raw) {
  if (!fs::is_directory(raw)) fail<IoError>(raw.string(), ": no such folder of recordings");
  const fs::path inner = raw / "RawData";
  return fs::is_directory(inner) ? inner : raw;
}

void print_summary(const data::DataSet& set, const std::vector<std::string>& names) {
  result("windows ", set.windows.count, " x ", set.windows.steps, " steps x ", set.windows.channels,
         " channels");
  const std::vector<Index> activity =
      data::first_of_windows(data::label_column(set.labels, 0), set.labels.steps);
  for (std::size_t k = 0; k < names.size(); ++k) {
    result("  ", names[k], " ", std::count(activity.begin(), activity.end(), static_cast<Index>(k)));
  }
}

}  // namespace

int run_prepare(int argc, char** argv) {
  std::vector<OptionSpec> options = run_option_specs(false);
  options.push_back({"o,output", "DIR", "folder to write (default ROOT/dataset/DATASET)"});
  Arguments arguments("prepare", "Turn raw recordings into windows of 120 steps at 20 Hz, as published.",
                      {{"DATASET", "uci (the HAPT recordings of the UCI repository)"},
                       {"RAW", "folder of the unpacked recordings"}},
                      options);
  if (!arguments.parse(argc, argv)) return ExitCode::done;
  const RunOptions run = read_run_options(arguments, false);
  const std::string name = arguments.word(0);
  if (std::find(readable_sets.begin(), readable_sets.end(), name) == readable_sets.end()) {
    fail<UsageError>("prepare: cannot read recordings of '", name, "'", did_you_mean(name, readable_sets),
                     ", expected uci");
  }
  const fs::path folder = arguments.has("output") ? fs::path(arguments.text("output")) : run.at.dataset(name);
  const std::string text(version);
  for (const fs::path& path :
       {data::windows_path(folder, text), data::labels_path(folder, text), folder / "card.json"}) {
    refuse_existing(path, run.force);
  }
  const fs::path raw = recordings_folder(arguments.word(1));
  const data::DataSet set = data::read_hapt(raw);
  Card card;
  card.source = "Smartphone-Based Recognition of Human Activities and Postural Transitions (UCI)";
  card.labels = published_labels(name);
  print_summary(set, card.labels[0].classes);
  if (run.dry_run) return ExitCode::done;
  make_folder(folder);
  const io::DirectoryLock lock(folder);
  data::save_data_set(folder, text, set);
  write_card(folder / "card.json", card);
  note(run, "prepare: wrote ", data::windows_path(folder, text).string(), " and its labels");
  return ExitCode::done;
}

}  // namespace gyrograd::cli
