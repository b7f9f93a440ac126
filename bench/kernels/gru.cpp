// SPDX-License-Identifier: MIT
// One GRU layer over all steps. Shape: sequences x steps x in x hidden; as many sequences as one lane group
// has.
#include "gyrograd/kernels/gru.hpp"

#include <array>
#include <cmath>

#include "gyrograd/tensor/eigen.hpp"
#include "support/variants.hpp"
#include "support/workloads.hpp"

namespace gyrograd::bench {

namespace {

using kernels::slab_rows;

/// Sizes; every array is a slab (sequences, slab_rows(channels), steps), the first index fastest.
struct Sizes {
  Index B, T, in, H;
};

// Textbook loops; gates: hn, r, z, n of every step (B, 4 H, T).
template <class Real>
void naive_forward(Real* y, Real* gates, const Real* x, const Real* wi, const Real* wh, const Real* bi,
                   const Real* bh, const Sizes& s) {
  const auto sigmoid = [](Real a) { return 1 / (1 + std::exp(-a)); };
  for (Index t = 0; t < s.T; ++t)
    for (Index b = 0; b < s.B; ++b)
      for (Index u = 0; u < s.H; ++u) {
        Real input[3], state[3];
        for (Index g = 0; g < 3; ++g) {
          const Index row = g * s.H + u;
          input[g] = bi[row];
          state[g] = bh[row];
          for (Index i = 0; i < s.in; ++i)
            input[g] += wi[row * s.in + i] * x[b + s.B * (i + slab_rows(s.in) * t)];
          for (Index i = 0; t > 0 && i < s.H; ++i)
            state[g] += wh[row * s.H + i] * y[b + s.B * (i + slab_rows(s.H) * (t - 1))];
        }
        const Real r = sigmoid(input[0] + state[0]), z = sigmoid(input[1] + state[1]);
        const Real n = std::tanh(input[2] + r * state[2]);
        const Real before = t > 0 ? y[b + s.B * (u + slab_rows(s.H) * (t - 1))] : 0;
        y[b + s.B * (u + slab_rows(s.H) * t)] = (1 - z) * n + z * before;
        const Real values[4] = {state[2], r, z, n};
        for (Index g = 0; g < 4; ++g) gates[b + s.B * (g * s.H + u + slab_rows(4 * s.H) * t)] = values[g];
      }
}

/// Gradients of all weights and biases for the gradient dy of every state; carry: (B, H) of scratch, zero.
template <class Real>
void naive_backward(Real* dwi, Real* dwh, Real* dbi, Real* dbh, Real* carry, const Real* dy, const Real* y,
                    const Real* gates, const Real* x, const Real* wh, const Sizes& s) {
  for (Index t = s.T - 1; t >= 0; --t)
    for (Index b = 0; b < s.B; ++b) {
      const auto gate = [&](Index g, Index u) {
        return gates[b + s.B * (g * s.H + u + slab_rows(4 * s.H) * t)];
      };
      const auto state = [&](Index u) {
        return t > 0 ? y[b + s.B * (u + slab_rows(s.H) * (t - 1))] : Real(0);
      };
      std::vector<Real> passed(static_cast<std::size_t>(s.H));
      for (Index u = 0; u < s.H; ++u) {
        const Real d = dy[b + s.B * (u + slab_rows(s.H) * t)] + carry[b + s.B * u];
        const Real hn = gate(0, u), r = gate(1, u), z = gate(2, u), n = gate(3, u);
        const Real dn = d * (1 - z) * (1 - n * n);
        const Real di[3] = {dn * hn * r * (1 - r), d * (state(u) - n) * z * (1 - z), dn};
        const Real dh[3] = {di[0], di[1], dn * r};
        passed[static_cast<std::size_t>(u)] += d * z;
        for (Index g = 0; g < 3; ++g) {
          const Index row = g * s.H + u;
          for (Index i = 0; i < s.in; ++i)
            dwi[row * s.in + i] += di[g] * x[b + s.B * (i + slab_rows(s.in) * t)];
          for (Index i = 0; i < s.H; ++i) {
            dwh[row * s.H + i] += dh[g] * state(i);
            passed[static_cast<std::size_t>(i)] += dh[g] * wh[row * s.H + i];
          }
          dbi[row] += di[g];
          dbh[row] += dh[g];
        }
      }
      for (Index u = 0; u < s.H; ++u) carry[b + s.B * u] = passed[static_cast<std::size_t>(u)];
    }
}

struct Operands {
  Sizes s;
  AlignedVector<float> x, y, gates, dy, wi, wh, bi, bh, dwi, dwh, dbi, dbh, carry, packed, packed_backward,
      panels;
  static constexpr double limit = 1e-5;

