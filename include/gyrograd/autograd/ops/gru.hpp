// SPDX-License-Identifier: MIT
// Recurrent layers on the tape: sequences to slabs and back, GRU layer on slabs.
//
//   auto s = ops::to_slabs(tape, x);                     // (B, T, C)
//   s = ops::gru(tape, s, weights0);                     // stacked layers hand slabs on
//   auto h = ops::gru_last(tape, s, weights1);           // (B, H): state after the last step
#pragma once

#include <algorithm>
#include <cstring>

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/kernels/gru.hpp"

namespace gyrograd::ops {

/// A batch of sequences in slabs (kernels/slab.hpp): the value between recurrent layers.
template <Scalar Real>
struct Slabs {
  Var<Real, dyn> values;  ///< all lane groups behind one another, padded lanes included
  Index batch = 0, steps = 0, channels = 0;
  /// Set by defer_slabs: step 0 of the activation whose full lane groups are not in `values` yet.
  kernels::SlabSource<Real> source = {};

  bool deferred(const kernels::LaneGroup& g) const { return source.from != nullptr && g.count == g.width; }
  /// `source` of a deferred group.
  kernels::SlabSource<Real> part(const kernels::LaneGroup& g) const {
    return {source.from + g.first, source.to + g.first * steps * kernels::slab_rows(channels), source.row,
            source.next};
  }
};

/// Parameters of one GRU layer on the tape, as PyTorch stores them: (3H, in), (3H, H), (3H), (3H).
template <Scalar Real>
struct GruWeights {
  Var<Real, dyn> weight_ih, weight_hh, bias_ih, bias_hh;
};

namespace detail {

template <Scalar Real>
Slabs<Real> make_slabs(Tape<Real>& tape, Index batch, Index steps, Index channels) {
  return {tape.template make<dyn>(kernels::slab_lanes<Real>(batch) * steps * kernels::slab_rows(channels)),
          batch, steps, channels};
}

template <Scalar Real>
Real* gradient_or_null(const Var<Real, dyn>& parameter) {
  return parameter.needs_gradient() ? parameter.grad().data() : nullptr;
}

}  // namespace detail

using kernels::StepAxis;

namespace detail {

/// defer: only groups with empty lanes are written, the rest is left to whoever reads `source`.
template <Scalar Real, Index B, Index T, Index C>
Slabs<Real> to_slabs(Tape<Real>& tape, Var<Real, B, T, C> x, StepAxis axis, bool defer) {
  const bool over_time = axis == StepAxis::time;
  const Index batch = x.extent(0), steps = x.extent(over_time ? 1 : 2),
              channels = x.extent(over_time ? 2 : 1);
  const Index area = steps * kernels::slab_rows(channels);
  Slabs<Real> s = make_slabs(tape, batch, steps, channels);
  if (!x.needs_gradient()) s.values.gradient = nullptr;
  if (defer) {
    const kernels::detail::StepStrides stride(axis, batch, steps, channels);
    s.source = {x.value.data(), s.values.value.data(), stride.channel, stride.step};
  }
  kernels::for_each_group<Real>(batch, [&](kernels::LaneGroup g) {
    if (defer && g.count == g.width) return;
    kernels::to_slab(s.values.value.data() + g.first * area, x.value.data(), g, batch, steps, channels, axis);
  });
  if (x.needs_gradient()) {
    tape.record(s.values, [=] {
      const auto dx = x.accumulator();
      const Real* ds = s.values.gradient->data;
      kernels::for_each_group<Real>(batch, [&](kernels::LaneGroup g) {
        kernels::from_slab(dx.into.data(), dx.residual, ds + g.first * area, g, batch, steps, channels, axis);
      });
    });
  }
  return s;
}

}  // namespace detail

/// x: (B, T, C) -> slabs whose steps are T, or whose steps are C and whose channels are T.
template <Scalar Real, Index B, Index T, Index C>
Slabs<Real> to_slabs(Tape<Real>& tape, Var<Real, B, T, C> x, StepAxis axis = StepAxis::time) {
  return detail::to_slabs(tape, x, axis, false);
}
/// The same for ops::gru and ops::gru_last alone, which write most of the values while they read x: costs
/// them next to nothing.
template <Scalar Real, Index B, Index T, Index C>
Slabs<Real> defer_slabs(Tape<Real>& tape, Var<Real, B, T, C> x, StepAxis axis = StepAxis::time) {
  return detail::to_slabs(tape, x, axis, true);
}

/// slabs -> (B, T, C).
template <Scalar Real>
Var<Real, dyn, dyn, dyn> from_slabs(Tape<Real>& tape, Slabs<Real> s) {
  const Index area = s.steps * kernels::slab_rows(s.channels);
  auto y = tape.template make<dyn, dyn, dyn>(s.batch, s.steps, s.channels);
  kernels::for_each_group<Real>(s.batch, [&](kernels::LaneGroup g) {
    kernels::from_slab(y.value.data(), static_cast<const Real*>(nullptr),
                       static_cast<const Real*>(s.values.value.data() + g.first * area), g, s.batch, s.steps,
                       s.channels);
  });
  if (s.values.needs_gradient()) {
    Tape<Real>* memory = &tape;
    tape.record(y, [=] {
      const auto ds = s.values.accumulator();
      auto scratch = memory->workspace();
      kernels::for_each_group<Real>(s.batch, [&](kernels::LaneGroup g) {
        Real* into = ds.into.data() + g.first * area;
        Real* fresh = ds.residual == nullptr ? into : scratch(g.width * area);
        kernels::to_slab(fresh, y.gradient->data, g, s.batch, s.steps, s.channels);
        if (fresh != into)
          for (Index i = 0; i < g.width * area; ++i) into[i] += fresh[i];
      });
    });
  }
  return y;
}

namespace detail {

/// What one GRU layer keeps for its backward pass.
template <Scalar Real>
struct GruRecord {
  Slabs<Real> x, y;          // y: gradient only where every state is an output
  Var<Real, dyn, dyn> last;  // (B, H) output of the last step, or empty
  Var<Real, dyn, dyn> h0;    // (B, H), or empty
  GruWeights<Real> w;
  Real* gates = nullptr;        // all groups
  const Real* first = nullptr;  // slabs of h0, or null

