// SPDX-License-Identifier: MIT
// Typed calls on top of a Communicator: arrays by shares, texts of any length, the first difference.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/distributed/communicator.hpp"

namespace gyrograd::distributed {

/// `all` holds one block for each process, that of process r ending at element ends[r]. Each process has
/// filled its own; afterwards all have all.
template <class Value>
void all_gather(Communicator& team, std::span<Value> all, std::span<const Index> ends) {
  static_assert(std::is_trivially_copyable_v<Value>, "all_gather: the values travel as bytes");
  if (team.size() == 1) return;
  std::vector<std::size_t> bytes;
  for (const Index end : ends) bytes.push_back(static_cast<std::size_t>(end) * sizeof(Value));
  team.all_gather(std::as_writable_bytes(all), bytes);
}

/// The same with blocks as share() cuts the elements of `all`.
template <class Value>
void all_gather_shares(Communicator& team, std::span<Value> all) {
  std::vector<Index> ends;
  for (int r = 0; r < team.size(); ++r)
    ends.push_back(share(static_cast<Index>(all.size()), r, team.size()).end);
  all_gather(team, all, std::span<const Index>(ends));
}

/// The text of every process, in rank order.
inline std::vector<std::string> all_gather_texts(Communicator& team, std::string_view own) {
  const auto size = static_cast<std::size_t>(team.size()), rank = static_cast<std::size_t>(team.rank());
  std::vector<Index> ends(size);
  ends[rank] = static_cast<Index>(own.size());
  all_gather_shares(team, std::span(ends));
  for (std::size_t r = 1; r < size; ++r) ends[r] += ends[r - 1];
  std::string all(static_cast<std::size_t>(ends.back()), '\0');
  std::copy(own.begin(), own.end(), all.end() - (ends.back() - ends[rank]) - static_cast<Index>(own.size()));
  all_gather(team, std::span(all.data(), all.size()), std::span<const Index>(ends));
  std::vector<std::string> texts;
  for (std::size_t r = 0; r < size; ++r) {
    const Index begin = r == 0 ? 0 : ends[r - 1];
    texts.push_back(all.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(ends[r] - begin)));
  }
  return texts;
}

/// Properties of a run as (name, value), in a fixed order.
using Properties = std::vector<std::pair<std::string, std::string>>;

/// The properties as one text, for all_gather_texts().
inline std::string properties_text(const Properties& own) {
  std::string text;
  for (const auto& [name, value] : own) text.append(name).append("\n").append(value).append("\n");
  return text;
}

/// "rank 1: --lr is 0.01, rank 0 has 0.001; ..." where the texts of the processes differ; "" where they
/// agree.
inline std::string first_difference(const std::vector<std::string>& texts) {
  const auto next_line = [](std::string_view& rest) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return std::string(line);
  };
  for (std::size_t r = 1; r < texts.size(); ++r) {
    std::string_view first = texts[0], other = texts[r];
    while (!first.empty() || !other.empty()) {
      const std::string name = next_line(first), value = next_line(first);
      const std::string other_name = next_line(other), other_value = next_line(other);
      if (name == other_name && value == other_value) continue;
      std::string line =
          "rank " + std::to_string(r) + ": " + other_name + " is " + other_value + ", rank 0 has ";
      line += name == other_name ? value : name + ' ' + value;
      return line + "; start all processes with the same options, program and data";
    }
  }
  return {};
}

}  // namespace gyrograd::distributed
