// SPDX-License-Identifier: MIT
// Train, validation and test parts of a data set: the published random split, by user, and k folds of users.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/random.hpp"

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

/// Split by whole users, so that validation and test hold only people never trained on. users: the user of
/// every window. Each part gets at least one user; window numbers stay ascending. Needs at least three users.
inline Split split_by_user(std::span<const Index> users, std::uint64_t seed, double train = 0.8,
                           double validation = 0.1) {
  detail::check_rates(train, validation);
  std::vector<Index> people = detail::distinct(users);
  const auto count = static_cast<Index>(people.size());
  if (count < 3) fail<ConfigError>("split by user: the data set has ", count, " users, expected at least 3");
  Philox g(seed, 0, 0, Purpose::split);
  shuffle(g, std::span(people));
  const auto total = static_cast<double>(count);
  const Index test =
      std::clamp(static_cast<Index>(std::llround(total * (1.0 - train - validation))), Index{1}, count - 2);
  const Index held =
      std::clamp(static_cast<Index>(std::llround(total * validation)), Index{1}, count - 1 - test);
  const auto has = [&](Index user, Index first, Index size) {
    const auto begin = people.begin() + first;
    return std::find(begin, begin + size, user) != begin + size;
  };
  Split out;
  for (std::size_t i = 0; i < users.size(); ++i) {
    auto& part = has(users[i], 0, test) ? out.test : has(users[i], test, held) ? out.validation : out.train;
    part.push_back(static_cast<Index>(i));
  }
  return out;
}

/// k splits by whole users: fold f is the test part of split f, fold f + 1 its validation part, the rest
/// trains.
inline std::vector<Split> user_folds(std::span<const Index> users, Index folds, std::uint64_t seed) {
  std::vector<Index> people = detail::distinct(users);
  if (folds < 3 || folds > static_cast<Index>(people.size())) {
    fail<ConfigError>("user folds: ", folds, " folds of ", people.size(),
                      " users, expected 3 to the number of users");
  }
  Philox g(seed, 0, 1, Purpose::split);
  shuffle(g, std::span(people));
  std::vector<Split> out(static_cast<std::size_t>(folds));
  for (std::size_t i = 0; i < users.size(); ++i) {
    const Index fold = (std::find(people.begin(), people.end(), users[i]) - people.begin()) % folds;
    for (Index f = 0; f < folds; ++f) {
      Split& split = out[static_cast<std::size_t>(f)];
      auto& part = fold == f ? split.test : fold == (f + 1) % folds ? split.validation : split.train;
      part.push_back(static_cast<Index>(i));
    }
  }
  return out;
}

}  // namespace gyrograd::data
