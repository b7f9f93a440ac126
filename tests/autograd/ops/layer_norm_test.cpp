// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/layer_norm.hpp"

#include "gyrograd/autograd/ops/scale.hpp"
#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("layer norm: value and all gradients") {
  for (Index P : sizes_around(kernels::lanes<double>)) {
    const auto x = random_values<double>(P * 6, 1, -2, 2), gamma = random_values<double>(6, 2, 0.5, 1.5),
               beta = random_values<double>(6, 3);
    std::vector<std::vector<double>> in{x, gamma, beta};
    for (auto& values : in)
      for (double& v : values) v = static_cast<double>(static_cast<float>(v));
    check_op(
        in,
        [=](auto& tape, const auto& v) {
          return ops::layer_norm(tape, v[0].template reshape<dyn, dyn>(P, 6), v[1], v[2], {});
        },
        layer_norm_reference(in[0], in[1], in[2], P, 6, 0));
  }
}

TEST_CASE("layer norm used twice with one set of parameters") {
  const auto x = random_values<double>(5 * 8, 1), gamma = random_values<double>(8, 2, 0.5, 1.5),
             beta = random_values<double>(8, 3);
  check_op({x, gamma, beta}, [](auto& tape, const auto& v) {
    const auto once = ops::layer_norm(tape, v[0].template reshape<5, 8>(5, 8), v[1], v[2], {});
    return ops::layer_norm(tape, once, v[1], v[2], {});
  });
}

TEST_CASE("layer norm with frozen parts still passes on the other gradients") {
  const std::vector<std::vector<double>> in{random_values<double>(5 * 8, 1), random_values<double>(8, 2),
                                            random_values<double>(8, 3)};
  const auto run = [&](bool data, bool parameters) {
    return run_op<double>(in, [=](auto& tape, const auto& v) {
      const auto x = v[0].template reshape<5, 8>(5, 8);
      const auto p = [&](const auto& var) { return parameters ? var : tape.constant(var.value); };
      return ops::layer_norm(tape, data ? x : tape.constant(x.value), p(v[1]), p(v[2]), 1e-5);
    });
  };
  const OpResult all = run(true, true), frozen = run(true, false), constant = run(false, true);
  CHECK(frozen.gradients[0] == all.gradients[0]);
  CHECK(frozen.gradients[1] == std::vector<double>(8, 0.0));
  CHECK(constant.gradients[0] == std::vector<double>(40, 0.0));
  CHECK((constant.gradients[1] == all.gradients[1] && constant.gradients[2] == all.gradients[2]));
}

TEST_CASE("layer norm in place gives the value and the gradients of the other") {
  const auto run = [](double beta_scale, bool in_place, bool& moved) {
    auto beta = random_values<double>(8, 3);
    for (double& b : beta) b *= beta_scale;
    return run_op<double>({random_values<double>(5 * 8, 1), random_values<double>(8, 2, 0.5, 1.5), beta},
                          [=, &moved](auto& tape, const auto& v) {
                            const auto x = ops::scale(tape, v[0].template reshape<5, 8>(5, 8),
                                                      3.0);  // memory of the tape
                            const auto y = in_place ? ops::layer_norm_in_place(tape, x, v[1], v[2], 1e-5)
                                                    : ops::layer_norm(tape, x, v[1], v[2], 1e-5);
                            moved = y.value.data() != x.value.data();
                            return y;
                          });
  };
  for (const double beta_scale : {1.0, 100.0}) {  // the second is not undone
    bool moved = false, apart = false;
    const OpResult want = run(beta_scale, false, apart), got = run(beta_scale, true, moved);
    CHECK((apart && moved == (beta_scale > 1)));
    CHECK(got.value == want.value);
    for (std::size_t i = 0; i < 3; ++i) check_close<double>(got.gradients[i], want.gradients[i], 4);
  }
}

TEST_CASE("layer norm refuses parameters of another width") {
  Tape<double> tape;
  std::vector<double> x(12), g(3);
  const auto v = tape.input(Tensor<double, dyn, dyn>(x.data(), 3, 4));
  const auto gamma = tape.input(Tensor<double, dyn>(g.data(), 3));
  CHECK_THROWS_WITH(ops::layer_norm(tape, v, gamma, gamma, 1e-5),
                    "layer_norm: x has 4 channels, gamma 3, beta 3");
}
