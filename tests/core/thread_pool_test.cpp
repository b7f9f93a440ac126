// SPDX-License-Identifier: MIT
#include "gyrograd/core/thread_pool.hpp"

#include <chrono>
#include <set>
#include <stdexcept>
#include <string>

#include "support/alloc_counter.hpp"
#include "support/catch.hpp"

using namespace gyrograd;

TEST_CASE("every task runs exactly once, whatever the team") {
  for (int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    CHECK(pool.size() == threads);
    for (Index count : {0, 1, 2, 7, 1000}) {
      std::vector<std::atomic<int>> runs(static_cast<std::size_t>(count));
      std::atomic<bool> good{true};
      pool.run(count, [&](Index task, int thread) {
        runs[static_cast<std::size_t>(task)].fetch_add(1);
        if (thread < 0 || thread >= threads) good = false;
      });
      bool once = good;
      for (const auto& r : runs) once = once && r == 1;
      INFO(threads << " threads, " << count << " tasks");
      CHECK(once);
    }
  }
}

TEST_CASE("the results of all tasks are visible when run returns, call after call") {
  ThreadPool pool(3);
  std::vector<Index> values(64, 0);
  for (Index call = 1; call <= 300; ++call) {
    pool.run(64, [&](Index task, int) { values[static_cast<std::size_t>(task)] += task; });
    bool all = true;
    for (Index task = 0; task < 64; ++task)
      all = all && values[static_cast<std::size_t>(task)] == task * call;
    REQUIRE(all);
  }
}

TEST_CASE("workers wake up after they have gone to sleep") {
  ThreadPool pool(2);
  for (int round = 0; round < 3; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    std::atomic<int> sum{0};
    pool.run(10, [&](Index task, int) { sum += static_cast<int>(task); });
    CHECK(sum == 45);
  }
}

TEST_CASE("several threads work at the same time") {
  ThreadPool pool(3);
  std::atomic<int> arrived{0};
  // Each task waits for the others: a team that ran them one after the other would never end.
  pool.run(3, [&](Index, int) {
    arrived.fetch_add(1);
    while (arrived.load() < 3) std::this_thread::yield();
  });
  CHECK(arrived == 3);
}

TEST_CASE("run waits for a worker that is still busy when all tasks are handed out") {
  ThreadPool pool(2);
  std::atomic<int> arrived{0}, done{0};
  pool.run(2, [&](Index, int thread) {
    arrived.fetch_add(1);
    while (arrived.load() < 2) std::this_thread::yield();  // one task for each thread
    if (thread != 0) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    done.fetch_add(1);
  });
  CHECK(done == 2);
}

TEST_CASE("an exception of a task reaches the caller, the others run and the pool lives on") {
  for (int threads : {1, 4}) {
    ThreadPool pool(threads);
    std::atomic<int> done{0};
    const auto failing = [&](Index task, int) {
      if (task == 3) throw std::runtime_error("task 3");
      done.fetch_add(1);
    };
    CHECK_THROWS_WITH(pool.run(20, failing), "task 3");
    CHECK(done == 19);
    done = 0;
    pool.run(20, [&](Index, int) { done.fetch_add(1); });
    CHECK(done == 20);
  }
}

TEST_CASE("a call allocates nothing") {
  ThreadPool pool(2);
  std::atomic<Index> sum{0};
  const auto add = [&](Index task, int) { sum += task; };
  pool.run(100, add);
  const testing::AllocationScope scope;
  for (int i = 0; i < 10; ++i) pool.run(100, add);
  const auto allocations = scope.count();
  CHECK(allocations == 0);
  CHECK(sum == 11 * 4950);
}
