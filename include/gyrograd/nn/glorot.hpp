// SPDX-License-Identifier: MIT
// Initial values by Glorot's rule, biases 0: what Keras draws where a model names nothing else.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string_view>

#include "gyrograd/autograd/parameter.hpp"
#include "gyrograd/core/random.hpp"

namespace gyrograd::nn {

/// Weights (out, in) of dense layers and (out, in, kernel) of convolutions: uniform in
/// +-sqrt(6 / ((in + out) kernel)), in the order of visit(); vectors: 0. With PyTorch's smaller default a
/// contrastive loss on ReLU layers starts where all embeddings are alike. Glorot, Bengio, 2010, equation 16.
template <Scalar Real, class Model>
void glorot_initialise(Model& model, std::uint32_t seed) {
  Mt19937 g(seed);
  model.visit([&](std::string_view, Parameter<Real>& p) {
    if (p.shape.rank < 2) {
      std::fill_n(p.value, p.size(), Real(0));
      return;
    }
    const Index out = p.shape[0], in = p.shape[1], taps = p.size() / (out * in);
    const auto bound = static_cast<float>(std::sqrt(6.0 / static_cast<double>((in + out) * taps)));
    torch_uniform(g, std::span<Real>(p.value, static_cast<std::size_t>(p.size())), -bound, bound);
  });
}

}  // namespace gyrograd::nn
