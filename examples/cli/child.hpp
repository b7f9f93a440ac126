// SPDX-License-Identifier: MIT
// Running this program again with other words, as a command that is made of commands does.
#pragma once

#include <string>
#include <vector>

namespace gyrograd::cli {

/// Runs this program with `words` and waits. What it writes to standard output is dropped, standard error is
/// shared. Returns its exit code, 128 + number for a signal. A stop signal that arrives meanwhile is handed
/// on.
int run_child(const std::vector<std::string>& words);

}  // namespace gyrograd::cli
