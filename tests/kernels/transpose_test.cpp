// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/transpose.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

TEMPLATE_TEST_CASE("a matrix is transposed, whole blocks and remainders alike", "", float, double) {
  using Real = TestType;
  for (Index rows : {0, 1, 4, 7, 16, 17, 40})
    for (Index columns : {0, 1, 5, 8, 16, 19, 33})
      for (Index gap : {0, 3}) {
        const Index ldx = rows + gap, ldy = columns + gap;
        Guarded<Real> x(random_values<Real>(ldx * columns, 1)), y(random_values<Real>(ldy * rows, 2));
        const auto before = y.copy();
        transpose(y.data(), ldy, x.data(), ldx, rows, columns);
        bool same = true;
        for (Index i = 0; i < rows; ++i)
          for (Index j = 0; j < ldy; ++j) {
            const Real want =
                j < columns ? x.data()[i + j * ldx] : before[static_cast<std::size_t>(j + i * ldy)];
            same = same && y.data()[j + i * ldy] == want;
          }
        CHECK(same);
        CHECK((y.intact() && x.intact()));
      }
}

TEMPLATE_TEST_CASE("four rows are turned, where the machine has it", "", float, double) {
  using Real = TestType;
  constexpr Index L = lanes<Real>;
  if constexpr (has_transpose_four<Real>) {
    Guarded<Real> x(random_values<Real>(4 * L, 1)), y(random_values<Real>(12 * L, 2));
    auto want = y.copy();
    Batch<Real> row[4];
    for (Index k = 0; k < 4; ++k) {
      row[k] = load(x.data() + k * L);
      for (Index i = 0; i < L; ++i) want[static_cast<std::size_t>(12 * i + 8 + k)] = x.data()[k * L + i];
    }
    transpose_four(y.data() + 8, 12, row);
    CHECK(y.copy() == want);
    CHECK(y.intact());
  }
}
