// SPDX-License-Identifier: MIT
// Checkpoint of a training run: loop state, named buffers (weights, moments) and the options it belongs to.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/io/checkpoint.hpp"
#include "gyrograd/io/text.hpp"
#include "gyrograd/tensor/tensor.hpp"
#include "gyrograd/train/loop.hpp"

namespace gyrograd::train {

/// What decides the result of a run, as (name, value): a checkpoint is continued only with the same list.
using RunIdentity = std::vector<std::pair<std::string, std::string>>;

/// Values that a recipe needs back: weights, moments of the optimiser.
template <Scalar Real>
struct NamedBuffer {
  std::string name;
  std::span<Real> values;
};

namespace detail {

inline std::string identity_text(const RunIdentity& identity) {
  std::string text;
  for (const auto& [name, value] : identity) text.append(name).append("=").append(value).append("\n");
  return text;
}

inline RunIdentity parse_identity(const std::string& text) {
  RunIdentity identity;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end - at);
    const std::size_t equal = line.find('=');
    identity.emplace_back(line.substr(0, equal), equal == std::string::npos ? "" : line.substr(equal + 1));
    at = end == std::string::npos ? text.size() : end + 1;
  }
  return identity;
}

/// Error that names the first option by which two runs differ.
inline void check_identity(const std::string& file, const RunIdentity& stored, const RunIdentity& wanted) {
  for (const auto& [name, value] : wanted) {
    std::string found = "not given";
    for (const auto& [other, there] : stored) {
      if (other == name) found = there;
    }
    if (found != value) {
      fail<ConfigError>(file, ": belongs to a run with ", name, " ", io::printable(found, 200),
                        ", this one has ", name, " ", io::printable(value, 200),
                        "; give the same option, or --force to start again");
    }
  }
  if (stored.size() != wanted.size()) {
    fail<ConfigError>(file,
                      ": belongs to a run with other options; give the same ones, or --force to start again");
  }
}

}  // namespace detail

/// Writes everything, atomically; the previous checkpoint is kept beside it.
template <Scalar Real>
void save_checkpoint(const std::filesystem::path& path, const RunIdentity& identity,
                     const LoopState<Real>& state, std::span<const NamedBuffer<Real>> buffers) {
  io::CheckpointWriter writer;
  writer.add_text("identity", detail::identity_text(identity));
  const std::vector<std::int64_t> counters = {state.epoch, state.batch, state.step, state.best_epoch};
  writer.add_values("counters", std::span<const std::int64_t>(counters));
  const std::vector<double> figures = {state.loss_sum, state.best_score};
  writer.add_values("figures", std::span<const double>(figures));
  writer.add_values("best_weights", std::span<const Real>(state.best_weights));
  std::vector<double> history;
  for (const EpochRecord& r : state.history) {
    history.insert(history.end(), {r.train_loss, r.validation_loss, r.validation_accuracy, r.score});
  }
  writer.add_values("history", std::span<const double>(history));
  for (const NamedBuffer<Real>& buffer : buffers) {
    writer.add_values("buffer." + buffer.name, std::span<const Real>(buffer.values));
  }
  writer.save(path);
}

/// Reads the checkpoint (or, damaged, the previous one) into `state` and the buffers; nothing is changed on
/// error. Returns a warning when the previous one had to be used, else "". ConfigError: it belongs to other
/// options.
template <Scalar Real>
std::string load_checkpoint(const std::filesystem::path& path, const RunIdentity& identity,
                            LoopState<Real>& state, std::span<const NamedBuffer<Real>> buffers) {
  const io::LoadedCheckpoint loaded = io::load_checkpoint(path);
  const io::Checkpoint& file = loaded.checkpoint;
  detail::check_identity(file.file_name(), detail::parse_identity(file.text("identity")), identity);
  LoopState<Real> read;
  std::vector<std::int64_t> counters(4);
  std::vector<double> figures(2);
  file.copy_to("counters", std::span(counters));
  file.copy_to("figures", std::span(figures));
  read.epoch = counters[0], read.batch = counters[1], read.step = counters[2], read.best_epoch = counters[3];
  read.loss_sum = figures[0], read.best_score = figures[1];
  read.best_weights = file.values<Real>("best_weights");
  const std::vector<double> history = file.values<double>("history");
  const bool counted = history.size() == 4 * static_cast<std::size_t>(read.epoch);
  if (read.epoch < 0 || read.batch < 0 || read.step < read.epoch || !counted) {
    fail<IoError>(file.file_name(),
                  ": the counters of the run do not fit together; give --force to start again");
  }
  for (std::size_t i = 0; i < history.size(); i += 4) {
    read.history.push_back({history[i], history[i + 1], history[i + 2], history[i + 3]});
  }
  std::vector<std::vector<Real>> values;
  for (const NamedBuffer<Real>& buffer : buffers) {
    values.emplace_back(buffer.values.size());
    file.copy_to("buffer." + buffer.name, std::span(values.back()));
  }
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    std::copy(values[i].begin(), values[i].end(), buffers[i].values.begin());
  }
  state = std::move(read);
  return loaded.warning;
}

}  // namespace gyrograd::train
