// SPDX-License-Identifier: MIT
// Writes one file of each model into the folder given, for load_in_torch.py.
#include <filesystem>

#include "gyrograd/models/gru_classifier.hpp"
#include "gyrograd/models/limu_bert.hpp"
#include "gyrograd/nn/state_dict.hpp"

using namespace gyrograd;

int main(int argc, char** argv) {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  std::filesystem::create_directories(folder);
  models::LimuBert<models::LimuBertV1> encoder;
  encoder.initialise(3431);
  nn::save_parameters<float>(encoder, folder / "limu_bert.safetensors");
  models::GruClassifier<models::GruV2<>> classifier;
  classifier.initialise(3431);
  nn::save_parameters<float>(classifier, folder / "gru.safetensors");
}
