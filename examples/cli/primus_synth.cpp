// SPDX-License-Identifier: MIT
// `gyrograd primus synth OUT`: synthetic windows with text and video vectors, users held out.
#include <algorithm>
#include <string>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/card.hpp"
#include "cli/primus.hpp"
#include "cli/run_options.hpp"
#include "gyrograd/data/paired_file.hpp"
#include "gyrograd/data/split.hpp"
#include "gyrograd/data/synth_paired.hpp"
#include "gyrograd/io/file.hpp"

namespace gyrograd::cli {
namespace {

constexpr const char* command = "primus synth";

/// The chosen windows with all that belongs to them.
data::PairedWindows part_of(const data::PairedWindows& p, const std::vector<Index>& chosen) {
  data::PairedWindows out;
  out.windows = data::Windows(static_cast<Index>(chosen.size()), p.windows.steps, p.windows.channels);
  out.text_width = p.text_width, out.video_width = p.video_width;
  const auto copy = [](std::vector<float>& to, const std::vector<float>& from, Index i, Index width) {
    to.insert(to.end(), from.begin() + i * width, from.begin() + (i + 1) * width);
  };
  for (std::size_t k = 0; k < chosen.size(); ++k) {
    const Index i = chosen[k];
    const auto at = static_cast<std::size_t>(i);
    const std::span<const float> window = p.windows.window(i);
    std::copy(window.begin(), window.end(), out.windows.window(static_cast<Index>(k)).begin());
    copy(out.text, p.text, i, p.text_width);
    copy(out.video, p.video, i, p.video_width);
    out.flags.push_back(p.flags[at]), out.labels.push_back(p.labels[at]), out.takes.push_back(p.takes[at]);
    out.users.push_back(p.users[at]), out.starts.push_back(p.starts[at]), out.texts.push_back(p.texts[at]);
  }
  return out;
}

}  // namespace

int run_primus_synth(int argc, char** argv) {
  Arguments arguments(command,
                      "Make synthetic windows of 5 s at 50 Hz with text and video vectors that\n"
                      "follow the same activity. Parts train, val and test hold different users.",
                      {{"OUT", "folder to write, for example dataset/paired"}},
                      {{"users", "N", "number of people, 3 or more (default 20)"},
                       {"windows", "N", "number of windows in all (default 4000)"},
                       {"steps", "N", "samples of a window at 50 Hz (default 250)"},
                       {"width", "N", "values of a vector (default 512)"},
                       {"video-width", "N", "of a video vector (default: as --width)"},
                       {"paired", "R", "share of recordings that have vectors (default 1)"},
                       {"seed", "N", "seed of everything random (default 3431)"},
                       {"quiet", "", "no notes"},
                       {"force", "", "replace outputs that exist"},
                       {"dry-run", "", "check the options, write nothing"}});
  if (!arguments.parse(argc, argv)) return ExitCode::done;
  RunOptions run;
  run.quiet = arguments.flag("quiet");
  data::SynthPairedConfig config;
  config.motion.seed = static_cast<std::uint64_t>(arguments.integer("seed", 3431, 0, 4294967295));
  config.motion.users = arguments.integer("users", 20, 3, 10000);
  config.motion.windows =
      arguments.integer("windows", 4000, 3 * config.motion.windows_per_recording, 1000000);
  config.motion.steps = arguments.integer("steps", 250, 2, 100000);
  config.width = arguments.integer("width", 512, 2, 100000);
  config.video_width = arguments.integer("video-width", config.width, 2, 100000);
  config.paired = arguments.real("paired", 1, 0, 1);
  if (config.motion.windows < config.motion.users * config.motion.windows_per_recording)
    fail<UsageError>(command, ": --windows is ", config.motion.windows, ", expected at least ",
                     config.motion.users * config.motion.windows_per_recording, ": one recording of ",
                     config.motion.windows_per_recording, " for each of ", config.motion.users, " users");
  const fs::path folder = arguments.word(0);
  for (const char* part : {"train", "val", "test", "card.json"})
    refuse_existing(folder / part, arguments.flag("force"));
  if (arguments.flag("dry-run")) {
    note(run, command, ": would write ", config.motion.windows, " windows to ", folder.string());
    return ExitCode::done;
  }
  make_folder(folder);
  const io::DirectoryLock lock(folder);
  const data::PairedWindows all = data::synthesise_paired(config);
  const data::Split split = data::split_by_user(all.users, config.motion.seed);
  Card card = synth_card(config.motion.activities);
  card.rate = config.motion.rate;
  card.steps = card.stride = config.motion.steps;
  for (const auto& [name, chosen] :
       {std::pair{"train", &split.train}, {"val", &split.validation}, {"test", &split.test}}) {
    const fs::path shard = data::shard_path(folder / name, 0);
    make_folder(shard);
    data::write_paired_shard(shard, part_of(all, *chosen));
    result(name, " ", chosen->size(), " windows");
  }
  write_card(folder / "card.json", card);
  note(run, command, ": wrote ", folder.string());
  return ExitCode::done;
}

}  // namespace gyrograd::cli
