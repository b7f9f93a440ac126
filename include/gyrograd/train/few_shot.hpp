// SPDX-License-Identifier: MIT
// Few-shot training sets: n windows of every class, drawn by a seed, over windows or over takes.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/random.hpp"

namespace gyrograd::train {

/// What is drawn (PRIMUS sheet §13.3, §17.35).
enum class ShotsOver {
  windows,  ///< any windows of the class: neighbours of one take may fill it
  takes     ///< a window of each take in turn, so that few shots come from many takes
};

/// A labelled set and what it is made of.
struct Shots {
  std::vector<Index> rows;           ///< ascending
  std::vector<Index> taken;          ///< of every class
  Index takes = 0;                   ///< distinct ones among the rows; 0: not known
  std::vector<Index> short_classes;  ///< classes with fewer windows than asked for
};

/// Draws `per_class` of the `candidates` of every class (0: all). Sets of one seed are nested: 5 shots are
/// among the 10. labels: of all rows; takes: of all rows, or empty. Streams: Philox(seed, class).
/// ConfigError for labels outside of 0 .. classes - 1, or when takes are asked for and not known.
inline Shots draw_shots(std::span<const Index> labels, std::span<const Index> candidates, Index classes,
                        Index per_class, std::uint64_t seed, std::span<const Index> takes = {},
                        ShotsOver over = ShotsOver::windows) {
  if (over == ShotsOver::takes && takes.empty())
    fail<ConfigError>("shots: drawing over takes needs the take of every window; none is known");
  std::vector<std::vector<Index>> members(static_cast<std::size_t>(classes));
  for (const Index i : candidates) {
    const Index k = labels[static_cast<std::size_t>(i)];
    if (k < 0 || k >= classes)
      fail<ConfigError>("shots: label ", k, " of window ", i, ", expected 0 to ", classes - 1);
    members[static_cast<std::size_t>(k)].push_back(i);
  }
  Shots out;
  for (Index k = 0; k < classes; ++k) {
    std::vector<Index>& all = members[static_cast<std::size_t>(k)];
    Philox g(seed, 0, static_cast<std::uint64_t>(k), Purpose::subset);
    shuffle(g, std::span(all));
    if (over == ShotsOver::takes) {  // the n-th window of each take before the n+1-st of any
      std::map<Index, Index> seen;
      std::vector<std::array<Index, 3>> turns;  // turn, place, window
      for (const Index i : all) {
        const auto place = static_cast<Index>(turns.size());
        turns.push_back({seen[takes[static_cast<std::size_t>(i)]]++, place, i});
      }
      std::sort(turns.begin(), turns.end());
      std::transform(turns.begin(), turns.end(), all.begin(), [](const auto& t) { return t[2]; });
    }
    const auto have = static_cast<Index>(all.size());
    const Index take = per_class == 0 ? have : std::min(per_class, have);
    if (have < std::max(per_class, Index{1})) out.short_classes.push_back(k);
    out.rows.insert(out.rows.end(), all.begin(), all.begin() + take);
    out.taken.push_back(take);
  }
  std::sort(out.rows.begin(), out.rows.end());
  if (!takes.empty()) {
    std::set<Index> distinct;
    for (const Index i : out.rows) distinct.insert(takes[static_cast<std::size_t>(i)]);
    out.takes = static_cast<Index>(distinct.size());
  }
  return out;
}

/// One line on classes that could not be filled; empty when all could. names: of all classes.
inline std::string shots_warning(const Shots& shots, Index per_class, std::span<const std::string> names) {
  if (shots.short_classes.empty()) return {};
  std::string text = per_class == 0 ? "classes without a training window: "
                                    : message("classes with fewer than ", per_class, " training windows: ");
  for (std::size_t i = 0; i < shots.short_classes.size(); ++i) {
    const auto k = static_cast<std::size_t>(shots.short_classes[i]);
    text += message(i > 0 ? ", " : "", k < names.size() ? names[k] : std::to_string(k), " (", shots.taken[k],
                    ")");
  }
  return text;
}

}  // namespace gyrograd::train
