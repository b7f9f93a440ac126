// SPDX-License-Identifier: MIT
// Sum of gradient slots that lie on several processes, in slot order: the same bits as in one process.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "gyrograd/core/aligned.hpp"
#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/distributed/communicator.hpp"
#include "gyrograd/kernels/optimiser.hpp"
#include "gyrograd/tensor/tensor.hpp"

namespace gyrograd::distributed {

/// A sum of floats depends on its order, and an MPI library is free to choose one. Hence no all-reduce: each
/// process gets its part of the values from all slots, adds them in slot order, and the sums are gathered. A
/// process with k of S slots sends k (N - 1) / N + (N - 1) / N times the values, which for one slot each is
/// what the best all-reduce sends.
template <Scalar Real>
class SlotSum {
 public:
  /// `values` per slot, `slots` in all processes together; process r owns share(slots, r, size).
  SlotSum(Communicator& team, Index values, Index slots)
      : team_(team), values_(values), slots_(slots), own_slots_(share(slots, team.rank(), team.size())) {
    const int size = team.size();
    if (slots < size) {
      fail<ConfigError>("gradient slots: ", slots, " for ", size,
                        " processes, expected at least one for each; give more slots or fewer processes");
    }
    own_values_ = segment(team.rank());
    std::size_t sent = 0, received = 0, gathered = 0;
    for (int r = 0; r < size; ++r) {
      sent += bytes(own_slots_.size() * segment(r).size());
      received += bytes(share(slots, r, size).size() * own_values_.size());
      gathered += bytes(segment(r).size());
      send_ends_.push_back(sent), receive_ends_.push_back(received), gather_ends_.push_back(gathered);
    }
    send_.resize(sent / sizeof(Real));
    receive_.resize(received / sizeof(Real));
  }

  /// sum: (values), complete in every process.   own: slots of this process, `stride` values apart.
  void operator()(Real* sum, const Real* own, Index stride) {
    pack(own, stride);
    team_.all_to_all(std::as_bytes(std::span(send_)), send_ends_, std::as_writable_bytes(std::span(receive_)),
                     receive_ends_);
    kernels::sum_slots(sum + own_values_.begin, receive_.data(), slots_, own_values_.size(), 0,
                       own_values_.size());
    team_.all_gather(std::as_writable_bytes(std::span(sum, static_cast<std::size_t>(values_))), gather_ends_);
  }

  /// Bytes that this process sends in one call.
  std::size_t bytes_sent() const {
    const Index own = own_slots_.size() * own_values_.size();
    return bytes(static_cast<Index>(send_.size()) - own + own_values_.size() * (team_.size() - 1));
  }

 private:
  static constexpr Index block = 16;  // values that stay together, a cache line of floats
  static std::size_t bytes(Index values) { return static_cast<std::size_t>(values) * sizeof(Real); }

  /// Values that process `rank` adds up.
  Share segment(int rank) const {
    const Share s = share((values_ + block - 1) / block, rank, team_.size());
    return {std::min(values_, s.begin * block), std::min(values_, s.end * block)};
  }

  void pack(const Real* own, Index stride) {
    Real* to = send_.data();
    for (int r = 0; r < team_.size(); ++r) {
      const Share s = segment(r);
      for (Index slot = 0; slot < own_slots_.size(); ++slot)
        to = std::copy(own + slot * stride + s.begin, own + slot * stride + s.end, to);
    }
  }

  Communicator& team_;
  Index values_, slots_;
  Share own_slots_, own_values_;
  std::vector<std::size_t> send_ends_, receive_ends_, gather_ends_;
  AlignedVector<Real> send_, receive_;
};

}  // namespace gyrograd::distributed
