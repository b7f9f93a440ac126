// SPDX-License-Identifier: MIT
// Several runs in two numbers: mean and standard error.
#pragma once

#include <cmath>
#include <limits>
#include <span>

#include "gyrograd/core/config.hpp"

namespace gyrograd::metrics {

/// What a table says about several runs of the same cell.
struct Summary {
  Index runs = 0;
  double mean = std::numeric_limits<double>::quiet_NaN();
  double deviation = std::numeric_limits<double>::quiet_NaN();       ///< of the sample, divisor runs - 1
  double standard_error = std::numeric_limits<double>::quiet_NaN();  ///< deviation / sqrt(runs)
};

/// Mean of nothing, and the deviation of less than two runs, are NaN: they are not known.
inline Summary summarise(std::span<const double> values) {
  Summary out;
  out.runs = static_cast<Index>(values.size());
  if (values.empty()) return out;
  double sum = 0;
  for (const double v : values) sum += v;
  out.mean = sum / static_cast<double>(out.runs);
  if (out.runs < 2) return out;
  double squares = 0;
  for (const double v : values) squares += (v - out.mean) * (v - out.mean);
  out.deviation = std::sqrt(squares / static_cast<double>(out.runs - 1));
  out.standard_error = out.deviation / std::sqrt(static_cast<double>(out.runs));
  return out;
}

}  // namespace gyrograd::metrics
