// SPDX-License-Identifier: MIT
#include "gyrograd/data/split.hpp"

#include <numeric>
#include <set>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::data;

namespace {

Index sum(const std::vector<Index>& v) {
  return std::accumulate(v.begin(), v.end(), Index{0});
}

std::vector<Index> users_of(Index windows, Index users) {
  std::vector<Index> out;
  for (Index i = 0; i < windows; ++i) out.push_back(i / 2 % users + 100);
  return out;
}

std::set<Index> people(const std::vector<Index>& part, const std::vector<Index>& users) {
  std::set<Index> out;
  for (Index i : part) out.insert(users[static_cast<std::size_t>(i)]);
  return out;
}

}  // namespace

TEST_CASE("random split of the published data sets") {
  const Split uci = random_split(2088, 3431);
  CHECK(uci.train.size() == 1670);
  CHECK(uci.validation.size() == 208);
  CHECK(uci.test.size() == 210);
  CHECK(std::vector<Index>(uci.train.begin(), uci.train.begin() + 4) ==
        std::vector<Index>{270, 1970, 944, 590});
  CHECK(sum(uci.validation) == 217164);
  CHECK(sum(uci.test) == 229051);
  CHECK(uci.test.front() == 1226);
  const Split hhar = random_split(9166, 3431);
  CHECK(sum(hhar.validation) == 4315279);
  CHECK(hhar.test.front() == 4205);
}

TEST_CASE("split by user keeps every user in one part") {
  const std::vector<Index> users = users_of(300, 10);
  const Split split = split_by_user(users, 5, 0.6, 0.2);
  const auto train = people(split.train, users), held = people(split.validation, users),
             test = people(split.test, users);
  CHECK(train.size() == 6);
  CHECK(held.size() == 2);
  CHECK(test.size() == 2);
  std::set<Index> all = train;
  all.insert(held.begin(), held.end());
  all.insert(test.begin(), test.end());
  CHECK(all.size() == 10);
  CHECK(split.train.size() + split.validation.size() + split.test.size() == 300);
  CHECK(split_by_user(users, 5, 0.6, 0.2).test == split.test);
  CHECK(split_by_user(users, 6, 0.6, 0.2).test != split.test);
}

TEST_CASE("split by user gives each part a user even when the rates would not") {
  const std::vector<Index> users = users_of(30, 3);
  const Split split = split_by_user(users, 1, 0.9, 0.0);
  CHECK(people(split.train, users).size() == 1);
  CHECK(people(split.validation, users).size() == 1);
  CHECK(people(split.test, users).size() == 1);
}

TEST_CASE("user folds test every window exactly once") {
  const std::vector<Index> users = users_of(140, 7);
  std::set<Index> tested;
  for (const Split& split : user_folds(users, 3, 2)) {
    for (Index i : split.test) CHECK(tested.insert(i).second);
    for (Index person : people(split.test, users)) CHECK(people(split.train, users).count(person) == 0);
    CHECK(split.train.size() + split.validation.size() + split.test.size() == 140);
  }
  CHECK(tested.size() == 140);
}

TEST_CASE("splits refuse impossible requests") {
  CHECK_THROWS_AS(random_split(0, 1), ConfigError);
  CHECK_THROWS_AS(random_split(10, 1, 0.9, 0.2), ConfigError);
  CHECK_THROWS_AS(split_by_user(users_of(10, 2), 1), ConfigError);
  CHECK_THROWS_AS(user_folds(users_of(10, 5), 6, 1), ConfigError);
  CHECK_THROWS_AS(user_folds(users_of(10, 5), 2, 1), ConfigError);
}

TEST_CASE("split by session keeps sessions whole") {
  std::vector<Origin> origins;
  for (Index i = 0; i < 60; ++i) origins.push_back({i / 6, i % 6 * 120});
  const Split split = split_by_session(origins, 3, 0.6, 0.2);
  const std::vector<Index> sessions = sessions_of(origins);
  const auto train = people(split.train, sessions), test = people(split.test, sessions);
  CHECK(train.size() == 6);
  CHECK(test.size() == 2);
  for (const Index s : test) CHECK(train.count(s) == 0);
  CHECK(split.train.size() + split.validation.size() + split.test.size() == 60);
  CHECK_THROWS_WITH(split_by_session({}, 3), Catch::Matchers::Contains("prepare it again"));
}

TEST_CASE("folds of sessions and of windows test everything once") {
  std::vector<Origin> origins;
  for (Index i = 0; i < 40; ++i) origins.push_back({i / 5, i % 5 * 120});
  for (const auto& folds : {session_folds(origins, 4, 1), random_folds(40, 4, 1)}) {
    std::set<Index> tested;
    for (const Split& split : folds) {
      for (Index i : split.test) CHECK(tested.insert(i).second);
      CHECK(split.test.size() == 10);
    }
    CHECK(tested.size() == 40);
  }
  CHECK_THROWS_WITH(session_folds(origins, 9, 1), Catch::Matchers::Contains("9 folds of 8 sessions"));
  CHECK_THROWS_AS(random_folds(0, 3, 1), ConfigError);
}
