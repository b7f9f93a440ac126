// SPDX-License-Identifier: MIT
// Turns one window of accelerometer and gyroscope data into LIMU-BERT's features.
#include <cstdio>
#include <gyrograd/gyrograd.hpp>

using namespace gyrograd;

int main(int argc, char** argv) {
  models::LimuBert<models::LimuBertV1> model;  // sizes are constants of the type
  model.initialise(3431);                      // the published start, or trained weights (.pt, .safetensors):
  if (argc > 1) nn::load_parameters<float>(model, io::read_tensors(argv[1]));
  Tape<float> tape;
  tape.set_recording(false);             // inference: nothing is kept for a backward pass
  AlignedVector<float> window(120 * 6);  // 6 s at 20 Hz, channel after channel
  const auto x = tape.constant(Tensor<float, 1, 120, 6>(window.data(), 1, 120, 6));
  const auto features = model.encode(tape, x);  // (1, 120, 72)
  std::printf("%td features per step, the first: %.4f\n", features.extent(2), features.value(0, 0, 0));
}
