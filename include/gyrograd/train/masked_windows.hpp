// SPDX-License-Identifier: MIT
// Masked inputs, positions and targets of a batch of windows: what one pre-training step sees.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/random.hpp"
#include "gyrograd/data/random_augment.hpp"
#include "gyrograd/data/span_mask.hpp"
#include "gyrograd/data/window_source.hpp"
#include "gyrograd/data/windows.hpp"
#include "gyrograd/tensor/tensor.hpp"

namespace gyrograd::train {

/// When validation windows are masked anew.
enum class ValidationMasks {
  published,  ///< every epoch, as in the published code: the best epoch is chosen on a noisy figure
  corrected,  ///< once: the mask of a window depends on the seed only (LIMU-BERT sheet §13.24)
};

/// LIMU-BERT-X's Sample (LIMU-BERT sheet §12.1): a model sees `steps` steps of every window, from a start
/// that is drawn whenever the window is.
struct CropConfig {
  Index steps = 0;  ///< 0: whole windows
  data::CropStart start = data::CropStart::published;
};

/// Changes to training windows before they are masked, drawn anew for every epoch (LIMU-BERT sheet §12.1,
/// §12.3). In this order.
struct AugmentConfig {
  bool pace = false;    ///< UniHAR: faster or slower; in place of the crop, of validation windows too
  bool rotate = false;  ///< UniHAR: one rotation of all sensors
  bool scale = false;   ///< LIMU-BERT-X: a factor for each channel
  bool noise = false;   ///< LIMU-BERT-X: on every value
};

/// Draws crop, changes and mask of window i for epoch e from Philox(seed, e, i), so that they depend neither
/// on the order of the windows nor on threads, and need no saved state. Windows are normalised before. One
/// object per thread. ConfigError when a crop is longer than the windows.
class MaskedWindows {
 public:
  MaskedWindows(std::shared_ptr<const data::WindowSource> windows, const data::SpanMaskConfig& config,
                std::uint64_t seed, ValidationMasks validation, CropConfig crop = {},
                AugmentConfig augment = {})
      : windows_(std::move(windows)),
        crop_(checked(crop, windows_->steps())),
        masker_(config, crop_.steps),
        seed_(seed),
        validation_(validation),
        augment_(augment),
        row_(static_cast<std::size_t>(windows_->steps() * windows_->channels())),
        paced_(augment.pace ? static_cast<std::size_t>(crop_.steps * windows_->channels()) : 0),
        positions_(static_cast<std::size_t>(masker_.count())) {}

  /// The same for windows in memory, which must outlive this object.
  MaskedWindows(const data::Windows& windows, const data::SpanMaskConfig& config, std::uint64_t seed,
                ValidationMasks validation, CropConfig crop = {}, AugmentConfig augment = {})
      : MaskedWindows(std::make_shared<const data::MemoryWindows>(windows), config, seed, validation, crop,
                      augment) {}

  /// Steps that the model sees.
  Index steps() const { return crop_.steps; }
  Index channels() const { return windows_->channels(); }

  /// Masked positions per window.
  Index count() const { return masker_.count(); }

  /// Fills, for the windows `items` (B of them): x (B, T, F) masked and target (B, M, F) = the values before
  /// masking, both in the activation layout; positions (B, M) row-major, as ops::gather takes them.
  template <Scalar Real>
  void fill(std::span<const Index> items, Index epoch, Purpose purpose, const Tensor<Real, dyn, dyn, dyn>& x,
            std::span<std::int32_t> positions, const Tensor<Real, dyn, dyn, dyn>& target) {
    const auto batch = static_cast<Index>(items.size());
    const Index steps = crop_.steps, features = windows_->channels();
    if (x.extent(0) != batch || x.extent(1) != steps || x.extent(2) != features ||
        target.extent(1) != count() || static_cast<Index>(positions.size()) != batch * count()) {
      fail<ShapeError>("masked windows: a batch of ", batch, " windows ", steps, " x ", features,
                       " does not fit the tensors given");
    }
    for (Index b = 0; b < batch; ++b) {
      const Index item = items[static_cast<std::size_t>(b)];
      windows_->read(item, row_);
      const bool fixed = purpose == Purpose::validation_mask && validation_ == ValidationMasks::corrected;
      const std::uint32_t drawn = fixed ? 0U : static_cast<std::uint32_t>(epoch);
      Philox random(seed_, drawn, static_cast<std::uint64_t>(item), purpose);
      const std::span<float> seen = seen_part(item, drawn, purpose, random);
      const data::MaskAction action = masker_.draw(random, std::span<Index>(positions_));
      for (Index m = 0; m < count(); ++m) {
        const Index t = positions_[static_cast<std::size_t>(m)];
        positions[static_cast<std::size_t>(b * count() + m)] = static_cast<std::int32_t>(t);
        for (Index f = 0; f < features; ++f) {
          target(b, m, f) = static_cast<Real>(seen[static_cast<std::size_t>(t * features + f)]);
        }
      }
      data::apply_mask(seen, features, std::span<const Index>(positions_), action, random);
      for (Index t = 0; t < steps; ++t) {
        for (Index f = 0; f < features; ++f)
          x(b, t, f) = static_cast<Real>(seen[static_cast<std::size_t>(t * features + f)]);
      }
    }
  }

 private:
  static CropConfig checked(CropConfig crop, Index steps) {
    if (crop.steps == 0) crop.steps = steps;
    if (crop.steps < 1 || crop.steps > steps)
      fail<ConfigError>("masked windows: a crop of ", crop.steps, " steps, the windows have ", steps);
    return crop;
  }

  /// What the model would see of the window in row_ without a mask. A stream of its own for the changes: the
  /// masks are those of a run without them.
  std::span<float> seen_part(Index item, std::uint32_t epoch, Purpose purpose, Philox& random) {
    const Index features = windows_->channels();
    Philox change(seed_, epoch, static_cast<std::uint64_t>(item), Purpose::augment);
    std::span<float> seen(paced_);
    if (augment_.pace) {
      data::random_pace(seen, std::span<const float>(row_), features, {}, change);
    } else {
      const Index first = data::crop_start(random, windows_->steps(), crop_.steps, crop_.start);
      seen = std::span<float>(row_).subspan(static_cast<std::size_t>(first * features),
                                            static_cast<std::size_t>(crop_.steps * features));
    }
    if (purpose == Purpose::validation_mask) return seen;
    if (augment_.rotate) data::rotate_triads(seen, features, data::random_rotation<float>(change));
    if (augment_.scale) data::random_scale(seen, features, change);
    if (augment_.noise) data::random_noise(seen, change);
    return seen;
  }

  std::shared_ptr<const data::WindowSource> windows_;
  CropConfig crop_;
  data::SpanMasker masker_;
  std::uint64_t seed_;
  ValidationMasks validation_;
  AugmentConfig augment_;
  std::vector<float> row_, paced_;
  std::vector<Index> positions_;
};

}  // namespace gyrograd::train
