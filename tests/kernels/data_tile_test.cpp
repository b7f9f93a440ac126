// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/data_tile.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

namespace {

/// First rows of the product and the sums of its operand for `depth`, against plain loops: stored, added to a
/// residual, multiplied.
template <class Real, Epilogue epilogue>
void check(Index depth, bool with_residual) {
  if constexpr (has_data_tile<Real>) {
    INFO("depth " << depth << ", residual " << with_residual);
    constexpr Index P = data_tile_positions<Real>, rows = data_tile_rows, before = 3, ld = P + before + 2;
    const auto x = random_values<Real>(ld * depth, 1), w = random_values<Real>(rows * (depth + 1), 2);
    const auto residual = random_values<Real>(ld * rows, 3);
    Guarded<Real> y(random_values<Real>(ld * rows, 4)), sums(random_values<Real>(lanes<Real> * depth, 5));
    std::vector<double> want = doubles(y.copy());
    std::vector<double> want_sums = doubles(sums.copy());
    for (Index k = 0; k < depth; ++k)
      for (Index p = 0; p < P; ++p)
        want_sums[static_cast<std::size_t>(p % lanes<Real> + k * lanes<Real>)] +=
            static_cast<double>(x[static_cast<std::size_t>(before + p + k * ld)]);
    for (Index r = 0; r < rows; ++r)
      for (Index p = 0; p < P; ++p) {
        const auto at = static_cast<std::size_t>(before + p + r * ld);
        double sum = with_residual ? static_cast<double>(residual[at]) : 0;
        for (Index k = 0; k < depth; ++k)
          sum += static_cast<double>(x[static_cast<std::size_t>(before + p + k * ld)]) *
                 static_cast<double>(w[static_cast<std::size_t>(r + k * rows)]);
        want[at] = epilogue == Epilogue::multiply ? want[at] * sum : sum;
      }
    Product<Real> a;
    a.y = y.data();
    a.x = x.data();
    a.w = w.data();
    a.ldy = a.ldx = a.ld_residual = ld;
    a.w_row = 1;
    a.w_step = rows;
    a.depth = depth;
    if (with_residual) a.residual = residual.data();
    data_tile<epilogue>(a, before, sums.data());
    check_close<Real>(y.values(), want);
    check_close<Real>(sums.values(), want_sums);
    CHECK((y.intact() && sums.intact()));
  }
}

}  // namespace

TEMPLATE_TEST_CASE("first rows of a data gradient and the sums of its operand equal plain loops", "", float,
                   double) {
  for (const Index depth : {1, 2, 9, 72}) {
    check<TestType, Epilogue::store>(depth, false);
    check<TestType, Epilogue::store>(depth, true);
    check<TestType, Epilogue::multiply>(depth, false);
  }
}
