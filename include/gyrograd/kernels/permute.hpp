// SPDX-License-Identifier: MIT
// Another order of the axes of an activation of up to four axes.
#pragma once

#include <algorithm>
#include <array>

#include "gyrograd/core/config.hpp"

namespace gyrograd::kernels {

/// Axes of the result: axis a has sizes[a] values, and the operand moves by strides[a] along it.
struct Permutation {
  std::array<Index, 4> sizes{1, 1, 1, 1}, strides{0, 0, 0, 0};
};

/// Permutation that makes axis a of the result out of axis order[a] of an operand of the given sizes (first
/// axis fastest).
template <std::size_t Rank>
constexpr Permutation permutation_of(const std::array<Index, Rank>& sizes,
                                     const std::array<int, Rank>& order) {
  static_assert(Rank <= 4);
  Permutation p;
  for (std::size_t a = 0; a < Rank; ++a) {
    Index stride = 1;
    for (int i = 0; i < order[a]; ++i) stride *= sizes[static_cast<std::size_t>(i)];
    p.sizes[a] = sizes[static_cast<std::size_t>(order[a])];
    p.strides[a] = stride;
  }
  return p;
}

namespace detail {

/// f(position in the result, position in the operand, length) for rows along the first axis of the result.
template <class F>
void for_each_row(const Permutation& p, F&& f) {
  Index at = 0;
  for (Index d = 0; d < p.sizes[3]; ++d)
    for (Index c = 0; c < p.sizes[2]; ++c)
      for (Index b = 0; b < p.sizes[1]; ++b, at += p.sizes[0])
        f(at, b * p.strides[1] + c * p.strides[2] + d * p.strides[3]);
}

}  // namespace detail

/// y = x with its axes in another order.   y, x: all values of the tensor, not overlapping
template <class Real>
void permute_forward(Real* y, const Real* x, const Permutation& p) {
  const Index n = p.sizes[0], stride = p.strides[0];
  detail::for_each_row(p, [=](Index to, Index from) {
    if (stride == 1) {
      std::copy_n(x + from, n, y + to);
    } else {
      for (Index i = 0; i < n; ++i) y[to + i] = x[from + i * stride];
    }
  });
}

/// dx = residual + dy with its axes back in the order of x.
/// dx: as x  residual: as x or null, may be dx  dy: as y
template <class Real>
void permute_backward(Real* dx, const Real* residual, const Real* dy, const Permutation& p) {
  const Index n = p.sizes[0], stride = p.strides[0];
  detail::for_each_row(p, [=](Index from, Index to) {
    for (Index i = 0; i < n; ++i) {
      const Index at = to + i * stride;
      dx[at] = residual == nullptr ? dy[from + i] : residual[at] + dy[from + i];
    }
  });
}

}  // namespace gyrograd::kernels
