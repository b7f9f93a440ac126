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
