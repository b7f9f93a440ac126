// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/weight_tile.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

namespace {

/// Transposed copy and first rows of the gradient for `positions`, against plain loops.
template <class Real>
void check(Index positions) {
  if constexpr (has_weight_tile<Real>) {
    INFO("positions " << positions);
    constexpr Index count = weight_panel<Real>, rows = weight_tile_rows, row_stride = count + 5;
    Guarded<Real> x(random_values<Real>(positions * count, 1)), dy(random_values<Real>(positions * rows, 2));
    Guarded<Real> dweight(random_values<Real>((rows - 1) * row_stride + count, 3)), t(positions * count);
    std::vector<double> want = doubles(dweight.copy()), turned(static_cast<std::size_t>(positions * count));
    for (Index p = 0; p < positions; ++p)
      for (Index c = 0; c < count; ++c) {
        const auto value = static_cast<double>(x.data()[p + positions * c]);
        turned[static_cast<std::size_t>(c + count * p)] = value;
        for (Index r = 0; r < rows; ++r)
          want[static_cast<std::size_t>(r * row_stride + c)] +=
              static_cast<double>(dy.data()[p + positions * r]) * value;
      }
    weight_tile(dweight.data(), row_stride, t.data(), static_cast<const Real*>(x.data()),
                static_cast<const Real*>(dy.data()), positions);
    CHECK(doubles(t.copy()) == turned);
    check_close<Real>(dweight.values(), want);
    CHECK((t.intact() && dweight.intact()));
  }
}

}  // namespace

TEMPLATE_TEST_CASE("first rows of a weight gradient and the transposed input equal plain loops", "", float,
                   double) {
  for (const Index positions : sizes_around(lanes<TestType>)) check<TestType>(positions);
  for (const Index positions : {1, 3, 5}) check<TestType>(positions * lanes<TestType>);
  check<TestType>(72);
}
