// SPDX-License-Identifier: MIT
// Reconstructions hide what the validation of the pre-training hides, and their error is its loss.
#include "gyrograd/train/reconstruct.hpp"

#include <cmath>
#include <vector>

#include "gyrograd/models/limu_bert.hpp"
#include "gyrograd/train/pretrain_masked.hpp"
#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::train;

namespace {

using Encoder = models::LimuBert<models::LimuBertConfig, float>;

Encoder small_encoder() {
  models::LimuBertConfig config;
  config.feature_num = 3, config.hidden = 8, config.hidden_ff = 16, config.n_layers = 2, config.n_heads = 2;
  config.seq_len = 20;
  Encoder model(config);
  model.initialise(9);
  return model;
}

data::Windows waves(Index count) {
  data::Windows w(count, 20, 3);
  for (std::size_t i = 0; i < w.values.size(); ++i) w.values[i] = std::sin(0.37F * static_cast<float>(i));
  return w;
}

}  // namespace

TEST_CASE("planes: recorded, reconstructed, hidden", "[reconstruct]") {
  const data::Windows w = waves(5);
  const std::vector<Index> items{4, 1, 2};
  ThreadPool pool(1);
  const Encoder model = small_encoder();
  const Reconstructions r = reconstruct_windows<float>(model, w, items, {}, 7, pool);
  REQUIRE(r.values.size() == 3 * 3 * 60);
  for (std::size_t k = 0; k < 3; ++k) {
    const float* at = r.values.data() + k * 180;
    Index hidden = 0;
    for (std::size_t i = 0; i < 60; ++i) {
      CHECK(at[i] == w.window(items[k])[i]);
      CHECK((at[120 + i] == 0 || at[120 + i] == 1));
      CHECK(at[120 + i] == at[120 + i / 3 * 3]);  // whole steps
      hidden += at[120 + i] > 0 ? 1 : 0;
    }
    CHECK(hidden == 3 * data::masked_count(20, {}));
  }
  CHECK(r.values[60] != r.values[0]);
}

TEST_CASE("the error at hidden steps is the validation loss of the pre-training", "[reconstruct]") {
  const data::Windows w = waves(9);
  const std::vector<Index> items{0, 3, 4, 8};
  ThreadPool pool(1);
  Encoder model = small_encoder();
  PretrainOptions options;
  options.mask.mask_prob = 1;
  options.validation = ValidationMasks::corrected;
  MaskedPretraining<float, Encoder> recipe(model, w, {1}, items, options, pool);
  const Reconstructions r = reconstruct_windows<float>(model, w, items, options.mask, options.seed, pool);
  const ReconstructionError e = reconstruction_error(r);
  CHECK(e.hidden_mean == Approx(recipe.validate(0).validation_loss).epsilon(1e-5));
  CHECK(e.hidden_mean == Approx((e.hidden[0] + e.hidden[1] + e.hidden[2]) / 3));
}

TEST_CASE("errors worked out by hand", "[reconstruct]") {
  // One window of 2 steps x 2 channels; the second step is hidden.
  const Reconstructions r{1, 2, 2, {1, 2, 3, 4, 1.5F, 2, 1, 4.5F, 0, 0, 1, 1}};
  const ReconstructionError e = reconstruction_error(r);
  CHECK(e.shown == std::vector<double>{0.25, 0});
  CHECK(e.hidden == std::vector<double>{4, 0.25});
  CHECK(e.hidden_mean == 2.125);
  CHECK_THROWS_AS(reconstruction_error({0, 2, 2, {}}), ShapeError);
}

TEST_CASE("threads change no bit of a reconstruction", "[reconstruct]") {
  const data::Windows w = waves(12);
  const std::vector<Index> items{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  ThreadPool one(1), two(2);
  const Encoder model = small_encoder();
  CHECK(reconstruct_windows<float>(model, w, items, {}, 7, one).values ==
        reconstruct_windows<float>(model, w, items, {}, 7, two).values);
}
