// SPDX-License-Identifier: MIT
// Values of which every process of a team has its own, side by side for a checkpoint.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <span>

#include "gyrograd/core/aligned.hpp"
#include "gyrograd/distributed/collectives.hpp"
#include "gyrograd/distributed/communicator.hpp"

namespace gyrograd::train {

/// Copies of own values and of those of all other processes, in rank order.
template <class Real>
class TeamBuffers {
 public:
  /// team: null, where add() is not called.
  explicit TeamBuffers(distributed::Communicator* team) : team_(team) {}

  /// Room for `own` of all processes. `own` must outlive this object, and have the same size everywhere.
  /// Asked again for the same values, the same room.
  std::span<Real> add(std::span<Real> own) {
    for (Pair& p : pairs_)
      if (p.own.data() == own.data()) return p.all;
    pairs_.push_back({own, AlignedVector<Real>(own.size() * static_cast<std::size_t>(team_->size()))});
    return pairs_.back().all;
  }

  /// All processes together: own values into the room, everywhere.
  void gather() {
    for (Pair& p : pairs_) {
      std::copy(p.own.begin(), p.own.end(), place(p).begin());
      distributed::all_gather_shares(*team_, std::span<Real>(p.all));
    }
  }
  /// Takes the own values back out of the room.
  void take_own() {
    for (Pair& p : pairs_) {
      const std::span<Real> from = place(p);
      std::copy(from.begin(), from.end(), p.own.begin());
    }
  }

 private:
  struct Pair {
    std::span<Real> own;
    AlignedVector<Real> all;
  };
  std::span<Real> place(Pair& p) const {
    return std::span<Real>(p.all).subspan(p.own.size() * static_cast<std::size_t>(team_->rank()),
                                          p.own.size());
  }

  distributed::Communicator* team_;
  std::deque<Pair> pairs_;  // never moved: spans of their values are handed out
};

}  // namespace gyrograd::train
