// SPDX-License-Identifier: MIT
#include "gyrograd/core/chains.hpp"

#include <algorithm>
#include <atomic>
#include <functional>
#include <stdexcept>
#include <vector>

#include "support/alloc_counter.hpp"
#include "support/catch.hpp"

using namespace gyrograd;

namespace {

/// `count` chains of the given length, item numbers one chain after another.
void fill(Chains& chains, Index count, Index length) {
  chains.reset(count);
  for (Index c = 0; c < count; ++c) chains.set(c, c * length, (c + 1) * length);
}

}  // namespace

TEST_CASE("chains: every item runs once and in the order of its chain, whatever the team") {
  Chains chains;
  for (int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    for (Index count : {0, 1, 3, 8}) {
      for (Index length : {0, 1, 2, 7, 64}) {
        // No atomics: a chain passes from thread to thread with all that its items wrote.
        std::vector<std::vector<Index>> order(static_cast<std::size_t>(count));
        fill(chains, count, length);
        chains.run(pool, [&](const Chains::Part& part, int) {
          for (Index i = part.begin; i < part.end; ++i)
            order[static_cast<std::size_t>(part.chain)].push_back(i);
        });
        bool good = true;
        for (Index c = 0; c < count; ++c) {
          const auto& items = order[static_cast<std::size_t>(c)];
          good = good && static_cast<Index>(items.size()) == length;
          for (std::size_t i = 0; i < items.size(); ++i)
            good = good && items[i] == c * length + static_cast<Index>(i);
        }
        INFO(threads << " threads, " << count << " chains of " << length);
        CHECK(good);
      }
    }
  }
}

TEST_CASE("chains: one thread takes whole chains, several leave a tail for whoever is free") {
  Chains chains;
  for (int threads : {1, 2}) {
    ThreadPool pool(threads);
    fill(chains, 4, 8);
    std::mutex mutex;
    std::vector<Index> sizes;
    chains.run(pool, [&](const Chains::Part& part, int) {
      const std::lock_guard lock(mutex);
      sizes.push_back(part.end - part.begin);
    });
    std::sort(sizes.begin(), sizes.end(), std::greater<>());
    CHECK(sizes == (threads == 1 ? std::vector<Index>{8, 8, 8, 8}
                                 : std::vector<Index>{6, 6, 6, 6, 1, 1, 1, 1, 1, 1, 1, 1}));
  }
}

TEST_CASE("chains: a thread that is held up leaves all other chains to its neighbour") {
  ThreadPool pool(2);
  Chains chains;
  fill(chains, 8, 8);
  std::atomic<Index> done{0}, slow{0};
  chains.run(pool, [&](const Chains::Part& part, int thread) {
    if (thread == 0) {
      done += part.end - part.begin;
      return;
    }
    if (slow == 0)
      while (done < 56) std::this_thread::yield();  // as if it had lost its core
    slow += part.end - part.begin;
  });
  CHECK(done + slow == 64);
  CHECK(slow <= 8);
}

TEST_CASE("chains: an exception ends its chain and is rethrown") {
  for (int threads : {1, 3}) {
    ThreadPool pool(threads);
    Chains chains;
    fill(chains, 3, 16);
    std::atomic<bool> after{false};
    std::atomic<bool> failed{false};
    CHECK_THROWS_AS(chains.run(pool,
                               [&](const Chains::Part& part, int) {
                                 if (part.chain != 1) return;
                                 if (failed.exchange(true)) after = true;
                                 throw std::runtime_error("item");
                               }),
                    std::runtime_error);
    CHECK_FALSE(after);
  }
}

TEST_CASE("chains: filled again they allocate nothing") {
  ThreadPool pool(2);
  Chains chains;
  fill(chains, 8, 4);
  const testing::AllocationScope scope;
  for (int i = 0; i < 3; ++i) {
    fill(chains, 8, 4);
    chains.run(pool, [](const Chains::Part&, int) {});
  }
  const auto allocations = scope.count();
  CHECK(allocations == 0);
}
