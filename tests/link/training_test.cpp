// SPDX-License-Identifier: MIT
#include "gyrograd/training.hpp"

#include "support/catch.hpp"

TEST_CASE("training.hpp alone is enough for a step") {
  using namespace gyrograd;
  models::GruClassifier<models::GruV1<72, 6>> model;
  model.initialise(3431);
  ThreadPool pool(1);
  train::Slots<float> slots(pool, model.store().size());
  optim::Adam<float> adam(model.store().size());
  AlignedVector<float> x(2 * 20 * 72, 0.25F);
  const std::int32_t labels[] = {1, 4};
  float before = 0, after = 0;
  for (int i = 0; i < 3; ++i) {
    after = slots.step(model, adam, 2, 2, [&](Tape<float>& tape, Index, Index, int) {
      const auto y = model.logits(tape, tape.constant(Tensor<float, dyn, 20, 72>(x.data(), 2, 20, 72)));
      return losses::cross_entropy(tape, y, labels, 0.5F);
    });
    if (i == 0) before = after;
  }
  CHECK(after < before);
}
