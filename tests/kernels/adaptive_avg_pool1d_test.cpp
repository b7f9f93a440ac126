// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/adaptive_avg_pool1d.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

namespace {

template <class Real>
void check(Index batch, Index inputs, Index outputs, Index channels) {
  INFO(batch << " x " << inputs << " -> " << outputs << " x " << channels);
  Guarded<Real> x(random_values<Real>(batch * inputs * channels, 1)),
      dy(random_values<Real>(batch * outputs * channels, 2));
  Guarded<Real> y(batch * outputs * channels), dx(batch * inputs * channels),
      residual(random_values<Real>(batch * inputs * channels, 3));
  std::vector<double> y_want(y.values().size()), dx_want(dx.values().size()), sum = doubles(residual.copy());
  for (Index c = 0; c < channels; ++c)
    for (Index i = 0; i < outputs; ++i) {
      const Index begin = i * inputs / outputs;
      const Index end = ((i + 1) * inputs + outputs - 1) / outputs;
      for (Index b = 0; b < batch; ++b)
        for (Index t = begin; t < end; ++t) {
          const auto from = static_cast<std::size_t>(b + batch * (t + inputs * c));
          const auto to = static_cast<std::size_t>(b + batch * (i + outputs * c));
          const double share = 1.0 / static_cast<double>(end - begin);
          y_want[to] += static_cast<double>(x.values()[from]) * share;
          dx_want[from] += static_cast<double>(dy.values()[to]) * share;
          sum[from] += static_cast<double>(dy.values()[to]) * share;
        }
    }
  adaptive_avg_pool1d_forward(y.data(), static_cast<const Real*>(x.data()), batch, inputs, outputs, channels);
  check_close<Real>(y.values(), y_want);
  adaptive_avg_pool1d_backward(dx.data(), static_cast<const Real*>(nullptr),
                               static_cast<const Real*>(dy.data()), batch, inputs, outputs, channels);
  check_close<Real>(dx.values(), dx_want);
  adaptive_avg_pool1d_backward(residual.data(), static_cast<const Real*>(residual.data()),
                               static_cast<const Real*>(dy.data()), batch, inputs, outputs, channels);
  check_close<Real>(residual.values(), sum);
  CHECK((y.intact() && dx.intact() && residual.intact()));
}

}  // namespace

TEMPLATE_TEST_CASE("adaptive average pooling equals plain loops, up and down", "", float, double) {
  for (const Index batch : sizes_around(lanes<TestType>))
    for (const auto& [inputs, outputs] : {std::pair<Index, Index>{15, 32}, {42, 32}, {1, 5}, {7, 7}, {9, 1}})
      check<TestType>(batch, inputs, outputs, 3);
  check<TestType>(1, 98, 32, 32);
}

TEST_CASE("adaptive average pooling of 15 to 32 has the bins of the fact sheet") {
  std::string bins;
  for (Index i = 0; i < 32; ++i) {
    const AdaptiveBin bin = adaptive_bin(i, 32, 15);
    bins += "(" + std::to_string(bin.first) + "," + std::to_string(bin.first + bin.count) + ")";
  }
  CHECK(bins ==
        "(0,1)(0,1)(0,2)(1,2)(1,3)(2,3)(2,4)(3,4)(3,5)(4,5)(4,6)(5,6)(5,7)(6,7)(6,8)(7,8)(7,8)(7,9)(8,9)(8,"
        "10)(9,10)(9,11)(10,11)(10,12)(11,12)(11,13)(12,13)(12,14)(13,14)(13,15)(14,15)(14,15)");
}
