// SPDX-License-Identifier: MIT
// Shares cover everything once; a process that is alone gets back what it sent.
#include "gyrograd/distributed/communicator.hpp"

#include <array>
#include <vector>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::distributed;

TEST_CASE("shares are neighbours, cover everything and differ by one at most", "[distributed]") {
  for (Index count : {0, 1, 7, 8, 1000003}) {
    for (int size : {1, 2, 3, 8, 1024}) {
      Index at = 0;
      for (int rank = 0; rank < size; ++rank) {
        const Share s = share(count, rank, size);
        REQUIRE(s.begin == at);
        REQUIRE((s.size() == count / size || s.size() == count / size + 1));
        at = s.end;
      }
      CHECK(at == count);
    }
  }
}

TEST_CASE("a process that is alone talks to itself", "[distributed]") {
  SingleProcess alone;
  CHECK(alone.rank() == 0);
  CHECK(alone.size() == 1);
  CHECK(alone.local_size() == 1);
  std::array<std::byte, 3> sent{std::byte{1}, std::byte{2}, std::byte{3}}, got{};
  const std::vector<std::size_t> ends = {3};
  alone.all_to_all(sent, ends, got, ends);
  const bool same = got == sent;
  CHECK(same);
  alone.all_gather(got, ends);
  const bool kept = got == sent;
  CHECK(kept);
}
