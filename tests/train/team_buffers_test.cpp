// SPDX-License-Identifier: MIT
#include "gyrograd/train/team_buffers.hpp"

#include <vector>

#include "support/catch.hpp"
#include "support/thread_team.hpp"

using namespace gyrograd;

TEST_CASE("values of all processes are gathered in rank order, and each takes its own back") {
  std::vector<std::vector<float>> seen(3), back(3);
  gyrograd::testing::run_team(3, [&](distributed::Communicator& team) {
    const auto rank = static_cast<std::size_t>(team.rank());
    std::vector<float> a(2, static_cast<float>(rank)), b{static_cast<float>(10 * rank)};
    train::TeamBuffers<float> buffers(&team);
    const std::span<float> all_a = buffers.add(a), all_b = buffers.add(b);
    buffers.gather();
    seen[rank].assign(all_a.begin(), all_a.end());
    seen[rank].insert(seen[rank].end(), all_b.begin(), all_b.end());
    for (float& v : all_a) v += 100;  // as if read from a file
    buffers.take_own();
    back[rank] = {a[0], a[1], b[0]};
  });
  for (std::size_t rank = 0; rank < 3; ++rank) {
    const auto r = static_cast<float>(rank);
    CHECK(seen[rank] == std::vector<float>{0, 0, 1, 1, 2, 2, 0, 10, 20});
    CHECK(back[rank] == std::vector<float>{100 + r, 100 + r, 10 * r});
  }
}
