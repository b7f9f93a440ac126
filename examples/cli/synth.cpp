// SPDX-License-Identifier: MIT
// `gyrograd synth OUT`: a physically motivated synthetic data set.
#include <algorithm>
#include <string>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/card.hpp"
#include "cli/run_options.hpp"
#include "gyrograd/data/synth.hpp"
#include "gyrograd/data/windows_file.hpp"
#include "gyrograd/io/file.hpp"

namespace gyrograd::cli {
namespace {

constexpr const char* version = "20_120";

void print_summary(const data::DataSet& set, const Card& card) {
  result("windows ", set.windows.count, " x ", set.windows.steps, " steps x ", set.windows.channels,
         " channels");
  const std::vector<std::string>& names = card.labels[0].classes;
  std::vector<Index> counts(names.size());
  for (Index i = 0; i < set.labels.count; ++i) {
    const double activity = set.labels.at(i, 0, static_cast<Index>(data::SynthLabel::activity));
    ++counts[static_cast<std::size_t>(activity)];
  }
  for (std::size_t k = 0; k < names.size(); ++k) result("  ", names[k], " ", counts[k]);
}

}  // namespace

Card synth_card(Index activities, Index positions) {
  Card card;
  card.source = "gyrograd synth";
  LabelColumn activity{"activity", {}};
  LabelColumn position{"position", {}};
  for (Index k = 0; k < activities; ++k)
    activity.classes.emplace_back(data::synth_activities[static_cast<std::size_t>(k)]);
  for (Index k = 0; k < positions; ++k)
    position.classes.emplace_back(data::synth_positions[static_cast<std::size_t>(k)]);
  card.labels = {activity, {"user", {}}, position, {"device", {}}};
  return card;
}

int run_synth(int argc, char** argv) {
  Arguments arguments("synth",
                      "Make a synthetic data set: people, gaits, gravity, devices and sensor noise.\n"
                      "Label columns: activity, user, position, device.",
                      {{"OUT", "folder to write, for example dataset/synth"}},
                      {{"users", "N", "number of people (default 12)"},
                       {"windows", "N", "number of windows of 6 s (default 3000)"},
                       {"activities", "N", "number of activities, 2 to 8 (default 6, those of HAPT)"},
                       {"positions", "N", "number of positions on the body, 1 to 3 (default 1)"},
                       {"devices", "N", "number of different devices (default 4)"},
                       {"seed", "N", "seed of everything random (default 3431)"},
                       {"quiet", "", "no notes"},
                       {"force", "", "replace outputs that exist"},
                       {"dry-run", "", "check the options, write nothing"}});
  if (!arguments.parse(argc, argv)) return ExitCode::done;
  RunOptions run;
  run.quiet = arguments.flag("quiet");
  run.force = arguments.flag("force");
  data::SynthConfig config;
  config.seed = static_cast<std::uint64_t>(arguments.integer("seed", 3431, 0, 4294967295));
  config.users = arguments.integer("users", config.users, 1, 10000);
  config.activities = arguments.integer("activities", config.activities, 2, 8);
  config.positions = arguments.integer("positions", config.positions, 1, 3);
  config.devices = arguments.integer("devices", config.devices, 1, 10000);
  config.windows = arguments.integer("windows", config.windows, 1, 1000000);
  const fs::path folder = arguments.word(0);
  for (const fs::path& path :
       {data::windows_path(folder, version), data::labels_path(folder, version), folder / "card.json"}) {
    refuse_existing(path, run.force);
  }
  if (arguments.flag("dry-run")) {
    note(run, "synth: would write ", config.windows, " windows of ", config.users, " users to ",
         folder.string());
    return ExitCode::done;
  }
  make_folder(folder);
  const io::DirectoryLock lock(folder);
  const data::DataSet set = data::synthesise(config);
  data::save_data_set(folder, version, set);
  Card card = synth_card(config.activities, config.positions);
  card.steps = card.stride = config.steps;
  write_card(folder / "card.json", card);
  print_summary(set, card);
  note(run, "synth: wrote ", data::windows_path(folder, version).string(), " and its labels");
  return ExitCode::done;
}

}  // namespace gyrograd::cli
