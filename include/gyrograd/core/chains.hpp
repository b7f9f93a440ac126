// SPDX-License-Identifier: MIT
// Work in chains: the items of a chain run in order, chains side by side, and threads end together.
#pragma once

#include <algorithm>
#include <mutex>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/thread_pool.hpp"

namespace gyrograd {

/// Hands parts of chains to threads. A chain is held by one thread at a time, so its items run in order
/// whoever runs them: what a chain gathers does not depend on the number of threads. At first a thread gets
/// most of a chain, whose memory then stays near its core; the rest is handed out later in ever smaller
/// parts, so that a thread that was held up costs the others the time of one item, not of half a chain.
class Chains {
 public:
  /// Items begin .. end - 1 of a chain.
  struct Part {
    Index chain = -1, begin = 0, end = 0;
  };

  /// Forgets what was; room for `count` chains, all empty.
  void reset(Index count) { chains_.assign(static_cast<std::size_t>(count), {}); }
  /// Chain `chain` consists of items begin .. end - 1.
  void set(Index chain, Index begin, Index end) { chains_[static_cast<std::size_t>(chain)] = {begin, end}; }

  /// Calls f(part, thread) until all items are done. After an exception, which is rethrown at the end, the
  /// rest of its chain does not run; of other chains at most what other threads take.
  template <class F>
  void run(ThreadPool& pool, F&& f) {
    Index items = 0;
    for (const Chain& c : chains_) items += c.end - c.next;
    const int threads = static_cast<int>(std::min<Index>(pool.size(), items));
    pool.run(threads, [&](Index, int thread) {
      Part part;
      while (take(part, threads)) f(static_cast<const Part&>(part), thread);
    });
  }

 private:
  struct Chain {
    Index next = 0, end = 0;
    bool held = false;
    Index left() const { return held ? 0 : end - next; }
  };

  /// Lets go of `part` and makes it the next one; false when nothing is left that nobody holds. Who holds a
  /// chain goes on with it, so there is nothing to wait for.
  bool take(Part& part, int threads) {
    const std::lock_guard lock(mutex_);
    Chain* best = nullptr;  // with most items left; the one held before if it is as good as any
    if (part.chain >= 0) {
      best = &chains_[static_cast<std::size_t>(part.chain)];
      best->held = false;
    }
    for (Chain& c : chains_)
      if (best == nullptr || c.left() > best->left()) best = &c;
    if (best == nullptr || best->left() == 0) return false;
    const Index count = threads == 1 ? best->left() : std::max<Index>(1, best->left() * 3 / 4);
    part = {best - chains_.data(), best->next, best->next + count};
    best->next = part.end;
    best->held = true;
    return true;
  }

  std::mutex mutex_;
  std::vector<Chain> chains_;
};

}  // namespace gyrograd
