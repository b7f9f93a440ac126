// SPDX-License-Identifier: MIT
// Default initial weights of the GRU classifier against the golden draw.
#include "golden/case.hpp"
#include "gyrograd/models/gru_classifier.hpp"
#include "support/shared.hpp"

using namespace gyrograd;
using namespace gyrograd::golden;

TEST_CASE("golden E: initial weights of the GRU classifier") {
  const auto folder = testing::shared_path("golden");
  if (!folder) return;
  const Case c(*folder / "init_gru72_1.safetensors");
  models::GruClassifier<models::GruV2<72, 6>> model;
  model.initialise(static_cast<std::uint32_t>(c.integer("seed")));
  std::vector<std::string> names;
  model.visit([&](std::string_view name, Parameter<float>& p) {
    const std::vector<float> got(p.value, p.value + p.size());
    expect_rows(c, "param." + std::string(name), got, c.tolerance<float>());
    names.emplace_back(name);
  });
  CHECK(names == c.names("parameter_order"));
}
