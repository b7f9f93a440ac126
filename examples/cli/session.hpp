// SPDX-License-Identifier: MIT
// One training run on disk: its files, what --resume and --force mean for them, checkpoints, progress, log,
// signals.
#pragma once

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "cli/run_options.hpp"
#include "cli/team.hpp"
#include "gyrograd/io/crc.hpp"
#include "gyrograd/io/file.hpp"
#include "gyrograd/train/checkpoint.hpp"
#include "gyrograd/train/loop.hpp"
#include "gyrograd/train/progress.hpp"
#include "gyrograd/train/report.hpp"
#include "gyrograd/train/run_log.hpp"
#include "gyrograd/train/signals.hpp"

namespace gyrograd::cli {

/// "1a2b3c4d" of the bytes of any values: tells data sets and weights apart.
template <class Values>
std::string fingerprint(const Values& values) {
  char text[16];
  std::snprintf(text, sizeof text, "%08x", io::crc32c(std::as_bytes(std::span(values))));
  return text;
}

/// Shortest text that reads back as the same number.
inline std::string exact(double value) {
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

/// Files of a run and how it starts.
class Session {
 public:
  enum class Start { fresh, resume, complete };

  /// Looks at what is there. Errors: outputs or a checkpoint exist and neither --resume nor --force is given.
  Session(const RunOptions& run, std::string command, fs::path weights, double save_every)
      : run_(run),
        command_(std::move(command)),
        weights_(std::move(weights)),
        checkpoint_(fs::path(weights_).replace_extension(".checkpoint")),
        save_every_(save_every) {
    const bool unfinished = fs::exists(checkpoint_) || fs::exists(io::previous_checkpoint(checkpoint_));
    if (run.resume) {
      start_ = unfinished ? Start::resume : fs::exists(weights_) ? Start::complete : Start::fresh;
      return;
    }
    refuse_existing(weights_, run.force);
    refuse_existing(train::report_path(weights_), run.force);
    if (unfinished && !run.force) {
      fail<IoError>(
          checkpoint_.string(),
          ": an unfinished run of this name; give --resume to continue it, or --force to start again");
    }
    if (!run.log_json.empty()) refuse_existing(run.log_json, run.force);
    if (!run.tensorboard.empty()) refuse_existing(events(), run.force);
  }

  Start start() const { return start_; }
  const fs::path& weights() const { return weights_; }
  fs::path report() const { return train::report_path(weights_); }

  /// Takes the folder and the log. A second writer in the folder is refused. Of several processes, the leader
  /// does this and everything else that writes.
  /// continues: the log goes on after that of an earlier phase of the same command.
  void open(bool continues = false) {
    if (!run_.leader()) return;
    if (!run_.tensorboard.empty()) make_folder(events().parent_path());
    if (!run_.tensorboard.empty() && !run_.resume) {
      std::error_code ignored;
      fs::remove(events(), ignored);  // of the run that --force replaces
    }
    log_ = train::RunLog(command_, run_.log_json, events(), run_.resume || continues);
    make_folder(weights_.parent_path());
    lock_.emplace(weights_.parent_path());
    if (run_.force) remove_checkpoint();
  }

  /// Further fields of the log, asked for after every epoch.
  void add_figures(std::function<train::Json()> figures) { figures_ = std::move(figures); }

  /// Trains from where the checkpoint stands (or from the start) to `epochs`, or until `patience` epochs (0:
  /// all) brought nothing better. `describe` gives the figures of an epoch for the progress display. Error
  /// when a signal ended it: the checkpoint is written.
  template <Scalar Real, class R>
  void train(R& recipe, train::LoopState<Real>& state, Index epochs, const train::RunIdentity& identity,
             std::span<const train::NamedBuffer<Real>> buffers,
             const std::function<std::string(const train::EpochRecord&)>& describe, Index patience = 0) {
    if (start_ == Start::resume) {
      const std::string warning = train::load_checkpoint(checkpoint_, identity, state, buffers);
      recipe.resume(state);
      if (!warning.empty()) note(run_, command_, ": ", warning);
      note(run_, command_, ": continuing in epoch ", state.epoch + 1, ", batch ", state.batch + 1);
    }
    if (run_.team != nullptr) {
      train::RunIdentity properties = identity;
      properties.emplace_back("first step", std::to_string(state.step));
      properties.emplace_back("weights", fingerprint(recipe.weights()));
      run_.team->meet(properties);
      run_.team->work_together();
    }
    const train::StopOnSignal stop;
    train::Progress progress(command_, "epochs", epochs, run_.style(), state.epoch);
    auto saved = std::chrono::steady_clock::now();
    bool stopped = false;
    const auto after_batch = [&](const train::LoopState<Real>& s) {
      const auto now = std::chrono::steady_clock::now();
      const bool due = std::chrono::duration<double>(now - saved).count() >= save_every_;
      stopped = stop.requested();
      if constexpr (requires { recipe.stop_agreed(); }) {  // of several processes: all at the same step
        if (stop.requested()) recipe.request_stop();
        stopped = recipe.stop_agreed();
      }
      bool save = due || stopped;
      if constexpr (requires { recipe.prepare_checkpoint(); }) {  // all bring something: at the same step
        if (recipe.shares_checkpoint()) {
          if (run_.leader() && due) recipe.request_save();
          save = recipe.save_agreed() || stopped;
          if (save) recipe.prepare_checkpoint();
        }
      }
      if (run_.leader() && save) {
        train::save_checkpoint(checkpoint_, identity, s, buffers);
        saved = std::chrono::steady_clock::now();
      }
      return !stopped;
    };
    const auto after_epoch = [&](const train::LoopState<Real>& s) {
      const train::EpochRecord& record = s.history.back();
      progress.update(s.epoch, describe(record));
      train::Json fields = {{"epoch", s.epoch},
                            {"step", s.step},
                            {"train_loss", record.train_loss},
                            {"validation_loss", record.validation_loss},
                            {"validation_accuracy", record.validation_accuracy},
                            {"best_epoch", s.best_epoch + 1}};
      if (figures_) fields.update(figures_());
      log_.write("epoch", s.epoch, fields);
      return !train::out_of_patience(s, patience);
    };
    if (!train::run_epochs(recipe, state, epochs, after_batch, after_epoch) && stopped) {
      progress.close_line();
      const std::string signal =
          stop.requested() ? "signal " + std::to_string(stop.number()) : "another process";
      fail<train::Stopped>(command_, ": stopped by ", signal, " in epoch ", state.epoch + 1, "; ",
                           checkpoint_.string(), " is written, continue with --resume");
    }
    if (run_.team != nullptr) run_.team->meet();
    seconds_ = progress.elapsed();
    epochs_ = state.epoch;
  }

  /// After the outputs are written: the checkpoint has served.
  void finish(const train::Json& result) {
    if (!run_.leader()) return;
    remove_checkpoint();
    log_.write("done", epochs_, result);
  }

  double seconds() const { return seconds_; }

 private:
  /// Each run has a folder of its own, which is its name in TensorBoard; nothing without --tensorboard.
  fs::path events() const {
    if (run_.tensorboard.empty()) return {};
    const fs::path own = run_.tensorboard / weights_.parent_path().filename() / weights_.stem();
    return train::event_path(own, "gyrograd");
  }
  void remove_checkpoint() {
    std::error_code ignored;
    fs::remove(checkpoint_, ignored);
    fs::remove(io::previous_checkpoint(checkpoint_), ignored);
  }

  const RunOptions& run_;
  std::string command_;
  fs::path weights_;
  fs::path checkpoint_;
  double save_every_;
  Start start_ = Start::fresh;
  std::optional<io::DirectoryLock> lock_;
  train::RunLog log_;
  Index epochs_ = 0;
  std::function<train::Json()> figures_;
  double seconds_ = 0;
};

}  // namespace gyrograd::cli
