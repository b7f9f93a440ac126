// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/matrix_vector.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

TEMPLATE_TEST_CASE("matrix times vector equals plain loops", "", float, double) {
  using Real = TestType;
  const Index rows = vector_panel_rows<Real>;
  for (const Index valid : {rows, rows - 1, Index{1}})
    for (const Index depth : sizes_around(lanes<Real>)) {
      INFO("rows " << valid << ", depth " << depth);
      const std::vector<Real> w = random_values<Real>(valid * depth, 1);
      Guarded<Real> x(random_values<Real>(depth, 2)), start(random_values<Real>(rows, 3)), y(rows),
          panel(rows * depth);
      pack_vector_panel(panel.data(), depth,
                        [&](Index i) -> const Real* { return i < valid ? w.data() + i * depth : nullptr; });
      CHECK(panel.intact());
      std::vector<double> want = linear_reference(doubles(x.copy()), doubles(w), {}, 1, depth, valid);
      want.resize(static_cast<std::size_t>(rows));  // rows that are not there
      for (std::size_t m = 0; m < want.size(); ++m) want[m] += static_cast<double>(start.values()[m]);
      const Real *first = start.data(), *weights = panel.data(), *vector = x.data();
      vector_panel_product(y.data(), first, weights, vector, depth);
      check_close<Real>(y.values(), want);
      CHECK(y.intact());
    }
}
