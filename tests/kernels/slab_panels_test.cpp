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

TEMPLATE_TEST_CASE("slab_panel_reduction equals plain loops, for two operands and the rows themselves", "",
                   float, double) {
  using Real = TestType;
  constexpr Index L = lanes<Real>;
  for (const Index W : {L, 2 * L})
    for (const Index T : {Index(2), Index(3), 1024 / W + 2})
      for (const Index rows : {1, 13, 100})
        for (const Index C : {L, 3 * L, 4 * L}) {
          if (rows > 13 && T > 3) continue;
          INFO("width " << W << ", steps " << T << ", rows " << rows << ", columns " << C);
          const Index a_step = W * (rows + 1), b_step = W * (C + 1);
          Guarded<Real> a(random_values<Real>(T * a_step, 1)), b(random_values<Real>(T * b_step, 2));
          Guarded<Real> whole(random_values<Real>(rows * C, 3)), later(random_values<Real>(rows * C, 4)),
              sums(random_values<Real>(rows, 5)), panels(C * W * T), short_panels(C * W * (T - 1)),
              scratch(slab_panel_scratch<Real>(W));
          std::vector<double> want = doubles(whole.copy()), want_later = doubles(later.copy()),
                              want_sums = doubles(sums.copy());
          for (Index t = 0; t < T; ++t)
            for (Index r = 0; r < rows; ++r)
              for (Index lane = 0; lane < W; ++lane) {
                const double value = static_cast<double>(a.data()[lane + W * r + a_step * t]);
                want_sums[static_cast<std::size_t>(r)] += value;
                for (Index n = 0; n < C; ++n) {
                  const auto at = static_cast<std::size_t>(r * C + n);
                  want[at] += value * static_cast<double>(b.data()[lane + W * n + b_step * t]);
                  if (t > 0)
                    want_later[at] += value * static_cast<double>(b.data()[lane + W * n + b_step * (t - 1)]);
                }
              }
          slab_panels(panels.data(), static_cast<const Real*>(b.data()), b_step, W, T, C);
          slab_panels(short_panels.data(), static_cast<const Real*>(b.data()), b_step, W, T - 1, C);
          const std::array<SlabPanels<Real>, 2> operands{
              SlabPanels<Real>{whole.data(), panels.data(), C, T, 0},
              SlabPanels<Real>{later.data(), short_panels.data(), C, T - 1, 1}};
          slab_panel_reduction(SlabRows<Real>{a.data(), a_step, T, rows, rows},
                               std::span<const SlabPanels<Real>>(operands), W, scratch.data(),
                               [&](Index r, Real sum) { sums.data()[r] += sum; });
          // Rounding grows with the number of values that one lane adds up.
          const double scale = 4 * std::max(1.0, static_cast<double>(W * T / L) / 128);
          check_close<Real>(whole.values(), want, scale);
          check_close<Real>(later.values(), want_later, scale);
          check_close<Real>(sums.values(), want_sums, scale);
          CHECK((whole.intact() && later.intact() && sums.intact() && scratch.intact()));
        }
}
