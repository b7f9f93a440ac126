// SPDX-License-Identifier: MIT
// Attention at the shape of LIMU-BERT, forward and backward. Shape: sequences x steps x heads x head width.
#include "gyrograd/kernels/attention.hpp"

#include <array>
#include <cmath>

#include "gyrograd/tensor/eigen.hpp"
#include "support/variants.hpp"
#include "support/workloads.hpp"

namespace gyrograd::bench {

namespace {

using Matrix = Eigen::Map<Eigen::MatrixXf>;

/// Position of (sequence b, step t, channel c).
constexpr Index at(const kernels::AttentionSizes& s, Index b, Index t, Index c) {
  return b + s.batch * (t + s.queries * c);
}

// Textbook loops. weights: (T x T) per head and sequence, normalised.
template <class Real>
void naive_forward(Real* o, Real* weights, const Real* q, const Real* k, const Real* v,
                   const kernels::AttentionSizes& s) {
  const Index T = s.queries;
  const Real scale = Real(1) / std::sqrt(static_cast<Real>(s.width));
  for (Index h = 0; h < s.heads; ++h)
    for (Index b = 0; b < s.batch; ++b, weights += T * T)
      for (Index t = 0; t < T; ++t) {
        Real* row = weights + t * T;
        Real top = -1e30F, sum = 0;
        for (Index u = 0; u < T; ++u) {
          Real dot = 0;
          for (Index c = h * s.width; c < (h + 1) * s.width; ++c)
            dot += q[at(s, b, t, c)] * k[at(s, b, u, c)];
          row[u] = dot * scale;
          top = std::max(top, row[u]);
        }
        for (Index u = 0; u < T; ++u) sum += row[u] = std::exp(row[u] - top);
        for (Index u = 0; u < T; ++u) row[u] /= sum;
        for (Index c = h * s.width; c < (h + 1) * s.width; ++c) {
          Real dot = 0;
          for (Index u = 0; u < T; ++u) dot += row[u] * v[at(s, b, u, c)];
          o[at(s, b, t, c)] = dot;
        }
      }
}

/// Gradients (dq stored, dk and dv added to) from the weights of the forward pass; row: T values of scratch.
template <class Real>
void naive_backward(Real* dq, Real* dk, Real* dv, const Real* dout, const Real* weights, const Real* q,
                    const Real* k, const Real* v, const kernels::AttentionSizes& s, Real* row) {
  const Index T = s.queries;
  const Real scale = Real(1) / std::sqrt(static_cast<Real>(s.width));
  for (Index h = 0; h < s.heads; ++h)
    for (Index b = 0; b < s.batch; ++b, weights += T * T)
      for (Index t = 0; t < T; ++t) {
        const Real* p = weights + t * T;
        const Index first = h * s.width, last = first + s.width;
        Real along = 0;
        for (Index u = 0; u < T; ++u) {
          Real dot = 0;
          for (Index c = first; c < last; ++c) dot += dout[at(s, b, t, c)] * v[at(s, b, u, c)];
          row[u] = dot;
          along += dot * p[u];
        }
        for (Index u = 0; u < T; ++u) row[u] = p[u] * (row[u] - along) * scale;
        for (Index c = first; c < last; ++c) {
          Real sum = 0;
          for (Index u = 0; u < T; ++u) {
            sum += row[u] * k[at(s, b, u, c)];
            dk[at(s, b, u, c)] += row[u] * q[at(s, b, t, c)];
            dv[at(s, b, u, c)] += p[u] * dout[at(s, b, t, c)];
          }
          dq[at(s, b, t, c)] = sum;
        }
      }
}

struct Operands {
  kernels::AttentionSizes s;
  AlignedVector<float> q, scaled_q, k, v, o, dout, dq, dk, dv, weights, rsum, scratch;

  explicit Operands(Index batch) : s{batch, 120, 120, 4, 18} {
    const Index n = batch * 120 * 72;
    q = random_values(n, 1);
    k = random_values(n, 2);
    v = random_values(n, 3);
    dout = random_values(n, 4);
    for (AlignedVector<float>* values : {&o, &dq, &dk, &dv}) values->resize(q.size());
    scaled_q = q;  // as a projection leaves them
    for (float& value : scaled_q) value *= kernels::attention_query_factor<float>(s.width);
    weights.resize(static_cast<std::size_t>(s.weight_count()));
    rsum.resize(static_cast<std::size_t>(s.rsum_count()));
    scratch.resize(static_cast<std::size_t>(std::max(kernels::attention_forward_scratch<float>(s, true),
                                                     kernels::attention_backward_scratch<float>(s))));
  }
  static constexpr double limit = 2e-6;

