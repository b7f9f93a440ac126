// SPDX-License-Identifier: MIT
// Says what somebody is doing while the samples arrive. usage: live [ENCODER.safetensors
// CLASSIFIER.safetensors [RATE]] < SAMPLES.csv   SAMPLES: lines "seconds,ax,ay,az,gx,gy,gz" in m/s2 and rad/s
// at about RATE Hz (default 50). The files are those of `gyrograd pretrain v1` and `gyrograd classifier v2`.
// Without arguments: untrained weights and 20 seconds of made-up samples.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <gyrograd/data/live_windows.hpp>
#include <gyrograd/data/normalise.hpp>
#include <gyrograd/inference.hpp>
#include <string>
#include <vector>

using namespace gyrograd;

namespace {

using Encoder = models::LimuBert<models::LimuBertV1>;
using Classifier = models::GruClassifier<>;

template <class Model>
Model with_weights(Model model, const io::TensorFile* file) {
  model.initialise(3431);
  if (file != nullptr) nn::load_parameters<float>(model, *file);
  return model;
}

/// Names of the classes, which the tool writes beside the weights: "walking, sitting, ...".
std::vector<std::string> class_names(const io::TensorFile* file) {
  const std::string text = file == nullptr ? "a, b, c" : file->metadata_or("gyrograd.classes", "");
  if (text.empty()) fail<IoError>(file->name(), ": no names of classes; is this a classifier of gyrograd?");
  std::vector<std::string> names;
  for (std::size_t at = 0, end = 0; end != std::string::npos; at = end + 2) {
    end = text.find(", ", at);
    names.push_back(text.substr(at, end - at));
  }
  return names;
}

/// Encoder and classifier with all memory they need: a window costs no allocation.
class Recogniser {
 public:
  Recogniser(const io::TensorFile* encoder, const io::TensorFile* classifier)
      : names_(class_names(classifier)),
        encoder_(with_weights(Encoder(), encoder)),
        classifier_(with_weights(Classifier({72, static_cast<Index>(names_.size())}), classifier)),
        logits_(names_.size()) {}

  /// What the newest second of the window shows.   rows: (120, 6), row after row
  const std::string& operator()(std::span<const float> rows) {
    data::normalise(std::span<float>(scaled_), rows, 6, 6, data::Normalisation::limu);
    for (std::size_t t = 0; t < 120; ++t)
      for (std::size_t c = 0; c < 6; ++c) window_[t + 120 * c] = scaled_[6 * t + c];
    encode_.encode(features_.data(), window_.data(), 120);
    for (std::size_t c = 0; c < 72; ++c) std::copy_n(&features_[120 * c + 100], 20, &newest_[20 * c]);
    classifier_.logits(logits_.data(), newest_.data(), 1, 20);
    const auto best = std::max_element(logits_.begin(), logits_.end()) - logits_.begin();
    return names_[static_cast<std::size_t>(best)];
  }

 private:
  std::vector<std::string> names_;
  Encoder encoder_;
  models::GruInference<float> classifier_;
  ThreadPool alone_;
  models::LimuBertInference<models::LimuBertV1, float> encode_{encoder_, alone_};
  std::array<float, 120 * 6> scaled_{};
  AlignedVector<float> window_ = AlignedVector<float>(120 * 6), features_ = AlignedVector<float>(120 * 72),
                       newest_ = AlignedVector<float>(20 * 72), logits_;
};

using Sample = std::array<float, 6>;

/// The next line of the standard input; false at its end. IoError with the number of a line that is wrong.
bool read_sample(double& time, Sample& s) {
  static int line = 0;
  char text[256];
  if (std::fgets(text, sizeof text, stdin) == nullptr) return false;
  ++line;
  const int read =
      std::sscanf(text, "%lf,%f,%f,%f,%f,%f,%f", &time, &s[0], &s[1], &s[2], &s[3], &s[4], &s[5]);
  if (read != 7) fail<IoError>("line ", line, ": ", std::max(read, 0), " numbers, expected 7 between commas");
  return true;
}

/// Gravity and a swing of two steps a second, at 50 Hz.
bool made_up_sample(double& time, Sample& s) {
  static int count = 0;
  time = count++ / 50.0;
  for (std::size_t c = 0; c < 6; ++c)
    s[c] = static_cast<float>((c == 2 ? 9.8 : 0.0) + std::sin(12.6 * time + static_cast<double>(c)));
  return time < 20;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc == 2) fail<ConfigError>("one file, expected two: encoder and classifier");
  std::vector<io::TensorFile> files;
  for (int i = 1; i < std::min(argc, 3); ++i) files.push_back(io::read_tensors(argv[i]));
  const bool trained = files.size() == 2;
  Recogniser recognise(trained ? &files[0] : nullptr, trained ? &files[1] : nullptr);
  data::LiveWindows live(6, argc > 3 ? std::atoi(argv[3]) : 50, {.stride = 20});  // a window every second
  double time = 0;
  Sample sample{};
  while (trained ? read_sample(time, sample) : made_up_sample(time, sample)) {
    live.push(time, sample, [&](double start, std::span<const float> rows) {
      std::printf("%9.2f s  %s\n", start + 119 / 20.0, recognise(rows).c_str());
    });
  }
  if (live.left_out() > 0) std::fprintf(stderr, "live: %td samples left out\n", live.left_out());
} catch (const std::exception& error) {
  std::fprintf(stderr, "live: %s\n", error.what());
  return 1;
}
