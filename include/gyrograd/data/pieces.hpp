// SPDX-License-Identifier: MIT
// Cutting windows into shorter pieces for classification, and reducing per-step labels to one per piece.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/data/windows.hpp"

namespace gyrograd::data {

/// How the labels of the steps of one piece become its label (LIMU-BERT sheet §5.13).
enum class PieceLabel {
  all,    ///< keep only pieces whose labels are all equal (published default)
  any,    ///< keep every piece: its single label; if mixed, the second smallest if any is above 0, else 0
  first,  ///< keep every piece with the label of its first step
};

/// Pieces and their labels. Piece number = window number * pieces per window + place in the window.
struct PieceSet {
  std::vector<Index> piece, label;
  Index size() const { return static_cast<Index>(piece.size()); }
};

/// Pieces of `merge` steps in a window of `steps`; merge 0 means single steps.
inline Index pieces_per_window(Index steps, Index merge) {
  if (merge == 0) return steps;
  if (merge < 0 || steps % merge != 0) {
    fail<ConfigError>("pieces of ", merge, " steps do not divide windows of ", steps, " steps");
  }
  return steps / merge;
}

/// (N, T, F) -> (N * T / merge, merge, F); merge 0: (N * T, 1, F). The values keep their order, nothing is
/// copied.
inline Windows cut_windows(Windows windows, Index merge) {
  const Index pieces = pieces_per_window(windows.steps, merge);
  windows.count *= pieces;
  windows.steps /= pieces;
  return windows;
}

/// Label of one piece from the labels of its steps; `keep` is false where mode `all` drops the piece.
inline Index piece_label(std::span<const Index> steps, PieceLabel mode, bool& keep) {
  const auto [least, most] = std::minmax_element(steps.begin(), steps.end());
  keep = mode != PieceLabel::all || *least == *most;
  if (mode != PieceLabel::any || *least == *most)
    return mode == PieceLabel::any && *most <= 0 ? 0 : steps.front();
  if (*most <= 0) return 0;
  Index second = *most;
  for (Index v : steps) {
    if (v > *least) second = std::min(second, v);
  }
  return second;
}

/// Labelled pieces of the chosen windows, in the given order of windows.
/// step_labels: (N, T) of label_column(); windows: window numbers.
inline PieceSet label_pieces(std::span<const Index> step_labels, Index steps, std::span<const Index> windows,
                             Index merge, PieceLabel mode) {
  const Index pieces = pieces_per_window(steps, merge), length = steps / pieces;
  PieceSet out;
  for (Index w : windows) {
    if (w < 0 || (w + 1) * steps > static_cast<Index>(step_labels.size())) {
      fail<ShapeError>("label_pieces: window ", w, " has no labels (", step_labels.size(),
                       " labelled steps)");
    }
    for (Index k = 0; k < pieces; ++k) {
      bool keep = false;
      const Index label = piece_label(step_labels.subspan(static_cast<std::size_t>(w * steps + k * length),
                                                          static_cast<std::size_t>(length)),
                                      mode, keep);
      if (!keep) continue;
      out.piece.push_back(w * pieces + k);
      out.label.push_back(label);
    }
  }
  return out;
}

}  // namespace gyrograd::data
