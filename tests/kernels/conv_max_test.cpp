// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/conv_max.hpp"

#include "gyrograd/kernels/max_over_time.hpp"
#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

namespace {

/// The same by three kernels one after the other.
template <class Real>
struct ThreeSteps {
  std::vector<Real> y, dx, dweight, dbias;

  ThreeSteps(const std::vector<Real>& x, const std::vector<Real>& weight, const std::vector<Real>& bias,
             const std::vector<Real>& dy, const kernels::ConvMaxSizes& s) {
    const Index n = s.batch * s.results();
    kernels::ConvSizes conv;
    conv.window.batch = s.batch;
    conv.window.height = {s.steps, s.taps};
    conv.in = s.in;
    conv.out = s.out;
    std::vector<Real> z(static_cast<std::size_t>(n * s.out)), dz(z.size());
    const Real* none = nullptr;
    y.resize(static_cast<std::size_t>(s.batch * s.out));
    dx.resize(x.size());
    dweight.assign(weight.size(), Real(1));
    dbias.assign(bias.size(), Real(1));
    kernels::conv2d_forward(z.data(), x.data(), weight.data(), bias.data(), conv);
    kernels::relu_forward(z.data(), static_cast<const Real*>(z.data()), n * s.out);
    kernels::max_over_time_forward(y.data(), static_cast<const Real*>(z.data()), s.batch, s.results(), s.out);
    kernels::max_over_time_backward(dz.data(), none, dy.data(), static_cast<const Real*>(y.data()),
                                    static_cast<const Real*>(z.data()), s.batch, s.results(), s.out);
    kernels::relu_backward(dz.data(), none, static_cast<const Real*>(dz.data()),
                           static_cast<const Real*>(z.data()), n * s.out);
    kernels::conv2d_backward_data(dx.data(), none, static_cast<const Real*>(dz.data()), weight.data(), conv);
    kernels::conv2d_backward_weight(dweight.data(), static_cast<const Real*>(dz.data()), x.data(), conv);
    kernels::conv2d_backward_bias(dbias.data(), static_cast<const Real*>(dz.data()), n, s.out);
  }
};

template <class Real>
void check(const kernels::ConvMaxSizes& s) {
  INFO("B " << s.batch << ", T " << s.steps << ", in " << s.in << ", out " << s.out << ", taps " << s.taps);
  const auto x = random_values<Real>(s.batch * s.steps * s.in, 1);
  const auto weight = random_values<Real>(s.out * s.patch(), 2);
  auto bias = random_values<Real>(s.out, 3);
  bias[0] = Real(-100);  // nothing of this channel is above zero
  const auto dy = random_values<Real>(s.batch * s.out, 4);
  const ThreeSteps<Real> want(x, weight, bias, dy, s);

  std::vector<Real> scratch(static_cast<std::size_t>(
      std::max(kernels::conv_max_forward_scratch(s), kernels::conv_max_backward_scratch(s))));
  Guarded<Real> y(s.batch * s.out), winner(s.batch * s.out), dx(static_cast<Index>(x.size())),
      dweight(std::vector<Real>(weight.size(), Real(1))), dbias(std::vector<Real>(bias.size(), Real(1)));
  kernels::conv_max_forward(y.data(), winner.data(), x.data(), weight.data(),
                            static_cast<const Real*>(bias.data()), s, scratch.data());
  CHECK(doubles(y.copy()) == doubles(want.y));

  kernels::ConvMaxBackward<Real> g;
  g.dweight = dweight.data();
  g.dbias = dbias.data();
  g.dx = dx.data();
  g.dy = dy.data();
  g.y = y.data();
  g.winner = winner.data();
  g.x = x.data();
  g.weight = weight.data();
  kernels::conv_max_backward(g, s, scratch.data());
  check_close<Real>(dx.values(), doubles(want.dx), 8);
  check_close<Real>(dweight.values(), doubles(want.dweight), 8);
  check_close<Real>(dbias.values(), doubles(want.dbias), 8);

  g.dweight = g.dbias = nullptr;
  g.residual = dx.data();  // adds itself
  kernels::conv_max_backward(g, s, scratch.data());
  std::vector<double> twice = doubles(want.dx);
  for (double& v : twice) v *= 2;
  check_close<Real>(dx.values(), twice, 8);
  g.dx = nullptr;
  g.dweight = dweight.data();
  kernels::conv_max_backward(g, s, scratch.data());
  CHECK((y.intact() && winner.intact() && dx.intact() && dweight.intact() && dbias.intact()));
}

}  // namespace

TEMPLATE_TEST_CASE("convolution, ReLU and maximum as one equal the three kernels", "", float, double) {
  for (const Index B : {1, 3, 16, 17}) {
    check<TestType>({B, 20, 8, 9, 2});
    check<TestType>({B, 40, 33, 20, 8});
    check<TestType>({B, 5, 1, 3, 5});
  }
}
