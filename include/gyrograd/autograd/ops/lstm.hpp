// SPDX-License-Identifier: MIT
// LSTM layer on slabs on the tape: the counterpart of ops/gru.hpp, whose Slabs it shares.
#pragma once

#include "gyrograd/autograd/ops/gru.hpp"
#include "gyrograd/kernels/lstm.hpp"

namespace gyrograd::ops {

/// Parameters of one LSTM layer on the tape, as PyTorch stores them: (4H, in), (4H, H), (4H), (4H).
template <Scalar Real>
struct LstmWeights {
  Var<Real, dyn> weight_ih, weight_hh, bias_ih, bias_hh;
};

/// First or last states of one layer: (B, H) each; default Vars stand for zeros.
template <Scalar Real>
struct LstmState {
  Var<Real, dyn, dyn> h, c;
};

/// All states of one layer and the state and cell after the last step.
template <Scalar Real>
struct LstmStates {
  Slabs<Real> all;
  LstmState<Real> last;
};

namespace detail {

/// What one LSTM layer keeps for its backward pass. Outputs that do not exist are empty.
template <Scalar Real>
struct LstmRecord {
  Slabs<Real> x, y;
  LstmState<Real> last, first;
  LstmWeights<Real> w;
  Real* gates = nullptr;  // all groups
  Real* cells = nullptr;
  const Real *h0 = nullptr, *c0 = nullptr;  // slabs, or null

