// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/linear.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

namespace {

template <class Real>
void check(Index P, Index in, Index out) {
  INFO("positions " << P << ", in " << in << ", out " << out);
  Guarded<Real> x(random_values<Real>(P * in, 1)), w(random_values<Real>(out * in, 2));
  Guarded<Real> bias(random_values<Real>(out, 3)), dy(random_values<Real>(P * out, 4));
  const auto xd = doubles(x.copy()), wd = doubles(w.copy()), bd = doubles(bias.copy()),
             dyd = doubles(dy.copy());

  Guarded<Real> y(P * out);
  linear_forward(y.data(), x.data(), w.data(), bias.data(), static_cast<const Real*>(nullptr), P, in, out);
  check_close<Real>(y.values(), linear_reference(xd, wd, bd, P, in, out));
  CHECK(y.intact());

  Guarded<Real> scaled(P * out), factors(P);
  linear_forward_scaled(scaled.data(), static_cast<const Real*>(x.data()), static_cast<const Real*>(w.data()),
                        static_cast<const Real*>(bias.data()), Real(0.3), P, in, out, factors.data());
  for (Index i = 0; i < P * out; ++i) CHECK(scaled.data()[i] == Real(0.3) * y.data()[i]);
  CHECK((scaled.intact() && factors.intact()));

  Guarded<Real> sum(random_values<Real>(P * out, 5));
  std::vector<double> want = linear_reference(xd, wd, {}, P, in, out);
  for (std::size_t i = 0; i < want.size(); ++i) want[i] += static_cast<double>(sum.values()[i]);
  linear_forward(sum.data(), x.data(), w.data(), static_cast<const Real*>(nullptr),
                 static_cast<const Real*>(sum.data()), P, in, out);
  check_close<Real>(sum.values(), want);

  std::vector<double> transposed(wd.size());
  for (Index o = 0; o < out; ++o)
    for (Index i = 0; i < in; ++i)
      transposed[static_cast<std::size_t>(i * out + o)] = wd[static_cast<std::size_t>(o * in + i)];
  std::vector<double> data = linear_reference(dyd, transposed, {}, P, out, in);
  Guarded<Real> dx(P * in), residual(random_values<Real>(P * in, 6));
  linear_backward_data(dx.data(), static_cast<const Real*>(nullptr), dy.data(), w.data(), P, in, out);
  check_close<Real>(dx.values(), data);
  CHECK(dx.intact());
  for (std::size_t i = 0; i < data.size(); ++i) data[i] += static_cast<double>(residual.values()[i]);
  linear_backward_data(dx.data(), residual.data(), dy.data(), w.data(), P, in, out);
  check_close<Real>(dx.values(), data);

  std::vector<double> db_want(static_cast<std::size_t>(out));
  for (std::size_t i = 0; i < dyd.size(); ++i) db_want[i / static_cast<std::size_t>(P)] += dyd[i];
  Guarded<Real> sums(linear_backward_data_scratch<Real>(out)), db(std::vector<Real>(db_want.size()));
  linear_backward_data(dx.data(), residual.data(), dy.data(), w.data(), P, in, out, db.data(), sums.data());
  check_close<Real>(dx.values(), data);
  check_close<Real>(db.values(), db_want);

  std::vector<double> times = linear_reference(dyd, transposed, {}, P, out, in);
  Guarded<Real> slope(random_values<Real>(P * in, 9));
  for (std::size_t i = 0; i < times.size(); ++i) times[i] *= static_cast<double>(slope.values()[i]);
  linear_backward_data_times(slope.data(), dy.data(), w.data(), P, in, out, db.data(), sums.data());
  for (double& v : db_want) v *= 2;
  check_close<Real>(slope.values(), times);
  check_close<Real>(db.values(), db_want);
  CHECK((slope.intact() && sums.intact()));

  Guarded<Real> dw(random_values<Real>(out * in, 7));
  std::vector<double> dw_want = doubles(dw.copy());
  for (Index o = 0; o < out; ++o)
    for (Index p = 0; p < P; ++p) {
      const double d = dyd[static_cast<std::size_t>(p + P * o)];
      for (Index i = 0; i < in; ++i)
        dw_want[static_cast<std::size_t>(o * in + i)] += d * xd[static_cast<std::size_t>(p + P * i)];
    }
  Guarded<Real> scratch(linear_backward_weight_scratch<Real>(P, in, out));
  linear_backward_weight(dw.data(), dy.data(), x.data(), P, in, out, scratch.data());
  CHECK(scratch.intact());
  linear_backward_bias(db.data(), dy.data(), P, out);
  for (double& v : db_want) v *= 1.5;
  check_close<Real>(dw.values(), dw_want);
  check_close<Real>(db.values(), db_want);
  CHECK((dw.intact() && db.intact()));
}

}  // namespace

TEMPLATE_TEST_CASE("dense layer forward and backward equal plain loops", "", float, double) {
  for (Index P : sizes_around(kernels::lanes<TestType>)) {
    check<TestType>(P, 1, 3);
    check<TestType>(P, 6, 5);
  }
  check<TestType>(20, 6, 72);
  check<TestType>(120, 72, 144);
  check<TestType>(240, 144, 72);
  check<TestType>(72, 72, 72);
  check<TestType>(120, 56, 20);
  check<TestType>(18, 72, 6);
}

TEMPLATE_TEST_CASE("weight gradients of layers that share an input have the bits of each alone", "", float,
                   double) {
  using Real = TestType;
  for (const auto& [P, in, out] :
       {std::array<Index, 3>{5, 3, 4}, {120, 72, 72}, {240, 72, 10}, {72, 144, 20}}) {
    const auto x = random_values<Real>(P * in, 1), dy = random_values<Real>(P * out, 2),
               other = random_values<Real>(P * out, 3), start = random_values<Real>(in * out, 4);
    std::vector<Real> scratch(static_cast<std::size_t>(linear_backward_weight_scratch<Real>(P, in, out)));
    std::vector<Real> want = start, want_other = start, got = start, got_other = start;
    linear_backward_weight(want.data(), dy.data(), x.data(), P, in, out, scratch.data());
    linear_backward_weight(want_other.data(), other.data(), x.data(), P, in, out, scratch.data());
    const std::array<WeightGradient<Real>, 2> layers{
        {{got.data(), dy.data()}, {got_other.data(), other.data()}}};
    linear_backward_weights(std::span<const WeightGradient<Real>>(layers), x.data(), P, in, out,
                            scratch.data());
    CHECK((got == want && got_other == want_other));
    linear_backward_weights(std::span<const WeightGradient<Real>>(), x.data(), P, in, out, scratch.data());
    CHECK(got == want);
  }
}