  Matrix head(AlignedVector<float>& values, Index h) {
    return {values.data() + h * s.width * s.queries, s.queries, s.width};
  }
  Matrix weight(Index h) { return {weights.data() + h * s.queries * s.keys, s.keys, s.queries}; }

  void naive_forward_pass() { naive_forward(o.data(), weights.data(), q.data(), k.data(), v.data(), s); }
  /// One sequence only. Weights (keys x queries): one column per query, so that softmax runs down columns.
  void eigen_forward_pass() {
    const float scale = 1.0F / std::sqrt(static_cast<float>(s.width));
    for (Index h = 0; h < s.heads; ++h) {
      auto e = weight(h);
      e.noalias() = head(k, h) * head(q, h).transpose() * scale;
      const Eigen::RowVectorXf top = e.colwise().maxCoeff();
      e = (e.rowwise() - top).array().exp().matrix();
      const Eigen::RowVectorXf sum = e.colwise().sum();
      e.array().rowwise() /= sum.array();
      head(o, h).noalias() = e.transpose() * head(v, h);
    }
  }
  void gyrograd_forward_pass() {
    kernels::attention_forward(o.data(), weights.data(), rsum.data(), scaled_q.data(), k.data(), v.data(), s,
                               scratch.data());
  }
};

struct Forward : Operands {
  using Operands::Operands;
  void naive() { naive_forward_pass(); }
  void eigen() { eigen_forward_pass(); }
  void gyrograd() { gyrograd_forward_pass(); }
  std::array<AlignedVector<float>*, 1> outputs() { return {&o}; }
  std::vector<double> reference() const {
    std::vector<double> result(o.size()), p(weights.size());
    naive_forward(result.data(), p.data(), widened(q).data(), widened(k).data(), widened(v).data(), s);
    return result;
  }
};

/// The backward pass consumes the weights of the forward pass, so both are measured together.
struct ForwardBackward : Operands {
  using Operands::Operands;
  AlignedVector<float> row = AlignedVector<float>(120);
  Eigen::MatrixXf gradient;

  void naive() {
    naive_forward_pass();
    naive_backward(dq.data(), dk.data(), dv.data(), dout.data(), weights.data(), q.data(), k.data(), v.data(),
                   s, row.data());
  }
  void eigen() {
    eigen_forward_pass();
    const float scale = 1.0F / std::sqrt(static_cast<float>(s.width));
    for (Index h = 0; h < s.heads; ++h) {
      auto p = weight(h);
      head(dv, h).noalias() += p * head(dout, h);
      gradient.noalias() = head(v, h) * head(dout, h).transpose();
      const Eigen::RowVectorXf along = (gradient.array() * p.array()).colwise().sum();
      gradient = (p.array() * (gradient.rowwise() - along).array() * scale).matrix();
      head(dq, h).noalias() = gradient.transpose() * head(k, h);
      head(dk, h).noalias() += gradient * head(q, h);
    }
  }
  void gyrograd() {
    gyrograd_forward_pass();
    kernels::attention_backward(dq.data(), static_cast<const float*>(nullptr), dk.data(), dv.data(),
                                dout.data(), o.data(), weights.data(), rsum.data(), scaled_q.data(), k.data(),
                                v.data(), s, true, scratch.data());
  }
  std::array<AlignedVector<float>*, 3> outputs() { return {&dq, &dk, &dv}; }
  std::vector<double> reference() const {
    const std::size_t n = q.size();
    std::vector<double> result(3 * n), p(weights.size()), out(n), one_row(row.size());
    const auto q2 = widened(q), k2 = widened(k), v2 = widened(v), g2 = widened(dout);
    naive_forward(out.data(), p.data(), q2.data(), k2.data(), v2.data(), s);
    naive_backward(result.data(), result.data() + n, result.data() + 2 * n, g2.data(), p.data(), q2.data(),
                   k2.data(), v2.data(), s, one_row.data());
    return result;
  }
};

}  // namespace

void add_attention_kernels() {
  for (const Index batch : {1, 2}) {
    const std::string shape = shape_text(batch, 120, 4, 18);
    const double product = 2.0 * static_cast<double>(batch) * 4 * 120 * 120 * 18;
    Work forward, both;
    forward.flop = 2 * product;
    forward.bytes = float_bytes(batch * 120 * 72 * 4);
    both.flop = 6 * product;
    both.bytes = float_bytes(batch * 120 * 72 * 8);
    // Two sequences lie interleaved, which suits our kernels only.
    std::vector<Variant> variants{Variant::naive, Variant::gyrograd};
    if (batch == 1) variants.push_back(Variant::eigen);
    add_kernel(
        "attention_forward", shape, forward, [=] { return Forward(batch); }, variants);
    add_kernel(
        "attention_forward_backward", shape, both, [=] { return ForwardBackward(batch); }, variants);
  }
}

}  // namespace gyrograd::bench
