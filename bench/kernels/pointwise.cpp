// SPDX-License-Identifier: MIT
// Softmax, layer norm, GELU with its slope, and Adam.
#include <array>
#include <cmath>

#include "gyrograd/kernels/gelu.hpp"
#include "gyrograd/kernels/layer_norm.hpp"
#include "gyrograd/kernels/softmax.hpp"
#include "gyrograd/optim/adam.hpp"
#include "gyrograd/tensor/eigen.hpp"
#include "support/variants.hpp"
#include "support/workloads.hpp"

namespace gyrograd::bench {

namespace {

using Array = Eigen::Map<Eigen::ArrayXXf>;
using Row = Eigen::Map<Eigen::Array<float, 1, Eigen::Dynamic>>;

template <class Real>
void naive_softmax(Real* y, const Real* x, Index inner, Index n, Index outer) {
  for (Index o = 0; o < outer; ++o)
    for (Index p = 0; p < inner; ++p) {
      const Index base = p + o * inner * n;
      Real top = x[base], sum = 0;
      for (Index i = 1; i < n; ++i) top = std::max(top, x[base + i * inner]);
      for (Index i = 0; i < n; ++i) sum += y[base + i * inner] = std::exp(x[base + i * inner] - top);
      for (Index i = 0; i < n; ++i) y[base + i * inner] /= sum;
    }
}

struct Softmax {
  Index inner = 120, n = 120, outer = 4;
  AlignedVector<float> x = random_values(inner * n * outer, 1), y = x;
  static constexpr double limit = 2e-6;

  void naive() { naive_softmax(y.data(), x.data(), inner, n, outer); }
  void eigen() {
    for (Index o = 0; o < outer; ++o) {
      Array from(x.data() + o * inner * n, inner, n), to(y.data() + o * inner * n, inner, n);
      const Eigen::ArrayXf top = from.rowwise().maxCoeff();
      to = (from.colwise() - top).exp();
      const Eigen::ArrayXf sum = to.rowwise().sum();
      to.colwise() /= sum;
    }
  }
  void gyrograd() { kernels::softmax_forward(y.data(), x.data(), inner, n, outer); }
  std::array<AlignedVector<float>*, 1> outputs() { return {&y}; }
  std::vector<double> reference() const {
    std::vector<double> result(y.size());
    naive_softmax(result.data(), widened(x).data(), inner, n, outer);
    return result;
  }
};

constexpr float norm_epsilon = 1e-12F;

template <class Real>
void naive_norm(Real* y, Real* mean, Real* rstd, const Real* x, const Real* gamma, const Real* beta, Index P,
                Index C) {
  for (Index p = 0; p < P; ++p) {
    Real sum = 0, square = 0;
    for (Index c = 0; c < C; ++c) sum += x[p + P * c];
    mean[p] = sum / static_cast<Real>(C);
    for (Index c = 0; c < C; ++c) square += (x[p + P * c] - mean[p]) * (x[p + P * c] - mean[p]);
    rstd[p] = 1 / std::sqrt(square / static_cast<Real>(C) + static_cast<Real>(norm_epsilon));
    for (Index c = 0; c < C; ++c) y[p + P * c] = (x[p + P * c] - mean[p]) * rstd[p] * gamma[c] + beta[c];
  }
}
template <class Real>
void naive_norm_backward(Real* dx, Real* dgamma, Real* dbeta, const Real* dy, const Real* x,
                         const Real* gamma, const Real* mean, const Real* rstd, Index P, Index C) {
  for (Index p = 0; p < P; ++p) {
    Real sum = 0, along = 0;
    for (Index c = 0; c < C; ++c) {
      const Real normal = (x[p + P * c] - mean[p]) * rstd[p], d = dy[p + P * c];
      sum += d * gamma[c];
      along += d * gamma[c] * normal;
      dgamma[c] += d * normal;
      dbeta[c] += d;
    }
    for (Index c = 0; c < C; ++c) {
      const Real normal = (x[p + P * c] - mean[p]) * rstd[p];
      dx[p + P * c] = rstd[p] * (dy[p + P * c] * gamma[c] - (sum + normal * along) / static_cast<Real>(C));
    }
  }
}

struct Norm {
  Index P, C;
  AlignedVector<float> x, y, dy, dx, gamma, beta, dgamma, dbeta, mean, rstd;
  static constexpr double limit = 2e-6;

