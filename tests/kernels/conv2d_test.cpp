// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/conv2d.hpp"

#include "support/tolerance.hpp"
#include "support/window_reference.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

namespace {

template <class Real>
std::vector<Real> cast(const std::vector<double>& v) {
  return {v.begin(), v.end()};
}

template <class Real>
void check(const Window& w, Index in, Index out) {
  INFO("B " << w.batch << ", H " << w.height.size << ", W " << w.width.size << ", in " << in << ", out "
            << out);
  ConvReference want(w, in, out);
  const ConvSizes s{w, in, out};
  Guarded<Real> x(cast<Real>(want.x)), weight(cast<Real>(want.weight)), bias(cast<Real>(want.bias)),
      y(w.output_plane() * out), dx(w.input_plane() * in);
  conv2d_forward(y.data(), static_cast<const Real*>(x.data()), static_cast<const Real*>(weight.data()),
                 static_cast<const Real*>(bias.data()), s);
  check_close<Real>(y.values(), want.y, 4);
  CHECK(y.intact());

  const std::vector<Real> dy = cast<Real>(random_values<double>(w.output_plane() * out, 7));
  want.backward(doubles(dy));
  conv2d_backward_data(dx.data(), static_cast<const Real*>(nullptr), dy.data(),
                       static_cast<const Real*>(weight.data()), s);
  check_close<Real>(dx.values(), want.dx, 4);
  conv2d_backward_data(dx.data(), static_cast<const Real*>(dx.data()), dy.data(),
                       static_cast<const Real*>(weight.data()), s);  // adds itself
  for (double& v : want.dx) v *= 2;
  check_close<Real>(dx.values(), want.dx, 4);
  CHECK(dx.intact());

  Guarded<Real> dweight(std::vector<Real>(want.weight.size(), Real(1))),
      dbias(std::vector<Real>(want.bias.size(), Real(1)));
  conv2d_backward_weight(dweight.data(), dy.data(), static_cast<const Real*>(x.data()), s);
  conv2d_backward_bias(dbias.data(), dy.data(), w.output_plane(), out);
  for (auto* sums : {&want.dweight, &want.dbias})
    for (double& v : *sums) v += 1;
  check_close<Real>(dweight.values(), want.dweight, 8);
  check_close<Real>(dbias.values(), want.dbias, 8);
  CHECK(dweight.intact());
}

}  // namespace

TEMPLATE_TEST_CASE("convolution forward and backward equal plain loops", "", float, double) {
  // DCNN and DeepSense
  for (Index B : {1, 3, 16, 33}) {
    check<TestType>({B, {20, 5, 1, 0, 1}, {6, 1, 1, 0, 1}}, 1, 10);
    check<TestType>({B, {8, 5, 1, 0, 1}, {2, 1, 1, 0, 1}}, 7, 9);
    check<TestType>({B, {20, 2, 1, 0, 1}, {3, 3, 1, 0, 1}}, 1, 8);
  }
  // every kind of stride, padding and dilation
  for (Index B : {1, 2, 17}) {
    check<TestType>({B, {9, 3, 2, 1, 1}, {7, 3, 1, 1, 1}}, 2, 3);
    check<TestType>({B, {13, 5, 2, 2, 1}, {1, 1, 1, 0, 1}}, 5, 3);
    check<TestType>({B, {11, 3, 1, 2, 2}, {5, 2, 3, 0, 1}}, 3, 2);
    check<TestType>({B, {4, 4, 1, 0, 1}, {4, 2, 1, 1, 3}}, 1, 1);
  }
  for (Index out : {1, 4, 8, 17})
    for (Index in : {1, 2, 9}) check<TestType>({5, {6, 3, 1, 0, 1}, {2, 2, 1, 0, 1}}, in, out);
}

TEST_CASE("convolution: long rows are cut for the weight gradient") {
  check<float>({64, {60, 2, 1, 0, 1}, {1, 1, 1, 0, 1}}, 2, 3);
}
