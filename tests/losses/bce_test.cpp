// SPDX-License-Identifier: MIT
#include "gyrograd/losses/bce.hpp"

#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

namespace {

template <class Var>
using RealOf = std::remove_cvref_t<decltype(*std::declval<Var>().value.data())>;

/// Targets and weights in the arithmetic of the tape.
template <class Real>
std::vector<Real> as(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

}  // namespace

TEST_CASE("binary cross-entropy from log-odds: value and gradient") {
  for (Index n : sizes_around(kernels::lanes<float>)) {
    const auto z = doubles(random_values<float>(n * 3, 1, -4, 4));
    std::vector<double> y, w;
    double want = 0;
    for (std::size_t i = 0; i < z.size(); ++i) {
      y.push_back(i % 4 == 0 ? 1.0 : i % 4 == 1 ? 0.25 : 0.0);
      w.push_back(i % 5 == 0 ? 0.0 : 1.5);
      const double p = 1 / (1 + std::exp(-z[i]));
      want -= 0.5 * w[i] * (y[i] * std::log(p) + (1 - y[i]) * std::log(1 - p));
    }
    check_op({z},
             [&](auto& tape, const auto& v) {
               using Real = RealOf<decltype(v[0])>;
               static std::vector<Real> target, weight;
               target = as<Real>(y), weight = as<Real>(w);
               return losses::bce_logits(tape, v[0].template reshape<dyn, 3>(n, 3), target.data(), Real(0.5),
                                         weight.data());
             },
             {want});
  }
}

TEST_CASE("binary cross-entropy from probabilities: value and gradient") {
  const auto p = doubles(random_values<float>(12, 1, 0.3, 0.7));
  const std::vector<double> y{1, 0, 0.5, 1, 0, 0, 1, 1, 0, 0.25, 0, 1};
  double want = 0;
  for (std::size_t i = 0; i < p.size(); ++i)
    want -= (y[i] * std::log(p[i]) + (1 - y[i]) * std::log(1 - p[i])) / 12;
  check_op({p},
           [&](auto& tape, const auto& v) {
             using Real = RealOf<decltype(v[0])>;
             static std::vector<Real> target;
             target = as<Real>(y);
             return losses::bce(tape, v[0].template reshape<dyn, 4>(3, 4), target.data(), Real(1.0 / 12));
           },
           {want});
}

TEST_CASE("binary cross-entropy of extreme log-odds stays finite") {
  const std::vector<double> z{1000, -1000, 1000, -1000}, y{1, 0, 0, 1};
  Tape<double> tape;
  tape.set_recording(false);
  const auto loss =
      losses::bce_logits(tape, tape.constant(Tensor<const double, dyn, dyn>(z.data(), 2, 2)), y.data(), 1.0);
  CHECK(*loss.value.data() == Approx(2000));
}

TEST_CASE("a head that is not asked costs nothing, whatever it says") {
  const std::vector<double> p{0.5, 1.0}, y{1, 0}, weight{1, 0};
  Tape<double> tape;
  tape.set_recording(false);
  const auto loss = losses::bce(tape, tape.constant(Tensor<const double, dyn, dyn>(p.data(), 1, 2)), y.data(),
                                1.0, weight.data());
  CHECK(*loss.value.data() == Approx(std::log(2.0)));
}

TEST_CASE("binary cross-entropy refuses targets that are no probability") {
  const std::vector<float> z{0, 0};
  const float high[] = {0, 1.5F}, nan[] = {std::nanf(""), 0};
  Tape<float> tape;
  const auto x = tape.constant(Tensor<const float, dyn, dyn>(z.data(), 2, 1));
  CHECK_THROWS_WITH(losses::bce_logits(tape, x, high, 1.0F),
                    "binary cross-entropy: target 1.500000 of sample 1, expected 0 to 1");
  CHECK_THROWS_AS(losses::bce_logits(tape, x, nan, 1.0F), ConfigError);
}
