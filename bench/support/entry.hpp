// SPDX-License-Identifier: MIT
// Registers one entry of the program: prepares once, checks once, measures in wall time, adds the counters.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <string>

namespace gyrograd::bench {

/// Something to measure. Made when its entry first runs, kept until the program ends.
class Subject {
 public:
  Subject() = default;
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;
  virtual ~Subject() = default;
  /// The measured call.
  virtual void run() = 0;
  /// Empty, or why the numbers that run() computes are wrong. Called once, before measuring.
  virtual std::string check() = 0;
  /// Bytes of memory that stay taken between calls, or 0 where that says nothing.
  virtual double resident_bytes() const { return 0; }
  /// Calls of run() after which restore() must run, outside of the measured time; 0: never.
  virtual int calls_per_restore() const { return 0; }
  virtual void restore() {}
};

/// Work of one call of run(), for the counters. Zero: the counter is left out.
struct Work {
  double flop = 0;       ///< as the formula or the model is written
  double flop_done = 0;  ///< what remains when results that nobody uses are not computed; 0: the same
  double bytes = 0;      ///< least traffic: every operand read once, every result written once
  int threads = 1;
};

/// Adds an entry that is called exactly `name`.
void add_entry(const std::string& name, const Work& work, std::function<std::unique_ptr<Subject>()> make);

/// Relative error of `got` against `want` in the Euclidean norm; infinite when a value is not finite.
template <class Got, class Want>
double relative_error(const Got& got, const Want& want) {
  if (std::size(got) != std::size(want)) return std::numeric_limits<double>::infinity();
  double difference = 0, norm = 0;
  auto w = std::begin(want);
  for (const auto g : got) {
    const double d = static_cast<double>(g) - static_cast<double>(*w), v = static_cast<double>(*w++);
    difference += d * d;
    norm += v * v;
  }
  const double error = std::sqrt(difference / std::max(norm, 1e-30));
  return std::isfinite(error) ? error : std::numeric_limits<double>::infinity();
}

/// Empty when error <= limit, else the sentence for Subject::check().
std::string verdict(const char* what, double error, double limit);

}  // namespace gyrograd::bench
