// SPDX-License-Identifier: MIT
// One wrong call of the tool and its check: one line on standard error, exit code 1 or 2, nothing changed.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "cli/tool.hpp"
#include "support/catch.hpp"

namespace gyrograd::testing {

using Words = std::vector<std::string>;

/// One wrong call: what is prepared first, the words, the exit code, and a part of the message.
struct Case {
  std::string name;
  Words words;
  int code;
  std::string part;
  std::function<void(const fs::path&)> prepare = [](const fs::path&) {};
};

inline Words split(const std::string& line) {
  Words words;
  std::string word;
  for (const char c : line + ' ') {
    if (c != ' ') {
      word += c;
    } else if (!word.empty()) {
      words.push_back(word);
      word.clear();
    }
  }
  return words;
}

/// Prepares one file.
inline std::function<void(const fs::path&)> file(const std::string& path, const std::string& bytes) {
  return [=](const fs::path& root) { spill(root / path, bytes); };
}

/// Bytes of a version 1 .npy file.
inline std::string npy(const std::string& descr, const std::string& shape, const std::string& payload,
                       const std::string& order = "False") {
  std::string header = "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }";
  header.resize((header.size() + 10 + 1 + 63) / 64 * 64 - 10 - 1, ' ');
  header += '\n';
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size() & 0xFF);
  bytes += static_cast<char>(header.size() >> 8);
  return bytes + header + payload;
}

inline std::string floats(std::size_t count, float value) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  return bytes;
}

/// A data set called `name` with the given windows and labels of 4 x 120 x {6, 2}.
inline std::function<void(const fs::path&)> data_set(
    const std::string& name, const std::string& data,
    const std::string& labels = npy("<f4", "(4, 120, 2)", floats(4 * 120 * 2, 0))) {
  return [=](const fs::path& root) {
    spill(root / "dataset" / name / "data_20_120.npy", data);
    spill(root / "dataset" / name / "label_20_120.npy", labels);
  };
}

/// Runs a case in `root` and compares what was promised.
inline void check(const fs::path& root, const Case& one) {
  one.prepare(root);
  auto before = snapshot(root);
  const Outcome outcome = run_tool(root, one.words);
  auto after = snapshot(root);
  std::erase_if(after, [](const auto& f) { return f.first.ends_with(".gyrograd.lock"); });
  std::erase_if(before, [](const auto& f) { return f.first.ends_with(".gyrograd.lock"); });
  INFO(one.name << "\nstderr: " << outcome.err << "stdout: " << outcome.out);
  CHECK(outcome.code == one.code);
  CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
  CHECK(outcome.err.rfind("gyrograd: ", 0) == 0);
  CHECK(outcome.err.find(one.part) != std::string::npos);
  CHECK(outcome.out.empty());
  const bool untouched = before == after;
  CHECK(untouched);
}

}  // namespace gyrograd::testing