  Norm(Index positions, Index channels)
      : P(positions),
        C(channels),
        x(random_values(P * C, 1)),
        y(x.size()),
        dy(random_values(P * C, 2)),
        dx(x.size()),
        gamma(random_values(C, 3)),
        beta(random_values(C, 4)),
        dgamma(gamma.size()),
        dbeta(gamma.size()),
        mean(static_cast<std::size_t>(P)),
        rstd(mean.size()) {
    naive_norm(y.data(), mean.data(), rstd.data(), x.data(), gamma.data(), beta.data(), P, C);
  }
  Array map(AlignedVector<float>& values) { return {values.data(), P, C}; }
  Row row(AlignedVector<float>& values) { return {values.data(), C}; }
  Eigen::Map<Eigen::ArrayXf> column(AlignedVector<float>& values) { return {values.data(), P}; }
};

struct NormForward : Norm {
  using Norm::Norm;
  void naive() { naive_norm(y.data(), mean.data(), rstd.data(), x.data(), gamma.data(), beta.data(), P, C); }
  void eigen() {
    column(mean) = map(x).rowwise().mean();
    map(y) = map(x).colwise() - column(mean);
    column(rstd) = (map(y).square().rowwise().mean() + norm_epsilon).rsqrt();
    map(y) = ((map(y).colwise() * column(rstd)).rowwise() * row(gamma)).rowwise() + row(beta);
  }
  void gyrograd() {
    kernels::layer_norm_forward(y.data(), mean.data(), rstd.data(), x.data(), gamma.data(), beta.data(), P, C,
                                norm_epsilon);
  }
  std::array<AlignedVector<float>*, 1> outputs() { return {&y}; }
  std::vector<double> reference() const {
    std::vector<double> result(y.size()), m(mean.size()), r(mean.size());
    naive_norm(result.data(), m.data(), r.data(), widened(x).data(), widened(gamma).data(),
               widened(beta).data(), P, C);
    return result;
  }
};

struct NormBackward : Norm {
  using Norm::Norm;
  Eigen::ArrayXXf normal, scaled;
  AlignedVector<float> scratch =
      AlignedVector<float>(static_cast<std::size_t>(kernels::layer_norm_backward_scratch<float>(C)));
  void naive() {
    naive_norm_backward(dx.data(), dgamma.data(), dbeta.data(), dy.data(), x.data(), gamma.data(),
                        mean.data(), rstd.data(), P, C);
  }
  void eigen() {
    normal = (map(x).colwise() - column(mean)).colwise() * column(rstd);
    scaled = map(dy).rowwise() * row(gamma);
    row(dgamma) += (map(dy) * normal).colwise().sum();
    row(dbeta) += map(dy).colwise().sum();
    const Eigen::ArrayXf sum = scaled.rowwise().mean(), along = (scaled * normal).rowwise().mean();
    map(dx) = ((scaled.colwise() - sum) - normal.colwise() * along).colwise() * column(rstd);
  }
  void gyrograd() {
    kernels::layer_norm_backward(dx.data(), static_cast<const float*>(nullptr), dgamma.data(), dbeta.data(),
                                 dy.data(), x.data(), gamma.data(), mean.data(), rstd.data(), P, C,
                                 scratch.data());
  }
  std::array<AlignedVector<float>*, 3> outputs() { return {&dx, &dgamma, &dbeta}; }
  std::vector<double> reference() const {
    const std::size_t n = x.size(), c = gamma.size();
    std::vector<double> result(n + 2 * c), y2(n), m(mean.size()), r(mean.size());
    const auto x2 = widened(x), g = widened(gamma);
    naive_norm(y2.data(), m.data(), r.data(), x2.data(), g.data(), widened(beta).data(), P, C);
    naive_norm_backward(result.data(), result.data() + n, result.data() + n + c, widened(dy).data(),
                        x2.data(), g.data(), m.data(), r.data(), P, C);
    return result;
  }
};

template <class Real>
void naive_gelu(Real* y, Real* slope, const Real* x, Index n) {
  const auto root = static_cast<Real>(0.70710678118654752440),
             density = static_cast<Real>(0.39894228040143267794);
  for (Index i = 0; i < n; ++i) {
    const Real phi = static_cast<Real>(0.5) * (1 + std::erf(x[i] * root));
    y[i] = x[i] * phi;
    slope[i] = phi + x[i] * density * std::exp(-x[i] * x[i] / 2);
  }
}

struct Gelu {
  Index n = 240 * 144;
  AlignedVector<float> x = random_values(n, 1), y = x, slope = x;
  static constexpr double limit = 1e-6;