  explicit Operands(const Sizes& sizes)
      : s(sizes),
        x(random_values(s.B * slab_rows(s.in) * s.T, 1)),
        y(static_cast<std::size_t>(s.B * slab_rows(s.H) * s.T)),
        gates(static_cast<std::size_t>(s.B * slab_rows(4 * s.H) * s.T)),
        dy(random_values(s.B * slab_rows(s.H) * s.T, 2)),
        wi(weights(3 * s.H * s.in, 3)),
        wh(weights(3 * s.H * s.H, 4)),
        bi(weights(3 * s.H, 5)),
        bh(weights(3 * s.H, 6)),
        dwi(wi.size()),
        dwh(wh.size()),
        dbi(bi.size()),
        dbh(bh.size()),
        carry(static_cast<std::size_t>(s.B * s.H)),
        packed(static_cast<std::size_t>(kernels::gru_packed_size(s.in, s.H))),
        packed_backward(static_cast<std::size_t>(3 * s.H * s.H)),
        panels(static_cast<std::size_t>(kernels::gru_weight_scratch<float>(s.B, s.T, s.in, s.H))) {}

  AlignedVector<float> weights(Index count, unsigned seed) const {
    AlignedVector<float> values = random_values(count, seed);
    for (float& v : values) v /= std::sqrt(static_cast<float>(s.H)) * 2;
    return values;
  }

  using Matrix = Eigen::Map<Eigen::MatrixXf>;
  using RowMajor = Eigen::Map<Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;
  Matrix step(AlignedVector<float>& values, Index rows, Index t) {
    return {values.data() + s.B * slab_rows(rows) * t, s.B, rows};
  }
  RowMajor matrix(AlignedVector<float>& values, Index columns) { return {values.data(), 3 * s.H, columns}; }

  void naive_pass() {
    naive_forward(y.data(), gates.data(), x.data(), wi.data(), wh.data(), bi.data(), bh.data(), s);
  }
  Eigen::MatrixXf input, state;
  void eigen_pass() {
    const Index H = s.H;
    const Eigen::Map<Eigen::RowVectorXf> b_input(bi.data(), 3 * H), b_state(bh.data(), 3 * H);
    for (Index t = 0; t < s.T; ++t) {
      input.noalias() = step(x, s.in, t) * matrix(wi, s.in).transpose();
      input.rowwise() += b_input;
      if (t > 0)
        state.noalias() = step(y, H, t - 1) * matrix(wh, H).transpose();
      else
        state.setZero(s.B, 3 * H);
      state.rowwise() += b_state;
      auto g = step(gates, 4 * H, t).array();
      g.leftCols(H) = state.rightCols(H).array();
      g.middleCols(H, 2 * H) = (input.leftCols(2 * H) + state.leftCols(2 * H)).array().logistic();
      g.rightCols(H) = (input.rightCols(H).array() + g.middleCols(H, H) * g.leftCols(H)).tanh();
      auto h = step(y, H, t).array();
      h = (1 - g.middleCols(2 * H, H)) * g.rightCols(H);
      if (t > 0) h += g.middleCols(2 * H, H) * step(y, H, t - 1).array();
    }
  }
  void gyrograd_pass() {
    kernels::gru_pack_forward(packed.data(), wi.data(), wh.data(), bi.data(), bh.data(), s.in, s.H);
    kernels::GruForward<float> a;
    a.y = y.data();
    a.gates = gates.data();
    a.x = x.data();
    a.packed = packed.data();
    a.width = s.B;
    a.steps = s.T;
    a.in = s.in;
    a.hidden = s.H;
    kernels::gru_forward(a);
  }
};

struct Forward : Operands {
  using Operands::Operands;
  void naive() { naive_pass(); }
  void eigen() { eigen_pass(); }
  void gyrograd() { gyrograd_pass(); }
  std::array<AlignedVector<float>*, 1> outputs() { return {&y}; }
  std::vector<double> reference() const {
    std::vector<double> result(y.size()), g(gates.size());
    naive_forward(result.data(), g.data(), widened(x).data(), widened(wi).data(), widened(wh).data(),
                  widened(bi).data(), widened(bh).data(), s);
    return result;
  }
};

/// The backward pass consumes the gates of the forward pass, so both are measured together.
struct ForwardBackward : Operands {
  using Operands::Operands;
  Eigen::MatrixXf d_input, d_state, d;

