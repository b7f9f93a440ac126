// SPDX-License-Identifier: MIT
#include "gyrograd/nn/batch_norm.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace gyrograd;

namespace {

struct Model {
  nn::BatchNorm<double> norm{3};
  ParameterStore<double> store;
  Model() {
    store.bind(*this);
    norm.initialise();
  }
  template <class F>
  void visit(F&& f) {
    visit_prefixed("bn1.", norm, f);
  }
  template <class F>
  void visit_buffers(F&& f) {
    visit_buffers_prefixed("bn1.", norm, f);
  }
};

}  // namespace

TEST_CASE("batch norm layer: PyTorch's names, estimates lie behind the parameters in one store") {
  Model model;
  std::vector<std::string> names;
  visit_state<double>(model, [&](std::string_view name, Parameter<double>& p) {
    names.push_back(std::string(name) + p.shape.text());
  });
  CHECK(names == std::vector<std::string>{"bn1.weight(3)", "bn1.bias(3)", "bn1.running_mean(3)",
                                          "bn1.running_var(3)", "bn1.num_batches_tracked()"});
  CHECK(parameter_count<double>(model) == 6);
  CHECK(model.store.size() == 13);
  const std::vector<double> start(model.store.data(), model.store.data() + 13);
  CHECK(start == std::vector<double>{1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0});
}

TEST_CASE("batch norm layer: training moves and counts, evaluation does not") {
  Model model;
  std::vector<double> x{1, 2, 3, 4, 5, 6};
  Tape<double> tape;
  const auto v = tape.constant(Tensor<double, dyn, dyn>(x.data(), 2, 3));
  for (const auto statistics : {nn::Statistics::stored, nn::Statistics::batch})
    model.norm(tape, v, statistics);
  CHECK(*model.norm.num_batches_tracked.value == 0);
  CHECK(model.norm.running_mean.value[2] == 0);
  model.norm(tape, v, nn::Statistics::batch_and_store);
  CHECK(*model.norm.num_batches_tracked.value == 1);
  CHECK(model.norm.running_mean.value[2] == Approx(0.55));
}
