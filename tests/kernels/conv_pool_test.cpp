// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/conv_pool.hpp"

#include "gyrograd/kernels/max_pool2d.hpp"
#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

namespace {

/// Bits of the two kernels one after the other, winners too.
template <class Real>
void check(Index batch, Index steps, Index in, Index out, Index taps, Index dilation, bool with_bias) {
  INFO("B " << batch << ", T " << steps << ", in " << in << ", out " << out << ", taps " << taps);
  ConvSizes s;
  s.window.batch = batch;
  s.window.height = {steps, taps, 1, 0, dilation};
  s.in = in;
  s.out = out;
  const Window pool{batch, {s.window.height.outputs(), 3, 3, 0, 1}, {}};
  std::vector<Real> x = random_values<Real>(s.window.input_plane() * in, 1);
  for (Real& v : x) v = std::round(2 * v);  // many ties
  const std::vector<Real> weight(static_cast<std::size_t>(s.weight_count()), Real(0.5)),
      bias = random_values<Real>(out, 3), varied = random_values<Real>(s.weight_count(), 2);
  for (const auto& w : {weight, varied}) {
    std::vector<Real> z(static_cast<std::size_t>(s.window.output_plane() * out));
    const Index size = pool.output_plane() * out;
    std::vector<Real> want(static_cast<std::size_t>(size)), place(want.size());
    const Real* b = with_bias ? bias.data() : nullptr;
    conv2d_forward(z.data(), static_cast<const Real*>(x.data()), w.data(), b, s);
    max_pool2d_forward(want.data(), place.data(), static_cast<const Real*>(z.data()), pool, out);
    Guarded<Real> y(size), winner(size), alone(size);
    conv_pool_forward(y.data(), winner.data(), static_cast<const Real*>(x.data()), w.data(), b, s);
    CHECK(y.copy() == want);
    CHECK(winner.copy() == place);
    conv_pool_forward(alone.data(), static_cast<Real*>(nullptr), static_cast<const Real*>(x.data()), w.data(),
                      b, s);
    CHECK(alone.copy() == want);
    CHECK((y.intact() && winner.intact() && alone.intact()));
    const std::vector<Real> dy = random_values<Real>(size, 4);
    Guarded<Real> dz(random_values<Real>(s.window.output_plane() * out, 5));
    max_pool2d_backward(z.data(), static_cast<const Real*>(nullptr), dy.data(), place.data(), pool, out);
    conv_pool_backward(dz.data(), dy.data(), static_cast<const Real*>(winner.data()), s);
    CHECK(dz.copy() == z);
    CHECK(dz.intact());
  }
}

}  // namespace

TEMPLATE_TEST_CASE("convolution with maxima of three has the bits of both kernels", "", float, double) {
  constexpr Index L = lanes<TestType>;
  for (const Index batch : {Index(1), L - 1, L, L + 3, 2 * L}) {
    if (batch < 1) continue;
    check<TestType>(batch, 25, 3, 11, 4, 2, true);
    check<TestType>(batch, 9, 1, 1, 7, 1, false);  // one window of three, nothing left over
  }
  check<TestType>(L, 40, 6, 32, 10, 2, false);   // the first convolution of PRIMUS
  check<TestType>(2 * L, 24, 2, 5, 5, 1, true);  // two results at the end belong to no window
}
