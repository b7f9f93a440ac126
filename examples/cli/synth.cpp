// SPDX-License-Identifier: MIT
// `gyrograd synth OUT`: a physically motivated synthetic data set.
#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/card.hpp"
#include "cli/run_options.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/data/corpus.hpp"
#include "gyrograd/data/synth.hpp"
#include "gyrograd/data/windows_file.hpp"
#include "gyrograd/distributed/communicator.hpp"
#include "gyrograd/io/file.hpp"
#include "gyrograd/io/npy.hpp"
#include "gyrograd/train/progress.hpp"

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

/// Name of shard k: data_20_120_0003.npy.
std::string shard_name(const char* kind, Index k) {
  std::string digits = std::to_string(k);
  digits.insert(0, digits.size() < 4 ? 4 - digits.size() : 0, '0');
  return message(kind, "_", version, "_", digits, ".npy");
}

/// Windows first .. of the set, in whole recordings made by all threads; labels of each window's first step.
void make_windows(const data::SynthConfig& config, Index first, std::span<float> values, std::int32_t* labels,
                  ThreadPool& pool) {
  const Index each = config.windows_per_recording, width = config.steps * 6;
  const Index count = static_cast<Index>(values.size()) / width;
  pool.run((count + each - 1) / each, [&](Index i, int) {
    const Index size = std::min(each, count - i * each);
    data::synthesise_recording(
        config, first / each + i,
        values.subspan(static_cast<std::size_t>(i * each * width), static_cast<std::size_t>(size * width)),
        std::span(labels + i * each * 4, static_cast<std::size_t>(size * 4)));
  });
}

/// The same windows as without --shards, in files of whole recordings.
void write_corpus(const Arguments& arguments, const RunOptions& run, const fs::path& folder,
                  const data::SynthConfig& config) {
  const Index each = config.windows_per_recording, recordings = (config.windows + each - 1) / each;
  const Index shards = arguments.integer("shards", 1, 1, 4000);
  if (shards > recordings)
    fail<UsageError>("synth: --shards is ", shards, ", the windows are of ", recordings, " recordings");
  const fs::path card_file = data::corpus_path(folder, version);
  for (const fs::path& path : {card_file, folder / "card.json"}) refuse_existing(path, run.force);
  if (arguments.flag("dry-run")) {
    note(run, "synth: would write ", config.windows, " windows in ", shards, " files to ", folder.string());
    return;
  }
  make_folder(folder);
  const io::DirectoryLock lock(folder);
  const auto cores = static_cast<std::int64_t>(std::thread::hardware_concurrency());
  ThreadPool pool(static_cast<int>(arguments.integer("threads", std::max<std::int64_t>(cores, 1), 1, 1024)));
  data::Corpus corpus{config.windows, config.steps, 6, {}};
  train::Progress progress("synth", "shards", shards, run.style());
  for (Index k = 0; k < shards; ++k) {
    const distributed::Share own =
        distributed::share(recordings, static_cast<int>(k), static_cast<int>(shards));
    const Index first = own.begin * each, count = std::min(config.windows, own.end * each) - first;
    data::Shard shard{shard_name("data", k), shard_name("label", k), "", count};
    std::vector<std::int32_t> labels(static_cast<std::size_t>(count * 4));
    shard.crc32c = data::crc_text(data::write_shard(
        folder / shard.data, count, config.steps, 6, 256 * each, [&](Index at, std::span<float> values) {
          make_windows(config, first + at, values, labels.data() + at * 4, pool);
        }));
    io::write_npy(folder / shard.labels, labels, {static_cast<std::size_t>(count), 4});
    corpus.shards.push_back(std::move(shard));
    progress.update(k + 1, "");
  }
  Card card = synth_card(config.activities, config.positions);
  card.steps = card.stride = config.steps;
  write_card(folder / "card.json", card);
  data::write_corpus(card_file, corpus);  // last: what it names is complete
  result("windows ", config.windows, " x ", config.steps, " steps x 6 channels in ", shards, " files");
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
                       {"shards", "K", "write a corpus of K files, of any size, for pretrain"},
                       {"threads", "N", "worker threads for --shards (default: all cores)"},
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
  const bool corpus = arguments.has("shards");
  config.windows = arguments.integer("windows", config.windows, 1, corpus ? 1'000'000'000'000 : 1'000'000);
  const fs::path folder = arguments.word(0);
  if (corpus) {
    write_corpus(arguments, run, folder, config);
    return ExitCode::done;
  }
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
