// SPDX-License-Identifier: MIT
// The kernels that take long to compile, instantiated once for all of our own programs (kernels.cpp).
//
// Put in front of their source files by -include (target gyrograd_instances). Users of the library do not see
// this: for them each source file instantiates what it uses, as in any header-only library. If a signature
// changes, this file stops compiling; adapt the line.
#pragma once

#include "gyrograd/kernels/attention.hpp"
#include "gyrograd/kernels/conv2d.hpp"
#include "gyrograd/kernels/gru.hpp"
#include "gyrograd/kernels/gru_single.hpp"
#include "gyrograd/kernels/layer_norm.hpp"
#include "gyrograd/kernels/linear.hpp"
#include "gyrograd/kernels/lstm.hpp"
#include "gyrograd/kernels/softmax.hpp"

#if !defined(GYROGRAD_INSTANCES)
#define GYROGRAD_INSTANCES extern template
#endif

// clang-format off
#define GYROGRAD_INSTANCES_FOR(R) \
GYROGRAD_INSTANCES void attention_forward<R>(R*, R*, R*, const R*, const R*, const R*, const AttentionSizes&, R*); \
GYROGRAD_INSTANCES void attention_backward<R>(R*, const R*, R*, R*, const R*, const R*, R*, const R*, const R*, const R*, const R*, const AttentionSizes&, bool, R*); \
GYROGRAD_INSTANCES void linear_forward<R>(R*, const R*, const R*, const R*, const R*, Index, Index, Index); \
GYROGRAD_INSTANCES void linear_forward_scaled<R>(R*, const R*, const R*, const R*, R, Index, Index, Index, R*); \
GYROGRAD_INSTANCES void linear_backward_data<R>(R*, const R*, const R*, const R*, Index, Index, Index, R*, R*); \
GYROGRAD_INSTANCES void linear_backward_data_times<R>(R*, const R*, const R*, Index, Index, Index, R*, R*); \
GYROGRAD_INSTANCES void linear_backward_weight<R>(R*, const R*, const R*, Index, Index, Index, R*); \
GYROGRAD_INSTANCES void linear_backward_weights<R>(std::span<const WeightGradient<R>>, const R*, Index, Index, Index, R*); \
GYROGRAD_INSTANCES void gru_forward<R>(const GruForward<R>&); \
GYROGRAD_INSTANCES void gru_backward<R>(const GruBackward<R>&); \
GYROGRAD_INSTANCES void gru_backward_weights<R>(const GruWeightGradients<R>&, const R*, const R*, const R*, const R*, Index, Index, Index, Index, R*, const SlabSource<R>&); \
GYROGRAD_INSTANCES void conv2d_forward<R>(R*, const R*, const R*, const R*, const ConvSizes&); \
GYROGRAD_INSTANCES void conv2d_backward_data<R>(R*, const R*, const R*, const R*, const ConvSizes&); \
GYROGRAD_INSTANCES void conv2d_backward_weight<R>(R*, const R*, const R*, const ConvSizes&); \
GYROGRAD_INSTANCES void lstm_forward<R>(const LstmForward<R>&); \
GYROGRAD_INSTANCES void lstm_backward<R>(const LstmBackward<R>&); \
GYROGRAD_INSTANCES void lstm_backward_data<R>(R*, const R*, const R*, const R*, Index, Index, Index, Index); \
GYROGRAD_INSTANCES void lstm_backward_weights<R>(const LstmWeightGradients<R>&, const R*, const R*, const R*, const R*, Index, Index, Index, Index); \
GYROGRAD_INSTANCES void gru_single_inputs<R>(R*, const GruSingleLayer<R>&, const R*, Index, Index, Index); \
GYROGRAD_INSTANCES void gru_single_product<R>(R*, const GruSingleLayer<R>&, const R*, const R*, const R*); \
GYROGRAD_INSTANCES void slab_reduction<R>(const SlabReduction<R>&, Index); \
GYROGRAD_INSTANCES void product<1, Epilogue::store, R>(const Product<R>&); \
GYROGRAD_INSTANCES void reduction<1, R>(const Reduction<R>&); \
GYROGRAD_INSTANCES void layer_norm_forward<R>(R*, R*, R*, const R*, const R*, const R*, Index, Index, R); \
GYROGRAD_INSTANCES void layer_norm_add_forward<R>(R*, R*, R*, const R*, const R*, const R*, const R*, Index, Index, R); \
GYROGRAD_INSTANCES void layer_norm_backward<R>(R*, const R*, R*, R*, const R*, const R*, const R*, const R*, const R*, Index, Index, R*); \
GYROGRAD_INSTANCES void layer_norm_backward_from_output<R>(R*, const R*, R*, R*, const R*, const R*, const R*, const R*, const R*, Index, Index, R*); \
GYROGRAD_INSTANCES void softmax_forward<R>(R*, const R*, Index, Index, Index); \
GYROGRAD_INSTANCES void softmax_backward<R>(R*, const R*, const R*, const R*, Index, Index, Index);
// clang-format on

namespace gyrograd::kernels {
GYROGRAD_INSTANCES_FOR(float)
GYROGRAD_INSTANCES_FOR(double)
}  // namespace gyrograd::kernels

#undef GYROGRAD_INSTANCES_FOR
