// SPDX-License-Identifier: MIT
// Convolution and max pooling by plain loops in double on (B, H, W, C).
#pragma once

#include <limits>
#include <vector>

#include "gyrograd/kernels/window.hpp"
#include "support/reference.hpp"

namespace gyrograd::testing {

/// f(output position, input position, tap number) for every pair that meets in one plane.
template <class F>
void each_pair(const kernels::Window& w, F&& f) {
  for (Index ow = 0; ow < w.width.outputs(); ++ow)
    for (Index oh = 0; oh < w.height.outputs(); ++oh)
      for (Index kh = 0; kh < w.height.kernel; ++kh)
        for (Index kw = 0; kw < w.width.kernel; ++kw) {
          const Index h = oh * w.height.stride - w.height.padding + kh * w.height.dilation;
          const Index x = ow * w.width.stride - w.width.padding + kw * w.width.dilation;
          if (h < 0 || h >= w.height.size || x < 0 || x >= w.width.size) continue;
          for (Index b = 0; b < w.batch; ++b)
            f(static_cast<std::size_t>(b + w.batch * (oh + w.height.outputs() * ow)),
              static_cast<std::size_t>(b + w.batch * (h + w.height.size * x)),
              static_cast<std::size_t>(kh * w.width.kernel + kw));
        }
}

/// One convolution: inputs, result and, after backward(), all gradients.
struct ConvReference {
  kernels::Window w;
  Index in, out;
  std::vector<double> x, weight, bias, y, dx, dweight, dbias;

  ConvReference(const kernels::Window& window, Index channels_in, Index channels_out)
      : w(window), in(channels_in), out(channels_out) {
    const auto draw = [](Index n, int stream) {
      std::vector<double> v = random_values<double>(n, stream);
      for (double& value : v) value = static_cast<double>(static_cast<float>(value));
      return v;
    };
    x = draw(w.input_plane() * in, 1);
    weight = draw(out * in * w.taps(), 2);
    bias = draw(out, 3);
    const auto P = static_cast<std::size_t>(w.output_plane());
    for (std::size_t o = 0; o < static_cast<std::size_t>(out); ++o) y.insert(y.end(), P, bias[o]);
    each([&](std::size_t to, std::size_t from, std::size_t k) { y[to] += weight[k] * x[from]; });
  }

  void backward(const std::vector<double>& dy) {
    dx.assign(x.size(), 0);
    dweight.assign(weight.size(), 0);
    dbias.assign(bias.size(), 0);
    each([&](std::size_t to, std::size_t from, std::size_t k) {
      dweight[k] += dy[to] * x[from];
      dx[from] += dy[to] * weight[k];
    });
    for (std::size_t i = 0; i < dy.size(); ++i)
      dbias[i / static_cast<std::size_t>(w.output_plane())] += dy[i];
  }

 private:
  template <class F>
  void each(F&& f) const {
    const auto I = static_cast<std::size_t>(in), taps = static_cast<std::size_t>(w.taps());
    for (std::size_t o = 0; o < static_cast<std::size_t>(out); ++o)
      for (std::size_t i = 0; i < I; ++i)
        each_pair(w, [&](std::size_t to, std::size_t from, std::size_t k) {
          f(to + o * static_cast<std::size_t>(w.output_plane()),
            from + i * static_cast<std::size_t>(w.input_plane()), (o * I + i) * taps + k);
        });
  }
};

/// Max pooling: largest value and its place for every output.
struct PoolReference {
  std::vector<double> y;
  std::vector<std::size_t> place;

  PoolReference(const kernels::Window& w, Index channels, const std::vector<double>& x) {
    const auto P = static_cast<std::size_t>(w.output_plane()), I = static_cast<std::size_t>(w.input_plane());
    y.assign(P * static_cast<std::size_t>(channels), -std::numeric_limits<double>::infinity());
    place.assign(y.size(), 0);
    for (std::size_t c = 0; c < static_cast<std::size_t>(channels); ++c)
      each_pair(w, [&](std::size_t to, std::size_t from, std::size_t) {
        if (!(x[from + c * I] > y[to + c * P])) return;
        y[to + c * P] = x[from + c * I];
        place[to + c * P] = from + c * I;
      });
  }
};

}  // namespace gyrograd::testing
