// SPDX-License-Identifier: MIT
// Sums of slots on several processes are those of one process, bit for bit.
#include "gyrograd/distributed/slot_sum.hpp"

#include <vector>

#include "support/catch.hpp"
#include "support/reference.hpp"
#include "support/thread_team.hpp"

using namespace gyrograd;
using namespace gyrograd::distributed;
using gyrograd::testing::random_values;
using gyrograd::testing::run_team;

TEST_CASE("slots are summed in slot order, whoever holds them", "[distributed]") {
  constexpr Index stride = 80;
  for (const Index values : {1, 15, 16, 17, 77}) {
    for (const Index slots : {3, 8}) {
      const std::vector<float> parts = random_values<float>(slots * stride, 5);
      std::vector<float> want(static_cast<std::size_t>(values));
      for (std::size_t i = 0; i < want.size(); ++i) {
        want[i] = parts[i];
        for (Index s = 1; s < slots; ++s) want[i] += parts[static_cast<std::size_t>(s * stride) + i];
      }
      for (const int size : {1, 2, 3}) {
        std::vector<std::vector<float>> sums(static_cast<std::size_t>(size));
        run_team(size, [&](Communicator& team) {
          SlotSum<float> sum(team, values, slots);
          std::vector<float> out(static_cast<std::size_t>(values), -1.0F);
          const Share own = share(slots, team.rank(), team.size());
          for (int twice = 0; twice < 2; ++twice) sum(out.data(), parts.data() + own.begin * stride, stride);
          sums[static_cast<std::size_t>(team.rank())] = out;
        });
        INFO(values << " values, " << slots << " slots, " << size << " processes");
        for (const std::vector<float>& sum : sums) CHECK(sum == want);
      }
    }
  }
}

TEST_CASE("a sum sends no more than is needed", "[distributed]") {
  run_team(2, [](Communicator& team) {
    const SlotSum<float> sum(team, 1600, 8);
    if (sum.bytes_sent() != 4 * (4 * 800 + 800)) throw std::logic_error("wrong count of bytes");
  });
}

TEST_CASE("more processes than slots are refused", "[distributed]") {
  CHECK_THROWS_AS(run_team(3, [](Communicator& team) { SlotSum<float>(team, 10, 2); }), ConfigError);
}
