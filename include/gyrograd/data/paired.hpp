// SPDX-License-Identifier: MIT
// Windows paired with text and video vectors: what contrastive pre-training reads, in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/random.hpp"
#include "gyrograd/data/windows.hpp"

namespace gyrograd::data {

/// Bits of PairedWindows::flags. A missing vector is a row of zeros.
enum PairedFlag : std::uint8_t {
  paired_imu_only = 1,  ///< neither text nor video vector: left out of the cross-modal terms
  paired_no_text = 2,
  paired_no_video = 4,
};

/// Windows (count, steps, 6) with the vectors of what was said and seen in them (PRIMUS sheet §4). Vectors
/// are empty where their width is 0; labels to texts are empty where they are not known.
struct PairedWindows {
  Windows windows;
  Index text_width = 0, video_width = 0;
  std::vector<float> text;         ///< (count, text_width)
  std::vector<float> video;        ///< (count, video_width)
  std::vector<Index> flags;        ///< PairedFlag bits
  std::vector<Index> labels;       ///< class; -1: not known
  std::vector<Index> takes;        ///< number of the take
  std::vector<Index> users;        ///< number of the user; -1: not known
  std::vector<Index> starts;       ///< ms from the start of the take
  std::vector<std::string> texts;  ///< cleaned; empty: none

  Index count() const { return windows.count; }
  bool imu_only(Index i) const { return (flags[static_cast<std::size_t>(i)] & paired_imu_only) != 0; }
};

/// Refuses parts of other lengths; `where` starts the message.
inline void check_paired(const PairedWindows& p, std::string_view where) {
  const auto n = static_cast<std::size_t>(p.windows.count);
  const auto check = [&](const char* what, std::size_t have, std::size_t width, bool optional) {
    if (have == n * width || (optional && have == 0)) return;
    fail<ShapeError>(where, ": ", what, " holds ", have, " values, expected ", n, " x ", width);
  };
  check("windows", p.windows.values.size(), p.windows.window_size(), false);
  check("text", p.text.size(), static_cast<std::size_t>(p.text_width), false);
  check("video", p.video.size(), static_cast<std::size_t>(p.video_width), false);
  check("flags", p.flags.size(), 1, false);
  check("labels", p.labels.size(), 1, true);
  check("takes", p.takes.size(), 1, true);
  check("users", p.users.size(), 1, true);
  check("starts", p.starts.size(), 1, true);
  check("texts", p.texts.size(), 1, true);
}

/// Chooses takes whose windows count as paired: each keeps its vectors with probability `fraction`, drawn
/// once per take, so that on average that fraction of takes is paired (PRIMUS sheet §9.8). 1 keeps all and
/// draws nothing. takes: number of the take of every window; result: 1 where the window is IMU only.
inline std::vector<std::uint8_t> draw_imu_only(std::span<const Index> takes, double fraction,
                                               std::uint64_t seed) {
  if (!(fraction >= 0 && fraction <= 1))
    fail<ConfigError>("paired windows: fraction ", fraction, " of paired takes, expected 0 to 1");
  std::vector<std::uint8_t> out(takes.size(), 0);
  for (std::size_t i = 0; i < takes.size() && fraction < 1; ++i) {
    Philox g(seed, 2, static_cast<std::uint64_t>(takes[i]), Purpose::split);  // the same for all of a take
    out[i] = uniform_double(g) >= fraction ? 1 : 0;
  }
  return out;
}

}  // namespace gyrograd::data
