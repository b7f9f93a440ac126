// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/nearest.hpp"

#include <vector>

#include "support/reference.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

TEMPLATE_TEST_CASE("nearest finds the row with the largest scaled product", "", float, double) {
  constexpr Index width = 11;
  for (const Index queries : {1, 5, 48, 61})
    for (const Index count : {1, 95, 96, 97, 500}) {
      INFO(queries << " queries, " << count << " rows");
      const auto q = random_values<TestType>(queries * width, 1),
                 rows = random_values<TestType>(count * width, 2),
                 scale = random_values<TestType>(count, 3, 0.1, 2.0);
      Guarded<TestType> scratch(nearest_scratch(queries));
      std::vector<Index> best(static_cast<std::size_t>(queries));
      nearest(best.data(), q.data(), queries, queries, rows.data(), scale.data(), count, width,
              scratch.data());
      for (Index i = 0; i < queries; ++i) {
        double most = -1e9, found = 0;
        for (Index j = 0; j < count; ++j) {
          double sum = 0;
          for (Index c = 0; c < width; ++c)
            sum += static_cast<double>(q[static_cast<std::size_t>(i + queries * c)]) *
                   static_cast<double>(rows[static_cast<std::size_t>(j * width + c)]);
          sum *= static_cast<double>(scale[static_cast<std::size_t>(j)]);
          most = std::max(most, sum);
          if (j == best[static_cast<std::size_t>(i)]) found = sum;
        }
        CHECK(found >= most - 1e-5);
      }
      CHECK(scratch.intact());
    }
}

TEST_CASE("nearest takes the lowest of equal rows") {
  const std::vector<float> q{1, -1}, rows(200, 1.0F), scale(200, 1.0F);
  std::vector<float> scratch(static_cast<std::size_t>(nearest_scratch(2)));
  std::vector<Index> best(2);
  nearest(best.data(), q.data(), 2, 2, rows.data(), scale.data(), 200, 1, scratch.data());
  CHECK(best == std::vector<Index>{0, 0});
}
