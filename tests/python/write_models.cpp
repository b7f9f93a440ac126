// SPDX-License-Identifier: MIT
// Writes one file of each model into the folder given, for load_in_torch.py, and an event file, for
// read_events.py.
#include <filesystem>
#include <vector>

#include "gyrograd/io/event_file.hpp"
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
  io::EventFile events(folder / "events.out.tfevents.gyrograd", false);
  for (const float loss : {0.5F, 0.25F}) {
    const std::vector<io::Scalar32> values{{"pretrain/train_loss", loss},
                                           {"pretrain/validation_loss", 1.5F * loss}};
    events.write(loss > 0.4F ? 1 : 2, values);
  }
}
