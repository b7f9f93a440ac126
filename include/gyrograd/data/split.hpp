// SPDX-License-Identifier: MIT
// Train, validation and test parts of a data set: the published random split, by user or session, and k
// folds.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <span>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/random.hpp"
#include "gyrograd/data/windows.hpp"

namespace gyrograd::data {

/// Window numbers of the three parts.
struct Split {
  std::vector<Index> train, validation, test;
};

namespace detail {

inline void check_rates(double train, double validation) {
  if (!(train > 0.0 && validation >= 0.0 && train + validation <= 1.0)) {
    fail<ConfigError>("split: train rate ", train, " and validation rate ", validation,
                      ", expected above 0, at least 0, and at most 1 together");
  }
}

inline std::vector<Index> distinct(std::span<const Index> values) {
  std::vector<Index> out(values.begin(), values.end());
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace detail

/// Published split: permutation of all windows by MT19937, first floor(train * n), next floor(validation *
/// n), rest (LIMU-BERT sheet §5.12). Windows of one user and recording fall into all parts: see
/// split_by_user.
inline Split random_split(Index count, std::uint32_t seed, double train = 0.8, double validation = 0.1) {
  detail::check_rates(train, validation);
  if (count < 1) fail<ConfigError>("split: no windows");
  Mt19937 g(seed);
  const std::vector<Index> order = permutation(g, count);
  const auto a = static_cast<Index>(static_cast<double>(count) * train);
  const auto b = a + static_cast<Index>(static_cast<double>(count) * validation);
  return {{order.begin(), order.begin() + a},
          {order.begin() + a, order.begin() + b},
          {order.begin() + b, order.end()}};
}

/// Split by whole groups (users, sessions): no group falls into two parts. groups: that of every window;
/// noun: how they are called in messages. Each part gets at least one group; window numbers stay ascending.
/// Needs at least three groups.
inline Split split_by_group(std::span<const Index> groups, std::uint64_t seed, double train,
                            double validation, const char* noun) {
  detail::check_rates(train, validation);
  std::vector<Index> names = detail::distinct(groups);
  const auto count = static_cast<Index>(names.size());
  if (count < 3)
    fail<ConfigError>("split by ", noun, ": the data set has ", count, " ", noun, "s, expected at least 3");
  Philox g(seed, 0, 0, Purpose::split);
  shuffle(g, std::span(names));
  const auto total = static_cast<double>(count);
  const Index test =
      std::clamp(static_cast<Index>(std::llround(total * (1.0 - train - validation))), Index{1}, count - 2);
  const Index held =
      std::clamp(static_cast<Index>(std::llround(total * validation)), Index{1}, count - 1 - test);
  std::map<Index, Index> place;
  for (Index i = 0; i < count; ++i) place[names[static_cast<std::size_t>(i)]] = i;
  Split out;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const Index at = place[groups[i]];
    auto& part = at < test ? out.test : at < test + held ? out.validation : out.train;
    part.push_back(static_cast<Index>(i));
  }
  return out;
}

/// k splits by whole groups: fold f is the test part of split f, fold f + 1 its validation part, the rest
/// trains.
inline std::vector<Split> group_folds(std::span<const Index> groups, Index folds, std::uint64_t seed,
                                      const char* noun) {
  std::vector<Index> names = detail::distinct(groups);
  if (folds < 3 || folds > static_cast<Index>(names.size())) {
    fail<ConfigError>(noun, " folds: ", folds, " folds of ", names.size(), " ", noun,
                      "s, expected 3 to the number of ", noun, "s");
  }
  Philox g(seed, 0, 1, Purpose::split);
  shuffle(g, std::span(names));
  std::map<Index, Index> fold_of;
  for (std::size_t i = 0; i < names.size(); ++i) fold_of[names[i]] = static_cast<Index>(i) % folds;
  std::vector<Split> out(static_cast<std::size_t>(folds));
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const Index fold = fold_of[groups[i]];
    for (Index f = 0; f < folds; ++f) {
      Split& split = out[static_cast<std::size_t>(f)];
      auto& part = fold == f ? split.test : fold == (f + 1) % folds ? split.validation : split.train;
      part.push_back(static_cast<Index>(i));
    }
  }
  return out;
}

/// Session of every window. ConfigError when the set does not say where its windows come from.
inline std::vector<Index> sessions_of(std::span<const Origin> origins) {
  if (origins.empty()) {
    fail<ConfigError>(
        "split by session: the set has no origin_<version>.npy; prepare it again, or split by user");
  }
  std::vector<Index> sessions;
  for (const Origin& o : origins) sessions.push_back(o.session);
  return sessions;
}

/// Split by whole users, so that validation and test hold only people never trained on.
inline Split split_by_user(std::span<const Index> users, std::uint64_t seed, double train = 0.8,
                           double validation = 0.1) {
  return split_by_group(users, seed, train, validation, "user");
}

/// Split by whole recording sessions; people may be in several parts.
inline Split split_by_session(std::span<const Origin> origins, std::uint64_t seed, double train = 0.8,
                              double validation = 0.1) {
  return split_by_group(sessions_of(origins), seed, train, validation, "session");
}

/// k splits by whole users.
inline std::vector<Split> user_folds(std::span<const Index> users, Index folds, std::uint64_t seed) {
  return group_folds(users, folds, seed, "user");
}

/// k splits by whole sessions.
inline std::vector<Split> session_folds(std::span<const Origin> origins, Index folds, std::uint64_t seed) {
  return group_folds(sessions_of(origins), folds, seed, "session");
}

/// k splits of single windows. They leak as the published random split does.
inline std::vector<Split> random_folds(Index count, Index folds, std::uint64_t seed) {
  std::vector<Index> windows(static_cast<std::size_t>(std::max(count, Index{0})));
  std::iota(windows.begin(), windows.end(), Index{0});
  return group_folds(windows, folds, seed, "window");
}

}  // namespace gyrograd::data
