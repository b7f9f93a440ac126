// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/softmax_product.hpp"

#include <algorithm>
#include <cmath>

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

namespace {

/// One softmax with its product; columns further apart than they are long, the largest value given with or
/// without a distance. Compares with loops, looks at guard zones and at the gaps between the columns.
template <class Real, int Group>
bool agrees(Index positions, Index rows, Index depth, Real spread) {
  const Index ldy = positions + 3, ldx = positions + 1;
  Guarded<Real> e(random_values<Real>(ldx * depth, 1)), w(random_values<Real>(rows * depth * Group, 2));
  Guarded<Real> y(random_values<Real>(ldy * rows, 3)), rsum(random_values<Real>(positions, 4));
  for (Index i = 0; i < ldx * depth; ++i) e.data()[i] *= spread;
  const std::vector<Real> x = e.copy(), y0 = y.copy();
  for (Index p = 0; p < positions; ++p) {
    Real top = x[static_cast<std::size_t>(p)];
    for (Index k = 1; k < depth; ++k) top = std::max(top, x[static_cast<std::size_t>(p + k * ldx)]);
    rsum.data()[p] = top;
  }
  const std::vector<Real> top = rsum.copy();

  Product<Real> a;
  a.y = y.data();
  a.ldy = ldy;
  a.ldx = ldx;
  a.w = w.data();
  a.w_row = depth * Group;
  a.w_step = Group;
  a.positions = positions;
  a.rows = rows;
  a.depth = depth;
  softmax_product<Group>(a, e.data(), rsum.data(), rsum.data());

  std::vector<double> got, want;
  bool gaps_untouched = true;
  for (Index k = 0; k < depth; ++k) {
    const auto gap = static_cast<std::size_t>(positions + k * ldx);
    gaps_untouched = gaps_untouched && e.data()[gap] == x[gap];
  }
  for (Index m = 0; m < rows; ++m)
    for (Index p = positions; p < ldy; ++p)
      gaps_untouched = gaps_untouched && y.data()[p + m * ldy] == y0[static_cast<std::size_t>(p + m * ldy)];
  for (Index p = 0; p < positions; ++p) {
    const auto exponent = [&](Index k) {
      return static_cast<double>(x[static_cast<std::size_t>(p + k * ldx)]) -
             static_cast<double>(top[static_cast<std::size_t>(p)]);
    };
    double sum = 0;
    for (Index k = 0; k < depth; ++k) {
      want.push_back(std::exp2(exponent(k)));
      got.push_back(static_cast<double>(e.data()[p + k * ldx]));
      sum += want.back();
    }
    want.push_back(1 / sum);
    got.push_back(static_cast<double>(rsum.data()[p]));
    for (Index m = 0; m < rows; ++m) {
      double dot = 0;
      for (Index k = 0; k < depth; ++k)
        dot += std::exp2(exponent(k)) * static_cast<double>(w.data()[m * a.w_row + k * Group + p % Group]);
      want.push_back(dot / sum);
      got.push_back(static_cast<double>(y.data()[p + m * ldy]));
    }
  }
  return gaps_untouched && y.intact() && e.intact() && rsum.intact() &&
         largest_gap(std::span<const double>(got), std::span<const double>(want)) <= kernel_tolerance<Real>;
}

template <class Real, int Group>
void check_sizes() {
  if constexpr (Group <= lanes<Real>) {
    constexpr Index L = lanes<Real>;
    std::vector<Index> positions = sizes_around(L);
    positions.insert(positions.end(), {2 * L - 1, 3 * L, 5 * L + 1});
    for (Index P : positions)
      for (Index rows : {1, 2, 5, 6, 7, 18})
        for (Index depth : {1, 2, 3, 19}) {
          INFO("group " << Group << ", positions " << P << ", rows " << rows << ", depth " << depth);
          CHECK(agrees<Real, Group>(P, rows, depth, Real(1)));
          CHECK(agrees<Real, Group>(P, rows, depth, Real(100)));
        }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("softmax with its product equals plain loops", "", float, double) {
  check_sizes<TestType, 1>();
  check_sizes<TestType, 2>();
  check_sizes<TestType, 4>();
}

TEST_CASE("softmax product: no rows, no positions, NaN stays visible") {
  CHECK(agrees<float, 1>(0, 3, 2, 1.0F));
  Product<float> none;
  softmax_product(none, static_cast<float*>(nullptr), static_cast<const float*>(nullptr),
                  static_cast<float*>(nullptr));
  std::vector<float> e = {0.0F, 1.0F, std::nanf(""), 1.0F}, top = {0.0F, 1.0F}, w = {1.0F, 2.0F}, y(2);
  Product<float> a;
  a.y = y.data();
  a.ldy = a.ldx = a.positions = a.depth = 2;
  a.w = w.data();
  a.w_step = 1;
  a.rows = 1;
  softmax_product(a, e.data(), top.data(), top.data());
  CHECK(std::isnan(y[0]));
  CHECK(y[1] == 1.5F);
}
