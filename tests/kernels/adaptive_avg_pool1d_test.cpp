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

TEST_CASE("with twice as many bins as inputs every input has a bin of its own") {
  for (Index inputs = 1; inputs <= 20; ++inputs)
    for (Index outputs = 2 * inputs; outputs <= 2 * inputs + 5; ++outputs)
      for (Index t = 0; t < inputs; ++t) {
        const AdaptiveBin bin = adaptive_bin(adaptive_own_bin(t, inputs, outputs), outputs, inputs);
        CHECK((bin.first == t && bin.count == 1));
      }
}

TEMPLATE_TEST_CASE("weights of bins folded onto inputs: the same products, the transposed gradient", "",
                   float, double) {
  using Real = TestType;
  constexpr Index rows = 3, inputs = 5, outputs = 12, columns = 7;
  const auto weight = random_values<Real>(rows * outputs, 1), x = random_values<Real>(inputs, 2),
             dfolded = random_values<Real>(rows * columns, 3);
  Guarded<Real> folded(rows * columns),
      dweight(std::vector<Real>(static_cast<std::size_t>(rows * outputs), Real(1)));
  adaptive_fold_bins(folded.data(), weight.data(), rows, inputs, outputs, columns);
  adaptive_fold_bins_backward(dweight.data(), dfolded.data(), rows, inputs, outputs, columns);
  std::vector<double> bins(outputs);
  double along = 0, back = 0;  // dfolded . folded = weight . dweight
  for (Index i = 0; i < outputs; ++i) {
    const AdaptiveBin bin = adaptive_bin(i, outputs, inputs);
    for (Index t = bin.first; t < bin.first + bin.count; ++t)
      bins[static_cast<std::size_t>(i)] +=
          static_cast<double>(x[static_cast<std::size_t>(t)]) / static_cast<double>(bin.count);
  }
  for (Index r = 0; r < rows; ++r) {
    double want = 0, got = 0;
    for (Index i = 0; i < outputs; ++i) {
      const auto at = static_cast<std::size_t>(r * outputs + i);
      want += static_cast<double>(weight[at]) * bins[static_cast<std::size_t>(i)];
      back += static_cast<double>(weight[at]) * (static_cast<double>(dweight.data()[at]) - 1);
    }
    for (Index t = 0; t < columns; ++t) {
      const auto at = static_cast<std::size_t>(r * columns + t);
      if (t < inputs)
        got += static_cast<double>(folded.data()[at]) * static_cast<double>(x[static_cast<std::size_t>(t)]);
      else
        CHECK(folded.data()[at] == Real(0));
      along += static_cast<double>(folded.data()[at]) * static_cast<double>(dfolded[at]);
    }
    CHECK(got == Approx(want).epsilon(1e-5));
  }
  CHECK(back == Approx(along).epsilon(1e-5));
  CHECK((folded.intact() && dweight.intact()));
}