  void naive() {
    naive_pass();
    std::fill(carry.begin(), carry.end(), 0.0F);
    naive_backward(dwi.data(), dwh.data(), dbi.data(), dbh.data(), carry.data(), dy.data(), y.data(),
                   gates.data(), x.data(), wh.data(), s);
  }
  void eigen() {
    eigen_pass();
    const Index H = s.H;
    Eigen::Map<Eigen::RowVectorXf> b_input(dbi.data(), 3 * H), b_state(dbh.data(), 3 * H);
    d_input.resize(s.B, 3 * H);
    d_state.resize(s.B, 3 * H);
    d.setZero(s.B, H);
    for (Index t = s.T - 1; t >= 0; --t) {
      d += step(dy, H, t);
      const auto g = step(gates, 4 * H, t).array();
      const auto hn = g.leftCols(H), r = g.middleCols(H, H), z = g.middleCols(2 * H, H), n = g.rightCols(H);
      d_input.rightCols(H) = (d.array() * (1 - z) * (1 - n.square())).matrix();
      const auto dn = d_input.rightCols(H).array();
      d_input.leftCols(H) = (dn * hn * r * (1 - r)).matrix();
      if (t > 0)
        d_input.middleCols(H, H) = (d.array() * (step(y, H, t - 1).array() - n) * z * (1 - z)).matrix();
      else
        d_input.middleCols(H, H) = (-d.array() * n * z * (1 - z)).matrix();
      d_state.leftCols(2 * H) = d_input.leftCols(2 * H);
      d_state.rightCols(H) = (dn * r).matrix();
      d.array() *= z;
      d.noalias() += d_state * matrix(wh, H);
      matrix(dwi, s.in).noalias() += d_input.transpose() * step(x, s.in, t);
      if (t > 0) matrix(dwh, H).noalias() += d_state.transpose() * step(y, H, t - 1);
      b_input += d_input.colwise().sum();
      b_state += d_state.colwise().sum();
    }
  }
  void gyrograd() {
    gyrograd_pass();
    kernels::gru_pack_backward(packed_backward.data(), wh.data(), s.H);
    kernels::GruBackward<float> a;
    a.gates = gates.data();
    a.carry = carry.data();
    a.dy = dy.data();
    a.y = y.data();
    a.packed = packed_backward.data();
    a.width = s.B;
    a.steps = s.T;
    a.hidden = s.H;
    kernels::gru_backward(a);
    const kernels::GruWeightGradients<float> to{dwi.data(), dwh.data(), dbi.data(), dbh.data()};
    kernels::gru_backward_weights(to, static_cast<const float*>(gates.data()),
                                  static_cast<const float*>(x.data()), static_cast<const float*>(y.data()),
                                  static_cast<const float*>(nullptr), s.B, s.T, s.in, s.H, panels.data());
  }
  std::array<AlignedVector<float>*, 4> outputs() { return {&dwi, &dwh, &dbi, &dbh}; }
  std::vector<double> reference() const {
    const std::size_t a = wi.size(), b = a + wh.size(), c = b + bi.size();
    std::vector<double> result(c + bh.size()), states(y.size()), g(gates.size()), zero(carry.size());
    const auto x2 = widened(x), wh2 = widened(wh);
    naive_forward(states.data(), g.data(), x2.data(), widened(wi).data(), wh2.data(), widened(bi).data(),
                  widened(bh).data(), s);
    naive_backward(result.data(), result.data() + a, result.data() + b, result.data() + c, zero.data(),
                   widened(dy).data(), states.data(), g.data(), x2.data(), wh2.data(), s);
    return result;
  }
};

}  // namespace

void add_gru_kernels() {
  constexpr Index sequences = kernels::slab_vectors * kernels::lanes<float>;
  for (const Sizes& s :
       {Sizes{sequences, 20, 72, 20}, Sizes{sequences, 20, 20, 10}, Sizes{sequences, 32, 32, 512}}) {
    const std::string shape = shape_text(s.B, s.T, s.in, s.H);
    const auto positions = static_cast<double>(s.B * s.T), gates = 2.0 * 3 * static_cast<double>(s.H);
    const double forward = positions * gates * static_cast<double>(s.in + s.H);
    Work once, both;
    once.flop = forward;
    once.bytes = float_bytes(s.B * s.T * (s.in + s.H));
    both.flop = forward + positions * gates * static_cast<double>(s.in + 2 * s.H);
    both.bytes = float_bytes(s.B * s.T * (s.in + 2 * s.H));
    add_kernel("gru_forward", shape, once, [=] { return Forward(s); });
    add_kernel("gru_forward_backward", shape, both, [=] { return ForwardBackward(s); });
  }
}

}  // namespace gyrograd::bench
