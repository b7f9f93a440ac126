// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/fold.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

namespace {

template <int Group, int Rows, class Real>
void check_fold() {
  constexpr Index L = lanes<Real>;
  if constexpr (Group <= L) {
    const auto values = random_values<Real>(Rows * fold_columns * L, 1);
    Batch<Real> v[Rows][fold_columns];
    for (Index i = 0; i < Rows * fold_columns; ++i)
      v[i / fold_columns][i % fold_columns] = load(values.data() + i * L);
    const Index row = fold_columns * Group + 3;
    Guarded<Real> c(random_values<Real>(row * Rows, 2));
    std::vector<double> want = doubles(c.copy());
    for (Index i = 0; i < Rows * fold_columns; ++i)
      for (Index l = 0; l < L; ++l)
        want[static_cast<std::size_t>(i / fold_columns * row + i % fold_columns * Group + l % Group)] +=
            0.5 * static_cast<double>(values[static_cast<std::size_t>(i * L + l)]);
    fold<Group, Rows>(c.data(), row, v, Real(0.5));
    check_close<Real>(c.values(), want);
    CHECK(c.intact());
  }
}

}  // namespace

TEMPLATE_TEST_CASE("lanes of many vectors are summed, by sequence, and added", "", float, double) {
  using Real = TestType;
  check_fold<1, 1, Real>();
  check_fold<1, 2, Real>();
  check_fold<1, 3, Real>();
  check_fold<1, 6, Real>();
  check_fold<1, 9, Real>();
  check_fold<2, 1, Real>();
  check_fold<2, 5, Real>();
  check_fold<2, 6, Real>();
  check_fold<4, 1, Real>();
  check_fold<4, 6, Real>();
}

TEMPLATE_TEST_CASE("each of many vectors adds the sum of its lanes", "", float, double) {
  using Real = TestType;
  constexpr Index L = lanes<Real>;
  for (const Index count : {1, 4, 15, 16, 17, 40}) {
    INFO("count " << count);
    const auto values = random_values<Real>(count * L, 1);
    Guarded<Real> out(random_values<Real>(count, 2));
    std::vector<double> want = doubles(out.copy());
    for (Index i = 0; i < count * L; ++i)
      want[static_cast<std::size_t>(i / L)] += static_cast<double>(values[static_cast<std::size_t>(i)]);
    add_lane_sums(out.data(), values.data(), count);
    check_close<Real>(out.values(), want);
    CHECK(out.intact());
  }
}
