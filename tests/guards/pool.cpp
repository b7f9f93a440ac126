// SPDX-License-Identifier: MIT
// The thread pool: a hot call of two threads costs below 2 us (4 here: other programs may run), an idle pool
// no processor time at all. Exit 77 on a machine with one core.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

#include "gyrograd/core/thread_pool.hpp"

namespace {

using Clock = std::chrono::steady_clock;

double processor_ms() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto ms = [](const timeval& t) {
    return 1e3 * static_cast<double>(t.tv_sec) + 1e-3 * static_cast<double>(t.tv_usec);
  };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

}  // namespace

int main() {
  if (std::thread::hardware_concurrency() < 2) {
    std::printf("pool: skipped, one core\n");
    return 77;
  }
  gyrograd::ThreadPool pool(2);
  std::atomic<int> sum{0};
  double best = 1e9;
  for (int window = 0; window < 200 && best > 1; ++window) {
    std::vector<double> times(500);
    for (double& time : times) {
      const auto start = Clock::now();
      pool.run(2, [&](gyrograd::Index, int) { sum.fetch_add(1, std::memory_order_relaxed); });
      time = std::chrono::duration<double, std::micro>(Clock::now() - start).count();
    }
    std::nth_element(times.begin(), times.begin() + 250, times.end());
    best = std::min(best, times[250]);
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(100));  // the worker spins for a while, then sleeps
  const double before = processor_ms();
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  const double idle = processor_ms() - before;
  std::printf("pool: hot call %.2f us (best median of 500), idle %.2f ms of processor time in 500 ms\n", best,
              idle);
  return best < 4 && idle < 5 ? 0 : 1;
}
