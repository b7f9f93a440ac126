// SPDX-License-Identifier: MIT
// Where reference material outside the repository lies: golden files, published weights, raw recordings.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include "support/catch.hpp"

namespace gyrograd::testing {

/// Path of `name` under the folder of shared reference material ($GYROGRAD_SHARED, default ../shared beside
/// the repository). Absent: nothing, with a warning in the test's output; with CI=true the test fails
/// instead.
inline std::optional<std::filesystem::path> shared_path(const std::string& name) {
  const char* chosen = std::getenv("GYROGRAD_SHARED");
  const std::filesystem::path path = std::filesystem::path(chosen ? chosen : GYROGRAD_SHARED_DIR) / name;
  if (std::filesystem::exists(path)) return path;
  const char* ci = std::getenv("CI");
  if (ci && std::string(ci) == "true")
    FAIL("reference material is required in CI, not found: " << path.string());
  WARN("skipped: no " << path.string() << " (set GYROGRAD_SHARED to the folder that holds " << name << ")");
  return std::nullopt;
}

/// Folder of unpacked data sets ($GYROGRAD_DATA, default ~/.cache/gyrograd/data), or nothing, with a warning.
inline std::optional<std::filesystem::path> data_path(const std::string& name) {
  const char* chosen = std::getenv("GYROGRAD_DATA");
  const char* home = std::getenv("HOME");
  const std::filesystem::path folder =
      chosen ? std::filesystem::path(chosen)
             : std::filesystem::path(home ? home : ".") / ".cache/gyrograd/data";
  if (std::filesystem::exists(folder / name)) return folder / name;
  WARN("skipped: no " << (folder / name).string() << " (set GYROGRAD_DATA to the folder that holds " << name
                      << ")");
  return std::nullopt;
}

}  // namespace gyrograd::testing
