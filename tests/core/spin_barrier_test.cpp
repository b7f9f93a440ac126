// SPDX-License-Identifier: MIT
#include "gyrograd/core/spin_barrier.hpp"

#include <vector>

#include "support/catch.hpp"

using namespace gyrograd;

TEST_CASE("nobody passes a barrier before all have come, and all see what the others wrote") {
  for (int threads : {1, 2, 3}) {
    constexpr int rounds = 2000;
    SpinBarrier barrier(threads);
    std::vector<int> round(static_cast<std::size_t>(threads));
    std::vector<int> wrong(static_cast<std::size_t>(threads));
    std::vector<std::thread> team;
    for (std::size_t me = 0; me < round.size(); ++me)
      team.emplace_back([&, me] {
        for (int i = 1; i <= rounds; ++i) {
          round[me] = i;
          barrier.wait();
          for (int other : round) wrong[me] += other != i;
          barrier.wait();
        }
      });
    for (std::thread& t : team) t.join();
    for (int w : wrong) CHECK(w == 0);
  }
}
