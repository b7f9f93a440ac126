// SPDX-License-Identifier: MIT
// GRU layer by plain loops in double, forward and backward, on activations (B, T, C).
#pragma once

#include <cmath>
#include <vector>

#include "support/reference.hpp"

namespace gyrograd::testing {

/// Sizes and weights of one layer (PyTorch's shapes) with values of a usable size.
struct GruNumbers {
  Index B, T, in, H;
  std::vector<double> x, h0, weight_ih, weight_hh, bias_ih, bias_hh;  // h0 (B, H): empty for zeros

  GruNumbers(Index batch, Index steps, Index inputs, Index hidden, bool with_h0)
      : B(batch), T(steps), in(inputs), H(hidden) {
    const auto draw = [](Index n, int stream, double range) {
      std::vector<double> v = random_values<double>(n, stream, -range, range);
      for (double& value : v) value = static_cast<double>(static_cast<float>(value));
      return v;
    };
    x = draw(B * T * in, 1, 1.5);
    weight_ih = draw(3 * H * in, 2, 1.2 / std::sqrt(static_cast<double>(in)));
    weight_hh = draw(3 * H * H, 3, 1.2 / std::sqrt(static_cast<double>(H)));
    bias_ih = draw(3 * H, 4, 0.5);
    bias_hh = draw(3 * H, 5, 0.5);
    if (with_h0) h0 = draw(B * H, 6, 0.9);
  }
};

/// States of every step and, after backward(), all gradients.
struct GruReference {
  std::vector<double> y;            // (B, T, H)
  std::vector<double> hn, r, z, n;  // (B, T, H)
  std::vector<double> dx, dh0, dweight_ih, dweight_hh, dbias_ih, dbias_hh;

  explicit GruReference(const GruNumbers& s) : y(count(s, s.H)), hn(y), r(y), z(y), n(y) {
    const auto sigmoid = [](double a) { return 1 / (1 + std::exp(-a)); };
    each(s, false, [&](Index b, Index t, Index u) {
      const auto argument = [&](Index gate, bool recurrent) {
        double a = (recurrent ? s.bias_hh : s.bias_ih)[row(s, gate, u)];
        for (Index k = 0; k < (recurrent ? s.H : s.in); ++k)
          a += recurrent ? s.weight_hh[row(s, gate, u) * size(s.H) + size(k)] * before(s, b, t, k)
                         : s.weight_ih[row(s, gate, u) * size(s.in) + size(k)] * s.x[at(s, b, t, k)];
        return a;
      };
      const std::size_t i = at(s, b, t, u);
      r[i] = sigmoid(argument(0, false) + argument(0, true));
      z[i] = sigmoid(argument(1, false) + argument(1, true));
      hn[i] = argument(2, true);
      n[i] = std::tanh(argument(2, false) + r[i] * hn[i]);
      y[i] = (1 - z[i]) * n[i] + z[i] * before(s, b, t, u);
    });
  }

  /// dy: (B, T, H), gradient of every state.
  void backward(const GruNumbers& s, std::vector<double> dy) {
    dx.assign(count(s, s.in), 0);
    dh0.assign(size(s.B * s.H), 0);
    dweight_ih.assign(s.weight_ih.size(), 0);
    dweight_hh.assign(s.weight_hh.size(), 0);
    dbias_ih.assign(s.bias_ih.size(), 0);
    dbias_hh.assign(s.bias_hh.size(), 0);
    each(s, true, [&](Index b, Index t, Index u) {
      const std::size_t i = at(s, b, t, u);
      const double h = before(s, b, t, u), d = dy[i];
      const double dn = d * (1 - z[i]) * (1 - n[i] * n[i]);
      const double gates[3] = {dn * hn[i] * r[i] * (1 - r[i]), d * (h - n[i]) * z[i] * (1 - z[i]), dn};
      double* earlier = t > 0 ? &dy[at(s, b, t - 1, 0)] : &dh0[size(b)];
      const Index stride = t > 0 ? s.B * s.T : s.B;
      earlier[u * stride] += d * z[i];
      for (Index gate = 0; gate < 3; ++gate) {
        const double input = gates[gate], state = gate == 2 ? dn * r[i] : input;
        const std::size_t line = row(s, gate, u);
        dbias_ih[line] += input;
        dbias_hh[line] += state;
        for (Index k = 0; k < s.in; ++k) {
          dweight_ih[line * size(s.in) + size(k)] += input * s.x[at(s, b, t, k)];
          dx[at(s, b, t, k)] += input * s.weight_ih[line * size(s.in) + size(k)];
        }
        for (Index k = 0; k < s.H; ++k) {
          dweight_hh[line * size(s.H) + size(k)] += state * before(s, b, t, k);
          earlier[k * stride] += state * s.weight_hh[line * size(s.H) + size(k)];
        }
      }
    });
  }

 private:
  static std::size_t size(Index i) { return static_cast<std::size_t>(i); }
  static std::size_t count(const GruNumbers& s, Index channels) { return size(s.B * s.T * channels); }
  static std::size_t at(const GruNumbers& s, Index b, Index t, Index c) {
    return size(b + s.B * (t + s.T * c));
  }
  static std::size_t row(const GruNumbers& s, Index gate, Index unit) { return size(gate * s.H + unit); }
  double before(const GruNumbers& s, Index b, Index t, Index u) const {
    if (t > 0) return y[at(s, b, t - 1, u)];
    return s.h0.empty() ? 0 : s.h0[size(b + s.B * u)];
  }
  /// f(b, t, unit) in the order of time, or against it.
  template <class F>
  static void each(const GruNumbers& s, bool backwards, F&& f) {
    for (Index i = 0; i < s.T; ++i)
      for (Index b = 0; b < s.B; ++b)
        for (Index u = 0; u < s.H; ++u) f(b, backwards ? s.T - 1 - i : i, u);
  }
};

}  // namespace gyrograd::testing
