// SPDX-License-Identifier: MIT
// Rivals of PRIMUS that `gyrograd primus pretrain --method` trains by recipes of their own.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "cli/arguments.hpp"
#include "cli/run_options.hpp"
#include "cli/session.hpp"

namespace gyrograd::cli {

/// simclr, multitask, standard.
bool is_rival(std::string_view method);

/// Where a run reads its windows and writes its weights.
struct PretrainPlace {
  fs::path folder;  ///< of the set
  std::string set;  ///< its name
  fs::path saved;   ///< folder of the results
  fs::path weights;
};

PretrainPlace find_pretrain_place(const RunOptions& run, const Arguments& arguments,
                                  const std::string& method);

/// Trains one, or goes on. UsageError for options that mean nothing to it.
int pretrain_rival(const Arguments& arguments, const RunOptions& run, const std::string& method);

}  // namespace gyrograd::cli
