// SPDX-License-Identifier: MIT
// The subcommands of `gyrograd primus`: a new one is declared here and gets a row in the table.
#pragma once

#include <vector>

#include "cli/cli.hpp"

namespace gyrograd::cli {

// Each runs one subcommand; argv[0] is its name.

/// Rows of `gyrograd primus --help`, in the order of a study.
inline const std::vector<Command> primus_commands = {};

}  // namespace gyrograd::cli
