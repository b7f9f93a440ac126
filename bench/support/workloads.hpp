// SPDX-License-Identifier: MIT
// Whole training steps and inference calls under the names that compare.py looks for.
#pragma once

#include <string>

#include "gyrograd/core/config.hpp"

namespace gyrograd::bench {

/// One workload: `stem`/`batch`/threads:`threads`, with /steps:`steps` before the threads where windows are
/// not the usual ones. micro_batch 0: the library's own rule.
struct Workload {
  std::string stem;
  Index batch = 0;
  int threads = 1;
  Index micro_batch = 0;
  Index steps = 0;  ///< of a LIMU-BERT window; 0: 120

  std::string name() const {
    return stem + "/" + std::to_string(batch) + (steps > 0 ? "/steps:" + std::to_string(steps) : "") +
           "/threads:" + std::to_string(threads);
  }
};

/// Add the entry of a workload; false when the stem is not theirs.
bool add_limu_bert(const Workload& workload);
bool add_limu_gru(const Workload& workload);
bool add_baselines(const Workload& workload);
bool add_primus(const Workload& workload);

/// Add the entries kernel/<name>/<shape>/{naive,eigen,gyrograd} and machine/...
void add_linear_kernels();
void add_attention_kernels();
void add_pointwise_kernels();
void add_gru_kernels();
void add_machine_entries();

}  // namespace gyrograd::bench
