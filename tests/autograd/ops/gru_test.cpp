// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/gru.hpp"

#include "support/alloc_counter.hpp"
#include "support/gru_reference.hpp"
#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

namespace {

using Inputs = std::vector<std::vector<double>>;

Inputs inputs_of(const GruNumbers& n) {
  Inputs inputs{n.x, n.weight_ih, n.weight_hh, n.bias_ih, n.bias_hh};
  if (!n.h0.empty()) inputs.push_back(n.h0);
  return inputs;
}

template <class V>
auto weights(const V& v, std::size_t first) {
  using Real = typename std::remove_cvref_t<decltype(v[0].value)>::Value;
  return ops::GruWeights<Real>{v[first], v[first + 1], v[first + 2], v[first + 3]};
}

/// Output (B, T, H) of one layer as an op of flat inputs x, four weights and perhaps h0.
auto layer(const GruNumbers& n) {
  return [&n](auto& tape, const auto& v) {
    const auto x = v[0].template reshape<dyn, dyn, dyn>(n.B, n.T, n.in);
    auto h0 = v[0].template reshape<dyn, dyn>(n.B * n.T, n.in);
    h0 = n.h0.empty() ? decltype(h0){} : v[5].template reshape<dyn, dyn>(n.B, n.H);
    return ops::from_slabs(tape, ops::gru(tape, ops::to_slabs(tape, x), weights(v, 1), h0));
  };
}

std::vector<double> last_of(const GruNumbers& n, const std::vector<double>& y) {
  std::vector<double> last;
  for (Index u = 0; u < n.H; ++u)
    for (Index b = 0; b < n.B; ++b)
      last.push_back(y[static_cast<std::size_t>(b + n.B * (n.T - 1 + n.T * u))]);
  return last;
}

}  // namespace

TEST_CASE("gru on the tape: value and gradients of every input") {
  for (const auto& [B, T, in, H, h0] : {std::tuple<Index, Index, Index, Index, bool>{1, 1, 1, 1, false},
                                        {2, 4, 3, 5, false},
                                        {3, 3, 2, 4, true},
                                        {17, 2, 1, 2, true}}) {
    INFO("B " << B << ", T " << T << ", in " << in << ", H " << H << ", h0 " << h0);
    const GruNumbers n(B, T, in, H, h0);
    const std::vector<std::size_t> no_state =
        T == 1 && !h0 ? std::vector<std::size_t>{2} : std::vector<std::size_t>{};
    check_op(inputs_of(n), layer(n), GruReference(n).y, no_state);
  }
}

TEST_CASE("to_slabs with channels as steps: the sequence turned") {
  const auto x = random_values<double>(2 * 3 * 4, 1);
  std::vector<double> want(x.size());
  for (Index b = 0; b < 2; ++b)
    for (Index t = 0; t < 3; ++t)
      for (Index c = 0; c < 4; ++c)
        want[static_cast<std::size_t>(b + 2 * (c + 4 * t))] =
            static_cast<double>(static_cast<float>(x[static_cast<std::size_t>(b + 2 * (t + 3 * c))]));
  check_op(
      {x},
      [](auto& tape, const auto& v) {
        const auto y = v[0].template reshape<dyn, dyn, dyn>(2, 3, 4);
        return ops::from_slabs(tape, ops::to_slabs(tape, y, ops::StepAxis::channels));
      },
      want);
}

TEST_CASE("gru_last on the tape: last state only") {
  const GruNumbers n(3, 4, 2, 5, true);
  check_op(
      inputs_of(n),
      [&n](auto& tape, const auto& v) {
        const auto s = ops::to_slabs(tape, v[0].template reshape<dyn, dyn, dyn>(n.B, n.T, n.in));
        return ops::gru_last(tape, s, weights(v, 1), v[5].template reshape<dyn, dyn>(n.B, n.H));
      },
      last_of(n, GruReference(n).y));
}

TEST_CASE("stacked layers hand slabs on, several uses of one slab and one weight add up") {
  const GruNumbers n(2, 3, 2, 3, false), above(2, 3, 3, 3, false);
  Inputs inputs = inputs_of(n);
  for (const auto* w : {&above.weight_ih, &above.weight_hh, &above.bias_ih, &above.bias_hh})
    inputs.push_back(*w);
  check_op(inputs, [&](auto& tape, const auto& v) {
    const auto x = ops::to_slabs(tape, v[0].template reshape<dyn, dyn, dyn>(n.B, n.T, n.in));
    const auto s = ops::gru(tape, x, weights(v, 1));
    const auto h0 = ops::gru_last(tape, s, weights(v, 5));
    return ops::from_slabs(tape, ops::gru(tape, ops::gru(tape, s, weights(v, 5), h0), weights(v, 5)));
  });
}

