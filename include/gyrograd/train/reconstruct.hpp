// SPDX-License-Identifier: MIT
// How well a pre-trained LIMU-BERT fills in hidden steps: reconstructed windows and the error of each
// channel.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/random.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/data/span_mask.hpp"
#include "gyrograd/data/windows.hpp"
#include "gyrograd/tensor/tensor.hpp"
#include "gyrograd/train/slots.hpp"

namespace gyrograd::train {

/// Recorded values, reconstructed values, and 1 at hidden steps: (windows, 3, steps, channels), row-major.
struct Reconstructions {
  Index windows = 0, steps = 0, channels = 0;
  std::vector<float> values;

  std::size_t plane() const { return static_cast<std::size_t>(steps * channels); }
};

/// Hides spans of the normalised windows `items`, always (mask_prob and replace_prob are not used), and
/// reconstructs all steps. The span of a window is drawn by Philox(seed, window): that of
/// ValidationMasks::corrected. model.reconstruct(tape, x) as models::LimuBert.
template <Scalar Real, class Model>
Reconstructions reconstruct_windows(const Model& model, const data::Windows& windows,
                                    std::span<const Index> items, data::SpanMaskConfig mask,
                                    std::uint64_t seed, ThreadPool& pool) {
  const Index steps = windows.steps, channels = windows.channels;
  Reconstructions out{static_cast<Index>(items.size()), steps, channels, {}};
  const std::size_t plane = out.plane();
  out.values.assign(3 * plane * items.size(), 0.0F);
  mask.mask_prob = 1;
  std::vector<data::SpanMasker> maskers(static_cast<std::size_t>(pool.size()), data::SpanMasker(mask, steps));
  Slots<Real> slots(pool, 0);
  slots.forward(out.windows, attention_micro_batch<Real>(steps),
                [&](Tape<Real>& tape, Index first, Index count, int thread) {
                  data::SpanMasker& masker = maskers[static_cast<std::size_t>(thread)];
                  std::vector<Index> hidden(static_cast<std::size_t>(masker.count()));
                  const auto x = tape.template saved<dyn, dyn, dyn>(count, steps, channels);
                  for (Index b = 0; b < count; ++b) {
                    const Index item = items[static_cast<std::size_t>(first + b)];
                    const std::span<const float> window = windows.window(item);
                    float* at = out.values.data() + static_cast<std::size_t>(first + b) * 3 * plane;
                    std::copy(window.begin(), window.end(), at);
                    Philox random(seed, 0, static_cast<std::uint64_t>(item), Purpose::validation_mask);
                    masker.draw(random, std::span<Index>(hidden));
                    for (const Index t : hidden) std::fill_n(at + 2 * plane + t * channels, channels, 1.0F);
                    for (Index t = 0; t < steps; ++t)
                      for (Index c = 0; c < channels; ++c) {
                        const auto i = static_cast<std::size_t>(t * channels + c);
                        x(b, t, c) = at[2 * plane + i] > 0 ? Real(0) : static_cast<Real>(at[i]);
                      }
                  }
                  const auto y = model.reconstruct(tape, tape.constant(x));
                  for (Index b = 0; b < count; ++b) {
                    float* to = out.values.data() + static_cast<std::size_t>(first + b) * 3 * plane + plane;
                    for (Index t = 0; t < steps; ++t)
                      for (Index c = 0; c < channels; ++c) *to++ = static_cast<float>(y.value(b, t, c));
                  }
                });
  return out;
}

/// Mean squared errors in units of the normalised signals.
struct ReconstructionError {
  std::vector<double> hidden, shown;  ///< of every channel, at hidden and at shown steps
  double hidden_mean = 0;             ///< over all channels: what pre-training minimises
};

/// Errors of each channel. ShapeError when there is no window.
inline ReconstructionError reconstruction_error(const Reconstructions& r) {
  if (r.windows < 1) fail<ShapeError>("reconstruction error: no windows");
  const auto width = static_cast<std::size_t>(r.channels);
  ReconstructionError e{std::vector<double>(width, 0.0), std::vector<double>(width, 0.0), 0};
  double hidden = 0, shown = 0;  // values of each channel
  for (std::size_t w = 0; w < static_cast<std::size_t>(r.windows); ++w) {
    const float* at = r.values.data() + 3 * w * r.plane();
    for (std::size_t i = 0; i < r.plane(); ++i) {
      const double d = static_cast<double>(at[r.plane() + i]) - static_cast<double>(at[i]);
      const bool is_hidden = at[2 * r.plane() + i] > 0;
      (is_hidden ? e.hidden : e.shown)[i % width] += d * d;
      if (i % width == 0) (is_hidden ? hidden : shown) += 1;
    }
  }
  for (std::size_t c = 0; c < width; ++c) {
    e.hidden[c] = hidden > 0 ? e.hidden[c] / hidden : 0;
    e.shown[c] = shown > 0 ? e.shown[c] / shown : 0;
    e.hidden_mean += e.hidden[c] / static_cast<double>(r.channels);
  }
  return e;
}

}  // namespace gyrograd::train
