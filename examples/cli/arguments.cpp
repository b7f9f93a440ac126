// SPDX-License-Identifier: MIT
// See arguments.hpp.
#include "cli/arguments.hpp"

#include <charconv>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <cxxopts.hpp>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/suggest.hpp"

namespace gyrograd::cli {
namespace {

/// cxxopts quotes with typographic marks; ours are plain.
std::string plain_quotes(std::string_view text) {
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

std::string short_text(double value) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%g", value);
  return buffer;
}

}  // namespace

struct Arguments::Parser {
  cxxopts::Options options{"", ""};
  std::optional<cxxopts::ParseResult> result;
};

Arguments::Arguments(std::string_view command, std::string_view purpose, std::vector<WordSpec> words,
                     std::vector<OptionSpec> options)
    : command_(command), purpose_(purpose), words_(std::move(words)), parser_(std::make_unique<Parser>()) {
  parser_->options.set_width(79).allow_unrecognised_options();
  parser_->options.custom_help("").positional_help("");
  auto add = parser_->options.add_options();
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
  auto hidden = parser_->options.add_options("words");
  for (const std::string& name : positional_) hidden(name, "", cxxopts::value<std::string>());
  parser_->options.parse_positional(positional_.begin(), positional_.end());
}

Arguments::~Arguments() = default;

bool Arguments::parse(int argc, char** argv) {
  try {
    parser_->result = parser_->options.parse(argc, argv);
  } catch (const cxxopts::exceptions::exception& error) {
    fail<UsageError>(command_, ": ", plain_quotes(error.what()), help_hint());
  }
  if (parser_->result->count("help") > 0) {
    std::fputs(help().c_str(), stdout);
    return false;
  }
  if (!parser_->result->unmatched().empty()) refuse(parser_->result->unmatched().front());
  for (std::size_t i = 0; i < words_.size(); ++i) {
    if (parser_->result->count(positional_[i]) == 0) {
      fail<UsageError>(command_, ": ", words_[i].name, " is missing (", words_[i].help, ")", help_hint());
    }
  }
  for (const auto& option : parser_->result->arguments()) {
    if (parser_->result->count(option.key()) > 1)
      fail<UsageError>(command_, ": --", option.key(), " is given twice");
  }
  return true;
}

std::string Arguments::word(std::size_t i) const {
  return (*parser_->result)[positional_[i]].as<std::string>();
}

bool Arguments::has(const std::string& option) const {
  return parser_->result->count(option) > 0;
}

bool Arguments::flag(const std::string& option) const {
  return has(option) && (*parser_->result)[option].as<bool>();
}

std::string Arguments::text(const std::string& option, std::string_view otherwise) const {
  if (!has(option)) return std::string(otherwise);
  const std::string value = (*parser_->result)[option].as<std::string>();
  if (value.empty()) fail<UsageError>(command_, ": --", option, " is empty");
  return value;
}

std::int64_t Arguments::integer(const std::string& option, std::int64_t otherwise, std::int64_t low,
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

double Arguments::real(const std::string& option, double otherwise, double low, double high) const {
  if (!has(option)) return otherwise;
  const std::string value = text(option);
  double number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size() || !(number > low) || !(number <= high)) {
    fail<UsageError>(command_, ": --", option, " is '", value, "', expected a number above ", short_text(low),
                     " and at most ", short_text(high));
  }
  return number;
}

std::string Arguments::choice(const std::string& option,
                              std::initializer_list<std::string_view> allowed) const {
  if (!has(option)) return std::string(*allowed.begin());
  const std::string value = text(option);
  std::string list;
  for (const std::string_view word : allowed) {
    if (word == value) return value;
    list += (list.empty() ? "" : ", ") + std::string(word);
  }
  fail<UsageError>(command_, ": --", option, " is '", value, "', expected one of ", list);
}

std::string Arguments::help() const {
  std::string text = "usage: gyrograd " + command_;
  for (const WordSpec& word : words_) text += ' ' + word.name;
  text += " [options]\n\n" + purpose_ + "\n\n";
  for (const WordSpec& word : words_) {
    text += "  " + word.name + std::string(word.name.size() < 10 ? 10 - word.name.size() : 1, ' ') +
            word.help + '\n';
  }
  if (!words_.empty()) text += '\n';
  std::string listed = parser_->options.help({""}, false);
  listed.erase(0, listed.find_first_not_of(" \n"));
  text += listed.starts_with('-') ? (listed.starts_with("--") ? "      " : "  ") + listed : listed;
  for (std::size_t at = text.find(" \n"); at != std::string::npos; at = text.find(" \n")) text.erase(at, 1);
  return text;
}

std::string Arguments::help_hint() const {
  return "; see 'gyrograd " + command_ + " --help'";
}

void Arguments::refuse(const std::string& argument) const {
  if (argument.size() < 2 || argument.front() != '-') {
    fail<UsageError>(command_, ": unexpected argument '", argument, "'", help_hint());
  }
  const std::string name = argument.substr(0, argument.find('='));
  fail<UsageError>(command_, ": unknown option '", name, "'",
                   name.size() > 2 ? did_you_mean(name, known_) : std::string(), help_hint());
}

}  // namespace gyrograd::cli
