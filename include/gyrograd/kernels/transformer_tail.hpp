// SPDX-License-Identifier: MIT
// Second half of a transformer block without gradients: all that follows the attention, in one pass.
//
//   u = norm1(residual + proj(a)),  y = norm2(u + fc2(gelu(fc1(u))))
//
// Every position goes its own way here, so one block of positions runs through all six steps before the next
// one starts: what lies between a and y is a block of three vectors of positions and stays in the first-level
// cache. Operations and their order are those of the kernels one by one: so are the bits.
#pragma once

#include "gyrograd/kernels/gelu.hpp"
#include "gyrograd/kernels/layer_norm.hpp"
#include "gyrograd/kernels/product.hpp"

namespace gyrograd::kernels {

/// Weights of the second half of a block; see the file comment.
template <class Real>
struct TransformerTail {
  struct Dense {
    const Real* weight;  ///< (out, in) row-major
    const Real* bias;    ///< (out)
  };
  struct Norm {
    const Real* gamma;  ///< (width)
    const Real* beta;   ///< (width)
    Real eps;
  };
  Index width, ff;       ///< channels of a, residual and y; between fc1 and fc2
  Dense proj, fc1, fc2;  ///< (width, width), (ff, width), (width, ff)
  Norm norm1, norm2;
};

namespace detail {

/// y = x W^T + bias + residual for `count` positions; each operand has its own column stride.
template <class Real>
void tail_dense(Real* y, Index ldy, const Real* x, Index ldx, const typename TransformerTail<Real>::Dense& w,
                const Real* residual, Index ld_residual, Index count, Index in, Index out) {
  Product<Real> a;
  a.y = y;
  a.ldy = ldy;
  a.x = x;
  a.ldx = ldx;
  a.w = w.weight;
  a.w_row = in;
  a.w_step = 1;
  a.positions = count;
  a.rows = out;
  a.depth = in;
  a.bias = w.bias;
  a.residual = residual;
  a.ld_residual = ld_residual;
  product(a);
}

}  // namespace detail

/// Scratch values that transformer_tail needs.
template <class Real>
constexpr Index transformer_tail_scratch(Index width, Index ff) {
  return (width + ff + 2) * block_vectors * lanes<Real>;
}

/// y of the file comment.   y, a, residual: (P x width), y must overlap neither  scratch:
/// transformer_tail_scratch() values
template <class Real>
void transformer_tail(Real* y, const Real* a, const Real* residual, const TransformerTail<Real>& w,
                      Index positions, Real* scratch) {
  constexpr Index ld = block_vectors * lanes<Real>;
  Real* u = scratch;
  Real* f = u + w.width * ld;
  Real* mean = f + w.ff * ld;
  Real* rstd = mean + ld;
  for_blocks<Real>(positions, [&]<int Vectors, bool Tail>(std::integral_constant<int, Vectors>,
                                                          std::bool_constant<Tail>, Index p, Index tail) {
    const Index count = (Tail ? Vectors - 1 : Vectors) * lanes<Real> + tail;
    detail::tail_dense(u, ld, a + p, positions, w.proj, residual + p, positions, count, w.width, w.width);
    detail::layer_norm_block<Real, Vectors, Tail>(u, ld, mean, rstd, u, ld, w.norm1.gamma, w.norm1.beta,
                                                  w.width, w.norm1.eps, tail);
    // The columns of f lie side by side: GELU passes over them at once and computes no lanes without a
    // position, half a vector of each column where a window ends in one.
    const Index ldf = Tail ? count : Vectors * lanes<Real>;
    detail::tail_dense(f, ldf, u, ld, w.fc1, static_cast<const Real*>(nullptr), 0, count, w.width, w.ff);
    gelu_forward(f, f, w.ff * ldf);
    detail::tail_dense(u, ld, f, ldf, w.fc2, u, ld, count, w.ff, w.width);
    detail::layer_norm_block<Real, Vectors, Tail>(y + p, positions, mean, rstd, u, ld, w.norm2.gamma,
                                                  w.norm2.beta, w.width, w.norm2.eps, tail);
  });
}

}  // namespace gyrograd::kernels
