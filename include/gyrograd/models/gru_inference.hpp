// SPDX-License-Identifier: MIT
// GRU classifier for inference: weights re-ordered once; single windows and live streams without heap use.
#pragma once

#include <algorithm>
#include <vector>

#include "gyrograd/core/aligned.hpp"
#include "gyrograd/kernels/gru_single.hpp"
#include "gyrograd/models/gru_classifier.hpp"
#include "gyrograd/tensor/arena.hpp"

namespace gyrograd::models {

/// A trained GruClassifier as copied, re-ordered weights. Not for several threads at once: one object each.
///
///   models::GruInference<float> fast(model);
///   fast.logits(y, x, batch, steps);             // the same as model.logits, to rounding
///   fast.reset(); fast.step(sample); fast.read(y);  // live: one sample in, logits out
template <Scalar Real = float>
class GruInference {
 public:
  template <class Config>
  explicit GruInference(const GruClassifier<Config, Real>& model)
      : input_(model.config().input), classes_(model.config().classes), activ_(model.config().activ) {
    pack_layers(model);
    for (const nn::Linear<Real>& layer : model.dense()) {
      const Index out = layer.weight.shape[0], in = layer.weight.shape[1];
      dense_.push_back({in, out, static_cast<Index>(dense_values_.size())});
      dense_values_.insert(dense_values_.end(), layer.weight.value, layer.weight.value + in * out);
      dense_values_.insert(dense_values_.end(), layer.bias.value, layer.bias.value + out);
      widest_ = std::max({widest_, in, out});
    }
    const auto units = static_cast<std::size_t>(units_);
    h_.resize(units);
    out_.resize(activ_ ? units : 0);
    arguments_.resize(static_cast<std::size_t>(argument_count_));
    inputs_.resize(
        static_cast<std::size_t>(chunk * kernels::gru_single_row<Real>(layers_.front().single.hidden)));
    head_.resize(static_cast<std::size_t>(2 * widest_));
  }

  GruInference(GruInference&&) noexcept = default;
  GruInference& operator=(GruInference&&) noexcept = default;

  Index input() const { return input_; }
  Index classes() const { return classes_; }

  /// Logits of whole windows.   y: (B, classes)  x: (B, T, input), activation layout; T >= 1. Up to
  /// single_limit windows run one by one without heap use, more in lane groups with an arena that stays.
  void logits(Real* y, const Real* x, Index batch, Index steps) {
    if (batch > single_limit) return batched(y, x, batch, steps);
    for (Index b = 0; b < batch; ++b) {
      reset();
      wavefront(x + b, batch, batch * steps, steps);
      read(y + b, batch);
    }
  }
  static constexpr Index single_limit = 6;

  /// Starts a new sequence: all states zero.
  void reset() {
    std::fill(h_.begin(), h_.end(), Real(0));
    std::fill(out_.begin(), out_.end(), Real(0));
  }
  /// One sample of a live stream.   x: (input)
  void step(const Real* x) {
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      product(l, nullptr, x);
      gates(l);
    }
  }
  /// Logits of the sequence so far: class c at y[c * stride].
  void read(Real* y, Index stride = 1) {
    const Real* from = output() + layers_.back().state;
    Real* to = head_.data();
    for (std::size_t i = 0; i < dense_.size(); ++i) {
      const Dense& d = dense_[i];
      const bool end = i + 1 == dense_.size();
      const Real* w = dense_values_.data() + d.offset;
      const Real* bias = w + d.in * d.out;
      for (Index o = 0; o < d.out; ++o, w += d.in) {
        Real sum = bias[o];
        for (Index k = 0; k < d.in; ++k) sum = std::fma(w[k], from[k], sum);
        if (activ_) sum = std::max(sum, Real(0));
        (end ? y[o * stride] : to[o]) = sum;
      }
      from = to;
      to = to == head_.data() ? to + widest_ : head_.data();
    }
  }

 private:
  static constexpr Index chunk = 32;  // steps whose input parts are computed ahead

  struct Layer {
    kernels::GruSingleLayer<Real> single;
    Index state = 0, arguments = 0;  // where its part of h_, out_ and of arguments_ starts
    bool module_end = false;         // ReLU behind it if activ
    AlignedVector<Real> packed_single, packed_group;
  };
  struct Dense {
    Index in, out, offset;
  };

  template <class Config>
  void pack_layers(const GruClassifier<Config, Real>& model) {
    for (const nn::Gru<Real>& module : model.modules()) {
      for (const auto& from : module.layers()) {
        Layer& to = layers_.emplace_back();
        const Index in = from.weight_ih.shape[1], hidden = module.hidden();
        to.single = {in, hidden, nullptr};
        to.state = units_;
        to.arguments = argument_count_;
        units_ += kernels::gru_single_units<Real>(hidden);
        argument_count_ += 3 * kernels::gru_single_part<Real>(hidden);
        to.packed_single.resize(static_cast<std::size_t>(kernels::gru_single_packed_size<Real>(in, hidden)));
        to.packed_group.resize(static_cast<std::size_t>(kernels::gru_packed_size(in, hidden)));
        const Real *wi = from.weight_ih.value, *wh = from.weight_hh.value, *bi = from.bias_ih.value,
                   *bh = from.bias_hh.value;
        kernels::gru_single_pack(to.packed_single.data(), wi, wh, bi, bh, in, hidden);
        kernels::gru_pack_forward(to.packed_group.data(), wi, wh, bi, bh, in, hidden);
      }
      layers_.back().module_end = true;
    }
    for (Layer& layer : layers_) layer.single.packed = layer.packed_single.data();
  }

