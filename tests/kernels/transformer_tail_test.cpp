// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/transformer_tail.hpp"

#include "gyrograd/kernels/linear.hpp"
#include "support/reference.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

TEMPLATE_TEST_CASE("transformer tail: the bits of its kernels one by one", "", float, double) {
  using Real = TestType;
  constexpr Index L = lanes<Real>, C = 10, FF = 14;
  const auto wp = random_values<Real>(C * C, 1), w1 = random_values<Real>(FF * C, 2),
             w2 = random_values<Real>(C * FF, 3), bp = random_values<Real>(C, 4),
             b1 = random_values<Real>(FF, 5), b2 = random_values<Real>(C, 6), g1 = random_values<Real>(C, 7),
             s1 = random_values<Real>(C, 8), g2 = random_values<Real>(C, 9), s2 = random_values<Real>(C, 10);
  const Real eps1 = Real(1e-3), eps2 = Real(1e-2);
  const TransformerTail<Real> tail{C,
                                   FF,
                                   {wp.data(), bp.data()},
                                   {w1.data(), b1.data()},
                                   {w2.data(), b2.data()},
                                   {g1.data(), s1.data(), eps1},
                                   {g2.data(), s2.data(), eps2}};
  for (const Index P : {Index{1}, L, L + 1, 2 * L + L / 2, 3 * L, 4 * L, 7 * L + L / 2 + 1}) {
    INFO(P << " positions");
    const auto a = random_values<Real>(P * C, 11), residual = random_values<Real>(P * C, 12);
    std::vector<Real> u(a.size()), r(a.size()), want(a.size()), f(static_cast<std::size_t>(P * FF));
    std::vector<Real> mean(static_cast<std::size_t>(P)), rstd(mean);
    linear_forward(u.data(), a.data(), wp.data(), bp.data(), residual.data(), P, C, C);
    layer_norm_forward(u.data(), mean.data(), rstd.data(), u.data(), g1.data(), s1.data(), P, C, eps1);
    linear_forward(f.data(), u.data(), w1.data(), b1.data(), static_cast<const Real*>(nullptr), P, C, FF);
    gelu_forward(f.data(), f.data(), P * FF);
    linear_forward(r.data(), f.data(), w2.data(), b2.data(), u.data(), P, FF, C);
    layer_norm_forward(want.data(), mean.data(), rstd.data(), r.data(), g2.data(), s2.data(), P, C, eps2);

    Guarded<Real> y(std::vector<Real>(a.size(), Real(7)));
    Guarded<Real> scratch(
        std::vector<Real>(static_cast<std::size_t>(transformer_tail_scratch<Real>(C, FF)), Real(7)));
    transformer_tail(y.data(), a.data(), residual.data(), tail, P, scratch.data());
    CHECK((y.intact() && scratch.intact()));
    CHECK(y.copy() == want);
  }
}
