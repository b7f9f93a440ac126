// SPDX-License-Identifier: MIT
#include "gyrograd/models/simclr_primus.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "gyrograd/train/simclr.hpp"
#include "support/reference.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("SimCLR trains the PRIMUS encoder and its self-supervised head, not the multimodal one") {
  models::PrimusConfig config;
  config.width = 8;
  models::PrimusEncoder<float> encoder(config);
  encoder.initialise(5);
  models::SimclrPrimus<float> model(std::move(encoder));
  const std::vector<float> before(model.store().data(), model.store().data() + model.store().size());
  data::Windows windows(12, 130, 6);
  for (Index i = 0; i < 12; ++i)
    for (Index t = 0; t < 130; ++t)
      for (Index c = 0; c < 6; ++c)
        windows.window(i)[static_cast<std::size_t>(6 * t + c)] =
            static_cast<float>(std::sin(0.03 * static_cast<double>((i + 2) * t + 9 * c)));
  train::SimclrOptions options;
  options.batch = 8;
  options.lr = 0.05;
  ThreadPool pool(1);
  train::SimclrPretraining<float, models::SimclrPrimus<float>> recipe(
      model, windows, {0, 1, 2, 3, 4, 5, 6, 7}, {8, 9, 10, 11}, options, pool);
  recipe.begin_epoch(0);
  const double first = recipe.train_batch(0);
  CHECK(first < 2 * std::log(15.0) + 3);
  double last = first;
  for (int i = 0; i < 20; ++i) last = recipe.train_batch(0);
  CHECK(last < first);
  Index moved = 0, still = 0;
  model.visit([&](std::string_view name, const Parameter<float>& p) {
    const bool same = std::equal(p.value, p.value + p.size(), before.data() + p.offset);
    CHECK(same == name.starts_with("mmcl_head"));
    (same ? still : moved) += 1;
  });
  CHECK(still == 2);
  CHECK(moved == 13);
}
