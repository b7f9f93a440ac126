// SPDX-License-Identifier: MIT
// Read bandwidth of each cache level and of memory, and the cost of a call of the thread pool.
#include <vector>

#include "gyrograd/core/aligned.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "support/entry.hpp"
#include "support/machine.hpp"
#include "support/workloads.hpp"

namespace gyrograd::bench {

namespace {

class Read final : public Subject {
 public:
  explicit Read(std::size_t bytes) : values_(bytes / sizeof(float), 1.0F) {}
  void run() override { sum_ = read_all(values_.data(), values_.size() * sizeof(float)); }
  std::string check() override {
    run();
    return verdict("the sum", std::abs(static_cast<double>(sum_) / static_cast<double>(values_.size()) - 1),
                   1e-6);
  }

 private:
  AlignedVector<float> values_;
  volatile float sum_ = 0;
};

/// A call of the thread pool with nothing to do: waking hot workers and waiting for them.
class Barrier final : public Subject {
 public:
  explicit Barrier(int threads) : pool_(threads), done_(static_cast<std::size_t>(threads)) {}
  void run() override {
    pool_.run(pool_.size(), [this](Index task, int) { ++done_[static_cast<std::size_t>(task)]; });
  }
  std::string check() override {
    run();
    return done_.front() == 1 && done_.back() == 1 ? "" : "wrong numbers: a task did not run once";
  }

 private:
  ThreadPool pool_;
  std::vector<int> done_;
};

}  // namespace

void add_machine_entries() {
  add_entry("machine/barrier/threads:2", Work{}, [] { return std::make_unique<Barrier>(2); });
  for (const std::size_t kib : std::initializer_list<std::size_t>{16, 256, 4096, 262144}) {
    const std::size_t bytes = kib * 1024;
    Work work;
    work.bytes = static_cast<double>(bytes);
    add_entry("machine/read/" + std::to_string(kib) + "KiB", work,
              [bytes] { return std::make_unique<Read>(bytes); });
  }
}

}  // namespace gyrograd::bench
