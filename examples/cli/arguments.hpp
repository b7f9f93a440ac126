// SPDX-License-Identifier: MIT
// One command's line: strict options with suggestions, positional words, typed and range-checked values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/cli.hpp"

namespace gyrograd::cli {

/// One option: "s,save_model" with a value name, or a switch when the value name is empty.
struct OptionSpec {
  std::string names;
  std::string value;
  std::string help;
};

/// One word that must stand in its place.
struct WordSpec {
  std::string name;
  std::string help;
};

/// A parsed line. Values stay text until they are asked for with their type and range.
class Arguments {
 public:
  Arguments(std::string_view command, std::string_view purpose, std::vector<WordSpec> words,
            std::vector<OptionSpec> options);
  ~Arguments();
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;

  /// Reads the line. False when --help was asked for (it has been printed). UsageError when it is wrong.
  bool parse(int argc, char** argv);

  /// The word in place `i`.
  std::string word(std::size_t i) const;
  bool has(const std::string& option) const;
  bool flag(const std::string& option) const;
  std::string text(const std::string& option, std::string_view otherwise = {}) const;

  /// Whole number in low..high.
  std::int64_t integer(const std::string& option, std::int64_t otherwise, std::int64_t low,
                       std::int64_t high) const;

  /// Finite number above `low` (strictly) and at most `high`.
  double real(const std::string& option, double otherwise, double low, double high) const;

  /// One of the given words; the first is the default.
  std::string choice(const std::string& option, std::initializer_list<std::string_view> allowed) const;

  std::string help() const;

 private:
  std::string help_hint() const;
  [[noreturn]] void refuse(const std::string& argument) const;

  struct Parser;  // cxxopts, which takes seconds to compile: only arguments.cpp sees it
  std::string command_;
  std::string purpose_;
  std::vector<WordSpec> words_;
  std::vector<std::string> positional_;
  std::vector<std::string> known_;
  std::unique_ptr<Parser> parser_;
};

}  // namespace gyrograd::cli
