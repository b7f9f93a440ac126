// SPDX-License-Identifier: MIT
// SIGINT and SIGTERM as a flag that a training loop asks after each step.
#pragma once

#include <atomic>
#include <csignal>

namespace gyrograd::train {

namespace detail {

inline std::atomic<int>& stop_signal() {
  static std::atomic<int> received{0};
  static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may only touch a lock-free atomic");
  return received;
}

/// First signal: remember it. Second: die at once, as the user insists.
inline void on_stop_signal(int number) {
  if (stop_signal().exchange(number) != 0) {
    std::signal(number, SIG_DFL);
    std::raise(number);
  }
}

}  // namespace detail

/// While alive, SIGINT and SIGTERM set a flag instead of ending the process; a second one ends it.
/// SIGPIPE is ignored, so that a closed pipe becomes a write error. One object at a time.
class StopOnSignal {
 public:
  StopOnSignal()
      : old_interrupt_(std::signal(SIGINT, detail::on_stop_signal)),
        old_terminate_(std::signal(SIGTERM, detail::on_stop_signal)) {
    detail::stop_signal() = 0;
#if defined(SIGPIPE)
    old_pipe_ = std::signal(SIGPIPE, SIG_IGN);
#endif
  }
  ~StopOnSignal() {
    std::signal(SIGINT, old_interrupt_);
    std::signal(SIGTERM, old_terminate_);
#if defined(SIGPIPE)
    std::signal(SIGPIPE, old_pipe_);
#endif
  }
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  /// True once a signal has come.
  bool requested() const {
    return detail::stop_signal() != 0;
  }
  /// Number of the signal, 0 if none.
  int number() const {
    return detail::stop_signal();
  }

 private:
  using Handler = void (*)(int);
  Handler old_interrupt_;
  Handler old_terminate_;
  Handler old_pipe_ = SIG_DFL;
};

}  // namespace gyrograd::train
