// SPDX-License-Identifier: MIT
// Windows that stay in their files: mapped shards, read ahead, normalised one by one.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/data/normalise.hpp"
#include "gyrograd/data/read_ahead.hpp"
#include "gyrograd/data/sharded_rows.hpp"
#include "gyrograd/data/window_source.hpp"

namespace gyrograd::data {

/// A corpus that may be larger than memory, with the values that load_windows() and normalised() give.
class ShardedWindows final : public WindowSource {
 public:
  /// `rows`: shards of (n, steps, channels). `features`: the first channels, scaled by `mode`.
  ShardedWindows(const std::vector<std::filesystem::path>& files, Index features, Normalisation mode,
                 std::size_t max_bytes)
      : ShardedWindows(std::make_unique<ShardedRows>(files, max_bytes), features, mode) {}

  void read(Index i, std::span<float> out) const override {
    if (raw_channels_ == channels()) {
      rows_->read(i, out);
      normalise(out, std::span<const float>(out), raw_channels_, channels(), mode_);
      return;
    }
    std::vector<float> raw(static_cast<std::size_t>(rows_->row_size()));
    rows_->read(i, raw);
    normalise(out, std::span<const float>(raw), raw_channels_, channels(), mode_);
  }

  void will_need(std::span<const Index> windows) override { ahead_.will_need(windows); }

  const ShardedRows& rows() const { return *rows_; }

 private:
  ShardedWindows(std::unique_ptr<ShardedRows> rows, Index features, Normalisation mode)
      : WindowSource(rows->count(), extent(*rows, 0), features),
        rows_(std::move(rows)),
        raw_channels_(extent(*rows_, 1)),
        mode_(mode),
        ahead_({rows_.get()}) {
    if (features < 1 || features > raw_channels_) {
      fail<ConfigError>("sharded windows: ", features, " features wanted, the windows have ", raw_channels_,
                        " channels");
    }
  }

  static Index extent(const ShardedRows& rows, std::size_t axis) {
    if (rows.row_shape().size() != 2) {
      fail<IoError>("sharded windows: rows of shape ", io::shape_text(rows.row_shape()),
                    ", expected (steps, channels)");
    }
    return static_cast<Index>(rows.row_shape()[axis]);
  }

  std::unique_ptr<ShardedRows> rows_;
  Index raw_channels_;
  Normalisation mode_;
  ReadAhead ahead_;
};

}  // namespace gyrograd::data
