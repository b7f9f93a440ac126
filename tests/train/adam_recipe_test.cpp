// SPDX-License-Identifier: MIT
#include "gyrograd/train/adam_recipe.hpp"

#include "gyrograd/nn/linear.hpp"
#include "support/catch.hpp"

using namespace gyrograd;

namespace {

struct Model {
  nn::Linear<float> layer{2, 3};
  ParameterStore<float> values;
  Model() { values.bind(*this); }
  ParameterStore<float>& store() { return values; }
  template <class F>
  void visit(F&& f) {
    layer.visit(f);
  }
};

struct Recipe : train::AdamRecipe<float, Model> {
  explicit Recipe(Model& model) : AdamRecipe(model, {.learning_rate = 0.5}) {}
  void step(const std::vector<float>& gradient) {
    adam_.begin_step();
    adam_.update(model_.store().data(), gradient.data(), 0, model_.store().size());
  }
};

}  // namespace

TEST_CASE("what a recipe by Adam keeps in a checkpoint continues it bit for bit") {
  const std::vector<float> gradient{1, -2, 3, 0.5F, 1, 1, 2, 2, -1};
  Model model, again;
  Recipe recipe(model), resumed(again);
  recipe.step(gradient);
  const auto from = recipe.buffers(), to = resumed.buffers();
  REQUIRE(from.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(from[i].name == to[i].name);
    CHECK(from[i].values.size() == 9);
    std::copy(from[i].values.begin(), from[i].values.end(), to[i].values.begin());
  }
  train::LoopState<float> state;
  state.step = 1;
  resumed.resume(state);
  recipe.step(gradient);
  resumed.step(gradient);
  CHECK(std::equal(recipe.weights().begin(), recipe.weights().end(), resumed.weights().begin()));
  CHECK(model.layer.weight.value[0] != 0);
}
