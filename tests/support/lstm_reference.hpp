// SPDX-License-Identifier: MIT
// LSTM layer by plain loops in double, forward and backward, on activations (B, T, C).
#pragma once

#include <cmath>
#include <vector>

#include "support/reference.hpp"

namespace gyrograd::testing {

/// Sizes and weights of one layer (PyTorch's shapes) with values of a usable size.
struct LstmNumbers {
  Index B, T, in, H;
  std::vector<double> x, h0, c0, weight_ih, weight_hh, bias_ih, bias_hh;  // h0, c0 (B, H): empty for zeros

  LstmNumbers(Index batch, Index steps, Index inputs, Index hidden, bool with_state)
      : B(batch), T(steps), in(inputs), H(hidden) {
    const auto draw = [](Index n, int stream, double range) {
      std::vector<double> v = random_values<double>(n, stream, -range, range);
      for (double& value : v) value = static_cast<double>(static_cast<float>(value));
      return v;
    };
    x = draw(B * T * in, 1, 1.5);
    weight_ih = draw(4 * H * in, 2, 1.2 / std::sqrt(static_cast<double>(in)));
    weight_hh = draw(4 * H * H, 3, 1.2 / std::sqrt(static_cast<double>(H)));
    bias_ih = draw(4 * H, 4, 0.5);
    bias_hh = draw(4 * H, 5, 0.5);
    if (with_state) {
      h0 = draw(B * H, 6, 0.9);
      c0 = draw(B * H, 7, 0.9);
    }
  }
};

/// States and cells of every step and, after backward(), all gradients.
struct LstmReference {
  std::vector<double> y, c, gate[4];  // (B, T, H)
  std::vector<double> dx, dh0, dc0, dweight_ih, dweight_hh, dbias_ih, dbias_hh;

  explicit LstmReference(const LstmNumbers& s) : y(count(s, s.H)), c(y) {
    for (auto& g : gate) g.resize(y.size());
    const auto sigmoid = [](double a) { return 1 / (1 + std::exp(-a)); };
    each(s, false, [&](Index b, Index t, Index u) {
      const std::size_t i = at(s, b, t, u);
      for (Index g = 0; g < 4; ++g) {
        const std::size_t line = size(g * s.H + u);
        double a = s.bias_ih[line] + s.bias_hh[line];
        for (Index k = 0; k < s.in; ++k) a += s.weight_ih[line * size(s.in) + size(k)] * s.x[at(s, b, t, k)];
        for (Index k = 0; k < s.H; ++k)
          a += s.weight_hh[line * size(s.H) + size(k)] * before(s, y, s.h0, b, t, k);
        gate[g][i] = g == 2 ? std::tanh(a) : sigmoid(a);
      }
      c[i] = gate[1][i] * before(s, c, s.c0, b, t, u) + gate[0][i] * gate[2][i];
      y[i] = gate[3][i] * std::tanh(c[i]);
    });
  }

  /// dy: (B, T, H), gradient of every state; dcell: (B, H), gradient of the last cell.
  void backward(const LstmNumbers& s, std::vector<double> dy, const std::vector<double>& dcell) {
    dx.assign(count(s, s.in), 0);
    dh0.assign(size(s.B * s.H), 0);
    dc0 = dcell;  // carried from step to step
    dweight_ih.assign(s.weight_ih.size(), 0);
    dweight_hh.assign(s.weight_hh.size(), 0);
    dbias_ih.assign(s.bias_ih.size(), 0);
    dbias_hh.assign(s.bias_hh.size(), 0);
    each(s, true, [&](Index b, Index t, Index u) {
      const std::size_t j = at(s, b, t, u);
      const double i = gate[0][j], f = gate[1][j], g = gate[2][j], o = gate[3][j], th = std::tanh(c[j]);
      double& carry = dc0[size(b + s.B * u)];
      const double dc = carry + dy[j] * o * (1 - th * th);
      const double d[4] = {dc * g * i * (1 - i), dc * before(s, c, s.c0, b, t, u) * f * (1 - f),
                           dc * i * (1 - g * g), dy[j] * th * o * (1 - o)};
      carry = dc * f;
      double* earlier = t > 0 ? &dy[at(s, b, t - 1, 0)] : &dh0[size(b)];
      const Index stride = t > 0 ? s.B * s.T : s.B;
      for (Index n = 0; n < 4; ++n) {
        const std::size_t line = size(n * s.H + u);
        dbias_ih[line] += d[n];
        dbias_hh[line] += d[n];
        for (Index k = 0; k < s.in; ++k) {
          dweight_ih[line * size(s.in) + size(k)] += d[n] * s.x[at(s, b, t, k)];
          dx[at(s, b, t, k)] += d[n] * s.weight_ih[line * size(s.in) + size(k)];
        }
        for (Index k = 0; k < s.H; ++k) {
          dweight_hh[line * size(s.H) + size(k)] += d[n] * before(s, y, s.h0, b, t, k);
          earlier[k * stride] += d[n] * s.weight_hh[line * size(s.H) + size(k)];
        }
      }
    });
  }

 private:
  static std::size_t size(Index i) { return static_cast<std::size_t>(i); }
  static std::size_t count(const LstmNumbers& s, Index channels) { return size(s.B * s.T * channels); }
  static std::size_t at(const LstmNumbers& s, Index b, Index t, Index c) {
    return size(b + s.B * (t + s.T * c));
  }
  static double before(const LstmNumbers& s, const std::vector<double>& all, const std::vector<double>& first,
                       Index b, Index t, Index u) {
    if (t > 0) return all[at(s, b, t - 1, u)];
    return first.empty() ? 0 : first[size(b + s.B * u)];
  }
  /// f(b, t, unit) in the order of time, or against it.
  template <class F>
  static void each(const LstmNumbers& s, bool backwards, F&& f) {
    for (Index i = 0; i < s.T; ++i)
      for (Index b = 0; b < s.B; ++b)
        for (Index u = 0; u < s.H; ++u) f(b, backwards ? s.T - 1 - i : i, u);
  }
};

}  // namespace gyrograd::testing
