// SPDX-License-Identifier: MIT
// A thread that brings rows of files into memory while others compute.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/data/sharded_rows.hpp"

namespace gyrograd::data {

/// Fetches rows that will be read soon, of one or several arrays of equal length. What it does never changes
/// a value, only when it arrives: a row that it has not reached is read all the same, later.
class ReadAhead {
 public:
  /// The arrays must outlive this object.
  explicit ReadAhead(std::vector<const ShardedRows*> arrays)
      : arrays_(std::move(arrays)), thread_([this] { work(); }) {}
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;
  ~ReadAhead() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  /// The next rows. Replaces what was asked before and is still waiting: those are being read by now.
  void will_need(std::span<const Index> rows) {
    {
      const std::lock_guard lock(mutex_);
      waiting_.assign(rows.begin(), rows.end());
      ++calls_;
    }
    wake_.notify_one();
  }

  /// Waits until everything asked for is in memory; for tests and measurements.
  void finish() {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return served_ == calls_; });
  }

 private:
  static constexpr std::size_t group = 64;  // rows that the disk may work on at once

  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return stop_ || served_ != calls_; });
      if (stop_) return;
      const std::size_t call = calls_;
      std::vector<Index> rows;
      rows.swap(waiting_);
      lock.unlock();
      for (std::size_t at = 0; at < rows.size(); at += group) {
        const std::span<const Index> part = std::span(rows).subspan(at, std::min(group, rows.size() - at));
        for (const ShardedRows* array : arrays_) {
          for (const Index row : part) array->fetch(row);
        }
        for (const ShardedRows* array : arrays_) {
          for (const Index row : part) array->touch(row);
        }
        const std::lock_guard again(mutex_);
        if (stop_ || calls_ != call) break;
      }
      lock.lock();
      served_ = call;
      done_.notify_all();
    }
  }

  std::vector<const ShardedRows*> arrays_;
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  std::vector<Index> waiting_;
  std::size_t calls_ = 0, served_ = 0;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace gyrograd::data
