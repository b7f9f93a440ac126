// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/attention.hpp"

#include "gyrograd/autograd/ops/add.hpp"
#include "gyrograd/autograd/ops/linear.hpp"
#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

namespace {

std::vector<double> values(Index n, int stream) {
  return doubles(random_values<float>(n, stream));
}

}  // namespace

TEST_CASE("attention: value and all gradients for every way of grouping sequences") {
  for (Index B : {1, 2, 3, 4})
    for (Index Tq : {2, 5}) {
      INFO("B " << B << ", Tq " << Tq);
      const Index T = 5, C = 6;
      const auto q = values(B * Tq * C, 1), k = values(B * T * C, 2), v = values(B * T * C, 3);
      AttentionReference want{B, Tq, T, 2, 3, {}, {}};
      want.forward(q, k, v);
      check_op(
          {q, k, v},
          [=](auto& tape, const auto& x) {
            const auto shape = [&](const auto& a, Index steps) {
              return a.template reshape<dyn, dyn, dyn>(B, steps, C);
            };
            return ops::attention(tape, shape(x[0], Tq), shape(x[1], T), shape(x[2], T), 2);
          },
          want.o);
    }
}

TEST_CASE("attention of queries that a layer has scaled: what it is of the layer's plain output") {
  const Index B = 2, T = 5, C = 6;
  const auto x = values(B * T * C, 1), weight = values(C * C, 2), bias = values(C, 3);
  const auto run = [&](bool scaled) {
    return run_op<double>({x, weight, bias}, [=](auto& tape, const auto& v) {
      const auto h = v[0].template reshape<dyn, dyn, dyn>(B, T, C);
      const std::array<ops::Dense<double>, 1> layer{
          {{v[1], v[2], scaled ? kernels::attention_query_factor<double>(C / 2) : 1.0}}};
      const auto q = ops::linear(tape, h, layer)[0];
      return scaled ? ops::attention(tape, ops::ScaledQueries{q}, h, h, 2) : ops::attention(tape, q, h, h, 2);
    });
  };
  const OpResult plain = run(false), scaled = run(true);
  CHECK(scaled.value == plain.value);
  CHECK(scaled.gradients == plain.gradients);
}

TEST_CASE("self-attention of one value used as query, key and value") {
  const auto x = values(2 * 4 * 6, 1);
  check_op({x}, [](auto& tape, const auto& v) {
    const auto h = v[0].template reshape<2, 4, 6>(2, 4, 6);
    return ops::add(tape, ops::attention(tape, h, h, h, 3), h);
  });
}

TEST_CASE("attention over one key: exactly no gradient to queries and keys") {
  for (Index B : {1, 3}) {
    const auto q = values(B * 4 * 6, 1), k = values(B * 6, 2), v = values(B * 6, 3);
    check_op({q, k, v},
             [=](auto& tape, const auto& x) {
               return ops::attention(tape, x[0].template reshape<dyn, dyn, dyn>(B, 4, 6),
                                     x[1].template reshape<dyn, dyn, dyn>(B, 1, 6),
                                     x[2].template reshape<dyn, dyn, dyn>(B, 1, 6), 2);
             },
             {}, {0, 1});
  }
}

TEST_CASE("attention with frozen inputs passes on the other gradients") {
  const auto q = values(2 * 4 * 6, 1), k = values(2 * 4 * 6, 2), v = values(2 * 4 * 6, 3);
  const auto run = [&](std::size_t frozen) {
    return run_op<double>({q, k, v}, [=](auto& tape, const auto& x) {
      std::vector<Var<double, dyn, dyn, dyn>> part;
      for (std::size_t i = 0; i < 3; ++i)
        part.push_back(
            (i == frozen ? tape.constant(x[i].value) : x[i]).template reshape<dyn, dyn, dyn>(2, 4, 6));
      return ops::attention(tape, part[0], part[1], part[2], 2);
    });
  };
  const OpResult all = run(9);
  for (std::size_t frozen = 0; frozen < 3; ++frozen) {
    const OpResult r = run(frozen);
    for (std::size_t i = 0; i < 3; ++i)
      CHECK(r.gradients[i] == (i == frozen ? std::vector<double>(48, 0.0) : all.gradients[i]));
  }
}

TEST_CASE("attention gives the same values with and without recording") {
  std::vector<float> x = random_values<float>(2 * 20 * 72, 1);
  Tape<float> tape, inference;
  inference.set_recording(false);
  const auto run = [&](Tape<float>& t) {
    const auto h = t.input(Tensor<float, dyn, dyn, dyn>(x.data(), 2, 20, 72));
    return ops::attention(t, h, h, h, 4);
  };
  const auto a = run(tape), b = run(inference);
  CHECK(std::equal(a.value.begin(), a.value.end(), b.value.begin()));
}

TEST_CASE("attention refuses heads and sizes that do not fit") {
  Tape<float> tape;
  std::vector<float> m(200);
  const auto make = [&](Index b, Index t, Index c) {
    return tape.input(Tensor<float, dyn, dyn, dyn>(m.data(), b, t, c));
  };
  const auto x = make(2, 4, 6);
  CHECK_THROWS_WITH(ops::attention(tape, x, x, x, 4), "attention: 6 channels do not divide into 4 heads");
  CHECK_THROWS_AS(ops::attention(tape, x, x, x, 0), ShapeError);
  CHECK_THROWS_AS(ops::attention(tape, x, x, make(2, 5, 6), 2), ShapeError);
  CHECK_THROWS_AS(ops::attention(tape, x, make(2, 5, 4), make(2, 5, 4), 2), ShapeError);
  CHECK_THROWS_AS(ops::attention(tape, x, make(3, 4, 6), make(3, 4, 6), 2), ShapeError);
}
