// SPDX-License-Identifier: MIT
// MpiCommunicator moves blocks of any size, empty ones too, to the right rank. Runs under mpirun; ctest does
// that.
#include "gyrograd/distributed/mpi.hpp"

#include <string>
#include <vector>

#include "gyrograd/distributed/collectives.hpp"
#include "gyrograd/distributed/launcher.hpp"
#include "gyrograd/distributed/slot_sum.hpp"
#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace gyrograd;
using namespace gyrograd::distributed;
using Catch::Matchers::Contains;

TEST_CASE("mpi: blocks reach the right rank", "[mpi]") {
  if (launched_processes() < 2) {
    WARN("skipped: not started by mpirun");
    return;
  }
  MpiCommunicator team;  // once per program: no sections here
  CHECK(team.size() == launched_processes());
  CHECK(team.rank() == launched_rank());
  CHECK(team.local_size() == team.size());
  const int size = team.size();

  // Rank r says r letters: rank 0 sends an empty block.
  const std::vector<std::string> texts =
      all_gather_texts(team, std::string(static_cast<std::size_t>(team.rank()), 'x'));
  REQUIRE(texts.size() == static_cast<std::size_t>(size));
  for (std::size_t r = 0; r < texts.size(); ++r) CHECK(texts[r] == std::string(r, 'x'));

  constexpr Index values = 100001, slots = 8, stride = 100016;  // large enough for MPI's other algorithms
  const std::vector<float> parts = testing::random_values<float>(slots * stride, 9);
  SlotSum<float> sum(team, values, slots);
  std::vector<float> got(values), want(parts.begin(), parts.begin() + values);
  const Share own = share(slots, team.rank(), size);
  sum(got.data(), parts.data() + own.begin * stride, stride);
  for (Index s = 1; s < slots; ++s) {
    for (Index i = 0; i < values; ++i)
      want[static_cast<std::size_t>(i)] += parts[static_cast<std::size_t>(s * stride + i)];
  }
  const bool same_bits = got == want;
  CHECK(same_bits);

  const std::vector<std::size_t> too_long(static_cast<std::size_t>(size), std::size_t{1} << 31);
  CHECK_THROWS_WITH(team.all_gather({}, too_long), Contains("expected below 2^31"));
}
