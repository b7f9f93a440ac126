// SPDX-License-Identifier: MIT
#include "gyrograd/models/primus_classifier.hpp"

#include <algorithm>
#include <string>

#include "support/reference.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

namespace {

models::PrimusConfig narrow() {
  models::PrimusConfig c;
  c.width = 8;
  return c;
}

}  // namespace

TEST_CASE("the recogniser keeps the encoder that moves in, and reads the output it is told to") {
  models::PrimusEncoder<float> encoder(narrow()), same(narrow());
  encoder.initialise(5);
  same.initialise(5);
  models::PrimusClassifier<float> model(std::move(encoder), {3, models::PrimusOutput::ssl});
  model.initialise(1);
  CHECK(model.store().size() == same.store().size() + 8 * 3 + 3);
  const std::vector<float> x = random_values<float>(2 * 130 * 6, 1);
  Tape<float> tape;
  tape.set_recording(false);
  const auto input = tape.constant(Tensor<const float, dyn, dyn, dyn>(x.data(), 2, 130, 6));
  const auto h = model.encoder().embed(tape, input), want = same.embed(tape, input);
  CHECK(std::equal(h.value.begin(), h.value.end(), want.value.begin()));
  using models::PrimusOutput;
  const auto differs = [&](PrimusOutput a, PrimusOutput b) {
    const auto u = models::primus_output(same, tape, want, a), v = models::primus_output(same, tape, want, b);
    return !std::equal(u.value.begin(), u.value.end(), v.value.begin());
  };
  CHECK(differs(PrimusOutput::emb, PrimusOutput::ssl));
  CHECK(differs(PrimusOutput::mmcl, PrimusOutput::ssl));
  CHECK(model.logits(tape, input).extent(1) == 3);
  std::vector<std::string> names;
  model.visit([&](std::string_view name, const Parameter<float>&) { names.emplace_back(name); });
  CHECK(names.front() == "imu_encoder.backbone.0.weight");
  CHECK(names.back() == "head.bias");
}

TEST_CASE("a recogniser of no classes is refused") {
  CHECK_THROWS_AS(models::PrimusClassifier<float>(models::PrimusEncoder<float>(narrow()), {0}), ConfigError);
}
