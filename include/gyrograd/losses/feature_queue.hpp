// SPDX-License-Identifier: MIT
// The feature queue of PRIMUS: aligned rings of past video, text and IMU features, searched for the nearest.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "gyrograd/core/aligned.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/kernels/nearest.hpp"
#include "gyrograd/kernels/transpose.hpp"
#include "gyrograd/tensor/tensor.hpp"

namespace gyrograd::losses {

/// One ring each.
enum class Modality : std::uint8_t { video, text, imu };
inline constexpr std::array<std::string_view, 3> modality_names{"video", "text", "imu"};

/// What is stored.
enum class QueueRows {
  normalised,  ///< rows of length 1: the search is a plain product
  published,   ///< rows as they come; the search divides by their norms
};

/// Which rows are searched.
enum class QueueSearch {
  filled,     ///< those that were written
  published,  ///< all: rows never written are zero and have similarity 0
};

/// First in, first out; row r of all three rings comes from the same sample (PRIMUS sheet §7). Norms are
/// floored at 1e-8.
template <Scalar Real>
class FeatureQueue {
 public:
  /// capacity: rows; width: values of a row, the same for all rings. ConfigError when a size is not positive.
  FeatureQueue(Index capacity, Index width, QueueRows kind = QueueRows::normalised)
      : FeatureQueue(capacity, {width, width, width}, kind) {}
  /// widths: of the rows of each ring, as Modality numbers them.
  FeatureQueue(Index capacity, const std::array<Index, 3>& widths, QueueRows kind = QueueRows::normalised)
      : capacity_(capacity), widths_(widths), kind_(kind), counters_(2) {
    const Index least = *std::min_element(widths.begin(), widths.end());
    if (capacity < 1 || capacity > Index{1} << 24 || least < 1)
      fail<ConfigError>("feature queue: ", capacity, " rows of ", least, " values, expected 1 to ",
                        Index{1} << 24, " rows of 1 or more");
    for (std::size_t m = 0; m < 3; ++m) {
      rings_[m].rows.assign(static_cast<std::size_t>(capacity * widths[m]), Real(0));
      rings_[m].scale.assign(static_cast<std::size_t>(capacity), Real(0));
    }
  }

  Index capacity() const { return capacity_; }
  /// Values of a row of one ring.
  Index width(Modality m) const { return widths_[static_cast<std::size_t>(m)]; }
  /// Rows that were written, at most capacity().
  Index filled() const { return static_cast<Index>(counters_[1]); }
  /// Row that is written next.
  Index next() const { return static_cast<Index>(counters_[0]); }
  /// Row `i` of a ring: width(m) values.
  std::span<const Real> row(Modality m, Index i) const {
    return {ring(m).rows.data() + i * width(m), static_cast<std::size_t>(width(m))};
  }

  /// Stores samples behind one another; the oldest rows make room.
  /// rows: (count, width of the ring) row-major for every modality, null: zeros  skip: (count) or null:
  /// samples that are not stored. ConfigError when there are more samples than rows.
  void push(const std::array<const Real*, 3>& rows, Index count, const std::uint8_t* skip = nullptr) {
    if (count > capacity_)
      fail<ConfigError>("feature queue: ", capacity_, " rows cannot take a batch of ", count,
                        "; give a longer queue or a smaller batch");
    for (Index i = 0; i < count; ++i) {
      if (skip != nullptr && skip[i] != 0) continue;
      for (std::size_t m = 0; m < 3; ++m)
        write(rings_[m], next(), rows[m] == nullptr ? nullptr : rows[m] + i * widths_[m], widths_[m]);
      counters_[0] = static_cast<Real>((next() + 1) % capacity_);
      counters_[1] = static_cast<Real>(std::min(filled() + 1, capacity_));
    }
  }

