// SPDX-License-Identifier: MIT
// Adaptive average pooling over time: any number of inputs to any number of outputs, by nearly equal bins.
//
//   output i of m averages the inputs floor(i n / m) .. ceil((i + 1) n / m) - 1 of n
//
// Bins overlap by at most one input; with fewer inputs than outputs, inputs repeat. An input n' is seen by
// the outputs floor(n' m / n) .. ceil((n' + 1) m / n) - 1: the same rule with the sides exchanged, so the
// backward pass gathers, too. docs/kernels/adaptive_avg_pool1d.md
#pragma once

#include <algorithm>

#include "gyrograd/kernels/simd.hpp"

namespace gyrograd::kernels {

/// Inputs of one bin: first .. first + count - 1.
struct AdaptiveBin {
  Index first, count;
};

/// Bin i of `many` bins over `size` values.
constexpr AdaptiveBin adaptive_bin(Index i, Index many, Index size) {
  const Index first = i * size / many;
  return {first, ((i + 1) * size + many - 1) / many - first};
}

/// A bin that holds input t alone: its mean is the input. There is one for every input when there are twice
/// as many outputs.
constexpr Index adaptive_own_bin(Index t, Index inputs, Index outputs) {
  return (t * outputs + inputs - 1) / inputs;
}

/// Rows of weights that stay in the first-level cache while all bins pass.
inline constexpr Index adaptive_block = 64;

/// Weights that read bins as weights that read inputs: folded(r, t) = sum of weight(r, i) / (inputs of bin i)
/// over the bins i that hold t, zero for t >= inputs.
/// folded: (rows, columns) row-major  weight: (rows, outputs) row-major
template <class Real>
void adaptive_fold_bins(Real* folded, const Real* weight, Index rows, Index inputs, Index outputs,
                        Index columns) {
  std::fill_n(folded, rows * columns, Real(0));
  for (Index first = 0; first < rows; first += adaptive_block) {
    const Index end = std::min(rows, first + adaptive_block);
    for (Index i = 0; i < outputs; ++i) {
      const AdaptiveBin bin = adaptive_bin(i, outputs, inputs);
      const Real share = Real(1) / static_cast<Real>(bin.count);
      for (Index t = bin.first; t < bin.first + bin.count; ++t)
        for (Index r = first; r < end; ++r) folded[r * columns + t] += weight[r * outputs + i] * share;
    }
  }
}

/// dweight(r, i) += sum of dfolded(r, t) / (inputs of bin i) over the inputs t of bin i.
/// dweight: (rows, outputs) row-major  dfolded: (rows, columns) row-major
template <class Real>
void adaptive_fold_bins_backward(Real* dweight, const Real* dfolded, Index rows, Index inputs, Index outputs,
                                 Index columns) {
  for (Index first = 0; first < rows; first += adaptive_block) {
    const Index end = std::min(rows, first + adaptive_block);
    for (Index i = 0; i < outputs; ++i) {
      const AdaptiveBin bin = adaptive_bin(i, outputs, inputs);
      const Real share = Real(1) / static_cast<Real>(bin.count);
      for (Index r = first; r < end; ++r) {
        Real sum(0);
        for (Index t = bin.first; t < bin.first + bin.count; ++t) sum += dfolded[r * columns + t];
        dweight[r * outputs + i] += sum * share;
      }
    }
  }
}

/// y(b, i, c) = mean of x(b, t, c) over bin i.   y: (B, outputs, C)  x: (B, inputs, C)
template <class Real>
void adaptive_avg_pool1d_forward(Real* y, const Real* x, Index batch, Index inputs, Index outputs,
                                 Index channels) {
  for (Index i = 0; i < outputs; ++i) {
    const AdaptiveBin bin = adaptive_bin(i, outputs, inputs);
    const Batch<Real> share = broadcast(Real(1) / static_cast<Real>(bin.count));
    for (Index c = 0; c < channels; ++c) {
      const Real* from = x + (bin.first + c * inputs) * batch;
      Real* to = y + (i + c * outputs) * batch;
      for (Index b = 0; b < batch; b += lanes<Real>) {
        Batch<Real> sum = load_lanes(from, b, batch);
        for (Index k = 1; k < bin.count; ++k) sum = sum + load_lanes(from + k * batch, b, batch);
        store_lanes(to, sum * share, b, batch);
      }
    }
  }
}

/// dx(b, t, c) = residual + sum of dy(b, i, c) / (inputs of bin i) over the bins i that hold t.
/// dx: (B, inputs, C)  residual: the same or null, may be dx  dy: (B, outputs, C)
template <class Real>
void adaptive_avg_pool1d_backward(Real* dx, const Real* residual, const Real* dy, Index batch, Index inputs,
                                  Index outputs, Index channels) {
  for (Index c = 0; c < channels; ++c, dy += batch * outputs)
    for (Index t = 0; t < inputs; ++t, dx += batch) {
      const AdaptiveBin seen = adaptive_bin(t, inputs, outputs);
      for (Index b = 0; b < batch; b += lanes<Real>) {
        Batch<Real> sum = residual == nullptr ? Batch<Real>(Real(0)) : load_lanes(residual, b, batch);
        for (Index i = seen.first; i < seen.first + seen.count; ++i) {
          const Real share = Real(1) / static_cast<Real>(adaptive_bin(i, outputs, inputs).count);
          sum = fma(broadcast(share), load_lanes(dy + i * batch, b, batch), sum);
        }
        store_lanes(dx, sum, b, batch);
      }
      if (residual != nullptr) residual += batch;
    }
}

}  // namespace gyrograd::kernels
