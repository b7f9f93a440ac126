// SPDX-License-Identifier: MIT
// Geometry of sliding windows over (B, H, W, C): which inputs an output of a convolution or pooling sees.
//
// Element (b, h, w, c) lies at b + B (h + H (w + W c)). An output position sees the inputs at fixed offsets
// (taps); outputs whose taps are all inside, or all cut off in the same way, form runs: consecutive memory in
// input and output, so that vector lanes run along them whatever B is. No padded copy is ever made.
#pragma once

#include <algorithm>
#include <array>

#include "gyrograd/core/assert.hpp"
#include "gyrograd/core/config.hpp"

namespace gyrograd::kernels {

/// One axis of a window: output o sees the inputs o stride - padding + k dilation, k in [0, kernel).
struct WindowAxis {
  Index size = 1;  ///< inputs along the axis
  Index kernel = 1, stride = 1, padding = 0, dilation = 1;

  /// Outputs along the axis: the window must fit between the paddings; 0 or less where it does not.
  constexpr Index outputs() const {
    const Index room = size + 2 * padding - dilation * (kernel - 1) - 1;
    return room < 0 ? 0 : room / stride + 1;
  }
};

/// Window over the two axes H and W of a (B, H, W, C) activation; W of one value: a window over time.
struct Window {
  Index batch = 1;
  WindowAxis height, width;

  constexpr Index taps() const { return height.kernel * width.kernel; }
  constexpr Index input_plane() const { return batch * height.size * width.size; }
  constexpr Index output_plane() const { return batch * height.outputs() * width.outputs(); }
};

/// Most taps that a window may have.
inline constexpr Index most_taps = 64;

/// Positions out .. out + count - 1 of a plane with the same taps: tap i reads from at[i] on (first position)
/// and carries the number index[i] = k_h kernel_w + k_w, in rising order.
struct WindowRun {
  Index out = 0, count = 0, taps = 0;
  std::array<Index, most_taps> at, index;
};

namespace detail {

/// Taps of one position along one axis: `at` counts positions of the other side.
struct AxisTaps {
  Index count = 0;
  std::array<Index, most_taps> k, at;
};

/// Inputs that output o sees.
inline void taps_of_output(AxisTaps& t, const WindowAxis& a, Index o) {
  t.count = 0;
  for (Index k = 0; k < a.kernel; ++k) {
    const Index i = o * a.stride - a.padding + k * a.dilation;
    if (i < 0 || i >= a.size) continue;
    t.k[static_cast<std::size_t>(t.count)] = k;
    t.at[static_cast<std::size_t>(t.count++)] = i;
  }
}
/// Outputs that see input i.
inline void taps_of_input(AxisTaps& t, const WindowAxis& a, Index i) {
  t.count = 0;
  const Index outputs = a.outputs();
  for (Index k = 0; k < a.kernel; ++k) {
    const Index o = i + a.padding - k * a.dilation;
    if (o < 0 || o % a.stride != 0 || o / a.stride >= outputs) continue;
    t.k[static_cast<std::size_t>(t.count)] = k;
    t.at[static_cast<std::size_t>(t.count++)] = o / a.stride;
  }
}

/// True when position `next` = `first` + n has the taps of `first`, moved by n.
inline bool moved_by(const AxisTaps& first, const AxisTaps& next, Index n) {
  if (first.count != next.count) return false;
  for (std::size_t i = 0; i < static_cast<std::size_t>(first.count); ++i)
    if (first.k[i] != next.k[i] || first.at[i] + n != next.at[i]) return false;
  return true;
}

/// Calls f(run) for all positions of one side. `near_h`, `near_w`: positions of this side; `far_h`: of the
/// other side; taps(t, axis, position): taps_of_output or taps_of_input.
template <class Taps, class F>
void for_each_run(const Window& w, Index near_h, Index near_w, Index far_h, Taps taps, F&& f) {
  WindowRun run;
  AxisTaps column, row, next;
  for (Index x = 0; x < near_w; ++x) {
    taps(column, w.width, x);
    Index y = 0;
    taps(row, w.height, 0);
    while (y < near_h) {
      Index end = y + 1;
      // With all taps inside nothing changes until one leaves.
      if (w.height.stride == 1 && row.count == w.height.kernel)
        end = std::min(near_h,
                       y + far_h - std::max(row.at[0], row.at[static_cast<std::size_t>(row.count - 1)]));
      for (; end < near_h; ++end) {
        taps(next, w.height, end);
        if (!moved_by(row, next, end - y)) break;
      }
      run.out = w.batch * (y + near_h * x);
      run.count = w.batch * (end - y);
      run.taps = 0;
      for (std::size_t i = 0; i < static_cast<std::size_t>(row.count); ++i)
        for (std::size_t j = 0; j < static_cast<std::size_t>(column.count); ++j) {
          const auto n = static_cast<std::size_t>(run.taps++);
          run.at[n] = w.batch * (row.at[i] + far_h * column.at[j]);
          run.index[n] = row.k[i] * w.width.kernel + column.k[j];
        }
      f(static_cast<const WindowRun&>(run));
      y = end;
      if (y < near_h) row = next;
    }
  }
}

}  // namespace detail

/// Calls f(run) for the outputs of one plane, in the order of memory.
template <class F>
void for_each_output_run(const Window& w, F&& f) {
  GYROGRAD_ASSERT(w.taps() <= most_taps);
  detail::for_each_run(w, w.height.outputs(), w.width.outputs(), w.height.size, detail::taps_of_output, f);
}

/// Calls f(run) for the inputs of one plane: `out` and `count` are inputs there, taps are outputs that see
/// them.
template <class F>
void for_each_input_run(const Window& w, F&& f) {
  GYROGRAD_ASSERT(w.taps() <= most_taps);
  detail::for_each_run(w, w.height.size, w.width.size, w.height.outputs(), detail::taps_of_input, f);
}

}  // namespace gyrograd::kernels
