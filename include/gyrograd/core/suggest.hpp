// SPDX-License-Identifier: MIT
// The nearest known word to an unknown one, for error messages.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gyrograd {

/// Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`: optimal string alignment.
inline std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0u : 1u);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

/// The word nearest to `word`, or an empty view when none is within a third of its length (at least one
/// edit, at most four). Words longer than 128 bytes are not compared.
template <class Words>
std::string_view nearest(std::string_view word, const Words& words) {
  constexpr std::size_t longest = 128;
  std::string_view best;
  if (word.size() > longest) return best;
  std::size_t best_distance = std::clamp<std::size_t>((word.size() + 2) / 3, 1, 4) + 1;
  for (const auto& entry : words) {
    const std::string_view candidate(entry);
    if (candidate.size() > longest) continue;
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

/// "; did you mean 'hidden'?" or "" when nothing is near.
template <class Words>
std::string did_you_mean(std::string_view word, const Words& words) {
  const std::string_view best = nearest(word, words);
  return best.empty() ? std::string() : "; did you mean '" + std::string(best) + "'?";
}

}  // namespace gyrograd
