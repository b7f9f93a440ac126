// SPDX-License-Identifier: MIT
// Golden cases of the windowed-sinc resampler.
#include "golden/registry.hpp"
#include "gyrograd/data/resample.hpp"

using namespace gyrograd;
using namespace gyrograd::golden;

namespace {

/// (channels, rows) -> (rows, channels) or back.
template <class Real>
std::vector<Real> transposed(const std::vector<Real>& x, Index rows, Index columns) {
  std::vector<Real> out(x.size());
  for (Index r = 0; r < rows; ++r) {
    for (Index c = 0; c < columns; ++c)
      out[static_cast<std::size_t>(c * rows + r)] = x[static_cast<std::size_t>(r * columns + c)];
  }
  return out;
}

template <class Real>
void check_resample(const Case& c) {
  const data::Resampler change(c.integer("orig"), c.integer("new"));
  CHECK(change.width() == c.integer("width"));
  CHECK(change.phases() == c.integer("phases"));
  REQUIRE(change.tap_count() == c.integer("taps"));
  const auto taps = [&](Index phase) {
    const std::span<const double> t = change.taps(phase);
    return std::vector<double>(t.begin(), t.end());
  };
  expect_rows(c, "output.taps_first_phase", taps(0), c.tolerance<double>());
  expect_rows(c, "output.taps_last_phase", taps(change.phases() - 1), c.tolerance<double>());
  const Index channels = c.at("input.x").extent(0), rows = c.at("input.x").extent(1);
  const auto run = [&](const std::vector<Real>& x, Index width) {
    const std::vector<Real> y = change(std::span<const Real>(x), width, data::ResampleEdge::zero);
    return transposed(y, static_cast<Index>(y.size()) / width, width);
  };
  expect_rows(c, "output.y", run(transposed(c.values<Real>("input.x"), channels, rows), channels),
              c.tolerance<Real>());
  expect_rows(c, "output.of_ones", run(std::vector<Real>(static_cast<std::size_t>(rows), Real(1)), 1),
              c.tolerance<Real>());
}

const Register registered{"resample", check_resample<double>, check_resample<float>};

}  // namespace
