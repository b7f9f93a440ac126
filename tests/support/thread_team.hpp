// SPDX-License-Identifier: MIT
// A Communicator whose processes are threads: several ranks in one test, without MPI.
#pragma once

#include <algorithm>
#include <barrier>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <thread>
#include <vector>

#include "gyrograd/distributed/communicator.hpp"

namespace gyrograd::testing {

/// What the ranks of one team share: where the data of the present call lie.
struct TeamTable {
  explicit TeamTable(int size)
      : barrier(size), data(static_cast<std::size_t>(size)), ends(static_cast<std::size_t>(size)) {}
  std::barrier<> barrier;
  std::vector<const std::byte*> data;
  std::vector<std::span<const std::size_t>> ends;
};

class ThreadCommunicator final : public distributed::Communicator {
 public:
  ThreadCommunicator(TeamTable& table, int rank) : table_(table), rank_(rank) {}

  int rank() const override { return rank_; }
  int size() const override { return static_cast<int>(table_.data.size()); }
  int local_size() const override { return size(); }

  void all_gather(std::span<std::byte> all, std::span<const std::size_t> ends) override {
    publish(all.data(), ends);
    for (std::size_t r = 0; r < table_.data.size(); ++r) {
      const std::size_t begin = r == 0 ? 0 : ends[r - 1];
      if (static_cast<int>(r) == rank_) continue;
      std::copy(table_.data[r] + begin, table_.data[r] + ends[r], all.data() + begin);
    }
    table_.barrier.arrive_and_wait();
  }

  void all_to_all(std::span<const std::byte> send, std::span<const std::size_t> send_ends,
                  std::span<std::byte> receive, std::span<const std::size_t> receive_ends) override {
    publish(send.data(), send_ends);
    const auto me = static_cast<std::size_t>(rank_);
    for (std::size_t r = 0; r < table_.data.size(); ++r) {
      const std::span<const std::size_t> theirs = table_.ends[r];
      const std::size_t from = me == 0 ? 0 : theirs[me - 1], to = r == 0 ? 0 : receive_ends[r - 1];
      if (theirs[me] - from != receive_ends[r] - to) throw std::logic_error("blocks of different size");
      std::copy(table_.data[r] + from, table_.data[r] + theirs[me], receive.data() + to);
    }
    table_.barrier.arrive_and_wait();
  }

  [[noreturn]] void abort(int) override { throw std::logic_error("abort"); }

 private:
  void publish(const std::byte* data, std::span<const std::size_t> ends) {
    table_.data[static_cast<std::size_t>(rank_)] = data;
    table_.ends[static_cast<std::size_t>(rank_)] = ends;
    table_.barrier.arrive_and_wait();
  }

  TeamTable& table_;
  int rank_;
};

/// Runs f(communicator) in `size` threads that are the ranks of one team. An exception of any of them is
/// rethrown, if the others end by themselves.
inline void run_team(int size, const std::function<void(distributed::Communicator&)>& f) {
  TeamTable table(size);
  std::vector<std::exception_ptr> errors(static_cast<std::size_t>(size));
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      try {
        ThreadCommunicator own(table, rank);
        f(own);
      } catch (...) {
        errors[static_cast<std::size_t>(rank)] = std::current_exception();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

}  // namespace gyrograd::testing