  void naive() { naive_gelu(y.data(), slope.data(), x.data(), n); }
  void eigen() {
    Eigen::Map<Eigen::ArrayXf> from(x.data(), n), value(y.data(), n), derivative(slope.data(), n);
    derivative = 0.5F * (1 + (from * 0.70710678F).erf());
    value = from * derivative;
    derivative += from * 0.39894228F * (from.square() * -0.5F).exp();
  }
  void gyrograd() { kernels::gelu_forward(y.data(), slope.data(), x.data(), n); }
  std::array<AlignedVector<float>*, 2> outputs() { return {&y, &slope}; }
  std::vector<double> reference() const {
    std::vector<double> result(2 * y.size());
    naive_gelu(result.data(), result.data() + y.size(), widened(x).data(), n);
    return result;
  }
};

/// One step from zero moments when checked; then the moments go on.
template <class Real>
void naive_adam(Real* w, Real* m, Real* v, const Real* g, Index n, int step) {
  const auto b1 = static_cast<Real>(0.9), b2 = static_cast<Real>(0.999);
  const Real c1 = 1 - std::pow(b1, static_cast<Real>(step)), c2 = 1 - std::pow(b2, static_cast<Real>(step));
  for (Index i = 0; i < n; ++i) {
    m[i] = b1 * m[i] + (1 - b1) * g[i];
    v[i] = b2 * v[i] + (1 - b2) * g[i] * g[i];
    w[i] -= static_cast<Real>(1e-3) * (m[i] / c1) / (std::sqrt(v[i] / c2) + static_cast<Real>(1e-8));
  }
}

struct Adam {
  static constexpr Index n = 62646;
  AlignedVector<float> g = random_values(n, 1), w = g, m = AlignedVector<float>(g.size()), v = m;
  optim::Adam<float> ours{n};
  int step = 0;
  static constexpr double limit = 2e-5;  // 1 - 0.999 has a relative error of 1e-5 in float

  void naive() { naive_adam(w.data(), m.data(), v.data(), g.data(), n, ++step); }
  void eigen() {
    ++step;
    Eigen::Map<Eigen::ArrayXf> weight(w.data(), n), first(m.data(), n), second(v.data(), n),
        gradient(g.data(), n);
    const float c1 = 1 - std::pow(0.9F, static_cast<float>(step)),
                c2 = 1 - std::pow(0.999F, static_cast<float>(step));
    first = 0.9F * first + 0.1F * gradient;
    second = 0.999F * second + 0.001F * gradient.square();
    weight -= (1e-3F / c1) * first / ((second / c2).sqrt() + 1e-8F);
  }
  void gyrograd() {
    ours.begin_step();
    ours.update(w.data(), g.data(), 0, n);
  }
  std::array<AlignedVector<float>*, 1> outputs() { return {&w}; }
  std::vector<double> reference() const {
    std::vector<double> result(g.size()), first(g.size()), second(g.size());
    naive_adam(result.data(), first.data(), second.data(), widened(g).data(), n, 1);
    return result;
  }
};

Work traffic(Index values) {
  Work work;
  work.bytes = float_bytes(values);
  return work;
}

}  // namespace

void add_pointwise_kernels() {
  add_kernel("softmax", shape_text(120, 120, 4), traffic(2 * 120 * 120 * 4), [] { return Softmax(); });
  add_kernel("layer_norm_forward", shape_text(240, 72), traffic(2 * 240 * 72),
             [] { return NormForward(240, 72); });
  add_kernel("layer_norm_backward", shape_text(240, 72), traffic(3 * 240 * 72),
             [] { return NormBackward(240, 72); });
  add_kernel("gelu_pair", shape_text(240, 144), traffic(3 * 240 * 144), [] { return Gelu(); });
  add_kernel("adam", shape_text(Adam::n), traffic(7 * Adam::n), [] { return Adam(); });
}

}  // namespace gyrograd::bench
