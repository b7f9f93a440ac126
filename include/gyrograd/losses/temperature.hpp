// SPDX-License-Identifier: MIT
// The temperature of a contrastive loss as a parameter: raw with a floor, as a logarithm, or fixed.
#pragma once

#include <algorithm>
#include <cmath>

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/error.hpp"

namespace gyrograd::losses {

/// What the stored number means (PRIMUS sheet §5.3).
enum class TemperatureForm {
  raw,    ///< the temperature itself, held at or above a floor; published: no floor
  log,    ///< its natural logarithm
  fixed,  ///< the temperature itself, never trained
};

/// Form and floor. The default keeps a raw temperature away from 0, where logits are infinite.
struct TemperatureOptions {
  TemperatureForm form = TemperatureForm::raw;
  double floor = 0.01;  ///< of the raw form; 0: none, as published

  static TemperatureOptions published() { return {TemperatureForm::raw, 0}; }
};

/// Stored number of a temperature.
inline double stored_temperature(double temperature, const TemperatureOptions& o) {
  return o.form == TemperatureForm::log ? std::log(temperature) : temperature;
}

/// Temperature of a stored number.
inline double used_temperature(double stored, const TemperatureOptions& o) {
  if (o.form == TemperatureForm::log) return std::exp(stored);
  return o.form == TemperatureForm::raw && o.floor > 0 ? std::max(stored, o.floor) : stored;
}

/// The temperature that logits are divided by. Its gradient is 0 while the floor holds it.
template <class Real>
Var<Real> temperature(Tape<Real>& tape, Var<Real> stored, const TemperatureOptions& options = {}) {
  const Real value = *stored.value.data();
  auto y = tape.template make<>();
  *y.value.data() = static_cast<Real>(used_temperature(static_cast<double>(value), options));
  Real slope = Real(1);
  if (options.form == TemperatureForm::log) slope = *y.value.data();
  if (options.form == TemperatureForm::fixed) slope = Real(0);
  if (options.form == TemperatureForm::raw && options.floor > 0 && value < static_cast<Real>(options.floor))
    slope = Real(0);
  tape.record(y, [=] {
    if (stored.needs_gradient()) *stored.grad().data() += slope * *y.grad().data();
  });
  return y;
}

}  // namespace gyrograd::losses
