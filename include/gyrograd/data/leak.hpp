// SPDX-License-Identifier: MIT
// What of the training part a test part has seen: users, sessions, neighbouring and overlapping windows.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/data/split.hpp"
#include "gyrograd/data/windows.hpp"

namespace gyrograd::data {

/// Counts of one split (LIMU-BERT sheet §13.10, §13.38).
struct LeakReport {
  Index windows = 0;         ///< of the test part
  Index users = 0;           ///< in the test part
  Index known_users = 0;     ///< of them also in the training part
  Index sessions = 0;        ///< in the test part
  Index known_sessions = 0;  ///< of them also in the training part
  Index beside = 0;          ///< test windows that touch or overlap one of the training part
  Index overlapping = 0;     ///< of them with samples in common

  /// Whether scores on the test part say less than they seem to.
  bool leaks() const { return known_users + known_sessions + beside > 0; }

  /// One line, empty when nothing leaks.
  std::string warning() const {
    if (!leaks()) return {};
    std::string text = "the test part is not independent of the training part:";
    const char* comma = " ";
    const auto add = [&](Index part, Index whole, const char* what) {
      if (part == 0) return;
      text += comma + std::to_string(part) + " of " + std::to_string(whole) + what;
      comma = ", ";
    };
    add(known_users, users, " users are in both");
    add(known_sessions, sessions, " sessions are in both");
    add(beside, windows, " windows touch a training window");
    add(overlapping, windows, " windows share samples with one");
    return text;
  }
};

namespace detail {

inline Index shared(const std::set<Index>& test, const std::set<Index>& train) {
  return static_cast<Index>(
      std::count_if(test.begin(), test.end(), [&](Index v) { return train.count(v) > 0; }));
}

inline std::set<Index> values_of(std::span<const Index> part, std::span<const Index> values) {
  std::set<Index> out;
  for (const Index i : part) out.insert(values[static_cast<std::size_t>(i)]);
  return out;
}

}  // namespace detail

/// Compares two parts of a set. users: that of every window, or empty; origins: those of the set, or empty;
/// steps: of a window.
inline LeakReport check_leaks(std::span<const Index> train, std::span<const Index> test,
                              std::span<const Index> users, std::span<const Origin> origins, Index steps) {
  const std::size_t known = std::max(users.size(), origins.size());
  for (const auto& part : {train, test}) {
    for (const Index i : part) {
      if (i < 0 || (known > 0 && static_cast<std::size_t>(i) >= known))
        fail<ShapeError>("leak check: window ", i, " of ", known);
    }
  }
  LeakReport report;
  report.windows = static_cast<Index>(test.size());
  if (!users.empty()) {
    const std::set<Index> mine = detail::values_of(test, users);
    report.users = static_cast<Index>(mine.size());
    report.known_users = detail::shared(mine, detail::values_of(train, users));
  }
  if (origins.empty()) return report;
  std::map<Index, std::set<Index>> starts;  // of the training part, by session
  for (const Index i : train) {
    const Origin& o = origins[static_cast<std::size_t>(i)];
    starts[o.session].insert(o.start);
  }
  std::set<Index> sessions;
  for (const Index i : test) {
    const Origin& o = origins[static_cast<std::size_t>(i)];
    const auto there = starts.find(o.session);
    if (sessions.insert(o.session).second && there != starts.end()) ++report.known_sessions;
    if (there == starts.end()) continue;
    const auto near = there->second.lower_bound(o.start - steps);
    if (near == there->second.end() || *near > o.start + steps) continue;
    ++report.beside;
    const auto inside = there->second.upper_bound(o.start - steps);
    if (inside != there->second.end() && *inside < o.start + steps) ++report.overlapping;
  }
  report.sessions = static_cast<Index>(sessions.size());
  return report;
}

}  // namespace gyrograd::data
