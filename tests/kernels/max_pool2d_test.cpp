// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/max_pool2d.hpp"

#include "support/tolerance.hpp"
#include "support/window_reference.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

TEMPLATE_TEST_CASE("max pooling equals plain loops, ties go to the first", "", float, double) {
  using Real = TestType;
  const std::vector<std::pair<WindowAxis, WindowAxis>> cases{{{16, 2, 2, 0, 1}, {6, 1, 1, 0, 1}},
                                                             {{18, 3, 1, 0, 1}, {7, 3, 2, 0, 1}},
                                                             {{7, 3, 2, 1, 1}, {5, 2, 1, 1, 1}},
                                                             {{9, 3, 1, 1, 1}, {1, 1, 1, 0, 1}}};
  for (const auto& [height, width] : cases)
    for (const Index B : {1, 3, 17, 32}) {
      const Window w{B, height, width};
      INFO("B " << B << ", H " << height.size);
      const Index C = 3;
      std::vector<double> x = random_values<double>(w.input_plane() * C, 1);
      for (double& v : x) v = std::round(4 * v);  // many ties
      const PoolReference want(w, C, x);
      Guarded<Real> y(w.output_plane() * C), winner(w.output_plane() * C),
          dx(std::vector<Real>(x.size(), Real(1)));
      const std::vector<Real> values(x.begin(), x.end());
      max_pool2d_forward(y.data(), winner.data(), values.data(), w, C);
      CHECK(doubles(y.copy()) == want.y);
      const std::vector<Real> dy(want.y.size(), Real(0.5));
      max_pool2d_backward(dx.data(), static_cast<const Real*>(dx.data()), dy.data(),
                          static_cast<const Real*>(winner.data()), w, C);
      std::vector<double> expected(x.size(), 1);
      for (const std::size_t at : want.place) expected[at] += 0.5;
      CHECK(doubles(dx.copy()) == expected);
      max_pool2d_backward(dx.data(), static_cast<const Real*>(nullptr), dy.data(),
                          static_cast<const Real*>(winner.data()), w, C);
      for (double& v : expected) v -= 1;
      CHECK(doubles(dx.copy()) == expected);
      CHECK((y.intact() && winner.intact() && dx.intact()));
      max_pool2d_forward(y.data(), static_cast<Real*>(nullptr), values.data(), w, C);
      CHECK(doubles(y.copy()) == want.y);
    }
}
