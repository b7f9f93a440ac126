// SPDX-License-Identifier: MIT
// The windows of a training command: loaded whole, or left in their files where they may be larger than
// memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/doubts.hpp"
#include "cli/encoder.hpp"
#include "cli/session.hpp"
#include "cli/splits.hpp"
#include "cli/workspace.hpp"
#include "gyrograd/data/corpus.hpp"
#include "gyrograd/data/sharded_windows.hpp"
#include "gyrograd/data/window_source.hpp"
#include "gyrograd/data/windows_file.hpp"

namespace gyrograd::cli {

/// Normalised windows, who recorded them, and a short text that tells data sets apart.
struct WindowInput {
  std::shared_ptr<data::WindowSource> windows;
  WindowSources sources;
  std::string fingerprint;
  std::string doubts;  ///< about the windows; of a set in files, about a sample of them
};

inline OptionSpec max_memory_option_spec() {
  return {"max-memory", "MB", "leave windows in their files; memory for them (default 1000)"};
}

/// Bytes for mapped windows: --max-memory without the lists of window numbers, of which a run holds up to
/// four, and without the model. ConfigError when nothing is left.
inline std::size_t memory_for_pages(const Arguments& arguments, Index windows) {
  constexpr std::int64_t model = 64, least = 16;
  const std::int64_t lists = windows * 4 * static_cast<std::int64_t>(sizeof(Index)) / 1'000'000;
  const std::int64_t given = arguments.integer("max-memory", 1000, 1, 1'000'000'000);
  if (given < model + lists + least) {
    fail<ConfigError>("pretrain: --max-memory is ", given, " MB, expected at least ", model + lists + least,
                      ": the order of ", windows, " windows takes ", lists, " MB of it");
  }
  return static_cast<std::size_t>(given - model - lists) * 1'000'000;
}

namespace detail {

inline void check_fit(const io::EncoderConfig& c, const data::ShardedRows& rows, const fs::path& file,
                      bool longer) {
  const io::Shape& shape = rows.row_shape();
  const bool fits = shape.size() == 2 && shape[1] >= static_cast<std::size_t>(c.feature_num) &&
                    (longer || shape[0] <= static_cast<std::size_t>(c.seq_len));
  if (fits) return;
  fail<IoError>(file.string(), ": windows of shape ", io::shape_text(shape), ", the model takes at most ",
                c.seq_len, " steps and at least ", c.feature_num, " channels; choose another MODEL version");
}

/// Windows in the files of a corpus, or in the one file of a plain set.
inline WindowInput map_windows(const Arguments& arguments, const io::EncoderConfig& config,
                               const fs::path& folder, const std::string& version, const Card& card,
                               const std::string& normalise, bool need_users, bool longer) {
  const fs::path corpus_card = data::corpus_path(folder, version),
                 plain = data::windows_path(folder, version);
  WindowInput input;
  std::vector<fs::path> files = {plain};
  Index count = 0;
  if (fs::exists(corpus_card)) {
    const data::Corpus corpus = data::read_corpus(corpus_card);
    files = data::check_shards(corpus_card, corpus);
    input.fingerprint = "corpus " + data::corpus_fingerprint(corpus);
    count = corpus.windows;
    if (need_users)
      input.sources.users = data::corpus_labels(corpus_card, corpus, find_label("pretrain", card, "user"));
  } else {
    const data::ShardedRows rows(files);
    count = rows.count();
    input.fingerprint = "mapped " + std::to_string(fs::file_size(plain)) + " bytes";
    if (need_users)
      input.sources =
          read_sources(folder, version, card, data::load_labels(data::labels_path(folder, version)), count);
  }
  const data::ShardedRows rows(files, memory_for_pages(arguments, count));
  check_fit(config, rows, files.front(), longer);
  input.doubts = window_doubts(rows, card, folder);
  input.windows = std::make_shared<data::ShardedWindows>(files, config.feature_num, normalisation(normalise),
                                                         memory_for_pages(arguments, count));
  return input;
}

}  // namespace detail

/// Windows of one version of a data set. They stay in their files when they are a corpus of shards or when
/// --max-memory is given. `need_users`: the split goes by users or sessions. `longer`: windows may be longer
/// than the model takes.
inline WindowInput open_windows(const Arguments& arguments, const io::EncoderConfig& config,
                                const fs::path& folder, const std::string& version, const Card& card,
                                const std::string& normalise, bool need_users, bool longer = false) {
  if (arguments.has("max-memory") || fs::exists(data::corpus_path(folder, version)))
    return detail::map_windows(arguments, config, folder, version, card, normalise, need_users, longer);
  data::Windows windows = data::load_windows(data::windows_path(folder, version));
  data::Labels labels;
  const fs::path labels_file = data::labels_path(folder, version);
  if (need_users || fs::exists(labels_file)) {
    labels = data::load_labels(labels_file);
    data::check_pair(windows, labels, folder.string());
  }
  WindowInput input;
  input.sources = read_sources(folder, version, card, labels, windows.count);
  input.doubts = window_doubts(windows, card, folder);
  windows = normalised_for(config, windows, folder, normalise,
                           longer ? std::min<Index>(windows.steps, config.seq_len) : 0);
  input.fingerprint = fingerprint(windows.values);
  input.windows = std::make_shared<data::MemoryWindows>(std::move(windows));
  return input;
}

}  // namespace gyrograd::cli
