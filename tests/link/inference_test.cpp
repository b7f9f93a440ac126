// SPDX-License-Identifier: MIT
#include "gyrograd/inference.hpp"

#include "support/catch.hpp"

TEST_CASE("inference.hpp alone loads nothing, encodes and classifies") {
  using namespace gyrograd;
  models::LimuBert<models::LimuBertV4> encoder;
  encoder.initialise(3431);
  models::GruClassifier<models::GruV1<72, 6>> classifier;
  classifier.initialise(3431);
  models::GruInference<float> fast(classifier);
  Tape<float> tape;
  tape.set_recording(false);
  AlignedVector<float> window(20 * 6);
  const auto h = encoder.encode(tape, tape.constant(Tensor<float, 1, 20, 6>(window.data(), 1, 20, 6)));
  float logits[6] = {};
  fast.logits(logits, h.value.data(), 1, 20);
  CHECK(logits[0] != 0);
}
