// SPDX-License-Identifier: MIT
// One part of a set of paired windows, all of its shards together, checked for what contrastive losses need.
#pragma once

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/data/paired.hpp"
#include "gyrograd/data/paired_file.hpp"

namespace gyrograd::data {

/// Whether window i lacks a vector of a kind that its set has: it takes no part in multimodal losses.
inline bool lacks_vectors(const PairedWindows& p, Index i) {
  const Index flags = p.flags[static_cast<std::size_t>(i)];
  return (flags & paired_imu_only) != 0 || (p.text_width > 0 && (flags & paired_no_text) != 0) ||
         (p.video_width > 0 && (flags & paired_no_video) != 0);
}

/// Refuses vectors that cannot be compared: of length 0 (below 1e-6, PRIMUS sheet §4), or not finite.
/// Windows that lack_vectors() may have any. `where` starts the message.
inline void check_vectors(const PairedWindows& p, std::string_view where) {
  const auto check = [&](const std::vector<float>& v, Index width, const char* what) {
    for (Index i = 0; width > 0 && i < p.count(); ++i) {
      if (lacks_vectors(p, i)) continue;
      double square = 0;
      for (Index c = 0; c < width; ++c) {
        const auto x = static_cast<double>(v[static_cast<std::size_t>(i * width + c)]);
        square += x * x;
      }
      if (std::isfinite(square) && std::sqrt(square) >= 1e-6) continue;
      fail<IoError>(where, ": window ", i, ": its ", what, " vector has length ", std::sqrt(square),
                    ", expected a direction; repair the vector, or flag the window as IMU only (1)");
    }
  };
  check(p.text, p.text_width, "text");
  check(p.video, p.video_width, "video");
}

namespace detail {

/// Appends what one shard knows of its windows. Numbers that one shard has and another lacks are refused.
template <class Value>
void append_known(std::vector<Value>& all, const std::vector<Value>& more, bool first, const char* what,
                  const std::string& where) {
  if (!first && all.empty() != more.empty())
    fail<IoError>(where, ": ", what, more.empty() ? " is missing" : " is there",
                  ", the shards before it say otherwise; all shards of a part must hold the same files");
  all.insert(all.end(), more.begin(), more.end());
}

}  // namespace detail

/// All these shards, behind one another. IoError as for load_paired_part().
inline PairedWindows load_paired_shards(const std::vector<std::filesystem::path>& shards) {
  PairedWindows all;
  bool first = true;
  for (const std::filesystem::path& path : shards) {
    const PairedWindows shard = load_paired_shard(path);
    const std::string where = path_text(path);
    check_vectors(shard, where);
    if (first) {
      all.windows.steps = shard.windows.steps, all.windows.channels = shard.windows.channels;
      all.text_width = shard.text_width, all.video_width = shard.video_width;
    }
    const auto same = [&](const char* what, Index got, Index want) {
      if (got != want)
        fail<IoError>(where, ": ", what, " ", got, ", the shards before it have ", want,
                      "; all shards of a part must come from one preparation");
    };
    same("window steps", shard.windows.steps, all.windows.steps);
    same("channels", shard.windows.channels, all.windows.channels);
    same("text width", shard.text_width, all.text_width);
    same("video width", shard.video_width, all.video_width);
    all.windows.count += shard.windows.count;
    all.windows.values.insert(all.windows.values.end(), shard.windows.values.begin(),
                              shard.windows.values.end());
    all.text.insert(all.text.end(), shard.text.begin(), shard.text.end());
    all.video.insert(all.video.end(), shard.video.begin(), shard.video.end());
    all.flags.insert(all.flags.end(), shard.flags.begin(), shard.flags.end());
    detail::append_known(all.labels, shard.labels, first, "labels.npy", where);
    detail::append_known(all.takes, shard.takes, first, "takes.npy", where);
    detail::append_known(all.users, shard.users, first, "users.npy", where);
    detail::append_known(all.starts, shard.starts, first, "starts.npy", where);
    detail::append_known(all.texts, shard.texts, first, "texts.txt", where);
    first = false;
  }
  return all;
}

/// All shards of `folder` (SET/train for example). IoError names the shard whose sizes differ from the first
/// one's, or a vector that cannot be compared.
inline PairedWindows load_paired_part(const std::filesystem::path& folder) {
  return load_paired_shards(shard_folders(folder));
}

}  // namespace gyrograd::data
