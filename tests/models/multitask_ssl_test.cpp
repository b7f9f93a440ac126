// SPDX-License-Identifier: MIT
#include "gyrograd/models/multitask_ssl.hpp"

#include <string>

#include "support/reference.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("eight heads sit on the embedding of the encoder") {
  models::PrimusConfig config;
  config.width = 8;
  models::PrimusEncoder<float> encoder(config);
  encoder.initialise(5);
  const Index own = encoder.store().size();
  models::MultitaskSsl<float> model(std::move(encoder));
  model.initialise(1);
  CHECK(model.store().size() == own + 8 * (8 * 256 + 256 + 256 + 1));
  const std::vector<float> x = random_values<float>(2 * 130 * 6, 1);
  Tape<float> tape;
  tape.set_recording(false);
  const auto z = model.logits(tape, tape.constant(Tensor<const float, dyn, dyn, dyn>(x.data(), 2, 130, 6)));
  CHECK(z.extent(0) == 2);
  CHECK(z.extent(1) == 8);
  CHECK(z.value(0, 0) != z.value(0, 7));
  CHECK(z.value(0, 3) != z.value(1, 3));
  std::vector<std::string> names;
  model.visit([&](std::string_view name, const Parameter<float>&) { names.emplace_back(name); });
  CHECK(names.front() == "imu_encoder.backbone.0.weight");
  CHECK(names.back() == "heads.7.1.bias");
}
