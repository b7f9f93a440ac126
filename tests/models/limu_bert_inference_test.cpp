// SPDX-License-Identifier: MIT
#include "gyrograd/models/limu_bert_inference.hpp"

#include "support/alloc_counter.hpp"
#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

namespace {

std::vector<float> whole(const models::LimuBert<models::LimuBertV1>& model, const std::vector<float>& x,
                         Index steps) {
  Tape<float> tape;
  tape.set_recording(false);
  const auto h = model.encode(tape, tape.constant(Tensor<const float, dyn, dyn, dyn>(x.data(), 1, steps, 6)));
  return {h.value.begin(), h.value.end()};
}

}  // namespace

TEST_CASE("a window divided among threads gives the bits of the whole, at any length") {
  models::LimuBert<models::LimuBertV1> model;
  model.initialise(3431);
  for (int threads : {1, 2, 3}) {
    ThreadPool pool(threads);
    models::LimuBertInference fast(model, pool);
    CHECK(fast.divides(120) == (threads > 1 && 120 >= 2 * kernels::lanes<float> * threads));
    CHECK_FALSE(fast.divides(1));
    for (Index steps : {120, 117, 100, 20, 1}) {
      INFO("threads " << threads << ", steps " << steps);
      const std::vector<float> x = random_values<float>(steps * 6, 1);
      std::vector<float> y(static_cast<std::size_t>(steps * 72));
      for (int again = 0; again < 3; ++again) {
        fast.encode(y.data(), x.data(), steps);
        CHECK(y == whole(model, x, steps));
      }
    }
    const std::vector<float> x = random_values<float>(121 * 6, 1);
    std::vector<float> y(121 * 72);
    CHECK_THROWS_AS(fast.encode(y.data(), x.data(), 121), ShapeError);
    const AllocationScope scope;
    fast.encode(y.data(), x.data(), 120);
    CHECK(scope.count() == 0);
  }
}
