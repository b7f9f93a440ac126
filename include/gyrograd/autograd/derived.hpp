// SPDX-License-Identifier: MIT
// Parameters in another arrangement: computed once for all micro-batches of a step.
#pragma once

#include <array>
#include <vector>

#include "gyrograd/core/aligned.hpp"
#include "gyrograd/core/config.hpp"
#include "gyrograd/tensor/tensor.hpp"

namespace gyrograd {

/// What is derived from parameters.
enum class Arrangement { gru_forward, gru_backward, folded_bins, position_rows };

/// Keeps what operations derive from parameters until forget(), which whoever changes them must call. One per
/// thread; memory stays for the next step.
template <Scalar Real>
class Derived {
 public:
  /// Parameters that values depend on; unused places are null.
  using Sources = std::array<const Real*, 4>;

  /// `size` values that fill(values) computes at the first call since forget().
  template <class F>
  Real* get(const Sources& from, Arrangement what, Index size, F&& fill) {
    for (Entry& e : entries_) {
      if (e.from != from || e.what != what || static_cast<Index>(e.values.size()) != size) continue;
      if (!e.known) fill(e.values.data());
      e.known = true;
      return e.values.data();
    }
    entries_.push_back({from, what, AlignedVector<Real>(static_cast<std::size_t>(size))});
    fill(entries_.back().values.data());
    entries_.back().known = true;
    return entries_.back().values.data();
  }
  /// Parameters have changed.
  void forget() {
    for (Entry& e : entries_) e.known = false;
  }
  /// Whether p came from get() since the last forget().
  bool owns(const Real* p) const {
    for (const Entry& e : entries_)
      if (e.known && e.values.data() == p) return true;
    return false;
  }
  /// Bytes taken from the heap.
  std::size_t capacity() const {
    std::size_t sum = 0;
    for (const Entry& e : entries_) sum += e.values.size() * sizeof(Real);
    return sum;
  }

 private:
  struct Entry {
    Sources from;
    Arrangement what;
    AlignedVector<Real> values;
    bool known = false;
  };
  std::vector<Entry> entries_;
};

}  // namespace gyrograd
