// SPDX-License-Identifier: MIT
// SimCLR for activity recognition: laws that need no reference. PyTorch's numbers: tests/golden.
#include "gyrograd/models/simclr_har.hpp"

#include <algorithm>
#include <map>

#include "support/reference.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("SimCLR: names, sizes, trunk and projection") {
  models::SimclrHar<float> model;
  model.initialise(1);
  CHECK(model.store().size() == 148594);
  std::vector<std::string> names;
  model.visit([&](std::string_view name, Parameter<float>&) { names.emplace_back(name); });
  CHECK(names == std::vector<std::string>{"conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias",
                                          "conv3.weight", "conv3.bias", "proj1.weight", "proj1.bias",
                                          "proj2.weight", "proj2.bias", "proj3.weight", "proj3.bias"});
  const std::vector<float> x = random_values<float>(2 * 400 * 3, 1);
  Tape<float> tape;
  const auto h = model.trunk(tape, tape.constant(Tensor<const float, dyn, dyn, dyn>(x.data(), 2, 400, 3)));
  CHECK(h.value.extents() == std::array<Index, 2>{2, 96});
  CHECK(*std::min_element(h.value.begin(), h.value.end()) >= 0);
  CHECK(model.project(tape, h).value.extents() == std::array<Index, 2>{2, 50});
}

TEST_CASE("SimCLR: scales move into the first layer") {
  const std::vector<float> x = random_values<float>(2 * 60 * 3, 1, -3, 9);
  const std::vector<double> means{1, -2, 0.5}, factors{0.5, 2, 0.1};
  std::vector<float> standardised = x;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t channel = i / 120;  // (B, T, C) with B innermost
    standardised[i] = static_cast<float>((static_cast<double>(x[i]) - means[channel]) * factors[channel]);
  }
  models::TpnConfig config = models::TpnConfig::original(3, 60);
  models::SimclrHar<float> net(config);
  net.initialise(2);
  const auto run = [&](const std::vector<float>& values) {
    Tape<float> tape;
    const auto h =
        net.trunk(tape, tape.constant(Tensor<const float, dyn, dyn, dyn>(values.data(), 2, 60, 3)));
    return std::vector<float>(h.value.begin(), h.value.end());
  };
  const std::vector<float> want = run(standardised);
  CHECK(run(x) != want);
  net.take_scales(means, factors);
  const std::vector<float> got = run(x);
  for (std::size_t i = 0; i < want.size(); ++i) CHECK(got[i] == Approx(want[i]).margin(1e-5));
}

TEST_CASE("SimCLR has the trunk that TPN trains") {
  models::SimclrHar<float> ours;
  models::TpnPretrain<float> theirs(models::TpnConfig::original());
  ours.initialise(4);
  theirs.initialise(4);
  std::map<std::string, std::vector<float>> trunk;
  theirs.visit([&](std::string_view name, Parameter<float>& p) {
    trunk[std::string(name)].assign(p.value, p.value + p.size());
  });
  ours.visit([&](std::string_view name, Parameter<float>& p) {
    if (name.starts_with("conv"))
      CHECK(trunk.at(std::string(name)) == std::vector<float>(p.value, p.value + p.size()));
  });
}
