// SPDX-License-Identifier: MIT
// Embeddings of every window of a data set, in parallel, without gradients.
#pragma once

#include <algorithm>
#include <numeric>
#include <vector>

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/config.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/data/windows.hpp"
#include "gyrograd/kernels/transpose.hpp"
#include "gyrograd/tensor/tensor.hpp"
#include "gyrograd/train/slots.hpp"

namespace gyrograd::train {

/// Encoder output of normalised windows (N, T, F): (N, T, hidden) row-major. `model.encode` as
/// models::LimuBert; the embedding of a window depends on that window alone.
template <Scalar Real, class Model>
data::Windows embed_windows(const Model& model, const data::Windows& windows, Index hidden,
                            ThreadPool& pool) {
  data::Windows out(windows.count, windows.steps, hidden);
  Slots<Real> slots(pool, 0);
  slots.forward(windows.count, attention_micro_batch<Real>(windows.steps),
                [&](Tape<Real>& tape, Index first, Index count, int) {
                  const auto x = tape.template saved<dyn, dyn, dyn>(count, windows.steps, windows.channels);
                  std::vector<Index> chosen(static_cast<std::size_t>(count));
                  std::iota(chosen.begin(), chosen.end(), first);
                  data::gather_windows(x.data(), windows, chosen);
                  const auto h = model.encode(tape, tape.constant(x));
                  const Index positions = count * windows.steps;
                  auto scratch = tape.workspace();
                  Real* rows = scratch(positions * hidden);  // (steps, count, hidden) row-major
                  kernels::transpose(rows, hidden, static_cast<const Real*>(h.value.data()), positions,
                                     positions, hidden);
                  for (Index b = 0; b < count; ++b) {
                    float* to = out.window(first + b).data();
                    for (Index t = 0; t < windows.steps; ++t, to += hidden)
                      std::transform(rows + (b + count * t) * hidden, rows + (b + count * t + 1) * hidden, to,
                                     [](Real v) { return static_cast<float>(v); });
                  }
                });
  return out;
}

/// One vector for every window: writes (N, width) row-major to `to`.   windows: (N, T, F)
/// embed(tape, x): x (n, T, F) -> (n, width), called for at most `micro_batch` windows at a time.
template <class Embed>
void embed_rows(float* to, const data::Windows& windows, Index width, Index micro_batch, ThreadPool& pool,
                Embed&& embed) {
  Slots<float> slots(pool, 0);
  slots.forward(windows.count, micro_batch, [&](Tape<float>& tape, Index first, Index count, int) {
    const auto x = tape.saved<dyn, dyn, dyn>(count, windows.steps, windows.channels);
    std::vector<Index> chosen(static_cast<std::size_t>(count));
    std::iota(chosen.begin(), chosen.end(), first);
    data::gather_windows(x.data(), windows, chosen);
    const auto y = embed(tape, tape.constant(x));
    float* row = to + first * width;
    for (Index b = 0; b < count; ++b)
      for (Index c = 0; c < width; ++c) *row++ = y.value(b, c);
  });
}

}  // namespace gyrograd::train