  Index in() const { return x.channels; }
  Index hidden() const { return y.channels; }
};

/// Gradient of an output as slab of one group in `to`, zeros or null where there is none.
template <Scalar Real>
const Real* state_gradient(Real* to, const Var<Real, dyn, dyn>& v, const kernels::LaneGroup& g) {
  if (v.value.empty() || !v.needs_gradient() || !v.gradient->written) return nullptr;
  kernels::to_slab(to, static_cast<const Real*>(v.gradient->data), g, v.extent(0), 1, v.extent(1));
  return to;
}
template <Scalar Real>
void give_state_gradient(const Var<Real, dyn, dyn>& v, const Accumulator<Real, dyn, dyn>& d, const Real* slab,
                         const kernels::LaneGroup& g) {
  if (!d.into.empty()) kernels::from_slab(d.into.data(), d.residual, slab, g, v.extent(0), 1, v.extent(1));
}
template <Scalar Real>
Accumulator<Real, dyn, dyn> wanted(const Var<Real, dyn, dyn>& v) {
  return !v.value.empty() && v.needs_gradient() ? v.accumulator() : Accumulator<Real, dyn, dyn>{};
}

template <Scalar Real>
void lstm_backward(Tape<Real>& tape, const LstmRecord<Real>& r) {
  const Index in = r.in(), hidden = r.hidden(), steps = r.x.steps, batch = r.x.batch;
  auto scratch = tape.workspace();
  Real* packed = scratch(4 * hidden * hidden);
  kernels::lstm_pack_backward(packed, static_cast<const Real*>(r.w.weight_hh.value.data()), hidden);
  const Index state = kernels::slab_vectors * kernels::lanes<Real> * kernels::slab_rows(hidden);
  Real *dc = scratch(state), *dh0 = scratch(state), *dlast = scratch(state);
  const kernels::LstmWeightGradients<Real> d{gradient_or_null(r.w.weight_ih), gradient_or_null(r.w.weight_hh),
                                             gradient_or_null(r.w.bias_ih), gradient_or_null(r.w.bias_hh)};
  Accumulator<Real, dyn> dx{};
  if (r.x.values.needs_gradient()) dx = r.x.values.accumulator();
  const auto dh_into = wanted(r.first.h), dc_into = wanted(r.first.c);
  const bool all = r.y.values.needs_gradient() && r.y.values.gradient->written;

  kernels::for_each_group<Real>(batch, [&](kernels::LaneGroup g) {
    const Index at = g.first * steps;
    kernels::LstmBackward<Real> a;
    a.gates = r.gates + at * kernels::slab_rows(5 * hidden);
    a.dc = dc;
    if (state_gradient(dc, r.last.c, g) == nullptr) std::fill_n(dc, g.width * hidden, Real(0));
    a.dlast = state_gradient(dlast, r.last.h, g);
    a.dh0 = dh_into.into.empty() ? nullptr : dh0;
    a.dy = all ? r.y.values.gradient->data + at * kernels::slab_rows(hidden) : nullptr;
    a.c = r.cells + at * kernels::slab_rows(hidden);
    a.c0 = r.c0 == nullptr ? nullptr : r.c0 + g.first * kernels::slab_rows(hidden);
    a.packed = packed;
    a.weight_hh = r.w.weight_hh.value.data();
    a.width = g.width;
    a.steps = steps;
    a.hidden = hidden;
    kernels::lstm_backward(a);
    give_state_gradient(r.first.h, dh_into, static_cast<const Real*>(dh0), g);
    give_state_gradient(r.first.c, dc_into, static_cast<const Real*>(dc), g);
    const Real* gates = a.gates;
    if (!dx.into.empty()) {
      const Real* residual = dx.residual == nullptr ? nullptr : dx.residual + at * kernels::slab_rows(in);
      kernels::lstm_backward_data(dx.into.data() + at * kernels::slab_rows(in), residual, gates,
                                  static_cast<const Real*>(r.w.weight_ih.value.data()), g.width, steps, in,
                                  hidden);
    }
    kernels::lstm_backward_weights(
        d, gates, static_cast<const Real*>(r.x.values.value.data() + at * kernels::slab_rows(in)),
        static_cast<const Real*>(r.y.values.value.data() + at * kernels::slab_rows(hidden)),
        r.h0 == nullptr ? nullptr : r.h0 + g.first * kernels::slab_rows(hidden), g.width, steps, in, hidden);
  });
}

template <Scalar Real>
void check_lstm(const Slabs<Real>& x, const LstmWeights<Real>& w, const LstmState<Real>& first) {
  const Index rows = w.bias_ih.value.size(), hidden = rows / 4;
  if (x.batch < 1 || x.steps < 1)
    fail<ShapeError>("lstm: x has batch ", x.batch, " and ", x.steps, " steps, expected at least 1 of each");
  if (rows % 4 != 0 || w.weight_ih.value.size() != rows * x.channels ||
      w.weight_hh.value.size() != rows * hidden || w.bias_hh.value.size() != rows)
    fail<ShapeError>("lstm: x has ", x.channels, " channels and bias_ih ", rows,
                     " values, but weight_ih has ", w.weight_ih.value.size(), ", weight_hh ",
                     w.weight_hh.value.size(), ", bias_hh ", w.bias_hh.value.size(), " values; expected ",
                     rows * x.channels, ", ", rows * hidden, ", ", rows);
  for (const auto& state : {first.h, first.c})
    if (!state.value.empty() && (state.extent(0) != x.batch || state.extent(1) != hidden))
      fail<ShapeError>("lstm: a first state is (", state.extent(0), ", ", state.extent(1), "), expected (",
                       x.batch, ", ", hidden, ")");
}

/// First state (B, H) as slabs of all groups, or null.
template <Scalar Real>
const Real* first_slabs(Tape<Real>& tape, const Var<Real, dyn, dyn>& v) {
  if (v.value.empty()) return nullptr;
  const Index batch = v.extent(0), hidden = v.extent(1), rows = kernels::slab_rows(hidden);
  Real* slabs = tape.template saved<dyn>(kernels::slab_lanes<Real>(batch) * rows).data();
  kernels::for_each_group<Real>(batch, [&](kernels::LaneGroup g) {
    kernels::to_slab(slabs + g.first * rows, static_cast<const Real*>(v.value.data()), g, batch, 1, hidden);
  });
  return slabs;
}

/// (B, H) output from the slab of each group that `at(group)` returns.
template <Scalar Real, class At>
Var<Real, dyn, dyn> state_output(Tape<Real>& tape, Index batch, Index hidden, At&& at) {
  auto v = tape.template make<dyn, dyn>(batch, hidden);
  kernels::for_each_group<Real>(batch, [&](kernels::LaneGroup g) {
    kernels::from_slab(v.value.data(), static_cast<const Real*>(nullptr), static_cast<const Real*>(at(g)), g,
                       batch, 1, hidden);
  });
  return v;
}

/// Runs the layer; gates are saved only when the tape records. `cell`: the last cells are wanted, too.
template <Scalar Real>
LstmRecord<Real> lstm_forward(Tape<Real>& tape, const Slabs<Real>& x, const LstmWeights<Real>& w,
                              const LstmState<Real>& first, bool cell) {
  check_lstm(x, w, first);
  const Index in = x.channels, hidden = w.bias_ih.value.size() / 4, steps = x.steps, batch = x.batch;
  const Index lanes = kernels::slab_lanes<Real>(batch), rows = kernels::slab_rows(hidden);
  LstmRecord<Real> r;
  r.x = x;
  r.w = w;
  r.first = first;
  r.y = make_slabs(tape, batch, steps, hidden);
  const bool save = tape.recording();
  if (save) r.gates = tape.template saved<dyn>(lanes * steps * kernels::slab_rows(5 * hidden)).data();
  r.cells = tape.template saved<dyn>(lanes * rows * (save ? steps : 1)).data();
  r.h0 = first_slabs(tape, first.h);
  r.c0 = first_slabs(tape, first.c);
  auto scratch = tape.workspace();
  Real* packed = scratch(kernels::lstm_packed_size(in, hidden));
  kernels::lstm_pack_forward(packed, static_cast<const Real*>(w.weight_ih.value.data()),
                             static_cast<const Real*>(w.weight_hh.value.data()),
                             static_cast<const Real*>(w.bias_ih.value.data()),
                             static_cast<const Real*>(w.bias_hh.value.data()), in, hidden);
  kernels::for_each_group<Real>(batch, [&](kernels::LaneGroup g) {
    kernels::LstmForward<Real> a;
    const Index at = g.first * steps;
    a.y = r.y.values.value.data() + at * rows;
    a.c = r.cells + (save ? at : g.first) * rows;
    a.gates = save ? r.gates + at * kernels::slab_rows(5 * hidden) : nullptr;
    a.x = x.values.value.data() + at * kernels::slab_rows(in);
    a.h0 = r.h0 == nullptr ? nullptr : r.h0 + g.first * rows;
    a.c0 = r.c0 == nullptr ? nullptr : r.c0 + g.first * rows;
    a.packed = packed;
    a.width = g.width;
    a.steps = steps;
    a.in = in;
    a.hidden = hidden;
    kernels::lstm_forward(a);
  });
  if (cell) {
    r.last.c = state_output(tape, batch, hidden, [&](const kernels::LaneGroup& g) {
      return save ? r.cells + g.first * steps * rows + (steps - 1) * rows * g.width
                  : r.cells + g.first * rows;
    });
  }
  return r;
}

template <Scalar Real>
Var<Real, dyn, dyn> last_state(Tape<Real>& tape, const Slabs<Real>& y) {
  const Index rows = kernels::slab_rows(y.channels);
  return state_output(tape, y.batch, y.channels, [&](const kernels::LaneGroup& g) {
    return y.values.value.data() + g.first * y.steps * rows + (y.steps - 1) * rows * g.width;
  });
}

}  // namespace detail

/// One LSTM layer, all states: x (B, T, in) in slabs -> (B, T, H) in slabs. Throws ShapeError.
template <Scalar Real>
Slabs<Real> lstm(Tape<Real>& tape, Slabs<Real> x, LstmWeights<Real> w, LstmState<Real> first = {}) {
  const detail::LstmRecord<Real> r = detail::lstm_forward(tape, x, w, first, false);
  Tape<Real>* memory = &tape;
  tape.record(r.y.values, [=] { detail::lstm_backward(*memory, r); });
  return r.y;
}

/// One LSTM layer, last state only: x (B, T, in) in slabs -> (B, H). Throws ShapeError.
template <Scalar Real>
Var<Real, dyn, dyn> lstm_last(Tape<Real>& tape, Slabs<Real> x, LstmWeights<Real> w,
                              LstmState<Real> first = {}) {
  detail::LstmRecord<Real> r = detail::lstm_forward(tape, x, w, first, false);
  r.last.h = detail::last_state(tape, r.y);
  Tape<Real>* memory = &tape;
  tape.record(r.last.h, [=] { detail::lstm_backward(*memory, r); });
  return r.last.h;
}

/// One LSTM layer, all states and the last state and cell, to carry a sequence on. Throws ShapeError.
template <Scalar Real>
LstmStates<Real> lstm_states(Tape<Real>& tape, Slabs<Real> x, LstmWeights<Real> w,
                             LstmState<Real> first = {}) {
  detail::LstmRecord<Real> r = detail::lstm_forward(tape, x, w, first, true);
  r.last.h = detail::last_state(tape, r.y);
  Tape<Real>* memory = &tape;
  tape.record([=] { detail::lstm_backward(*memory, r); });
  return {r.y, r.last};
}

}  // namespace gyrograd::ops
