// SPDX-License-Identifier: MIT
// Dense layers at the shapes of LIMU-BERT: forward, data gradient, weight gradient. Shape: positions x out x
// in.
#include "gyrograd/kernels/linear.hpp"

#include <array>

#include "gyrograd/tensor/eigen.hpp"
#include "support/variants.hpp"
#include "support/workloads.hpp"

namespace gyrograd::bench {

namespace {

using Columns = Eigen::Map<Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>>;
using Rows = Eigen::Map<Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;
using Vector = Eigen::Map<Eigen::RowVectorXf>;

// Textbook loops over the same memory: activations column-major, weights row-major.
template <class Real>
void naive_forward(Real* y, const Real* x, const Real* w, const Real* bias, Index P, Index in, Index out) {
  for (Index o = 0; o < out; ++o)
    for (Index p = 0; p < P; ++p) {
      Real sum = bias[o];
      for (Index i = 0; i < in; ++i) sum += x[p + P * i] * w[i + in * o];
      y[p + P * o] = sum;
    }
}
template <class Real>
void naive_data(Real* dx, const Real* dy, const Real* w, Index P, Index in, Index out) {
  for (Index i = 0; i < in; ++i)
    for (Index p = 0; p < P; ++p) {
      Real sum = 0;
      for (Index o = 0; o < out; ++o) sum += dy[p + P * o] * w[i + in * o];
      dx[p + P * i] = sum;
    }
}
template <class Real>
void naive_weight(Real* dw, const Real* dy, const Real* x, Index P, Index in, Index out) {
  for (Index o = 0; o < out; ++o)
    for (Index i = 0; i < in; ++i) {
      Real sum = 0;
      for (Index p = 0; p < P; ++p) sum += dy[p + P * o] * x[p + P * i];
      dw[i + in * o] += sum;
    }
}

struct Operands {
  Index P, out, in;
  AlignedVector<float> x, y, w, bias;

  Operands(Index positions, Index rows, Index depth)
      : P(positions),
        out(rows),
        in(depth),
        x(random_values(P * in, 1)),
        y(random_values(P * out, 2)),
        w(random_values(out * in, 3)),
        bias(random_values(out, 4)) {}
  static constexpr double limit = 1e-6;
  Columns x_map() { return {x.data(), P, in}; }
  Columns y_map() { return {y.data(), P, out}; }
  Rows w_map() { return {w.data(), out, in}; }
};

struct Forward : Operands {
  using Operands::Operands;
  void naive() { naive_forward(y.data(), x.data(), w.data(), bias.data(), P, in, out); }
  void eigen() {
    auto result = y_map();
    result.noalias() = x_map() * w_map().transpose();
    result.rowwise() += Vector(bias.data(), out);
  }
  void gyrograd() {
    kernels::linear_forward(y.data(), x.data(), w.data(), bias.data(), static_cast<const float*>(nullptr), P,
                            in, out);
  }
  std::array<AlignedVector<float>*, 1> outputs() { return {&y}; }
  std::vector<double> reference() const {
    std::vector<double> result(y.size());
    naive_forward(result.data(), widened(x).data(), widened(w).data(), widened(bias).data(), P, in, out);
    return result;
  }
};

struct BackwardData : Operands {
  using Operands::Operands;
  void naive() { naive_data(x.data(), y.data(), w.data(), P, in, out); }
  void eigen() { x_map().noalias() = y_map() * w_map(); }
  void gyrograd() {
    kernels::linear_backward_data(x.data(), static_cast<const float*>(nullptr), y.data(), w.data(), P, in,
                                  out);
  }
  std::array<AlignedVector<float>*, 1> outputs() { return {&x}; }
  std::vector<double> reference() const {
    std::vector<double> result(x.size());
    naive_data(result.data(), widened(y).data(), widened(w).data(), P, in, out);
    return result;
  }
};

struct BackwardWeight : Operands {
  using Operands::Operands;
  void naive() { naive_weight(w.data(), y.data(), x.data(), P, in, out); }
  void eigen() { w_map().noalias() += y_map().transpose() * x_map(); }
  void gyrograd() {
    kernels::linear_backward_weight(w.data(), y.data(), x.data(), P, in, out, scratch.data());
  }
  std::array<AlignedVector<float>*, 1> outputs() { return {&w}; }
  AlignedVector<float> scratch = AlignedVector<float>(
      static_cast<std::size_t>(kernels::linear_backward_weight_scratch<float>(P, in, out)));
  std::vector<double> reference() const {
    std::vector<double> result(w.size());
    naive_weight(result.data(), widened(y).data(), widened(x).data(), P, in, out);
    return result;
  }
};

}  // namespace

void add_linear_kernels() {
  struct Size {
    Index out, in;
  };
  for (const Index P : {120, 240})
    for (const Size size :
         {Size{72, 72}, Size{144, 72}, Size{72, 144}, Size{72, 6}, Size{36, 36}, Size{288, 288}}) {
      const Index out = size.out, in = size.in;
      const std::string shape = shape_text(P, out, in);
      Work work;
      work.flop = 2.0 * static_cast<double>(P * out * in);
      work.bytes = float_bytes(P * (in + out) + out * in);
      add_kernel("linear_forward", shape, work, [=] { return Forward(P, out, in); });
      add_kernel("linear_backward_data", shape, work, [=] { return BackwardData(P, out, in); });
      add_kernel("linear_backward_weight", shape, work, [=] { return BackwardWeight(P, out, in); });
    }
}

}  // namespace gyrograd::bench
