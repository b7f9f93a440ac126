// SPDX-License-Identifier: MIT
// Thread pool: a fixed team that runs numbered tasks; spins briefly between calls, sleeps when idle.
#pragma once

#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/spin_barrier.hpp"

namespace gyrograd {

/// Team of `threads` (the caller included). run(count, f) calls f(task, thread) for task = 0 .. count - 1,
/// each once; tasks are handed out in order to whoever is free. What a task computes must depend on its
/// number only, never on the thread: then results are the same for every team size.
class ThreadPool {
 public:
  explicit ThreadPool(int threads = 1) {
    for (int i = 1; i < threads; ++i) workers_.emplace_back([this, i] { work(i); });
  }
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
      generation_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  int size() const { return static_cast<int>(workers_.size()) + 1; }

  /// Blocks until all tasks are done. The first exception of a task is rethrown here; the others still run.
  template <class F>
  void run(Index count, F&& f) {
    if (workers_.empty() || count <= 1) {
      run_alone(count, f);
      return;
    }
    call_ = [](void* context, Index task, int thread) {
      (*static_cast<std::remove_reference_t<F>*>(context))(task, thread);
    };
    context_ = const_cast<void*>(static_cast<const void*>(&f));
    count_ = count;
    next_.store(0, std::memory_order_relaxed);
    busy_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
    {
      const std::lock_guard lock(mutex_);
      generation_.fetch_add(1, std::memory_order_release);
    }
    if (sleeping_.load(std::memory_order_seq_cst) > 0) wake_.notify_all();
    take_tasks(0);
    for (int spin = 0; busy_.load(std::memory_order_acquire) != 0; ++spin) spin_wait(spin);
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  }

 private:
  static constexpr int spins_before_sleep = 20000;  // about 50 to 100 microseconds

  /// The same promises without a team: every task runs, the first exception is rethrown.
  template <class F>
  static void run_alone(Index count, F& f) {
    std::exception_ptr error;
    for (Index task = 0; task < count; ++task) {
      try {
        f(task, 0);
      } catch (...) {
        if (!error) error = std::current_exception();
      }
    }
    if (error) std::rethrow_exception(error);
  }
  void take_tasks(int thread) {
    for (Index task; (task = next_.fetch_add(1, std::memory_order_relaxed)) < count_;) {
      try {
        call_(context_, task, thread);
      } catch (...) {
        const std::lock_guard lock(mutex_);
        if (!error_) error_ = std::current_exception();
      }
    }
  }
  void work(int thread) {
    unsigned seen = 0;
    for (;;) {
      for (int spin = 0; generation_.load(std::memory_order_acquire) == seen && spin < spins_before_sleep;
           ++spin)
        spin_wait(spin);
      if (generation_.load(std::memory_order_acquire) == seen) {
        std::unique_lock lock(mutex_);
        sleeping_.fetch_add(1, std::memory_order_seq_cst);
        wake_.wait(lock, [&] { return generation_.load(std::memory_order_acquire) != seen; });
        sleeping_.fetch_sub(1, std::memory_order_seq_cst);
      }
      seen = generation_.load(std::memory_order_acquire);
      if (stop_.load(std::memory_order_acquire)) return;
      take_tasks(thread);
      busy_.fetch_sub(1, std::memory_order_release);
    }
  }

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<unsigned> generation_{0};
  std::atomic<int> sleeping_{0};
  std::atomic<int> busy_{0};
  std::atomic<Index> next_{0};
  std::atomic<bool> stop_{false};
  void (*call_)(void*, Index, int) = nullptr;
  void* context_ = nullptr;
  Index count_ = 0;
  std::exception_ptr error_;
};

}  // namespace gyrograd
