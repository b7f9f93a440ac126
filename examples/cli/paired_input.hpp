// SPDX-License-Identifier: MIT
// A set of paired windows as the commands of PRIMUS read it: where it lies, its parts, who is held out.
#pragma once

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/card.hpp"
#include "cli/run_options.hpp"
#include "cli/session.hpp"
#include "gyrograd/data/paired_part.hpp"
#include "gyrograd/data/paired_source.hpp"
#include "gyrograd/data/split.hpp"

namespace gyrograd::cli {

/// Folder of a set: a path, or a name below dataset/. It must have a part "train".
inline fs::path find_paired_set(std::string_view command, const Workspace& at, const std::string& name) {
  const fs::path given = fs::is_directory(name) ? fs::path(name) : at.dataset(name);
  if (!fs::is_directory(given)) {
    const std::vector<std::string> known = detail::names_in(at.root / "dataset", "", "", true);
    fail<UsageError>(command, ": unknown set '", name, "': no folder ", given.string(),
                     did_you_mean(name, known),
                     "; make one with 'gyrograd primus synth OUT' or 'gyrograd prepare'");
  }
  if (!fs::is_directory(given / "train"))
    fail<IoError>(given.string(),
                  ": has no part train: it is no set of paired windows; make one with 'gyrograd ",
                  "prepare' or 'gyrograd primus synth OUT'");
  return given;
}

/// Windows, and which of them train and which decide.
struct PairedInput {
  data::PairedWindows windows;                 ///< mapped: sizes, flags and users only
  std::shared_ptr<data::PairedSource> mapped;  ///< windows that stay in their files
  std::vector<Index> train, validation;
  std::string split;  ///< who decides, in words

  /// "1a2b3c4d" of everything.
  std::string fingerprint() const {
    if (mapped) return message("mapped ", windows.count(), " windows ") + cli::fingerprint(windows.flags);
    return cli::fingerprint(windows.windows.values) + cli::fingerprint(windows.text) +
           cli::fingerprint(windows.video) + cli::fingerprint(windows.flags);
  }
};

/// Windows of "train" that decide, as --split says (random, user).
inline void split_paired_input(std::string_view command, const fs::path& folder, const std::string& split,
                               std::uint32_t seed, PairedInput& in) {
  in.split = split;
  if (split != "user") {
    const data::Split parts = data::random_split(in.windows.count(), seed, 0.9, 0.1);
    in.train = parts.train, in.validation = parts.validation;
    return;
  }
  const std::vector<Index>& users = in.windows.users;
  if (users.empty() || *std::min_element(users.begin(), users.end()) < 0)
    fail<UsageError>(command, ": ", folder.string(),
                     " does not say who recorded a window; give --split random");
  const data::Split parts = data::split_by_user(users, seed, 0.8, 0.1);
  in.train = parts.train, in.validation = parts.validation;
}

/// Part "val" decides where there is one, else windows of "train" as --split says (random, user).
inline PairedInput read_paired_input(std::string_view command, const fs::path& folder,
                                     const std::string& split, bool split_given, std::uint32_t seed) {
  PairedInput in;
  in.windows = data::load_paired_part(folder / "train");
  const Index trained = in.windows.count();
  in.train.resize(static_cast<std::size_t>(trained));
  std::iota(in.train.begin(), in.train.end(), Index{0});
  if (fs::is_directory(folder / "val")) {
    if (split_given)
      fail<UsageError>(command, ": ", folder.string(), " has a part val, which decides; leave out --split");
    const data::PairedWindows held = data::load_paired_part(folder / "val");
    if (held.windows.steps != in.windows.windows.steps ||
        held.windows.channels != in.windows.windows.channels || held.text_width != in.windows.text_width ||
        held.video_width != in.windows.video_width)
      fail<IoError>((folder / "val").string(), ": windows of ", held.windows.steps, " steps, text ",
                    held.text_width, ", video ", held.video_width, ", the part train has ",
                    in.windows.windows.steps, ", ", in.windows.text_width, ", ", in.windows.video_width,
                    "; both must come from one preparation");
    data::PairedWindows& w = in.windows;
    w.windows.count += held.count();
    w.windows.values.insert(w.windows.values.end(), held.windows.values.begin(), held.windows.values.end());
    w.text.insert(w.text.end(), held.text.begin(), held.text.end());
    w.video.insert(w.video.end(), held.video.begin(), held.video.end());
    w.flags.insert(w.flags.end(), held.flags.begin(), held.flags.end());
    w.labels.insert(w.labels.end(), held.labels.begin(), held.labels.end());
    in.validation.resize(static_cast<std::size_t>(held.count()));
    std::iota(in.validation.begin(), in.validation.end(), trained);
    in.split = "part val";
    return in;
  }
  split_paired_input(command, folder, split, seed, in);
  return in;
}

/// The same, but windows and vectors stay in their files, of which `max_bytes` may be in memory at a time.
inline PairedInput map_paired_input(std::string_view command, const fs::path& folder,
                                    const std::string& split, bool split_given, std::uint32_t seed,
                                    std::size_t max_bytes) {
  const bool held = fs::is_directory(folder / "val");
  if (held && split_given)
    fail<UsageError>(command, ": ", folder.string(), " has a part val, which decides; leave out --split");
  std::vector<fs::path> parts = {folder / "train"};
  if (held) parts.push_back(folder / "val");
  const auto source = std::make_shared<data::ShardedPaired>(parts, max_bytes);
  PairedInput in;
  const data::PairedSource::Sizes& sizes = source->sizes();
  in.windows.windows.count = sizes.count, in.windows.windows.steps = sizes.steps;
  in.windows.windows.channels = sizes.channels;
  in.windows.text_width = sizes.text_width, in.windows.video_width = sizes.video_width;
  in.windows.flags = source->flags();
  in.mapped = source;
  if (!held) {
    if (split == "user") in.windows.users = data::load_users(folder / "train");
    split_paired_input(command, folder, split, seed, in);
    return in;
  }
  in.train.resize(static_cast<std::size_t>(source->windows_of_part(0)));
  in.validation.resize(static_cast<std::size_t>(source->windows_of_part(1)));
  std::iota(in.train.begin(), in.train.end(), Index{0});
  std::iota(in.validation.begin(), in.validation.end(), source->windows_of_part(0));
  in.split = "part val";
  return in;
}

}  // namespace gyrograd::cli
