// SPDX-License-Identifier: MIT
// Golden cases of the augmentations.
#include <array>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "golden/registry.hpp"
#include "gyrograd/data/augment.hpp"

using namespace gyrograd;
using namespace gyrograd::golden;

namespace {

/// Runs a change on every sample of (batch, channels, time) and compares with output.<key>.
template <class Real, class Change>
void expect_change(const Case& c, const std::string& key, Change&& change) {
  const Array& x = c.at("input.x");
  const Index batch = x.extent(0), channels = x.extent(1), steps = x.extent(2);
  const std::vector<Real> in = c.values<Real>("input.x");
  std::vector<Real> out(in.size()), window(static_cast<std::size_t>(steps * channels));
  for (Index b = 0; b < batch; ++b) {
    const auto at = [&](Index ch, Index t) {
      return static_cast<std::size_t>((b * channels + ch) * steps + t);
    };
    for (Index t = 0; t < steps; ++t) {
      for (Index ch = 0; ch < channels; ++ch)
        window[static_cast<std::size_t>(t * channels + ch)] = in[at(ch, t)];
    }
    change(std::span<Real>(window), b);
    for (Index t = 0; t < steps; ++t) {
      for (Index ch = 0; ch < channels; ++ch)
        out[at(ch, t)] = window[static_cast<std::size_t>(t * channels + ch)];
    }
  }
  expect_rows(c, "output." + key, out, c.tolerance<Real>());
}

template <class Real>
struct Rows {
  std::vector<Real> values;
  Index width;
  Rows(const Case& c, const std::string& key)
      : values(c.values<Real>(key)), width(c.at(key).size() / c.at(key).extent(0)) {}
  std::span<const Real> operator()(Index b) const {
    return std::span<const Real>(values).subspan(static_cast<std::size_t>(b * width),
                                                 static_cast<std::size_t>(width));
  }
};

struct IndexRows {
  std::vector<Index> values;
  Index width;
  IndexRows(const Case& c, const std::string& key) : values(c.indices(key)), width(c.at(key).extent(1)) {}
  std::span<const Index> operator()(Index b) const {
    return std::span<const Index>(values).subspan(static_cast<std::size_t>(b * width),
                                                  static_cast<std::size_t>(width));
  }
};

template <class Real>
void check_scaling(const Case& c) {
  const Index channels = c.at("input.x").extent(1), steps = c.at("input.x").extent(2);
  const Rows<Real> noise(c, "input.noise"), channel(c, "input.scale_channel"), step(c, "input.scale_step"),
      sample(c, "input.scale_sample");
  expect_change<Real>(c, "noise", [&](std::span<Real> w, Index b) {
    std::vector<Real> n(w.size());
    for (Index t = 0; t < steps; ++t) {
      for (Index ch = 0; ch < channels; ++ch)
        n[static_cast<std::size_t>(t * channels + ch)] = noise(b)[static_cast<std::size_t>(ch * steps + t)];
    }
    data::add_noise(w, std::span<const Real>(n));
  });
  expect_change<Real>(c, "scale_channel",
                      [&](std::span<Real> w, Index b) { data::scale_channels(w, channel(b)); });
  expect_change<Real>(c, "scale_step",
                      [&](std::span<Real> w, Index b) { data::scale_steps(w, channels, step(b)); });
  expect_change<Real>(c, "scale_sample", [&](std::span<Real> w, Index b) {
    const std::vector<Real> same(static_cast<std::size_t>(channels), sample(b)[0]);
    data::scale_channels(w, std::span<const Real>(same));
  });
  const IndexRows cuts(c, "input.cuts"), order(c, "input.segment_order");
  expect_change<Real>(c, "permute", [&](std::span<Real> w, Index b) {
    data::permute_segments(w, channels, cuts(b), order(b));
  });
  expect_change<Real>(c, "default_pair", [&](std::span<Real> w, Index b) {
    data::scale_channels(w, channel(b));
    data::flip_time(w, channels);
  });
  expect_change<Real>(c, "released_pair", [&](std::span<Real> w, Index b) {
    data::scale_steps(w, channels, step(b));
    data::permute_segments(w, channels, cuts(b), order(b));
  });
}

template <class Real>
void check_turning(const Case& c) {
  const Index channels = c.at("input.x").extent(1);
  const Rows<Real> axis(c, "input.axis"), axis6(c, "input.axis6"), angle(c, "input.angle");
  const auto matrix = [&](Index b) {
    return data::axis_angle<Real>({axis(b)[0], axis(b)[1], axis(b)[2]}, angle(b)[0]);
  };
  const auto released = [&](Index b) {
    Real sum = 0;
    for (const Real v : axis6(b)) sum += v * v;
    const Real length = std::sqrt(sum);
    return data::axis_angle<Real>({axis6(b)[0] / length, axis6(b)[1] / length, axis6(b)[2] / length},
                                  angle(b)[0]);
  };
  std::vector<Real> matrices, others;
  for (Index b = 0; b < c.at("input.x").extent(0); ++b) {
    const auto m = matrix(b), r = released(b);
    matrices.insert(matrices.end(), m.begin(), m.end());
    others.insert(others.end(), r.begin(), r.end());
  }
  expect_rows(c, "output.matrix", matrices, c.tolerance<Real>());
  expect_rows(c, "output.matrix_released", others, c.tolerance<Real>());
  expect_change<Real>(c, "rotate",
                      [&](std::span<Real> w, Index b) { data::rotate_triads(w, channels, matrix(b)); });
  expect_change<Real>(c, "rotate_released",
                      [&](std::span<Real> w, Index b) { data::rotate_triads(w, channels, released(b)); });
  expect_change<Real>(c, "negate", [&](std::span<Real> w, Index) { data::negate(w); });
  expect_change<Real>(c, "flip", [&](std::span<Real> w, Index) { data::flip_time(w, channels); });
  expect_change<Real>(c, "physical_reversal",
                      [&](std::span<Real> w, Index) { data::reverse_motion(w, channels); });
  const IndexRows order(c, "input.channel_order");
  expect_change<Real>(c, "channel_shuffle",
                      [&](std::span<Real> w, Index b) { data::shuffle_channels(w, order(b)); });
}

template <class Real>
void check_warping(const Case& c) {
  const Index batch = c.at("input.x").extent(0), channels = c.at("input.x").extent(1),
              steps = c.at("input.x").extent(2);
  const Index knots = c.at("input.warp_knots").extent(2);
  const Rows<Real> all(c, "input.warp_knots");
  const auto times = [&](Index b, Index ch) {
    return data::warp_times(
        all(b).subspan(static_cast<std::size_t>(ch * knots), static_cast<std::size_t>(knots)), steps);
  };
  std::vector<Real> stamps;
  for (Index b = 0; b < batch; ++b) {
    for (Index ch = 0; ch < channels; ++ch) {
      const std::vector<Real> t = times(b, ch);
      stamps.insert(stamps.end(), t.begin(), t.end());
    }
  }
  expect_rows(c, "output.warp_times", stamps, c.tolerance<Real>());
  const auto warp = [&](bool shared) {
    return [&, shared](std::span<Real> w, Index b) {
      for (Index ch = 0; ch < channels; ++ch) {
        const std::vector<Real> t = times(b, shared ? 0 : ch);
        data::warp_channel(w, channels, ch, std::span<const Real>(t));
      }
    };
  };
  expect_change<Real>(c, "warp", warp(false));
  expect_change<Real>(c, "warp_shared", warp(true));
}

template <class Real>
void check_augment(const Case& c) {
  check_scaling<Real>(c);
  check_turning<Real>(c);
  check_warping<Real>(c);
}

const Register registered{"augment", check_augment<double>, check_augment<float>};

}  // namespace
