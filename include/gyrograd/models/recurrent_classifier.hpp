// SPDX-License-Identifier: MIT
// What the GRU and the LSTM classifier share: stacked recurrent modules, last step, dense head.
#pragma once

#include <cstddef>
#include <vector>

#include "gyrograd/autograd/ops/gru.hpp"
#include "gyrograd/autograd/ops/relu.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/nn/dense_head.hpp"

namespace gyrograd::models {

/// One recurrent module: its width and its inner layers.
struct RecurrentModule {
  Index hidden = 0, layers = 1;
};

/// The sizes given, if a classifier can have them; else ConfigError. `name`: of the model, for the message.
template <class Config>
Config checked_recurrent(const char* name, Config c) {
  bool sizes = c.input > 0 && c.classes > 0 && c.seq_len > 0 && c.modules.size() > 0;
  for (const RecurrentModule& m : c.modules) sizes = sizes && m.hidden > 0 && m.layers > 0;
  for (const Index width : c.dense) sizes = sizes && width > 0;
  if (!sizes)
    fail<ConfigError>(name,
                      ": input, classes, seq_len and all widths must be positive, with one module or more");
  return c;
}

/// Logits (B, classes) of x: (B, T, input), any T >= 1. `Module`: nn::Gru or nn::Lstm; the last one gives its
/// last step only. mask: dropout before the head, as in nn::DenseHead, or null.
/// Throws ShapeError when x does not fit, ConfigError for a mask without `dropout` in the configuration.
template <class Config, class Module, Scalar Real, Index B, Index T, Index C>
Var<Real, dyn, dyn> recurrent_logits(const char* name, const Config& config,
                                     const std::vector<Module>& modules, const nn::DenseHead<Real>& head,
                                     Tape<Real>& tape, Var<Real, B, T, C> x, const Real* mask) {
  if (x.extent(2) != config.input)
    fail<ShapeError>(name, ": the window has ", x.extent(2), " channels, the model expects ", config.input);
  if (mask != nullptr && !config.dropout)
    fail<ConfigError>(name, ": a dropout mask, but the configuration has dropout false; pass none");
  auto s = Module::slabs(tape, x);
  for (std::size_t i = 0; i + 1 < modules.size(); ++i) {
    s = modules[i].states(tape, s);
    if (config.activ) s.values = ops::relu(tape, s.values);
  }
  auto h = modules.back().last(tape, s);
  if (config.activ) h = ops::relu(tape, h);
  return head(tape, h, mask);
}

}  // namespace gyrograd::models
