// SPDX-License-Identifier: MIT
// Dense layer on positions: y = x W^T + b, its data gradient and its weight gradient.
#pragma once

#include <algorithm>
#include <span>

#include "gyrograd/kernels/data_tile.hpp"
#include "gyrograd/kernels/product.hpp"
#include "gyrograd/kernels/reduction.hpp"
#include "gyrograd/kernels/transpose.hpp"
#include "gyrograd/kernels/weight_tile.hpp"

namespace gyrograd::kernels {

namespace detail {

/// y = bias + x W^T.
template <class Real>
Product<Real> linear_product(Real* y, const Real* x, const Real* weight, const Real* bias, Index positions,
                             Index in, Index out) {
  Product<Real> a;
  a.y = y;
  a.ldy = positions;
  a.x = x;
  a.ldx = positions;
  a.w = weight;
  a.w_row = in;
  a.w_step = 1;
  a.positions = positions;
  a.rows = out;
  a.depth = in;
  a.bias = bias;
  return a;
}

}  // namespace detail

/// y(p, o) = bias(o) + residual(p, o) + sum_i x(p, i) weight(o, i).
/// y: (P x out)  x: (P x in)  weight: (out, in) row-major  bias: (out) or null  residual: (P x out) or null,
/// may be y
template <class Real>
void linear_forward(Real* y, const Real* x, const Real* weight, const Real* bias, const Real* residual,
                    Index positions, Index in, Index out) {
  Product<Real> a = detail::linear_product(y, x, weight, bias, positions, in, out);
  a.residual = residual;
  a.ld_residual = positions;
  product(a);
}

/// y(p, o) = factor (bias(o) + sum_i x(p, i) weight(o, i)).   Shapes as above  scratch: P values
template <class Real>
void linear_forward_scaled(Real* y, const Real* x, const Real* weight, const Real* bias, Real factor,
                           Index positions, Index in, Index out, Real* scratch) {
  Product<Real> a = detail::linear_product(y, x, weight, bias, positions, in, out);
  std::fill_n(scratch, positions, factor);
  a.lane_factor = scratch;
  product(a);
}

/// dbias(o) += sum_p dy(p, o).   dbias: (out)  dy: (P x out)
template <class Real>
void linear_backward_bias(Real* dbias, const Real* dy, Index positions, Index out) {
  constexpr Index L = lanes<Real>;
  for (Index o = 0; o < out; ++o, dy += positions) {
    Batch<Real> sum(Real(0));
    Index p = 0;
    for (; p + L <= positions; p += L) sum = sum + load(dy + p);
    if (p < positions) sum = sum + load_partial(dy + p, positions - p);
    dbias[o] += reduce_add(sum);
  }
}

/// Scratch values that a data gradient needs for a bias gradient.
template <class Real>
constexpr Index linear_backward_data_scratch(Index out) {
  return has_data_tile<Real> ? lanes<Real> * out : 0;
}

namespace detail {

/// The data gradient without an epilogue.
template <class Real>
Product<Real> data_product(Real* dx, const Real* dy, const Real* weight, Index positions, Index in,
                           Index out) {
  Product<Real> a;
  a.y = dx;
  a.ldy = positions;
  a.x = dy;
  a.ldx = positions;
  a.w = weight;
  a.w_row = 1;
  a.w_step = in;
  a.positions = positions;
  a.rows = in;
  a.depth = out;
  return a;
}

/// The data gradient by product a of dy, and the bias gradient unless dbias is null.
template <Epilogue epilogue, class Real>
void data_and_bias(const Product<Real>& a, Real* dbias, Real* scratch) {
  constexpr Index block = data_tile_positions<Real>;
  if constexpr (has_data_tile<Real>) {
    if (dbias != nullptr && a.rows >= data_tile_rows && a.positions % block == 0) {
      std::fill_n(scratch, lanes<Real> * a.depth, Real(0));
      Product<Real> rest = a;  // of one block, which data_tile brought to the first-level cache
      rest.w += data_tile_rows * a.w_row;
      rest.positions = block, rest.rows = a.rows - data_tile_rows;
      for (Index p = 0; p < a.positions; p += block) {
        data_tile<epilogue>(a, p, scratch);
        rest.x = a.x + p, rest.y = a.y + p + data_tile_rows * a.ldy;
        if (a.residual != nullptr) rest.residual = a.residual + p + data_tile_rows * a.ld_residual;
        product<1, epilogue>(rest);
      }
      return add_lane_sums(dbias, static_cast<const Real*>(scratch), a.depth);
    }
  }
  product<1, epilogue>(a);
  if (dbias != nullptr) linear_backward_bias(dbias, a.x, a.positions, a.depth);
}

}  // namespace detail

/// dx(p, i) = residual(p, i) + sum_o dy(p, o) weight(o, i), and linear_backward_bias unless dbias is null.
/// dx: (P x in)  dy: (P x out)  weight: (out, in) row-major  residual: (P x in) or null, may be dx
/// scratch: linear_backward_data_scratch() values where dbias is not null
template <class Real>
void linear_backward_data(Real* dx, const Real* residual, const Real* dy, const Real* weight, Index positions,
                          Index in, Index out, Real* dbias = nullptr, Real* scratch = nullptr) {
  Product<Real> a = detail::data_product(dx, dy, weight, positions, in, out);
  a.residual = residual;
  a.ld_residual = positions;
  detail::data_and_bias<Epilogue::store>(a, dbias, scratch);
}

/// dx(p, i) = dx(p, i) sum_o dy(p, o) weight(o, i): turns slopes of what stands before the layer into
/// gradients.   Shapes as in linear_backward_data.
template <class Real>
void linear_backward_data_times(Real* dx, const Real* dy, const Real* weight, Index positions, Index in,
                                Index out, Real* dbias = nullptr, Real* scratch = nullptr) {
  detail::data_and_bias<Epilogue::multiply>(detail::data_product(dx, dy, weight, positions, in, out), dbias,
                                            scratch);
}

namespace detail {

/// Whether weight gradients are computed with the input channels in the lanes, from a transposed copy of x,
/// instead of with positions in the lanes and a sum across them at the end. Vectors of 16 leave few steps to
/// hide that sum (vectors of 8: 96 % of peak, never worth a copy); the copy pays where positions are few or
/// the channels fill whole vectors. Measured at 120 positions, 72 x 72: 65 % of peak with the sum, 77 % with
/// the copy; at 240: 80 and 76; 240, 72 x 144: 80 and 87. The costs are cycles of one core: half a cycle a
/// multiply-add, 40 for the sums of 24 accumulators, 4.4 for a transposed vector.
template <class Real>
constexpr bool weights_in_lanes(Index positions, Index in, Index out) {
  constexpr Index L = lanes<Real>;
  if (L < 16 || in < L) return false;
  const Index steps = (positions + L - 1) / L, vectors = (in + L - 1) / L;
  const Index halves = has_half_lanes<Real> ? (2 * in + L - 1) / L : 2 * vectors;
  const double sums = 0.5 * static_cast<double>(in * out) * (static_cast<double>(steps) + 3.4);
  const double copy =
      0.26 * static_cast<double>(halves * out * positions) + 4.4 * static_cast<double>(vectors * positions);
  return copy < sums;
}

/// Channels of x, from the first, that weight_tile transposes. What is left is no narrow rest: products would
/// compute it with few accumulators.
template <class Real>
constexpr Index weight_tile_channels(Index in, Index out) {
  if (!has_weight_tile<Real> || out < weight_tile_rows) return 0;
  const Index panels = in / weight_panel<Real>, rest = in % weight_panel<Real>;
  return (0 < rest && rest <= lanes<Real> ? panels - 1 : panels) * weight_panel<Real>;
}

/// dweight(o, i) += sum_p dy(p, o) transposed(i, p) for `count` channels i and the rows o from `first` on:
/// channels of the input in the lanes.   dweight: row stride dweight_row  transposed: (P, count) row-major
template <class Real>
void weight_product(Real* dweight, Index dweight_row, const Real* dy, const Real* transposed, Index positions,
                    Index count, Index first, Index out) {
  Product<Real> a;
  a.y = dweight + first * dweight_row;
  a.ldy = dweight_row;
  a.x = transposed;
  a.ldx = count;
  a.w = dy + first * positions;
  a.w_row = positions;
  a.w_step = 1;
  a.positions = count;
  a.rows = out - first;
  a.depth = positions;
  a.residual = a.y;
  a.ld_residual = dweight_row;
  product(a);
}

/// The same from x as it lies: positions in the lanes.
template <class Real>
void weight_reduction(Real* dweight, const Real* dy, const Real* x, Index positions, Index in, Index out) {
  Reduction<Real> a;
  a.c = dweight;
  a.c_row = in;
  a.a = dy;
  a.lda = positions;
  a.b = x;
  a.ldb = positions;
  a.positions = positions;
  a.rows = out;
  a.columns = in;
  reduction(a);
}

}  // namespace detail

/// Scratch values that linear_backward_weight needs.
template <class Real>
constexpr Index linear_backward_weight_scratch(Index positions, Index in, Index out) {
  if (!detail::weights_in_lanes<Real>(positions, in, out)) return 0;
  const Index tiled = detail::weight_tile_channels<Real>(in, out);
  return positions * std::max(tiled > 0 ? weight_panel<Real> : 0, in - tiled);
}

/// Weight gradient of one of several layers that share their input x.
template <class Real>
struct WeightGradient {
  Real* dweight;   ///< (out, in) row-major, added to
  const Real* dy;  ///< (P x out)
};

namespace detail {

/// Gradients of all layers with the channels in the lanes, one panel of channels after the other, in the same
/// memory: it is transposed together with the first rows of the first layer, where there is a kernel for
/// that.
template <class Real>
void weights_by_panels(std::span<const WeightGradient<Real>> layers, const Real* x, Index positions, Index in,
                       Index out, Real* scratch) {
  const Index tiled = weight_tile_channels<Real>(in, out);
  for (Index c = 0; c < in;) {
    const Index count = c < tiled ? weight_panel<Real> : in - c;
    Index done = 0;  // rows of the first layer
    if constexpr (has_weight_tile<Real>) {
      if (c < tiled) {
        weight_tile(layers[0].dweight + c, in, scratch, x + c * positions, layers[0].dy, positions);
        done = weight_tile_rows;
      }
    }
    if (done == 0) transpose(scratch, count, x + c * positions, positions, positions, count);
    for (const WeightGradient<Real>& layer : layers) {
      weight_product(layer.dweight + c, in, layer.dy, static_cast<const Real*>(scratch), positions, count,
                     done, out);
      done = 0;
    }
    c += count;
  }
}

}  // namespace detail

/// dweight(o, i) += sum_p dy(p, o) x(p, i) for every layer; x is transposed once for all.
/// x: (P x in)  scratch: linear_backward_weight_scratch() values
template <class Real>
void linear_backward_weights(std::span<const WeightGradient<Real>> layers, const Real* x, Index positions,
                             Index in, Index out, Real* scratch) {
  if (layers.empty()) return;
  if (detail::weights_in_lanes<Real>(positions, in, out))
    return detail::weights_by_panels(layers, x, positions, in, out, scratch);
  for (const WeightGradient<Real>& layer : layers)
    detail::weight_reduction(layer.dweight, layer.dy, x, positions, in, out);
}

/// The same for one layer.   dweight: (out, in) row-major  dy: (P x out)  x: (P x in)
template <class Real>
void linear_backward_weight(Real* dweight, const Real* dy, const Real* x, Index positions, Index in,
                            Index out, Real* scratch) {
  const WeightGradient<Real> layer{dweight, dy};
  linear_backward_weights(std::span(&layer, 1), x, positions, in, out, scratch);
}

}  // namespace gyrograd::kernels
