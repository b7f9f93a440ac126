// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/linear.hpp"

#include "gyrograd/autograd/ops/add.hpp"
#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

namespace {

struct Case {
  std::vector<double> x, weight, bias, residual;
};
/// Values that float holds exactly.
Case inputs(Index P, Index in, Index out) {
  const auto make = [](Index n, int stream) { return doubles(random_values<float>(n, stream)); };
  return {make(P * in, 1), make(out * in, 2), make(out, 3), make(P * out, 4)};
}

}  // namespace

TEST_CASE("linear: value and all gradients, with and without bias, any rank, static and run-time sizes") {
  for (Index P : sizes_around(kernels::lanes<float>)) {
    const Case c = inputs(P, 3, 5);
    check_op(
        {c.x, c.weight, c.bias},
        [=](auto& tape, const auto& v) {
          return ops::linear(tape, v[0].template reshape<dyn, dyn>(P, 3), v[1], v[2]);
        },
        linear_reference(c.x, c.weight, c.bias, P, 3, 5));
  }
  const Case c = inputs(6, 4, 7);
  check_op(
      {c.x, c.weight},
      [](auto& tape, const auto& v) {
        return ops::linear(tape, v[0].template reshape<2, 3, 4>(2, 3, 4), v[1], {});
      },
      linear_reference(c.x, c.weight, {}, 6, 4, 7));
}

TEST_CASE("linear with a residual: another value, the input itself, the input used elsewhere, too") {
  const Case c = inputs(5, 4, 4);
  std::vector<double> plain = linear_reference(c.x, c.weight, c.bias, 5, 4, 4), other = plain, self = plain;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    other[i] += c.residual[i];
    self[i] += c.x[i];
  }
  const auto shape = [](const auto& x) { return x.template reshape<dyn, dyn>(5, 4); };
  check_op(
      {c.x, c.weight, c.bias, c.residual},
      [=](auto& tape, const auto& v) { return ops::linear(tape, shape(v[0]), v[1], v[2], shape(v[3])); },
      other);
  check_op(
      {c.x, c.weight, c.bias},
      [=](auto& tape, const auto& v) { return ops::linear(tape, shape(v[0]), v[1], v[2], shape(v[0])); },
      self);
  check_op({c.x, c.weight, c.bias}, [=](auto& tape, const auto& v) {
    const auto y = ops::linear(tape, shape(v[0]), v[1], v[2], shape(v[0]));
    return ops::add(tape, y, shape(v[0]));  // a first contribution to x before linear runs backwards
  });
  check_op({c.x, c.weight, c.bias, c.residual}, [=](auto& tape, const auto& v) {
    const auto y = ops::linear(tape, shape(v[0]), v[1], v[2], shape(v[3]));
    return ops::add(tape, y, shape(v[3]));
  });
}

TEST_CASE("linear with frozen parts still passes on the other gradients") {
  const Case c = inputs(5, 4, 4);
  const OpResult all = run_op<double>({c.x, c.weight, c.bias}, [](auto& tape, const auto& v) {
    return ops::linear(tape, v[0].template reshape<dyn, dyn>(5, 4), v[1], v[2]);
  });
  const OpResult frozen = run_op<double>({c.x, c.weight, c.bias}, [](auto& tape, const auto& v) {
    return ops::linear(tape, v[0].template reshape<dyn, dyn>(5, 4), tape.constant(v[1].value),
                       tape.constant(v[2].value));
  });
  CHECK(frozen.value == all.value);
  CHECK(frozen.gradients[0] == all.gradients[0]);
  CHECK(frozen.gradients[1] == std::vector<double>(16, 0.0));
  const OpResult constant = run_op<double>({c.x, c.weight, c.bias}, [](auto& tape, const auto& v) {
    return ops::linear(tape, tape.constant(v[0].value).template reshape<dyn, dyn>(5, 4), v[1], v[2]);
  });
  CHECK(constant.gradients[0] == std::vector<double>(20, 0.0));
  CHECK(constant.gradients[1] == all.gradients[1]);
}

TEST_CASE("linear layers that share an input: values and all gradients, also of an output nobody reads") {
  const Case a = inputs(21, 4, 3);
  const std::vector<double> second(a.weight.rbegin(), a.weight.rend()), bias{0.5, -1, 2};
  std::vector<double> want = linear_reference(a.x, a.weight, a.bias, 21, 4, 3);
  const std::vector<double> other = linear_reference(a.x, second, bias, 21, 4, 3);
  const auto layers = [](auto& tape, const auto& v, std::size_t read) {
    using Real = std::decay_t<decltype(*v[0].value.data())>;
    const std::array<ops::Dense<Real>, 2> both{{{v[1], v[2]}, {v[3], v[4]}}};
    const auto y = ops::linear(tape, v[0].template reshape<dyn, dyn>(21, 4), both);
    return read < 2 ? y[read] : ops::add(tape, y[0], y[1]);
  };
  const std::vector<std::vector<double>> in{a.x, a.weight, a.bias, second, bias};
  check_op(in, [=](auto& tape, const auto& v) { return layers(tape, v, 0); }, want, {3, 4});
  check_op(in, [=](auto& tape, const auto& v) { return layers(tape, v, 1); }, other, {1, 2});
  for (std::size_t i = 0; i < want.size(); ++i) want[i] += other[i];
  check_op(
      in, [=](auto& tape, const auto& v) { return layers(tape, v, 2); }, want);
}

TEST_CASE("linear with a factor: scaled values, gradients of the layer without it") {
  const Case c = inputs(5, 4, 4);
  const auto run = [&](double factor) {
    return run_op<double>({c.x, c.weight, c.bias}, [=](auto& tape, const auto& v) {
      const std::array<ops::Dense<double>, 1> layer{{{v[1], v[2], factor}}};
      return ops::linear(tape, v[0].template reshape<dyn, dyn>(5, 4), layer)[0];
    });
  };
  const OpResult plain = run(1), scaled = run(0.3);
  for (std::size_t i = 0; i < plain.value.size(); ++i) CHECK(scaled.value[i] == 0.3 * plain.value[i]);
  CHECK(scaled.gradients == plain.gradients);
}

TEST_CASE("linear refuses sizes that do not fit") {
  Tape<float> tape;
  std::vector<float> m(64);
  const auto flat = [&](Index n) { return tape.input(Tensor<float, dyn>(m.data(), n)); };
  const auto x = tape.input(Tensor<float, dyn, dyn>(m.data(), 3, 4));
  CHECK_THROWS_AS(ops::linear(tape, x, flat(22), flat(5)), ShapeError);
  CHECK_THROWS_AS(ops::linear(tape, x, flat(20), flat(4)), ShapeError);
  const std::array<ops::Dense<float>, 2> layers{{{flat(20), flat(5)}, {flat(24), flat(5)}}};
  CHECK_THROWS_WITH(ops::linear(tape, x, layers),
                    "linear: x has 4 channels and y 5, but the weight has 24 values and the bias 5");
  const auto residual = tape.input(Tensor<float, dyn, dyn>(m.data(), 2, 5));
  CHECK_THROWS_WITH(ops::linear(tape, x, flat(20), flat(5), residual),
                    "linear: residual has 10 values, expected 15");
}
