// SPDX-License-Identifier: MIT
// IMU2CLIP's other encoders: laws that need no reference. PyTorch's outputs and gradients: tests/golden.
#include "gyrograd/models/imu2clip.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

namespace {

template <class Model>
std::vector<float> embedding(const Model& model, const std::vector<float>& x, Index B, Index T) {
  Tape<float> tape;
  tape.set_recording(false);
  const auto y = model.embed(tape, tape.constant(Tensor<const float, dyn, dyn, dyn>(x.data(), B, T, 6)));
  return {y.value.begin(), y.value.end()};
}

template <class Model>
std::string refusal(const Model& model, Index T, Index C) {
  std::vector<float> x(static_cast<std::size_t>(T * C));
  Tape<float> tape;
  tape.set_recording(false);
  try {
    model.embed(tape, tape.constant(Tensor<const float, dyn, dyn, dyn>(x.data(), 1, T, C)));
  } catch (const ShapeError& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("IMU2CLIP parameter counts of the fact sheet") {
  CHECK(models::AttentionPooledEncoder<float>().store().size() == 14301);
  CHECK(models::TimeDistributedEncoder<float>().store().size() == 1250635);
  CHECK(models::PatchTransformer<float>().store().size() == 100480);
  CHECK(models::PatchTransformer<float>({1, 512, 1, 128, 1, true}).store().size() == 1187968);
  CHECK(models::PatchRnn<float>().store().size() == 50304);
  CHECK(models::PatchRnn<float>({1, 512, 1, true, models::PatchRnnBehaviour::published}).store().size() ==
        791040);
}

TEST_CASE("IMU2CLIP encoders refuse short windows and other channels, in one line") {
  const models::AttentionPooledEncoder<float> attention(8);
  CHECK(refusal(attention, 19, 6).empty());
  CHECK(refusal(attention, 18, 6) ==
        "attention-pooled encoder: the window is 18 x 6, the model expects 19 or more samples of 6 channels");
  const models::TimeDistributedEncoder<float> distributed({2, 4, 8});
  CHECK(refusal(distributed, 59, 6).empty());
  CHECK(refusal(distributed, 58, 6).find("expects 59 or more") != std::string::npos);
  CHECK(refusal(models::PatchTransformer<float>({4, 8, 2, 8, 1, true}), 3, 6).find("expects 4 or more") !=
        std::string::npos);
  CHECK(refusal(models::PatchRnn<float>(), 3, 9).find("3 x 9") != std::string::npos);
  CHECK_THROWS_WITH(models::PatchTransformer<float>({1, 9, 2, 8, 1, true}),
                    "patch transformer: 2 heads do not divide the width 9");
  CHECK_THROWS_WITH(models::AttentionPooledEncoder<float>(0),
                    "attention-pooled encoder: a size is 0 or less; all must be positive");
}

TEST_CASE("attention-pooled encoder: initial values are cut off at two deviations") {
  models::AttentionPooledEncoder<float> model(64);
  model.initialise(3);
  model.visit([](std::string_view name, Parameter<float>& p) {
    if (name == "encoder.1.weight" || name == "encoder.5.weight") {
      const float limit = name == "encoder.1.weight" ? 0.04F : 0.2F;
      float largest = 0;
      for (Index i = 0; i < p.size(); ++i) largest = std::max(largest, std::fabs(p.value[i]));
      CHECK(largest <= limit);
      CHECK(largest > 0.9F * limit);
    }
    if (name == "encoder.5.bias") CHECK(*std::max_element(p.value, p.value + p.size()) == 0.0F);
  });
}

TEST_CASE("patch transformer without positions does not see the order of patches") {
  models::PatchTransformer<float> model({2, 8, 2, 8, 2, true});
  model.initialise(1);
  const Index T = 6;
  const std::vector<float> x = random_values<float>(T * 6, 1);
  std::vector<float> swapped = x;
  for (Index c = 0; c < 6; ++c)
    std::swap_ranges(swapped.begin() + c * T, swapped.begin() + c * T + 2, swapped.begin() + c * T + 4);
  check_close<float>(embedding(model, swapped, 1, T), doubles(embedding(model, x, 1, T)), 10);
  // All layers start as copies of the first.
  std::map<std::string, std::vector<float>> layers[2];
  model.visit([&](std::string_view name, Parameter<float>& p) {
    for (std::size_t k = 0; k < 2; ++k) {
      const std::string start = "model.layers." + std::to_string(k) + ".";
      if (name.starts_with(start))
        layers[k][std::string(name.substr(start.size()))].assign(p.value, p.value + p.size());
    }
  });
  CHECK(layers[0].size() == 12);
  CHECK(layers[0] == layers[1]);
}

TEST_CASE("patch GRU: published takes the first layer, corrected the last") {
  using models::PatchRnnBehaviour;
  for (const bool two : {true, false}) {
    models::PatchRnn<float> published({2, 7, 2, two, PatchRnnBehaviour::published}),
        corrected({2, 7, 2, two, PatchRnnBehaviour::corrected}),
        one({2, 7, 1, two, PatchRnnBehaviour::published});
    CHECK(published.output() == (two ? 6 : 7));
    for (auto* model : {&published, &corrected, &one}) model->initialise(5);
    const std::vector<float> x = random_values<float>(3 * 9 * 6, 1);
    const auto first = embedding(published, x, 3, 9), last = embedding(corrected, x, 3, 9);
    CHECK(first == embedding(one, x, 3, 9));
    CHECK(first != last);
  }
}
