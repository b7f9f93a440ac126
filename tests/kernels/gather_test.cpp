// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/gather.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

TEMPLATE_TEST_CASE("rows at positions and their scatter-add", "", float, double) {
  using Real = TestType;
  const Index T = 6, C = 4;
  for (Index batch : {1, 2, 5})
    for (Index count : {0, 1, 3, 11}) {
      INFO("batch " << batch << ", count " << count);
      const auto positions = random_indices(batch * count, T, 1);
      Guarded<Real> x(random_values<Real>(batch * T * C, 2)), y(batch * count * C);
      Guarded<Real> dy(random_values<Real>(batch * count * C, 3)), dx(random_values<Real>(batch * T * C, 4));
      std::vector<double> want = doubles(dx.copy());
      gather_forward(y.data(), x.data(), positions.data(), batch, count, T, C);
      bool same = true;
      for (Index b = 0; b < batch; ++b)
        for (Index m = 0; m < count; ++m)
          for (Index c = 0; c < C; ++c) {
            const Index t = positions[static_cast<std::size_t>(b * count + m)];
            const Index at = b + batch * (m + count * c), from = b + batch * (t + T * c);
            same = same && y.data()[at] == x.data()[from];
            want[static_cast<std::size_t>(from)] += static_cast<double>(dy.data()[at]);
          }
      CHECK(same);
      gather_backward(dx.data(), dy.data(), positions.data(), batch, count, T, C);
      check_close<Real>(dx.values(), want);
      CHECK((y.intact() && dx.intact()));
    }
}