  Index in() const { return x.channels; }
  Index hidden() const { return y.channels; }
  /// Inputs that are not kept in slabs: each step overwrites the one before, the backward pass reads them
  /// where they were. A slab of all steps would push gates out of the cache.
  bool stays(const kernels::LaneGroup& g) const {
    return x.deferred(g) && kernels::gru_reads_activation<Real>(hidden());
  }
};

template <Scalar Real>
void gru_backward(Tape<Real>& tape, const GruRecord<Real>& r) {
  const Index in = r.in(), hidden = r.hidden(), steps = r.x.steps, batch = r.x.batch;
  auto scratch = tape.workspace();
  const auto pack = [&](Real* packed) {
    kernels::gru_pack_backward(packed, static_cast<const Real*>(r.w.weight_hh.value.data()), hidden);
  };
  const Real* packed =
      tape.derived(scratch, Arrangement::gru_backward, 3 * hidden * hidden, pack, r.w.weight_hh);
  constexpr Index width = kernels::slab_vectors * kernels::lanes<Real>;
  Real* carry = scratch(width * hidden);
  Real* panels = scratch(kernels::gru_weight_scratch<Real>(std::min(width, kernels::slab_lanes<Real>(batch)),
                                                           steps, in, hidden));
  Real* dlast = r.last.value.empty() ? nullptr : scratch(width * hidden);
  const kernels::GruWeightGradients<Real> d{gradient_or_null(r.w.weight_ih), gradient_or_null(r.w.weight_hh),
                                            gradient_or_null(r.w.bias_ih), gradient_or_null(r.w.bias_hh)};
  Accumulator<Real, dyn> dx{};
  if (r.x.values.needs_gradient()) dx = r.x.values.accumulator();
  Accumulator<Real, dyn, dyn> dh0{};
  const bool want_h0 = !r.h0.value.empty() && r.h0.needs_gradient();
  if (want_h0) dh0 = r.h0.accumulator();

  kernels::for_each_group<Real>(batch, [&](kernels::LaneGroup g) {
    kernels::GruBackward<Real> a;
    const Index at = g.first * steps;
    a.gates = r.gates + at * kernels::slab_rows(4 * hidden);
    a.carry = carry;
    if (dlast != nullptr) {
      kernels::to_slab(dlast, static_cast<const Real*>(r.last.gradient->data), g, batch, 1, hidden);
      a.dlast = dlast;
    } else {
      a.dy = r.y.values.gradient->data + at * kernels::slab_rows(hidden);
    }
    a.y = r.y.values.value.data() + at * kernels::slab_rows(hidden);
    a.h0 = r.first == nullptr ? nullptr : r.first + g.first * hidden;
    a.packed = packed;
    a.width = g.width;
    a.steps = steps;
    a.hidden = hidden;
    a.want_h0 = want_h0;
    if (!dx.into.empty()) {
      a.dx = dx.into.data() + at * kernels::slab_rows(in);
      a.residual = dx.residual == nullptr ? nullptr : dx.residual + at * kernels::slab_rows(in);
      a.weight_ih = r.w.weight_ih.value.data();
      a.in = in;
    }
    kernels::gru_backward(a);
    if (want_h0) {
      kernels::from_slab(dh0.into.data(), dh0.residual, static_cast<const Real*>(carry), g, batch, 1, hidden);
    }
    kernels::gru_backward_weights(
        d, static_cast<const Real*>(a.gates),
        static_cast<const Real*>(r.x.values.value.data() + at * kernels::slab_rows(in)), a.y, a.h0, g.width,
        steps, in, hidden, panels, r.stays(g) ? r.x.part(g) : kernels::SlabSource<Real>{});
  });
}

template <Scalar Real>
void check_gru(const Slabs<Real>& x, const GruWeights<Real>& w, const Var<Real, dyn, dyn>& h0) {
  const Index rows = w.bias_ih.value.size(), hidden = rows / 3;
  if (x.batch < 1 || x.steps < 1)
    fail<ShapeError>("gru: x has batch ", x.batch, " and ", x.steps, " steps, expected at least 1 of each");
  if (rows % 3 != 0 || w.weight_ih.value.size() != rows * x.channels ||
      w.weight_hh.value.size() != rows * hidden || w.bias_hh.value.size() != rows)
    fail<ShapeError>("gru: x has ", x.channels, " channels and bias_ih ", rows, " values, but weight_ih has ",
                     w.weight_ih.value.size(), ", weight_hh ", w.weight_hh.value.size(), ", bias_hh ",
                     w.bias_hh.value.size(), " values; expected ", rows * x.channels, ", ", rows * hidden,
                     ", ", rows);
  if (!h0.value.empty() && (h0.extent(0) != x.batch || h0.extent(1) != hidden))
    fail<ShapeError>("gru: h0 is (", h0.extent(0), ", ", h0.extent(1), "), expected (", x.batch, ", ", hidden,
                     ")");
}

/// Runs the layer; the record has gates, and y the states of all steps, only when the tape records or
/// `every` state is an output.
template <Scalar Real>
GruRecord<Real> gru_forward(Tape<Real>& tape, const Slabs<Real>& x, const GruWeights<Real>& w,
                            const Var<Real, dyn, dyn>& h0, bool every) {
  check_gru(x, w, h0);
  const Index in = x.channels, hidden = w.bias_ih.value.size() / 3, steps = x.steps, batch = x.batch;
  GruRecord<Real> r;
  r.x = x;
  r.w = w;
  r.h0 = h0;
  r.y = make_slabs(tape, batch, every || tape.recording() ? steps : std::min<Index>(2, steps), hidden);
  const Index all = kernels::slab_lanes<Real>(batch) * hidden;
  if (tape.recording())
    r.gates =
        tape.template saved<dyn>(kernels::slab_lanes<Real>(batch) * steps * kernels::slab_rows(4 * hidden))
            .data();
  Real* first = h0.value.empty() ? nullptr : tape.template saved<dyn>(all).data();
  r.first = first;
  auto scratch = tape.workspace();
  const auto pack = [&](Real* packed) {
    kernels::gru_pack_forward(packed, static_cast<const Real*>(w.weight_ih.value.data()),
                              static_cast<const Real*>(w.weight_hh.value.data()),
                              static_cast<const Real*>(w.bias_ih.value.data()),
                              static_cast<const Real*>(w.bias_hh.value.data()), in, hidden);
  };
  const Real* packed = tape.derived(scratch, Arrangement::gru_forward, kernels::gru_packed_size(in, hidden),
                                    pack, w.weight_ih, w.weight_hh, w.bias_ih, w.bias_hh);
  kernels::for_each_group<Real>(batch, [&](kernels::LaneGroup g) {
    kernels::GruForward<Real> a;
    const Index at = g.first * steps;
    a.y = r.y.values.value.data() + g.first * r.y.steps * kernels::slab_rows(hidden);
    a.gates = r.gates == nullptr ? nullptr : r.gates + at * kernels::slab_rows(4 * hidden);
    a.x = x.values.value.data() + at * kernels::slab_rows(in);
    if (x.deferred(g)) {
      a.source = x.part(g);
      a.source_step = x.source.next;
      a.passing = r.stays(g);
    }
    if (first != nullptr) {
      kernels::to_slab(first + g.first * hidden, static_cast<const Real*>(h0.value.data()), g, batch, 1,
                       hidden);
      a.h0 = first + g.first * hidden;
    }
    a.packed = packed;
    a.width = g.width;
    a.steps = steps;
    a.in = in;
    a.hidden = hidden;
    a.kept = r.y.steps;
    kernels::gru_forward(a);
  });
  return r;
}

}  // namespace detail

/// One GRU layer, all states: x (B, T, in) in slabs -> (B, T, H) in slabs. h0: (B, H), or a default Var for
/// zeros.
template <Scalar Real>
Slabs<Real> gru(Tape<Real>& tape, Slabs<Real> x, GruWeights<Real> w, Var<Real, dyn, dyn> h0 = {}) {
  const detail::GruRecord<Real> r = detail::gru_forward(tape, x, w, h0, true);
  Tape<Real>* memory = &tape;
  tape.record(r.y.values, [=] { detail::gru_backward(*memory, r); });
  return r.y;
}

/// One GRU layer, last state only: x (B, T, in) in slabs -> (B, H). h0: (B, H), or a default Var for zeros.
template <Scalar Real>
Var<Real, dyn, dyn> gru_last(Tape<Real>& tape, Slabs<Real> x, GruWeights<Real> w,
                             Var<Real, dyn, dyn> h0 = {}) {
  detail::GruRecord<Real> r = detail::gru_forward(tape, x, w, h0, false);
  const Index hidden = r.hidden(), step = kernels::slab_rows(hidden), kept = r.y.steps;
  r.last = tape.template make<dyn, dyn>(x.batch, hidden);
  kernels::for_each_group<Real>(x.batch, [&](kernels::LaneGroup g) {
    const Real* end = r.y.values.value.data() + (g.first * kept + (x.steps - 1) % kept * g.width) * step;
    kernels::from_slab(r.last.value.data(), static_cast<const Real*>(nullptr), end, g, x.batch, 1, hidden);
  });
  Tape<Real>* memory = &tape;
  tape.record(r.last, [=] { detail::gru_backward(*memory, r); });
  return r.last;
}

}  // namespace gyrograd::ops
