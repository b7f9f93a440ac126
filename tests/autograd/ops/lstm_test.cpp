// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/lstm.hpp"

#include "support/alloc_counter.hpp"
#include "support/lstm_reference.hpp"
#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

namespace {

using Inputs = std::vector<std::vector<double>>;

Inputs inputs_of(const LstmNumbers& n) {
  Inputs inputs{n.x, n.weight_ih, n.weight_hh, n.bias_ih, n.bias_hh};
  if (!n.h0.empty()) {
    inputs.push_back(n.h0);
    inputs.push_back(n.c0);
  }
  return inputs;
}

template <class V>
auto weights(const V& v) {
  using Real = typename std::remove_cvref_t<decltype(v[0].value)>::Value;
  return ops::LstmWeights<Real>{v[1], v[2], v[3], v[4]};
}
template <class V>
auto first(const V& v, const LstmNumbers& n) {
  using Real = typename std::remove_cvref_t<decltype(v[0].value)>::Value;
  ops::LstmState<Real> state;
  if (!n.h0.empty()) {
    state.h = v[5].template reshape<dyn, dyn>(n.B, n.H);
    state.c = v[6].template reshape<dyn, dyn>(n.B, n.H);
  }
  return state;
}
template <class V>
auto sequences(const V& v, const LstmNumbers& n) {
  return v[0].template reshape<dyn, dyn, dyn>(n.B, n.T, n.in);
}

}  // namespace

TEST_CASE("lstm on the tape: value and gradients of every input") {
  for (const auto& [B, T, in, H, state] : {std::tuple<Index, Index, Index, Index, bool>{2, 4, 3, 5, false},
                                           {3, 3, 2, 4, true},
                                           {17, 2, 1, 2, true}}) {
    INFO("B " << B << ", T " << T << ", in " << in << ", H " << H << ", state " << state);
    const LstmNumbers n(B, T, in, H, state);
    check_op(
        inputs_of(n),
        [&n](auto& tape, const auto& v) {
          const auto s = ops::to_slabs(tape, sequences(v, n));
          return ops::from_slabs(tape, ops::lstm(tape, s, weights(v), first(v, n)));
        },
        LstmReference(n).y);
  }
}

TEST_CASE("lstm_last and lstm_states on the tape: last state and cell carry a sequence on") {
  const LstmNumbers n(3, 4, 2, 2, true);
  const auto want = LstmReference(n);
  std::vector<double> last;
  for (Index u = 0; u < n.H; ++u)
    for (Index b = 0; b < n.B; ++b)
      last.push_back(want.y[static_cast<std::size_t>(b + n.B * (n.T - 1 + n.T * u))]);
  check_op(
      inputs_of(n),
      [&n](auto& tape, const auto& v) {
        return ops::lstm_last(tape, ops::to_slabs(tape, sequences(v, n)), weights(v), first(v, n));
      },
      last);
  // A second pass over the outputs of the first (2 = H channels), from its last state and cell.
  check_op(inputs_of(n), [&n](auto& tape, const auto& v) {
    const auto once = ops::lstm_states(tape, ops::to_slabs(tape, sequences(v, n)), weights(v), first(v, n));
    const auto twice = ops::lstm_states(tape, once.all, weights(v), once.last);
    return twice.last.c;
  });
}

TEST_CASE("lstm refuses sizes that do not fit") {
  Tape<float> tape;
  std::vector<float> memory(200);
  const auto flat = [&](Index size) { return tape.input(Tensor<float, dyn>(memory.data(), size)); };
  const auto s = ops::to_slabs(tape, tape.input(Tensor<float, dyn, dyn, dyn>(memory.data(), 2, 3, 4)));
  const ops::LstmWeights<float> good{flat(32), flat(16), flat(8), flat(8)};
  CHECK_NOTHROW(ops::lstm(tape, s, good));
  CHECK_THROWS_AS(ops::lstm(tape, s, {flat(24), flat(16), flat(8), flat(8)}), ShapeError);
  CHECK_THROWS_AS(ops::lstm(tape, s, {flat(32), flat(10), flat(8), flat(8)}), ShapeError);
  CHECK_THROWS_AS(ops::lstm(tape, s, {flat(32), flat(16), flat(8), flat(4)}), ShapeError);
  const auto h0 = tape.input(Tensor<float, dyn, dyn>(memory.data(), 3, 2));
  CHECK_THROWS_AS(ops::lstm(tape, s, good, {h0, {}}), ShapeError);
  CHECK_THROWS_AS(ops::lstm(tape, s, good, {{}, h0}), ShapeError);
}

TEST_CASE("lstm: no gradient where none is wanted, no heap use when warm") {
  const LstmNumbers n(20, 5, 6, 10, false);
  std::vector<std::vector<float>> values;
  for (const auto& input : inputs_of(n)) values.emplace_back(input.begin(), input.end());
  Tape<float> tape;
  const auto step = [&](bool record) {
    tape.clear();
    tape.set_recording(record);
    const auto flat = [&](std::size_t i, bool wanted) {
      const Tensor<float, dyn> t(values[i].data(), static_cast<Index>(values[i].size()));
      return wanted ? tape.input(t) : tape.constant(t);
    };
    const auto x = tape.constant(Tensor<float, dyn, dyn, dyn>(values[0].data(), n.B, n.T, n.in));
    const auto y = ops::lstm_last(tape, ops::to_slabs(tape, x),
                                  {flat(1, true), flat(2, false), flat(3, true), flat(4, false)});
    const std::vector<float> out(y.value.begin(), y.value.end());
    if (record) {
      y.grad().fill(1.0F);
      tape.backward();
    }
    return out;
  };
  CHECK(step(true) == step(false));
  step(true);
  const AllocationScope scope;
  step(true);
  CHECK(scope.count() == 1);  // the copy `out`
}
