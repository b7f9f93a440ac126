// SPDX-License-Identifier: MIT
// What kernel tests need: numbers, buffers between guard zones, sizes around the vector width, plain loops in
// double.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <vector>

#include "gyrograd/core/random.hpp"
#include "gyrograd/tensor/tensor.hpp"
#include "support/catch.hpp"

namespace gyrograd::testing {

/// n numbers in [low, high), the same for every run; `stream` tells calls apart.
template <class Real>
std::vector<Real> random_values(Index n, int stream, double low = -1, double high = 1) {
  Philox g(20, 0, static_cast<std::uint64_t>(stream), Purpose::user);
  std::vector<Real> v(static_cast<std::size_t>(n));
  for (Real& x : v) x = static_cast<Real>(uniform(g, low, high));
  return v;
}

/// `count` indices in [0, below).
inline std::vector<std::int32_t> random_indices(Index count, Index below, int stream) {
  Philox g(21, 0, static_cast<std::uint64_t>(stream), Purpose::user);
  std::vector<std::int32_t> v(static_cast<std::size_t>(count));
  for (std::int32_t& i : v) i = static_cast<std::int32_t>(random_index(g, below));
  return v;
}

template <class Real>
std::vector<double> doubles(const std::vector<Real>& v) {
  return {v.begin(), v.end()};
}

/// Values between two guard zones of a NaN with a payload: a write outside is seen, a read outside poisons
/// results. The first value is not aligned to anything but its own size.
template <class Real>
class Guarded {
 public:
  static constexpr std::size_t guard = 67;

  explicit Guarded(const std::vector<Real>& values)
      : memory_(values.size() + 2 * guard, sentinel()), size_(values.size()) {
    std::copy(values.begin(), values.end(), memory_.begin() + guard);
  }
  /// Uninitialised values: NaN.
  explicit Guarded(Index size) : Guarded(std::vector<Real>(static_cast<std::size_t>(size), sentinel())) {}

  Real* data() { return memory_.data() + guard; }
  std::span<const Real> values() const { return {memory_.data() + guard, size_}; }
  auto begin() const { return values().begin(); }
  auto end() const { return values().end(); }
  std::vector<Real> copy() const { return {begin(), end()}; }

  /// Both zones hold the bits they started with.
  bool intact() const {
    const Real mark = sentinel();
    for (std::size_t i = 0; i < guard; ++i)
      for (const Real* p : {memory_.data() + i, memory_.data() + guard + size_ + i})
        if (std::memcmp(p, &mark, sizeof mark) != 0) return false;
    return true;
  }