TEST_CASE("slabs that a GRU layer fills while it reads: the bits of slabs filled before") {
  constexpr Index L = kernels::lanes<float>;
  for (const Index B : {Index(1), 2 * L, 4 * L + 3})
    for (const auto axis : {ops::StepAxis::time, ops::StepAxis::channels}) {
      const bool over_time = axis == ops::StepAxis::time;
      INFO("B " << B << ", over time " << over_time);
      const GruNumbers n(B, 5, 3, 4, false);
      std::vector<std::vector<float>> values;
      for (const auto& input : inputs_of(n)) values.emplace_back(input.begin(), input.end());
      const auto outcome = [&](bool defer) {  // last states and gradients of the weights
        Tape<float> tape;
        const auto flat = [&](std::size_t i) {
          return tape.input(Tensor<float, dyn>(values[i].data(), static_cast<Index>(values[i].size())));
        };
        const auto x = tape.constant(Tensor<float, dyn, dyn, dyn>(values[0].data(), B, over_time ? n.T : n.in,
                                                                  over_time ? n.in : n.T));
        const ops::GruWeights<float> w{flat(1), flat(2), flat(3), flat(4)};
        const auto y =
            ops::gru_last(tape, defer ? ops::defer_slabs(tape, x, axis) : ops::to_slabs(tape, x, axis), w);
        y.grad().fill(1.0F);
        tape.backward();
        std::vector<float> all(y.value.begin(), y.value.end());
        for (const auto& v : {w.weight_ih, w.weight_hh, w.bias_ih}) {
          const auto gradient = v.grad();
          all.insert(all.end(), gradient.begin(), gradient.end());
        }
        return all;
      };
      CHECK(outcome(true) == outcome(false));
    }
}

TEST_CASE("gru refuses sizes that do not fit") {
  Tape<float> tape;
  std::vector<float> memory(200);
  const auto flat = [&](Index size) { return tape.input(Tensor<float, dyn>(memory.data(), size)); };
  const auto s = ops::to_slabs(tape, tape.input(Tensor<float, dyn, dyn, dyn>(memory.data(), 2, 3, 4)));
  const ops::GruWeights<float> good{flat(24), flat(12), flat(6), flat(6)};
  CHECK_NOTHROW(ops::gru(tape, s, good));
  CHECK_THROWS_AS(ops::gru(tape, s, {flat(18), flat(12), flat(6), flat(6)}), ShapeError);
  CHECK_THROWS_AS(ops::gru(tape, s, {flat(24), flat(10), flat(6), flat(6)}), ShapeError);
  CHECK_THROWS_AS(ops::gru(tape, s, {flat(24), flat(12), flat(6), flat(3)}), ShapeError);
  CHECK_THROWS_AS(ops::gru(tape, s, {flat(28), flat(12), flat(7), flat(7)}), ShapeError);
  const auto h0 = tape.input(Tensor<float, dyn, dyn>(memory.data(), 3, 2));
  CHECK_THROWS_AS(ops::gru(tape, s, good, h0), ShapeError);
}

TEST_CASE("gru: no gradient where none is wanted, no heap use when warm") {
  const GruNumbers n(20, 5, 6, 10, false);
  std::vector<std::vector<float>> values;
  for (const auto& input : inputs_of(n)) values.emplace_back(input.begin(), input.end());
  Tape<float> tape;
  const auto step = [&] {
    tape.clear();
    const auto flat = [&](std::size_t i, bool wanted) {
      const Tensor<float, dyn> t(values[i].data(), static_cast<Index>(values[i].size()));
      return wanted ? tape.input(t) : tape.constant(t);
    };
    const auto x = tape.constant(Tensor<float, dyn, dyn, dyn>(values[0].data(), n.B, n.T, n.in));
    const auto s = ops::to_slabs(tape, x);
    CHECK(!s.values.needs_gradient());
    const auto y = ops::gru_last(tape, s, {flat(1, true), flat(2, false), flat(3, true), flat(4, false)});
    y.grad().fill(1.0F);
    tape.backward();
  };
  step();
  step();
  const AllocationScope scope;
  step();
  CHECK(scope.count() == 0);
}
