// SPDX-License-Identifier: MIT
// gyrograd-bench: registers every entry and runs those that --benchmark_filter selects.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <regex>
#include <set>
#include <string>
#include <thread>

#include "support/machine.hpp"
#include "support/workloads.hpp"

namespace {

using namespace gyrograd;

/// Takes our own flag --micro_batch=N out of the command line; 0: the library's rule.
Index take_micro_batch(int& argc, char** argv) {
  const std::string flag = "--micro_batch=";
  Index value = 0;
  int kept = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string text = argv[i];
    if (text.starts_with(flag))
      value = std::atoi(text.c_str() + flag.size());
    else
      argv[kept++] = argv[i];
  }
  argc = kept;
  return value;
}

/// A filter that names one workload completely, for example ^limu_bert_train/96/threads:3$, also adds it.
void add_named(int argc, char** argv, Index micro_batch, const std::set<std::string>& known) {
  static const std::regex named(
      R"(--benchmark_filter=\^?([a-z_]+)/([1-9]\d{0,5})(?:/steps:([1-9]\d{0,4}))?/threads:([1-9]\d{0,2})\$?)");
  for (int i = 1; i < argc; ++i) {
    std::cmatch m;
    if (!std::regex_match(argv[i], m, named)) continue;
    const bench::Workload w{m[1], std::stol(m[2]), std::stoi(m[4]), micro_batch,
                            m[3].matched ? std::stol(m[3]) : 0};
    if (!known.contains(w.name()))
      bench::add_limu_bert(w) || bench::add_limu_gru(w) || bench::add_baselines(w) || bench::add_primus(w);
  }
}

std::set<std::string> add_usual(Index micro_batch) {
  std::set<std::string> names;
  const auto cores = static_cast<int>(std::thread::hardware_concurrency());
  for (const int threads : std::set<int>{1, 2, std::max(1, cores)}) {
    for (const char* stem :
         {"limu_bert_train", "limu_bert_embed", "limu_gru_train", "limu_gru_infer", "dcnn_train",
          "deepsense_train", "primus_train", "simclr_train", "primus_infer", "primus_infer_int8"}) {
      for (const Index batch : {1, 32, 64, 128, 256, 512, 1024}) {
        const bench::Workload w{stem, batch, threads, micro_batch, 0};
        if (batch == 1 && w.stem.ends_with("_train")) continue;
        if (bench::add_limu_bert(w) || bench::add_limu_gru(w) || bench::add_baselines(w) ||
            bench::add_primus(w))
          names.insert(w.name());
      }
    }
  }
  return names;
}

std::string number(double x, const char* unit) {
  char text[64];
  std::snprintf(text, sizeof text, "%.2f%s", x, unit);
  return text;
}

void add_context() {
  const double peak = bench::measure_peak_gflops(), clock = bench::measure_clock_ghz();
  benchmark::AddCustomContext("cpu", bench::cpu_name());
  benchmark::AddCustomContext("isa", bench::isa_name());
  benchmark::AddCustomContext("lanes", std::to_string(bench::lane_count()));
  benchmark::AddCustomContext("compiler", bench::compiler_name());
  benchmark::AddCustomContext("peak_GFLOP/s", number(peak, ""));
  if (clock > 0) {
    benchmark::AddCustomContext("clock_GHz", number(clock, ""));
    benchmark::AddCustomContext("peak_FLOP/cycle", number(peak / clock, ""));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Index micro_batch = take_micro_batch(argc, argv);
  const std::set<std::string> names = add_usual(micro_batch);
  add_named(argc, argv, micro_batch, names);
  bench::add_linear_kernels();
  bench::add_attention_kernels();
  bench::add_pointwise_kernels();
  bench::add_gru_kernels();
  bench::add_machine_entries();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  add_context();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
