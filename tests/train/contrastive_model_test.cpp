// SPDX-License-Identifier: MIT
#include "gyrograd/train/contrastive_model.hpp"

#include <string>
#include <vector>

#include "gyrograd/core/random.hpp"
#include "gyrograd/nn/linear.hpp"
#include "support/catch.hpp"

using namespace gyrograd;

namespace {

/// One dense layer as an encoder.
struct OneLayer {
  nn::Linear<float> layer{2, 3};
  ParameterStore<float> store_;
  OneLayer() {
    store_.bind(*this);
    Mt19937 g(1);
    layer.initialise(g);
  }
  template <class F>
  void visit(F&& f) {
    layer.visit(f);
  }
};

}  // namespace

TEST_CASE("an encoder keeps its weights and gets two temperatures") {
  OneLayer encoder;
  const std::vector<float> before(encoder.store_.data(), encoder.store_.data() + 9);
  train::ContrastiveModel<float, OneLayer> model(std::move(encoder), 0.25);
  std::vector<std::string> names;
  model.visit([&](std::string_view name, Parameter<float>&) { names.emplace_back(name); });
  CHECK(names == std::vector<std::string>{"imu_encoder.weight", "imu_encoder.bias", "mmcl_loss.temperature",
                                          "ssl_loss.temperature"});
  REQUIRE(model.store().size() == 11);
  CHECK(std::vector<float>(model.store().data(), model.store().data() + 9) == before);
  CHECK(*model.tau_mm().value == 0.25F);
  CHECK(*model.tau_ss().value == 0.25F);
  model.store().data()[0] = 7.0F;
  CHECK(*model.encoder().layer.weight.value == 7.0F);  // the encoder sees this store
  const train::ContrastiveModel<float, OneLayer> fixed(OneLayer(), 0.1, false);
  CHECK_FALSE(const_cast<train::ContrastiveModel<float, OneLayer>&>(fixed).tau_mm().trainable);
}
