// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/embedding.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

TEMPLATE_TEST_CASE("look-up of rows and its gradient with repeated indices", "", float, double) {
  using Real = TestType;
  const Index rows = 5, C = 7;
  for (Index n : {0, 1, 3, 19}) {
    const auto index = random_indices(n, rows, 1);
    Guarded<Real> table(random_values<Real>(rows * C, 2)), y(n * C), dy(random_values<Real>(n * C, 3));
    Guarded<Real> dtable(random_values<Real>(rows * C, 4));
    std::vector<double> want = doubles(dtable.copy());
    embedding_forward(y.data(), table.data(), index.data(), n, C);
    bool same = true;
    for (Index i = 0; i < n; ++i)
      for (Index c = 0; c < C; ++c) {
        const auto row = static_cast<std::size_t>(index[static_cast<std::size_t>(i)] * C + c);
        same = same && y.data()[i + n * c] == table.values()[row];
        want[row] += static_cast<double>(dy.data()[i + n * c]);
      }
    CHECK(same);
    embedding_backward(dtable.data(), dy.data(), index.data(), n, C);
    check_close<Real>(dtable.values(), want);
    CHECK((y.intact() && dtable.intact()));
  }
}

TEMPLATE_TEST_CASE("position table: added to every sequence, gradient summed over the batch", "", float,
                   double) {
  using Real = TestType;
  const Index rows = 41;
  const auto check = [](Index batch, Index steps, Index C) {
    INFO("batch " << batch << ", steps " << steps << ", channels " << C);
    Guarded<Real> x(random_values<Real>(batch * steps * C, 1)), table(random_values<Real>(rows * C, 2));
    Guarded<Real> y(batch * steps * C), dtable(random_values<Real>(rows * C, 3));
    std::vector<double> want = doubles(dtable.copy());
    Guarded<Real> spread(batch * steps * C);
    position_spread(spread.data(), table.data(), batch, steps, C);
    position_add_forward(y.data(), x.data(), table.data(), batch, steps, C);
    bool same = true;
    for (Index c = 0; c < C; ++c)
      for (Index t = 0; t < steps; ++t)
        for (Index b = 0; b < batch; ++b) {
          const Index at = b + batch * (t + steps * c);
          const Real row = table.data()[t * C + c];
          same = same && spread.data()[at] == row && y.data()[at] == x.data()[at] + row;
          want[static_cast<std::size_t>(t * C + c)] += static_cast<double>(x.data()[at]);
        }
    CHECK(same);
    position_add_backward(dtable.data(), x.data(), batch, steps, C);
    check_close<Real>(dtable.values(), want);
    position_add_forward(x.data(), x.data(), table.data(), batch, steps, C);
    CHECK(same_bits(x.values(), y.values()));
    CHECK((y.intact() && dtable.intact() && x.intact() && spread.intact()));
  };
  for (Index batch : {1, 2, 3, 5, 19})
    for (Index steps : {1, 4, 9}) check(batch, steps, 5);
  for (Index batch : {1, 2, 3, 4})
    for (Index steps : {16, 20, 40})  // blocks that are whole, or moved back over the one before
      for (Index C : {16, 24, 35}) check(batch, steps, C);
}
