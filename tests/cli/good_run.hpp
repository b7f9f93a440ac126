// SPDX-License-Identifier: MIT
// A call of the tool that must succeed, and a look for a part of what it said.
#pragma once

#include <string>

#include "cli/bad_case.hpp"
#include "cli/tool.hpp"
#include "support/catch.hpp"

namespace gyrograd::testing {

/// Runs a line in `root`; its exit code must be 0.
inline Outcome run(const fs::path& root, const std::string& line) {
  Outcome outcome = run_tool(root, split(line));
  INFO(line << "\n" << outcome.err);
  CHECK(outcome.code == 0);
  return outcome;
}

/// Whether `part` stands in `text`, which is shown when a check fails.
inline bool has(const std::string& text, const std::string& part) {
  UNSCOPED_INFO(text);
  return text.find(part) != std::string::npos;
}

}  // namespace gyrograd::testing