 private:
  static Real sentinel() {
    if constexpr (sizeof(Real) == 4)
      return std::nanf("0x2a5a5");
    else
      return std::nan("0x2a5a5a5a5");
  }
  std::vector<Real> memory_;
  std::size_t size_;
};

/// Sizes around a vector width: 1, W - 1, W, W + 1, 2 W + 3.
inline std::vector<Index> sizes_around(Index width) {
  std::vector<Index> sizes{1};
  for (Index n : {width - 1, width, width + 1, 2 * width + 3})
    if (n > sizes.back()) sizes.push_back(n);
  return sizes;
}

/// The same bits, NaN included.
template <class Real>
bool same_bits(std::span<const Real> a, std::span<const Real> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

// Plain loops in double on column-major matrices (P x C): element (p, c) at p + P c.

/// x(p, i) w(o, i) + bias(o); bias may be empty.
inline std::vector<double> linear_reference(const std::vector<double>& x, const std::vector<double>& weight,
                                            const std::vector<double>& bias, Index P, Index in, Index out) {
  std::vector<double> y;
  for (Index o = 0; o < out; ++o)
    for (Index p = 0; p < P; ++p) {
      double sum = bias.empty() ? 0 : bias[static_cast<std::size_t>(o)];
      for (Index i = 0; i < in; ++i)
        sum += x[static_cast<std::size_t>(p + P * i)] * weight[static_cast<std::size_t>(o * in + i)];
      y.push_back(sum);
    }
  return y;
}

inline std::vector<double> layer_norm_reference(const std::vector<double>& x,
                                                const std::vector<double>& gamma,
                                                const std::vector<double>& beta, Index P, Index C,
                                                double eps) {
  std::vector<double> y(x.size());
  for (Index p = 0; p < P; ++p) {
    const auto at = [&](Index c) { return static_cast<std::size_t>(p + P * c); };
    double mean = 0, variance = 0;
    for (Index c = 0; c < C; ++c) mean += x[at(c)] / static_cast<double>(C);
    for (Index c = 0; c < C; ++c) variance += (x[at(c)] - mean) * (x[at(c)] - mean) / static_cast<double>(C);
    for (Index c = 0; c < C; ++c) {
      const auto k = static_cast<std::size_t>(c);
      y[at(c)] = (x[at(c)] - mean) / std::sqrt(variance + eps) * gamma[k] + beta[k];
    }
  }
  return y;
}

/// exp(factor x) / sum along the middle axis of (inner, n, outer).
inline std::vector<double> softmax_reference(const std::vector<double>& x, Index inner, Index n,
                                             Index outer) {
  std::vector<double> y(x.size());
  for (Index o = 0; o < outer; ++o)
    for (Index i = 0; i < inner; ++i) {
      const auto at = [&](Index k) { return static_cast<std::size_t>(i + inner * (k + n * o)); };
      double top = x[at(0)], sum = 0;
      for (Index k = 1; k < n; ++k) top = std::max(top, x[at(k)]);
      for (Index k = 0; k < n; ++k) sum += std::exp(x[at(k)] - top);
      for (Index k = 0; k < n; ++k) y[at(k)] = std::exp(x[at(k)] - top) / sum;
    }
  return y;
}

/// Attention on (B, T, C) activations: outputs, weights (b, head, query, key) row-major.
struct AttentionReference {
  Index B, Tq, T, heads, width;
  std::vector<double> weights, o;

  std::size_t q_at(Index b, Index t, Index h, Index c) const {
    return static_cast<std::size_t>(b + B * (t + Tq * (h * width + c)));
  }
  std::size_t k_at(Index b, Index t, Index h, Index c) const {
    return static_cast<std::size_t>(b + B * (t + T * (h * width + c)));
  }
  std::size_t weight_at(Index b, Index h, Index i, Index j) const {
    return static_cast<std::size_t>(((b * heads + h) * Tq + i) * T + j);
  }
  /// Calls f(b, head, query) for every softmax row.
  template <class F>
  void rows(F&& f) const {
    for (Index b = 0; b < B; ++b)
      for (Index h = 0; h < heads; ++h)
        for (Index i = 0; i < Tq; ++i) f(b, h, i);
  }

  void forward(const std::vector<double>& q, const std::vector<double>& k, const std::vector<double>& v) {
    weights.assign(static_cast<std::size_t>(B * heads * Tq * T), 0);
    o.assign(q.size(), 0);
    rows([&](Index b, Index h, Index i) {
      std::vector<double> s(static_cast<std::size_t>(T));
      for (Index j = 0; j < T; ++j)
        for (Index c = 0; c < width; ++c)
          s[static_cast<std::size_t>(j)] +=
              q[q_at(b, i, h, c)] * k[k_at(b, j, h, c)] / std::sqrt(static_cast<double>(width));
      s = softmax_reference(s, 1, T, 1);
      for (Index j = 0; j < T; ++j) {
        weights[weight_at(b, h, i, j)] = s[static_cast<std::size_t>(j)];
        for (Index c = 0; c < width; ++c)
          o[q_at(b, i, h, c)] += s[static_cast<std::size_t>(j)] * v[k_at(b, j, h, c)];
      }
    });
  }
  /// Adds the gradients of <dout, o>.
  void backward(std::vector<double>& dq, std::vector<double>& dk, std::vector<double>& dv,
                const std::vector<double>& dout, const std::vector<double>& q, const std::vector<double>& k,
                const std::vector<double>& v) const {
    const double scale = 1 / std::sqrt(static_cast<double>(width));
    rows([&](Index b, Index h, Index i) {
      std::vector<double> dw(static_cast<std::size_t>(T));
      double dot = 0;
      for (Index j = 0; j < T; ++j) {
        const double w = weights[weight_at(b, h, i, j)];
        double& d = dw[static_cast<std::size_t>(j)];
        for (Index c = 0; c < width; ++c) {
          d += dout[q_at(b, i, h, c)] * v[k_at(b, j, h, c)];
          dv[k_at(b, j, h, c)] += w * dout[q_at(b, i, h, c)];
        }
        dot += w * d;
      }
      for (Index j = 0; j < T; ++j) {
        const double ds = weights[weight_at(b, h, i, j)] * (dw[static_cast<std::size_t>(j)] - dot) * scale;
        for (Index c = 0; c < width; ++c) {
          dq[q_at(b, i, h, c)] += ds * k[k_at(b, j, h, c)];
          dk[k_at(b, j, h, c)] += ds * q[q_at(b, i, h, c)];
        }
      }
    });
  }
};

}  // namespace gyrograd::testing