  const Real* output() const { return activ_ ? out_.data() : h_.data(); }

  /// first: the state before is zero and takes no part.
  void product(std::size_t l, const Real* start, const Real* x, bool first = false) {
    const Layer& layer = layers_[l];
    if (l > 0) {
      const Layer& below = layers_[l - 1];
      x = (below.module_end ? output() : h_.data()) + below.state;
    }
    kernels::gru_single_product(arguments_.data() + layer.arguments, layer.single, start, x,
                                first ? nullptr : static_cast<const Real*>(h_.data() + layer.state));
  }
  void gates(std::size_t l) {
    const Layer& layer = layers_[l];
    kernels::gru_single_gates(h_.data() + layer.state, activ_ ? out_.data() + layer.state : nullptr,
                              static_cast<const Real*>(arguments_.data() + layer.arguments),
                              layer.single.hidden);
  }

  /// All steps of one window; layer l works on step w - l.   x(t, c) at x + t x_step + c x_channel
  void wavefront(const Real* x, Index x_step, Index x_channel, Index steps) {
    const auto depth = static_cast<Index>(layers_.size());
    const kernels::GruSingleLayer<Real>& bottom = layers_.front().single;
    const Index size = kernels::gru_single_row<Real>(bottom.hidden);
    for (Index w = 0; w < steps + depth - 1; ++w) {
      if (w < steps && w % chunk == 0)
        kernels::gru_single_inputs(inputs_.data(), bottom, x + w * x_step, x_step, x_channel,
                                   std::min(chunk, steps - w));
      const Index first = std::max<Index>(0, w - steps + 1), end = std::min(depth, w + 1);
      for (Index l = first; l < end; ++l)
        product(static_cast<std::size_t>(l), l == 0 ? inputs_.data() + w % chunk * size : nullptr, nullptr,
                l == w);
      for (Index l = first; l < end; ++l) gates(static_cast<std::size_t>(l));
    }
  }

  void batched(Real* y, const Real* x, Index batch, Index steps) {
    kernels::for_each_group<Real>(batch, [&](kernels::LaneGroup g) {
      const Arena::Mark mark = arena_.mark();
      // One step, converted just before its use: a whole slab would push weights and states out of the cache.
      Real* from = arena_.template allocate<Real>(g.width * input_);
      for (const Layer& layer : layers_) {
        kernels::GruForward<Real> a;
        a.hidden = layer.single.hidden;
        a.in = layer.single.in;
        a.width = g.width;
        a.steps = steps;
        a.x = from;
        a.y = arena_.template allocate<Real>(g.width * steps * kernels::slab_rows(a.hidden));
        a.packed = layer.packed_group.data();
        run_layer(a, &layer == layers_.data() ? x : nullptr, from, g, batch);
        if (activ_ && layer.module_end)
          kernels::relu_forward(a.y, a.y, g.width * steps * kernels::slab_rows(a.hidden));
        from = a.y;
      }
      from += (steps - 1) * kernels::slab_rows(layers_.back().single.hidden) * g.width;
      for (const Dense& d : dense_) {
        Real* to = arena_.template allocate<Real>(g.width * d.out);
        const Real* w = dense_values_.data() + d.offset;
        kernels::linear_forward(to, static_cast<const Real*>(from), w, w + d.in * d.out,
                                static_cast<const Real*>(nullptr), g.width, d.in, d.out);
        if (activ_) kernels::relu_forward(to, to, g.width * d.out);
        from = to;
      }
      kernels::from_slab(y, static_cast<const Real*>(nullptr), static_cast<const Real*>(from), g, batch, 1,
                         classes_);
      arena_.rewind(mark);
    });
  }

  /// x: null above the first layer; else the windows, whose steps pass one by one through `step`.
  void run_layer(kernels::GruForward<Real>& a, const Real* x, Real* step, const kernels::LaneGroup& g,
                 Index batch) {
    if (x == nullptr) return kernels::gru_forward(a);
    const auto none = [](Index) {};
    if (g.count < g.width)
      return kernels::gru_forward(
          a, 0, [&](Index t) { kernels::to_slab_step(step, x, g, batch, a.steps, input_, t); });
    a.source = {x + g.first, step, batch * a.steps, 0};
    a.source_step = batch;
    kernels::gru_forward(a, 0, none);
  }

  Index input_, classes_, units_ = 0, argument_count_ = 0, widest_ = 0;
  bool activ_;
  std::vector<Layer> layers_;
  std::vector<Dense> dense_;
  AlignedVector<Real> dense_values_, h_, out_, arguments_, inputs_, head_;
  Arena arena_;
};

}  // namespace gyrograd::models
