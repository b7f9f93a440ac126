// SPDX-License-Identifier: MIT
// One command's line: strict options with suggestions, positional words, typed and range-checked values.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cxxopts.hpp>

#include "cli/cli.hpp"
#include "gyrograd/core/config.hpp"
#include "gyrograd/core/suggest.hpp"

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
            std::vector<OptionSpec> options)
      : command_(command), purpose_(purpose), words_(std::move(words)), options_("", "") {
    options_.set_width(79).allow_unrecognised_options();
    options_.custom_help("").positional_help("");
    auto add = options_.add_options();
    options.push_back({"h,help", "", "show this text and exit"});
    for (const OptionSpec& option : options) {
      const std::size_t comma = option.names.find(',');
      const std::string longest = comma == std::string::npos ? option.names : option.names.substr(comma + 1);
      known_.push_back("--" + longest);
      if (comma != std::string::npos) known_.push_back("-" + option.names.substr(0, comma));
      if (option.value.empty()) {
        add(option.names, option.help, cxxopts::value<bool>());
      } else {
        add(option.names, option.help, cxxopts::value<std::string>(), option.value);
      }
    }
    for (const WordSpec& word : words_) positional_.push_back("word-" + word.name);
    auto hidden = options_.add_options("words");
    for (const std::string& name : positional_) hidden(name, "", cxxopts::value<std::string>());
    options_.parse_positional(positional_.begin(), positional_.end());
  }

  /// Reads the line. False when --help was asked for (it has been printed). UsageError when it is wrong.
  bool parse(int argc, char** argv) {
    try {
      result_ = options_.parse(argc, argv);
    } catch (const cxxopts::exceptions::exception& error) {
      fail<UsageError>(command_, ": ", plain_quotes(error.what()), help_hint());
    }
    if (result_->count("help") > 0) {
      std::fputs(help().c_str(), stdout);
      return false;
    }
    if (!result_->unmatched().empty()) refuse(result_->unmatched().front());
    for (std::size_t i = 0; i < words_.size(); ++i) {
      if (result_->count(positional_[i]) == 0) {
        fail<UsageError>(command_, ": ", words_[i].name, " is missing (", words_[i].help, ")", help_hint());
      }
    }
    for (const auto& option : result_->arguments()) {
      if (result_->count(option.key()) > 1)
        fail<UsageError>(command_, ": --", option.key(), " is given twice");
    }
    return true;
  }

  /// The word in place `i`.
  std::string word(std::size_t i) const { return (*result_)[positional_[i]].as<std::string>(); }
  bool has(const std::string& option) const { return result_->count(option) > 0; }
  bool flag(const std::string& option) const { return has(option) && (*result_)[option].as<bool>(); }
  std::string text(const std::string& option, std::string_view otherwise = {}) const {
    if (!has(option)) return std::string(otherwise);
    const std::string value = (*result_)[option].as<std::string>();
    if (value.empty()) fail<UsageError>(command_, ": --", option, " is empty");
    return value;
  }

  /// Whole number in low..high.
  std::int64_t integer(const std::string& option, std::int64_t otherwise, std::int64_t low,
                       std::int64_t high) const {
    if (!has(option)) return otherwise;
    const std::string value = text(option);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc{} || end != value.data() + value.size() || number < low || number > high) {
      fail<UsageError>(command_, ": --", option, " is '", value, "', expected a whole number in ", low, "..",
                       high);
    }
    return number;
  }

  /// Finite number above `low` (strictly) and at most `high`.
  double real(const std::string& option, double otherwise, double low, double high) const {
    if (!has(option)) return otherwise;
    const std::string value = text(option);
    double number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc{} || end != value.data() + value.size() || !(number > low) || !(number <= high)) {
      fail<UsageError>(command_, ": --", option, " is '", value, "', expected a number above ",
                       short_text(low), " and at most ", short_text(high));
    }
    return number;
  }

  /// One of the given words; the first is the default.
  std::string choice(const std::string& option, std::initializer_list<std::string_view> allowed) const {
    if (!has(option)) return std::string(*allowed.begin());
    const std::string value = text(option);
    std::string list;
    for (const std::string_view word : allowed) {
      if (word == value) return value;
      list += (list.empty() ? "" : ", ") + std::string(word);
    }
    fail<UsageError>(command_, ": --", option, " is '", value, "', expected one of ", list);
  }

  std::string help() const {
    std::string text = "usage: gyrograd " + command_;
    for (const WordSpec& word : words_) text += ' ' + word.name;
    text += " [options]\n\n" + purpose_ + "\n\n";
    for (const WordSpec& word : words_) {
      text += "  " + word.name + std::string(word.name.size() < 10 ? 10 - word.name.size() : 1, ' ') +
              word.help + '\n';
    }
    if (!words_.empty()) text += '\n';
    std::string listed = options_.help({""}, false);
    listed.erase(0, listed.find_first_not_of(" \n"));
    text += listed.starts_with('-') ? (listed.starts_with("--") ? "      " : "  ") + listed : listed;
    for (std::size_t at = text.find(" \n"); at != std::string::npos; at = text.find(" \n")) text.erase(at, 1);
    return text;
  }

 private:
  std::string help_hint() const { return "; see 'gyrograd " + command_ + " --help'"; }

  [[noreturn]] void refuse(const std::string& argument) const {
    if (argument.size() < 2 || argument.front() != '-') {
      fail<UsageError>(command_, ": unexpected argument '", argument, "'", help_hint());
    }
    const std::string name = argument.substr(0, argument.find('='));
    fail<UsageError>(command_, ": unknown option '", name, "'",
                     name.size() > 2 ? did_you_mean(name, known_) : std::string(), help_hint());
  }

  /// cxxopts quotes with typographic marks; ours are plain.
  static std::string plain_quotes(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text.substr(i, 3) == "\u2018" || text.substr(i, 3) == "\u2019") {
        out += '\'';
        i += 2;
      } else {
        out += text[i];
      }
    }
    return out;
  }

  static std::string short_text(double value) {
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, "%g", value);
    return buffer;
  }

  std::string command_;
  std::string purpose_;
  std::vector<WordSpec> words_;
  std::vector<std::string> positional_;
  std::vector<std::string> known_;
  cxxopts::Options options_;
  std::optional<cxxopts::ParseResult> result_;
};

}  // namespace gyrograd::cli
