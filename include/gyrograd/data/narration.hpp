// SPDX-License-Identifier: MIT
// Narrated egocentric recordings: windows around narrations, cleaning of their texts, classes of takes
// (PRIMUS sheet §9.2, §9.3, §9.5, §9.7).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/data/windowing.hpp"

namespace gyrograd::data {

/// Whole seconds of a take; `valid`: inside the take and of the full length.
struct NarrationWindow {
  Index start = 0, end = 0;
  bool valid = false;
};

/// Published window of 2 half seconds around a narration at `time` in a take of `duration` seconds: at the
/// start [0, 2 half], at the end [D - 2 half, D], else [t - half, t + half]; then both ends are floored
/// (§9.2), so that the centre lags the narration by half a second on average.
inline NarrationWindow published_window(double time, double duration, double half = 2.5) {
  double start = time - half, end = time + half;
  if (time <= 2 * half) {
    start = 0, end = 2 * half;
  } else if (time + 2 * half >= duration) {
    start = duration - 2 * half, end = duration;
  }
  NarrationWindow w{static_cast<Index>(std::floor(start)), static_cast<Index>(std::floor(end)), false};
  w.valid = w.start >= 0 && static_cast<double>(w.end) <= duration &&
            static_cast<double>(w.end - w.start) == 2 * half;
  return w;
}

/// Corrected start of a window of 2 half seconds: centred on the narration, moved into [first, last] where it
/// would leave the recording. Seconds; below `first` when the recording is too short.
inline double centred_start(double time, double first, double last, double half = 2.5) {
  return std::max(std::min(time - half, last - 2 * half), last - first < 2 * half ? first - 1 : first);
}

/// Source rate as published: 1000 by the mean difference of stamps in ms, cut off, so that 999.9 Hz becomes
/// 999 (§9.3). 0 for fewer than two rows or stamps that do not grow.
inline Index published_rate(std::span<const double> stamps_ms) {
  if (stamps_ms.size() < 2) return 0;
  const double mean = (stamps_ms.back() - stamps_ms.front()) / static_cast<double>(stamps_ms.size() - 1);
  return mean > 0 ? static_cast<Index>(1000 * (1 / mean)) : 0;
}

namespace detail {

inline bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
/// ASCII punctuation, as Python's string.punctuation.
inline bool is_punctuation(char c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

template <class Drop>
std::string_view stripped(std::string_view text, Drop&& drop) {
  while (!text.empty() && drop(text.front())) text.remove_prefix(1);
  while (!text.empty() && drop(text.back())) text.remove_suffix(1);
  return text;
}

inline void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

/// ASCII letters in lower case; at most `most` characters, none cut in the middle of its bytes.
inline std::string lowered(std::string_view text, std::size_t most) {
  std::string out;
  std::size_t characters = 0;
  for (const char c : text) {
    const bool starts = (static_cast<unsigned char>(c) & 0xC0u) != 0x80u;
    if (starts && characters++ == most) break;
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

}  // namespace detail

/// Characters of a narration that are kept, as published.
inline constexpr std::size_t narration_characters = 128;

/// Text as published: "#C C " and every capital C are removed (CPR becomes pr), "#unsure" becomes something,
/// blanks and then punctuation are taken off both ends (§9.5).
inline std::string published_text(std::string text) {
  detail::replace_all(text, "#C C ", "");
  std::erase(text, 'C');
  detail::replace_all(text, "#unsure", "something");
  std::string_view rest = detail::stripped(text, detail::is_blank);
  rest = detail::stripped(rest, detail::is_punctuation);
  return detail::lowered(rest, narration_characters);
}

/// Text by tokens: the annotators' tag (#C, #O) and the wearer "C" are removed where they open the sentence,
/// "#unsure" becomes something, runs of blanks become one, blanks and punctuation are taken off both ends.
inline std::string corrected_text(std::string_view text) {
  std::vector<std::string> tokens;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && !detail::is_blank(text[end])) ++end;
    if (end > at) tokens.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  std::size_t first = 0;
  if (first < tokens.size() && (tokens[first] == "#C" || tokens[first] == "#O" || tokens[first] == "#c"))
    ++first;
  if (first < tokens.size() && detail::stripped(tokens[first], detail::is_punctuation) == "C") ++first;
  std::string joined;
  for (std::size_t i = first; i < tokens.size(); ++i) {
    detail::replace_all(tokens[i], "#unsure", "something");
    joined += (joined.empty() ? "" : " ") + tokens[i];
  }
  const std::string_view rest =
      detail::stripped(joined, [](char c) { return detail::is_blank(c) || detail::is_punctuation(c); });
  return detail::lowered(rest, narration_characters);
}

/// The text of a narration by the recipe.
inline std::string clean_text(const std::string& text, Recipe recipe) {
  return recipe == Recipe::published ? published_text(text) : corrected_text(text);
}

/// Classes of Ego-Exo4D takes (§9.7).
inline constexpr std::array<std::string_view, 8> take_classes{
    "medical test", "bike repair", "climbing", "ball sports", "cpr", "cooking", "dance", "music"};

/// Class of a take by the first list that has a part of its name, upper and lower case apart; -1: none.
inline Index take_class(std::string_view name) {
  struct Rule {
    Index id;
    std::string_view part;
  };
  static constexpr std::array<Rule, 23> rules{
      {{0, "covidtest"},    {0, "pcr"},    {0, "covid"},      {1, "bike"},   {2, "bouldering"},
       {2, "rockclimbing"}, {3, "soccer"}, {3, "basketball"}, {4, "cpr"},    {5, "Cooking"},
       {5, "cooking"},      {5, "omelet"}, {5, "salad"},      {5, "sushi"},  {6, "Dance"},
       {6, "dance"},        {7, "music"},  {7, "Guitar"},     {7, "guitar"}, {7, "Piano"},
       {7, "piano"},        {7, "Violin"}, {7, "violin"}}};
  for (const Rule& rule : rules) {
    if (name.find(rule.part) != std::string_view::npos) return rule.id;
  }
  return -1;
}

}  // namespace gyrograd::data
