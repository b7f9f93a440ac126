// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/product.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

namespace {

enum class Start { zero, bias, residual, in_place, bias_and_residual, lanes, multiply, factor, top };

/// One product with columns further apart than they are long; w is (rows x depth) per sequence, row-major or
/// transposed. Compares with loops, looks at guard zones and at the gaps between the columns of y.
template <class Real, int Group>
bool agrees(Index positions, Index rows, Index depth, Start start, bool transposed) {
  const Index gap = 3, ldy = positions + gap, ldx = positions + 1, ldr = positions + 2;
  const Index w_size = rows * depth * Group;
  Guarded<Real> x(random_values<Real>(ldx * depth, 1)), w(random_values<Real>(w_size, 2));
  Guarded<Real> y(random_values<Real>(ldy * rows, 3)), bias(random_values<Real>(rows, 4));
  Guarded<Real> residual(random_values<Real>(ldr * rows, 5)), lane(random_values<Real>(positions, 6));
  const std::vector<Real> y0 = y.copy();

  Product<Real> a;
  a.y = y.data();
  a.ldy = ldy;
  a.x = x.data();
  a.ldx = ldx;
  a.w = w.data();
  a.w_row = transposed ? Group : depth * Group;
  a.w_step = transposed ? rows * Group : Group;
  a.positions = positions;
  a.rows = rows;
  a.depth = depth;
  if (start == Start::bias || start == Start::bias_and_residual || start == Start::factor)
    a.bias = bias.data();
  if (start == Start::factor) a.lane_factor = lane.data();
  if (start == Start::residual || start == Start::bias_and_residual) {
    a.residual = residual.data();
    a.ld_residual = ldr;
  }
  if (start == Start::in_place) {
    a.residual = y.data();
    a.ld_residual = ldy;
  }
  if (start == Start::lanes || start == Start::multiply) a.lane_start = lane.data();
  const std::vector<Real> lane0 = lane.copy();
  if (start == Start::top) a.lane_top = lane.data();
  if (start == Start::multiply)
    product<Group, Epilogue::multiply>(a);
  else
    product<Group>(a);

  std::vector<double> got, want;
  bool gaps_untouched = true, tops = true;
  for (Index p = 0; a.lane_top != nullptr && p < positions; ++p) {
    Real top = lane0[static_cast<std::size_t>(p)];
    for (Index m = 0; m < rows; ++m) top = std::max(top, y.data()[p + ldy * m]);
    tops = tops && lane.data()[p] == top;
  }
  for (Index m = 0; m < rows; ++m)
    for (Index p = 0; p < ldy; ++p) {
      const auto at = static_cast<std::size_t>(p + ldy * m);
      if (p >= positions) {
        gaps_untouched = gaps_untouched && y.data()[p + ldy * m] == y0[at];
        continue;
      }
      double sum = 0;
      if (a.bias != nullptr) sum += static_cast<double>(bias.data()[m]);
      if (a.lane_start != nullptr) sum += static_cast<double>(lane.data()[p]);
      for (Index k = 0; k < depth; ++k)
        sum += static_cast<double>(x.data()[p + ldx * k]) *
               static_cast<double>(w.data()[m * a.w_row + k * a.w_step + p % Group]);
      if (start == Start::residual || start == Start::bias_and_residual)
        sum += static_cast<double>(residual.data()[p + ldr * m]);
      if (start == Start::in_place) sum += static_cast<double>(y0[at]);
      if (start == Start::factor) sum *= static_cast<double>(lane.data()[p]);
      if (start == Start::multiply) sum *= static_cast<double>(y0[at]);
      want.push_back(sum);
      got.push_back(static_cast<double>(y.data()[p + ldy * m]));
    }
  return gaps_untouched && tops && y.intact() && lane.intact() &&
         largest_gap(std::span<const double>(got), std::span<const double>(want)) <= kernel_tolerance<Real>;
}

template <class Real, int Group>
void check_sizes() {
  if constexpr (Group <= lanes<Real>) {
    constexpr Index L = lanes<Real>;
    std::vector<Index> positions = sizes_around(L);
    positions.insert(positions.end(), {2 * L, 3 * L, 4 * L, 5 * L + 1, 7 * L});
    for (Index P : positions)
      for (Index rows : {1, 3, 4, 5, 9, 10, 18, 20})
        for (Index depth : {1, 2, 18, 41}) {
          INFO("group " << Group << ", positions " << P << ", rows " << rows << ", depth " << depth);
          CHECK(agrees<Real, Group>(P, rows, depth, Start::zero, rows % 2 == 0));
        }
    for (Start start : {Start::zero, Start::bias, Start::residual, Start::in_place, Start::bias_and_residual,
                        Start::lanes, Start::multiply, Start::factor, Start::top})
      for (Index P : {Index{1}, L + 1, 3 * L + 2, 2 * L - 1})
        for (Index rows : {1, 11}) {
          INFO("group " << Group << ", start " << static_cast<int>(start) << ", positions " << P);
          CHECK(agrees<Real, Group>(P, rows, 7, start, false));
          CHECK(agrees<Real, Group>(P, rows, 40, start, true));
        }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("product equals plain loops", "", float, double) {
  check_sizes<TestType, 1>();
  check_sizes<TestType, 2>();
  check_sizes<TestType, 4>();
}

TEMPLATE_TEST_CASE("product of nothing", "", float, double) {
  for (Index P : {Index{0}, Index{3}})
    for (Index rows : {0, 2}) {
      CHECK(agrees<TestType, 1>(P, rows, 0, Start::bias_and_residual, false));
      CHECK(agrees<TestType, 1>(P, rows, 4, Start::zero, false));
    }
}

TEMPLATE_TEST_CASE("a position has the same bits wherever it lies in the lanes", "", float, double) {
  using Real = TestType;
  const Index P = 5 * lanes<Real> + 3, rows = 18, depth = 72;
  std::vector<Real> x = random_values<Real>(P * depth, 1), w = random_values<Real>(rows * depth, 2);
  const auto run = [&](Index first, Index count) {
    std::vector<Real> y(static_cast<std::size_t>(count * rows));
    Product<Real> a;
    a.y = y.data();
    a.ldy = count;
    a.x = x.data() + first;
    a.ldx = P;
    a.w = w.data();
    a.w_row = depth;
    a.w_step = 1;
    a.positions = count;
    a.rows = rows;
    a.depth = depth;
    product(a);
    return y;
  };
  const std::vector<Real> whole = run(0, P);
  for (Index p = 0; p < P; ++p) {
    const std::vector<Real> one = run(p, 1);
    bool same = true;
    for (Index m = 0; m < rows; ++m)
      same = same && one[static_cast<std::size_t>(m)] == whole[static_cast<std::size_t>(p + P * m)];
    CHECK(same);
  }
}
