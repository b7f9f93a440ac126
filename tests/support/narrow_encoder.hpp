// SPDX-License-Identifier: MIT
// A small PRIMUS encoder with weights, for tests of what stands on top of one.
#pragma once

#include "gyrograd/models/primus_encoder.hpp"

namespace gyrograd::testing {

/// Embeddings of 8 values; weights of seed 5.
inline models::PrimusEncoder<float> narrow_encoder() {
  models::PrimusConfig config;
  config.width = 8;
  models::PrimusEncoder<float> encoder(config);
  encoder.initialise(5);
  return encoder;
}

}  // namespace gyrograd::testing
