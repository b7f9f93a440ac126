// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/slab_panels.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

TEMPLATE_TEST_CASE("panels hold the channels of one position side by side", "", float, double) {
  using Real = TestType;
  constexpr Index L = lanes<Real>;
  const Index W = 2 * L, T = 3, C = 3 * L, step = W * (C + 1);
  Guarded<Real> b(random_values<Real>(T * step, 1)), panels(C * W * T);
  slab_panels(panels.data(), static_cast<const Real*>(b.data()), step, W, T, C);
  bool same = true;
  for (Index n = 0; n < C; ++n)
    for (Index p = 0; p < W * T; ++p) {
      const Index q = n / (2 * L), size = std::min(2 * L, C - q * 2 * L);
      const Real got = panels.data()[q * 2 * L * W * T + p * size + n % (2 * L)];
      same = same && got == b.data()[p % W + W * n + step * (p / W)];
    }
  CHECK(same);
  CHECK(panels.intact());
}

TEMPLATE_TEST_CASE("slab_panel_reduction equals plain loops", "", float, double) {
  using Real = TestType;
  constexpr Index L = lanes<Real>;
  for (const Index W : {L, 2 * L})
    for (const Index T : {Index(1), Index(3), 1024 / W + 2})
      for (const Index rows : {1, 13, 100})
        for (const Index C : {L, 3 * L, 4 * L}) {
          if (rows > 13 && T > 3) continue;
          INFO("width " << W << ", steps " << T << ", rows " << rows << ", columns " << C);
          const Index a_step = W * (rows + 1), b_step = W * (C + 1), c_row = C + 2;
          Guarded<Real> a(random_values<Real>(T * a_step, 1)), b(random_values<Real>(T * b_step, 2));
          Guarded<Real> c(random_values<Real>(rows * c_row, 3)), panels(C * W * T);
          std::vector<double> want = doubles(c.copy());
          for (Index t = 0; t < T; ++t)
            for (Index r = 0; r < rows; ++r)
              for (Index n = 0; n < C; ++n)
                for (Index lane = 0; lane < W; ++lane)
                  want[static_cast<std::size_t>(r * c_row + n)] +=
                      static_cast<double>(a.data()[lane + W * r + a_step * t]) *
                      static_cast<double>(b.data()[lane + W * n + b_step * t]);
          slab_panels(panels.data(), static_cast<const Real*>(b.data()), b_step, W, T, C);
          SlabReduction<Real> s;
          s.c = c.data();
          s.c_row = c_row;
          s.a = a.data();
          s.a_step = a_step;
          s.b = panels.data();
          s.steps = T;
          s.rows = rows;
          s.columns = C;
          slab_panel_reduction(s, W);
          check_close<Real>(c.values(), want, 4);
          CHECK(c.intact());
        }
}
