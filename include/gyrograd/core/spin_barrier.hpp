// SPDX-License-Identifier: MIT
// Barrier for threads that meet every few microseconds: they wait without sleeping.
#pragma once

#include <atomic>
#include <thread>

#include "gyrograd/core/config.hpp"

namespace gyrograd {

/// One turn of a waiting loop, `spin` counting from 0: a pause, and now and then the processor is given away.
inline void spin_wait(int spin) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
  if (spin % 1024 == 1023) std::this_thread::yield();
}

/// `count` threads wait for one another, again and again. Whatever a thread wrote before is visible to all
/// after. For short waits between running threads: it never sleeps, but gives the processor away now and then
/// in case the others have none.
class SpinBarrier {
 public:
  explicit SpinBarrier(int count) : count_(count) {}

  void wait() {
    const unsigned round = round_.load(std::memory_order_acquire);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == count_) {
      arrived_.store(0, std::memory_order_relaxed);
      round_.store(round + 1, std::memory_order_release);
      return;
    }
    for (int spin = 0; round_.load(std::memory_order_acquire) == round; ++spin) spin_wait(spin);
  }

 private:
  // Lines of their own: what lies beside the barrier is not torn away from threads that are still at work.
  alignas(alignment) std::atomic<int> arrived_{0};
  alignas(alignment) std::atomic<unsigned> round_{0};
  alignas(alignment) int count_;
};

}  // namespace gyrograd