  /// Rows of one ring with the largest cosine to each query, the lowest number on ties.
  /// best: (count)  queries: (count, width) row-major. Nothing stored and search of filled rows: ConfigError.
  void search(Index* best, const Real* queries, Index count, Modality m,
              QueueSearch search = QueueSearch::filled, ThreadPool* pool = nullptr) {
    const Index rows = search == QueueSearch::filled ? filled() : capacity_;
    if (rows == 0) fail<ConfigError>("feature queue: nothing is stored yet, nothing can be found");
    const int threads = pool == nullptr ? 1 : pool->size();
    const Index values = width(m), panel = panel_of(count, threads), panels = (count + panel - 1) / panel;
    const Index need = panel * values + kernels::nearest_scratch(panel);
    scratch_.resize(static_cast<std::size_t>(need * threads));
    const auto one = [&](Index p, int thread) {
      const Index first = p * panel, n = std::min(panel, count - first);
      Real* q = scratch_.data() + thread * need;
      kernels::transpose(q, n, queries + first * values, values, values, n);
      kernels::nearest(best + first, static_cast<const Real*>(q), n, n, ring(m).rows.data(),
                       ring(m).scale.data(), rows, values, q + panel * values);
    };
    if (pool != nullptr) return pool->run(panels, one);
    for (Index p = 0; p < panels; ++p) one(p, 0);
  }

  /// Rows `which` of one ring as the columns of the losses.   columns: (count x width) column-major
  void gather(Real* columns, const Index* which, Index count, Modality m) {
    const Index values = width(m);
    scratch_.resize(std::max(scratch_.size(), static_cast<std::size_t>(count * values)));
    for (Index i = 0; i < count; ++i)
      std::copy_n(row(m, which[i]).data(), values, scratch_.data() + i * values);
    kernels::transpose(columns, count, static_cast<const Real*>(scratch_.data()), values, values, count);
  }

  /// Everything that a checkpoint must hold, as (name, values).
  struct Buffer {
    std::string_view name;
    std::span<Real> values;
  };
  std::array<Buffer, 7> buffers() {
    auto& [video, text, imu] = rings_;
    return {{{"queue.counters", counters_},
             {"queue.video", video.rows},
             {"queue.video.scale", video.scale},
             {"queue.text", text.rows},
             {"queue.text.scale", text.scale},
             {"queue.imu", imu.rows},
             {"queue.imu.scale", imu.scale}}};
  }

 private:
  struct Ring {
    AlignedVector<Real> rows;   // (capacity, width of the ring)
    AlignedVector<Real> scale;  // (capacity): factor that makes a stored row one of length 1
  };
  /// Queries at a time: equal shares of the threads in whole vectors, so that stored rows come from memory
  /// once for each of them, but no more than the second-level cache holds.
  static constexpr Index panel_of(Index count, int threads) {
    constexpr Index L = kernels::lanes<Real>, most = 144;
    const Index share = (count + threads - 1) / threads;
    return std::min(most, (share + L - 1) / L * L);
  }

  const Ring& ring(Modality m) const { return rings_[static_cast<std::size_t>(m)]; }
  void write(Ring& ring, Index at, const Real* from, Index values) {
    Real* to = ring.rows.data() + at * values;
    Real& scale = ring.scale[static_cast<std::size_t>(at)];
    scale = Real(0);
    if (from == nullptr) {
      std::fill_n(to, values, Real(0));
      return;
    }
    double sum = 0;
    for (Index c = 0; c < values; ++c) sum += static_cast<double>(from[c]) * static_cast<double>(from[c]);
    const double inverse = 1 / std::max(std::sqrt(sum), 1e-8);
    const bool whole = kind_ == QueueRows::published;
    scale = whole ? static_cast<Real>(inverse) : Real(1);
    for (Index c = 0; c < values; ++c)
      to[c] = whole ? from[c] : static_cast<Real>(static_cast<double>(from[c]) * inverse);
  }

  Index capacity_;
  std::array<Index, 3> widths_;
  QueueRows kind_;
  std::array<Ring, 3> rings_;
  AlignedVector<Real> counters_;  // next row, rows written: numbers below 2^24 are exact in float
  AlignedVector<Real> scratch_;
};

}  // namespace gyrograd::losses
