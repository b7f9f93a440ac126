// SPDX-License-Identifier: MIT
// Options that every long command shares, and the messages it writes.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/workspace.hpp"
#include "gyrograd/train/json_log.hpp"
#include "gyrograd/train/progress.hpp"

namespace gyrograd::cli {

class Team;

/// Values of the shared options.
struct RunOptions {
  Workspace at;
  std::uint32_t seed = 3431;
  int threads = 1;
  bool quiet = false;
  bool resume = false;
  bool force = false;
  bool dry_run = false;
  fs::path log_json, tensorboard;
  Team* team = nullptr;  ///< of a command that may run in several processes

  /// The process that writes and speaks: the first of several.
  bool leader() const;
  train::ProgressStyle style() const { return train::progress_style(quiet); }
};

/// Their declarations. `training`: the command trains, so that it can be resumed.
inline std::vector<OptionSpec> run_option_specs(bool training) {
  std::vector<OptionSpec> specs = {
      {"root", "DIR", "folder of dataset/, saved/, embed/, config/ (default .)"},
      {"threads", "N", "worker threads (default: all cores); never changes the result"},
      {"quiet", "", "no progress and no notes"},
      {"force", "", "replace outputs that exist"},
      {"dry-run", "", "check everything, say what would be done, write nothing"},
  };
  if (training) {
    specs.push_back({"seed", "N", "seed of splits, initial weights and draws (default 3431)"});
    specs.push_back({"resume", "", "continue an interrupted run, bit for bit"});
    specs.push_back({"log-json", "FILE", "write one JSON object per epoch"});
    specs.push_back({"tensorboard", "DIR", "write event files for TensorBoard below this folder"});
  }
  return specs;
}

/// The six options that the published programs share, with their names.
inline std::vector<OptionSpec> published_option_specs() {
  return {
      {"g,gpu", "ID", "accepted for compatibility; everything runs on the CPU"},
      {"f,model_file", "NAME", "weights to read: a name, or a path to a file"},
      {"t,train_cfg", "FILE", "JSON file with training options"},
      {"a,mask_cfg", "FILE", "JSON file with masking options"},
      {"l,label_index", "N", "label column, by number or name"},
      {"s,save_model", "NAME", "name of the results (default model)"},
  };
}

inline RunOptions read_run_options(const Arguments& arguments, bool training) {
  RunOptions run;
  run.at.root = arguments.text("root", ".");
  const auto cores = static_cast<std::int64_t>(std::thread::hardware_concurrency());
  run.threads = static_cast<int>(arguments.integer("threads", cores > 0 ? cores : 1, 1, 1024));
  run.quiet = arguments.flag("quiet");
  run.force = arguments.flag("force");
  run.dry_run = arguments.flag("dry-run");
  if (training) {
    run.seed = static_cast<std::uint32_t>(arguments.integer("seed", 3431, 0, 4294967295));
    run.resume = arguments.flag("resume");
    run.log_json = arguments.text("log-json");
    run.tensorboard = arguments.text("tensorboard");
    if (run.resume && run.force) fail<UsageError>("--resume and --force exclude each other");
  }
  if (!fs::is_directory(run.at.root)) fail<UsageError>(run.at.root.string(), ": --root is no folder");
  return run;
}

/// A line for people on standard error, unless --quiet.
template <class... Parts>
void note(const RunOptions& run, const Parts&... parts) {
  if (run.quiet) return;
  const std::string text = message(parts...) + '\n';
  std::fwrite(text.data(), 1, text.size(), stderr);
}

/// A line of results on standard output.
template <class... Parts>
void result(const Parts&... parts) {
  const std::string text = message(parts...) + '\n';
  std::fwrite(text.data(), 1, text.size(), stdout);
}

}  // namespace gyrograd::cli
