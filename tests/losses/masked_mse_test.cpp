// SPDX-License-Identifier: MIT
#include "gyrograd/losses/masked_mse.hpp"

#include "gyrograd/autograd/ops/gather.hpp"
#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

namespace {

/// Loss of prediction (2, 3, 4) against fixed targets; one target list per precision that outlives the tape.
template <class Real>
const std::vector<Real>& targets() {
  static const std::vector<Real> values = random_values<Real>(24, 2);
  return values;
}
const auto loss = [](auto& tape, const auto& v) {
  using Real = std::remove_cvref_t<decltype(*v[0].value.data())>;
  return losses::masked_mse(tape, v[0].template reshape<dyn, 3, dyn>(2, 3, 4), targets<Real>().data(),
                            Real(0.125));
};

}  // namespace

TEST_CASE("masked mse: value and gradient") {
  const auto x = doubles(random_values<float>(24, 1));
  double want = 0;
  for (std::size_t i = 0; i < 24; ++i)
    want += (x[i] - targets<double>()[i]) * (x[i] - targets<double>()[i]) / 8;
  check_op({x}, loss, {want});
}

TEST_CASE("masked mse of a perfect prediction is zero with zero gradient") {
  const OpResult r = run_op<double>({targets<double>()}, loss);
  CHECK(r.value[0] == 0);
  CHECK(r.gradients[0] == std::vector<double>(24, 0.0));
}

TEST_CASE("rows that are not masked get no gradient") {
  const std::vector<std::int32_t> positions{1, 0};
  const auto on_rows = [&](auto& tape, const auto& v) {
    using Real = std::remove_cvref_t<decltype(*v[0].value.data())>;
    const auto rows = ops::gather(tape, v[0].template reshape<dyn, dyn, dyn>(2, 3, 4), positions.data(), 1);
    return losses::masked_mse(tape, rows, targets<Real>().data(), Real(1));
  };
  const auto x = random_values<double>(24, 1);
  check_op({x}, on_rows);
  const OpResult r = run_op<double>({x}, on_rows);
  for (Index c = 0; c < 4; ++c)
    for (Index t = 0; t < 3; ++t)
      for (Index b = 0; b < 2; ++b)
        CHECK((r.gradients[0][static_cast<std::size_t>(b + 2 * (t + 3 * c))] != 0) ==
              (t == positions[static_cast<std::size_t>(b)]));
}

TEST_CASE("losses of micro-batches add up to the loss of the batch") {
  const std::vector<double> x = random_values<double>(24, 1);
  Tape<double> tape;
  tape.set_recording(false);
  const auto part = [&](Index first, Index count) {
    return *losses::masked_mse(tape, tape.constant(Tensor<const double, dyn>(x.data() + first, count)),
                               targets<double>().data() + first, 1.0 / 24)
                .value.data();
  };
  CHECK(part(0, 8) + part(8, 16) == Approx(part(0, 24)).epsilon(1e-14));
}
