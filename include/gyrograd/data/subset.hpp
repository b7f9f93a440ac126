// SPDX-License-Identifier: MIT
// Small labelled subsets of a training part: the "1 % labels" of the experiments.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/random.hpp"
#include "gyrograd/data/pieces.hpp"

namespace gyrograd::data {

/// What happens to labels when class 0 is missing from the training part (LIMU-BERT sheet §5.14, §13.20).
enum class LabelShift {
  published,  ///< the smallest training label is subtracted again, so labels differ from validation and test
  corrected,  ///< labels stay as they are
};

/// A labelled subset: the pieces, and how many of each class were taken (balanced only).
struct Subset {
  PieceSet pieces;
  Index per_class = 0;
  bool exhausted = false;  ///< some class had fewer pieces than the rate asks for
};

namespace detail {

inline void check_rate(double rate, const PieceSet& train) {
  if (!(rate > 0.0 && rate <= 1.0))
    fail<ConfigError>("label rate is ", rate, ", expected above 0 and at most 1");
  if (train.size() == 0) fail<ConfigError>("labelled subset: the training part is empty");
}

inline void add_piece(PieceSet& out, const PieceSet& train, Index i, Index shift) {
  out.piece.push_back(train.piece[static_cast<std::size_t>(i)]);
  out.label.push_back(train.label[static_cast<std::size_t>(i)] - shift);
}

inline Index shift_of(const PieceSet& train, LabelShift shift) {
  return shift == LabelShift::published ? *std::min_element(train.label.begin(), train.label.end()) : 0;
}

}  // namespace detail

/// The same number of pieces of every class present: n = min(smallest class, floor(size * rate / classes));
/// each class in ascending order is shuffled by one MT19937 of `seed` and gives its first n; the order of
/// `train` is kept.
inline Subset balanced_subset(const PieceSet& train, double rate, std::uint32_t seed,
                              LabelShift shift = LabelShift::published) {
  detail::check_rate(rate, train);
  std::map<Index, std::vector<Index>> members;  // class -> places in `train`
  for (Index i = 0; i < train.size(); ++i) members[train.label[static_cast<std::size_t>(i)]].push_back(i);
  const auto wanted =
      static_cast<Index>(static_cast<double>(train.size()) * rate / static_cast<double>(members.size()));
  Index take = wanted;
  for (const auto& [label, m] : members) take = std::min(take, static_cast<Index>(m.size()));
  std::vector<char> marked(train.piece.size());
  Mt19937 g(seed);
  for (auto& [label, m] : members) {
    shuffle(g, std::span(m));
    for (Index k = 0; k < take; ++k) marked[static_cast<std::size_t>(m[static_cast<std::size_t>(k)])] = 1;
  }
  Subset out{{}, take, take < wanted};
  const Index least = detail::shift_of(train, shift);
  for (Index i = 0; i < train.size(); ++i) {
    if (marked[static_cast<std::size_t>(i)] != 0) detail::add_piece(out.pieces, train, i, least);
  }
  return out;
}

/// The first floor(size * rate) pieces of one MT19937 permutation of `seed`.
inline Subset unbalanced_subset(const PieceSet& train, double rate, std::uint32_t seed,
                                LabelShift shift = LabelShift::published) {
  detail::check_rate(rate, train);
  Mt19937 g(seed);
  const std::vector<Index> order = permutation(g, train.size());
  const auto take = static_cast<std::size_t>(static_cast<double>(train.size()) * rate);
  Subset out;
  const Index least = detail::shift_of(train, shift);
  for (std::size_t k = 0; k < take; ++k) detail::add_piece(out.pieces, train, order[k], least);
  return out;
}

/// The stricter reading of "1 % labels" (LIMU-BERT sheet §13.39): whole windows are drawn, as
/// balanced_subset() or unbalanced_subset() draw pieces, and every piece of a drawn window is labelled, so
/// that no window is labelled in one part and unlabelled in another. Windows whose pieces differ in class are
/// not drawn. per_window: pieces_per_window(); per_class counts windows.
inline Subset window_subset(const PieceSet& train, Index per_window, double rate, std::uint32_t seed,
                            bool balanced, LabelShift shift = LabelShift::corrected) {
  detail::check_rate(rate, train);
  if (per_window < 1) fail<ConfigError>("labelled subset: ", per_window, " pieces per window");
  std::map<Index, Index> label_of;  // window -> class, -1 where its pieces differ
  for (std::size_t i = 0; i < train.piece.size(); ++i) {
    const auto [at, fresh] = label_of.emplace(train.piece[i] / per_window, train.label[i]);
    if (!fresh && at->second != train.label[i]) at->second = -1;
  }
  PieceSet windows;
  for (std::size_t i = 0; i < train.piece.size(); ++i) {
    const Index window = train.piece[i] / per_window;
    if (label_of[window] < 0 || (!windows.piece.empty() && windows.piece.back() == window)) continue;
    windows.piece.push_back(window);
    windows.label.push_back(label_of[window]);
  }
  Subset out = balanced ? balanced_subset(windows, rate, seed, LabelShift::corrected)
                        : unbalanced_subset(windows, rate, seed, LabelShift::corrected);
  std::map<Index, bool> chosen;
  for (const Index window : out.pieces.piece) chosen[window] = true;
  out.pieces = {};
  const Index least = detail::shift_of(train, shift);
  for (Index i = 0; i < train.size(); ++i)
    if (chosen.count(train.piece[static_cast<std::size_t>(i)] / per_window) > 0)
      detail::add_piece(out.pieces, train, i, least);
  return out;
}

}  // namespace gyrograd::data
