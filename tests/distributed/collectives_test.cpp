// SPDX-License-Identifier: MIT
// Arrays and texts reach every rank in rank order; the first difference between ranks is named.
#include "gyrograd/distributed/collectives.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/thread_team.hpp"

using namespace gyrograd;
using namespace gyrograd::distributed;
using gyrograd::testing::run_team;

TEST_CASE("shares and texts reach every rank in rank order", "[distributed]") {
  for (int size : {1, 2, 3, 5}) {
    std::vector<std::vector<double>> arrays(static_cast<std::size_t>(size));
    std::vector<std::vector<std::string>> texts(static_cast<std::size_t>(size));
    run_team(size, [&](Communicator& team) {
      const auto me = static_cast<std::size_t>(team.rank());
      std::vector<double> values(7, -1);
      const Share own = share(7, team.rank(), team.size());
      for (Index i = own.begin; i < own.end; ++i)
        values[static_cast<std::size_t>(i)] = static_cast<double>(i);
      all_gather_shares(team, std::span(values));
      arrays[me] = values;
      texts[me] = all_gather_texts(team, std::string(me * 3, 'x') + std::to_string(me));
    });
    for (int rank = 0; rank < size; ++rank) {
      const auto me = static_cast<std::size_t>(rank);
      CHECK(arrays[me] == std::vector<double>{0, 1, 2, 3, 4, 5, 6});
      REQUIRE(texts[me].size() == static_cast<std::size_t>(size));
      for (std::size_t r = 0; r < texts[me].size(); ++r)
        CHECK(texts[me][r] == std::string(r * 3, 'x') + std::to_string(r));
    }
  }
}

TEST_CASE("empty texts are texts", "[distributed]") {
  run_team(2, [](Communicator& team) {
    const std::vector<std::string> all = all_gather_texts(team, "");
    if (all != std::vector<std::string>{"", ""}) throw std::logic_error("not empty");
  });
}

TEST_CASE("the first difference between ranks is named", "[distributed]") {
  const Properties first = {{"data", "1a"}, {"--lr", "0.001"}, {"--seed", "1"}};
  Properties other = first;
  const std::string same = properties_text(first);
  CHECK(first_difference({same, same, same}).empty());
  CHECK(first_difference({same}).empty());
  other[1].second = "0.01";
  other[2].second = "2";
  const std::string line = first_difference({same, same, properties_text(other)});
  CHECK(line.rfind("rank 2: --lr is 0.01, rank 0 has 0.001;", 0) == 0);
  other.pop_back();
  other[1] = first[1];
  CHECK_FALSE(first_difference({same, properties_text(other)}).empty());
  CHECK_FALSE(first_difference({properties_text(other), same}).empty());
}
