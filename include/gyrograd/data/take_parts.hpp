// SPDX-License-Identifier: MIT
// Parts of a set by whole takes: seeded, at random, by user or class by class, or as a file lists them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/random.hpp"
#include "gyrograd/data/readers/text_rows.hpp"
#include "gyrograd/data/split.hpp"

namespace gyrograd::data {

/// Names of the three parts: prefix + "train", "val", "test".
inline std::vector<std::string> part_names(const Split& split, std::size_t count,
                                           const std::string& prefix = {}) {
  std::vector<std::string> out(count);
  const auto put = [&](const std::vector<Index>& part, const char* name) {
    for (const Index i : part) out[static_cast<std::size_t>(i)] = prefix + name;
  };
  put(split.train, "train");
  put(split.validation, "val");
  put(split.test, "test");
  return out;
}

/// Whole takes at random; groups: of every take, itself or its user.
inline std::vector<std::string> group_parts(std::span<const Index> groups, std::uint64_t seed, double train,
                                            double validation, const char* noun,
                                            const std::string& prefix = {}) {
  return part_names(split_by_group(groups, seed, train, validation, noun), groups.size(), prefix);
}

/// Whole takes, the same shares of every class: of n takes of a class, round(n validation) and round(n test)
/// are held out, test = 1 - train - validation. labels: of every take; those below 0 are a class of their
/// own.
inline std::vector<std::string> stratified_parts(std::span<const Index> labels, std::uint64_t seed,
                                                 double train, double validation,
                                                 const std::string& prefix = {}) {
  detail::check_rates(train, validation);
  std::map<Index, std::vector<Index>> classes;
  for (std::size_t i = 0; i < labels.size(); ++i) classes[labels[i]].push_back(static_cast<Index>(i));
  Split split;
  for (auto& [label, takes] : classes) {
    Philox g(seed, 1, static_cast<std::uint64_t>(label + 1), Purpose::split);
    shuffle(g, std::span(takes));
    const auto n = static_cast<double>(takes.size());
    const auto test = static_cast<std::size_t>(std::llround(n * (1 - train - validation)));
    const auto held = test + static_cast<std::size_t>(std::llround(n * validation));
    for (std::size_t i = 0; i < takes.size(); ++i)
      (i < test ? split.test : i < held ? split.validation : split.train).push_back(takes[i]);
  }
  return part_names(split, labels.size(), prefix);
}

/// Parts of takes as a file lists them: a header "part", "take" and one line a take, by tabs; a take may
/// stand in several parts. Such a file (parts.tsv) comes with every prepared set. Errors (IoError): another
/// header, a take twice in one part.
inline std::map<std::string, std::vector<std::string>> read_parts(const std::filesystem::path& path) {
  TextRows rows(path, {'\t', '\n'});
  if (!rows.next()) fail<IoError>(rows.file(), ": is empty, expected a header and lines of part and take");
  rows.expect_header({"part", "take"});
  std::map<std::string, std::vector<std::string>> out;
  while (rows.next()) {
    rows.expect(2);
    std::vector<std::string>& parts = out[std::string(rows[1])];
    if (std::find(parts.begin(), parts.end(), rows[0]) != parts.end())
      fail<IoError>(rows.where(), ": take ", io::in_quotes(rows[1]), " stands twice in part ",
                    io::in_quotes(rows[0]));
    parts.emplace_back(rows[0]);
  }
  if (out.empty()) fail<IoError>(rows.file(), ": lists no takes");
  return out;
}

}  // namespace gyrograd::data
