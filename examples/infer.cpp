// SPDX-License-Identifier: MIT
// The smallest useful program: LIMU-BERT weights and one window in, features out. Below 300 KB without its
// weights. usage: infer [WEIGHTS.safetensors [WINDOW.npy]]   WINDOW: (120, 6) float32; without: untrained
// weights, zeros
#include <cstdio>
#include <exception>
#include <gyrograd/io/npy.hpp>
#include <gyrograd/io/safetensors.hpp>
#include <gyrograd/models/limu_bert.hpp>
#include <gyrograd/nn/state_dict.hpp>

using namespace gyrograd;

int main(int argc, char** argv) try {
  models::LimuBert<models::LimuBertV1> model;
  if (argc > 1)
    nn::load_parameters<float>(model, io::read_safetensors(argv[1]));
  else
    model.initialise(3431);
  AlignedVector<float> window(120 * 6);
  if (argc > 2) {
    const auto file = io::read_npy(argv[2]).values<float>();  // row after row
    if (file.size() != window.size()) fail<IoError>(argv[2], ": expected 120 x 6 values, got ", file.size());
    for (std::size_t t = 0; t < 120; ++t)
      for (std::size_t c = 0; c < 6; ++c) window[t + 120 * c] = file[6 * t + c];
  }
  Tape<float> tape;
  tape.set_recording(false);
  const auto h = model.encode(tape, tape.constant(Tensor<float, 1, 120, 6>(window.data(), 1, 120, 6)));
  for (Index c = 0; c < h.extent(2); ++c) std::printf("%g\n", static_cast<double>(h.value(0, 119, c)));
} catch (const std::exception& error) {
  std::fprintf(stderr, "infer: %s\n", error.what());
  return 1;
}
