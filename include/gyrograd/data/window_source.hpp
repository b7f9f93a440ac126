// SPDX-License-Identifier: MIT
// Windows that training reads one by one, wherever they lie: in memory here, in files in sharded_windows.hpp.
#pragma once

#include <algorithm>
#include <span>
#include <utility>

#include "gyrograd/core/config.hpp"
#include "gyrograd/data/windows.hpp"

namespace gyrograd::data {

/// count() windows (steps, channels), normalised as the model takes them. A call is cheap beside the work on
/// a window, so the class is abstract and recipes are compiled once for all sources.
class WindowSource {
 public:
  WindowSource(Index count, Index steps, Index channels)
      : count_(count), steps_(steps), channels_(channels) {}
  WindowSource(const WindowSource&) = delete;
  WindowSource& operator=(const WindowSource&) = delete;
  virtual ~WindowSource() = default;

  Index count() const { return count_; }
  Index steps() const { return steps_; }
  Index channels() const { return channels_; }

  /// Writes window i to `out` (steps, channels), row-major. Any number of threads may read at once.
  virtual void read(Index i, std::span<float> out) const = 0;

  /// Says which windows will be read next, so that they can be fetched meanwhile. Returns at once.
  virtual void will_need(std::span<const Index> windows) = 0;

 private:
  Index count_, steps_, channels_;
};

/// Windows in memory.
class MemoryWindows final : public WindowSource {
 public:
  /// `windows` must outlive this object.
  explicit MemoryWindows(const Windows& windows)
      : WindowSource(windows.count, windows.steps, windows.channels), windows_(&windows) {}
  explicit MemoryWindows(Windows&& windows)
      : WindowSource(windows.count, windows.steps, windows.channels),
        own_(std::move(windows)),
        windows_(&own_) {}

  void read(Index i, std::span<float> out) const override {
    const std::span<const float> window = windows_->window(i);
    std::copy(window.begin(), window.end(), out.begin());
  }
  void will_need(std::span<const Index>) override {}

 private:
  Windows own_;
  const Windows* windows_;
};

}  // namespace gyrograd::data
