// SPDX-License-Identifier: MIT
// Measuring loop and counters of all entries.
#include "support/entry.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdio>
#include <ctime>

#include "support/machine.hpp"

namespace gyrograd::bench {

namespace {

/// State of one entry between the calls of Google Benchmark, which runs it with growing iteration counts.
struct Entry {
  Work work;
  std::function<std::unique_ptr<Subject>()> make;
  std::unique_ptr<Subject> subject;
  std::string wrong;
};

/// Processor time of all threads so far, in seconds.
double processor_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

void measure(benchmark::State& state, Entry& entry) {
  if (entry.subject == nullptr) {
    entry.subject = entry.make();
    entry.wrong = entry.subject->check();
    if (entry.wrong.empty()) entry.subject->run();  // warm: memory taken, caches filled
  }
  if (!entry.wrong.empty()) {
    state.SkipWithError(entry.wrong.c_str());
    return;
  }
  Subject& subject = *entry.subject;
  using Clock = std::chrono::steady_clock;
  const double peak_before = measure_peak_gflops();
  std::chrono::duration<double> paused{0};
  const int per_restore = subject.calls_per_restore();
  int calls = 0;
  subject.restore();
  const double processor = processor_seconds();
  const auto start = Clock::now();
  for ([[maybe_unused]] auto _ : state) {
    if (per_restore > 0 && calls++ == per_restore) {
      state.PauseTiming();
      const auto pause = Clock::now();
      subject.restore();
      calls = 1;
      paused += Clock::now() - pause;
      state.ResumeTiming();
    }
    subject.run();
    benchmark::ClobberMemory();
  }
  const std::chrono::duration<double> wall = Clock::now() - start - paused;
  const double share = (processor_seconds() - processor) / (wall + paused).count() / entry.work.threads;
  const double seconds =
      wall.count() / static_cast<double>(std::max<benchmark::IterationCount>(1, state.iterations()));

  const Work& work = entry.work;
  const double peak = std::max(peak_before, measure_peak_gflops()) * work.threads;
  if (work.flop > 0) {
    state.counters["GFLOP/s"] = work.flop / seconds / 1e9;
    state.counters["peak_GFLOP/s"] = peak;
    state.counters["peak_%"] = work.flop / seconds / 1e7 / peak;
    if (work.flop_done > 0) state.counters["done_%"] = work.flop_done / seconds / 1e7 / peak;
  }
  state.counters["cpu_share"] = share;
  if (work.bytes > 0) {
    state.counters["bytes"] = work.bytes;
    state.counters["GB/s"] = work.bytes / seconds / 1e9;
  }
  if (const double resident = subject.resident_bytes(); resident > 0) state.counters["MB"] = resident / 1e6;
}

}  // namespace

void add_entry(const std::string& name, const Work& work, std::function<std::unique_ptr<Subject>()> make) {
  auto entry = std::make_shared<Entry>();
  entry->work = work;
  entry->make = std::move(make);
  benchmark::RegisterBenchmark(name.c_str(), [entry](benchmark::State& state) {
    measure(state, *entry);
  })->Unit(benchmark::kMicrosecond);
}

std::string verdict(const char* what, double error, double limit) {
  if (error <= limit) return {};
  char text[160];
  std::snprintf(text, sizeof text, "wrong numbers: %s differs by %.2g from the double reference, limit %.2g",
                what, error, limit);
  return text;
}

}  // namespace gyrograd::bench
