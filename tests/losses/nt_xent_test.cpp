// SPDX-License-Identifier: MIT
#include "gyrograd/losses/nt_xent.hpp"

#include <cmath>

#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

namespace {

auto loss_of(Index batch, Index width) {
  return [=](auto& tape, const auto& v) {
    return losses::nt_xent(tape, v[0].template reshape<dyn, dyn>(batch, width),
                           v[1].template reshape<dyn, dyn>(batch, width), v[2].template reshape<>());
  };
}

}  // namespace

TEST_CASE("NT-Xent: gradients of both views and of the temperature") {
  for (const Index batch : {2, 3, 80})
    check_op({random_values<double>(batch * 4, 1), random_values<double>(batch * 4, 2), {0.4}},
             loss_of(batch, 4), {}, {}, 30);
}

TEST_CASE("NT-Xent of one window is zero, of equal rows the chance level") {
  const OpResult one = run_op<double>({{1, 2}, {2, 1}, {0.1}}, loss_of(1, 2));
  CHECK(one.value[0] == 0);
  const std::vector<double> same(10, 1.0);  // five equal rows: logits are all equal
  const OpResult all = run_op<double>({same, same, {0.1}}, loss_of(5, 2));
  CHECK(all.value[0] == Approx(2 * std::log(9.0)).epsilon(1e-12));
}

TEST_CASE("NT-Xent refuses views of different sizes") {
  Tape<float> tape;
  const auto tau = tape.make<>();
  const auto a = tape.make<dyn, dyn>(4, 3);
  CHECK_THROWS_AS(losses::nt_xent(tape, a, tape.make<dyn, dyn>(3, 3), tau), ShapeError);
}
