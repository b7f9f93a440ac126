// SPDX-License-Identifier: MIT
// Default initial weights of the PRIMUS encoder against the golden draw.
#include <numeric>

#include "golden/case.hpp"
#include "gyrograd/models/primus_encoder.hpp"
#include "support/shared.hpp"

using namespace gyrograd;
using namespace gyrograd::golden;

TEST_CASE("golden E: initial weights of the PRIMUS encoder") {
  const auto folder = testing::shared_path("golden");
  if (!folder) return;
  const Case c(*folder / "init_primus_2.safetensors");
  models::PrimusEncoder<float> model;
  model.initialise(static_cast<std::uint32_t>(c.integer("seed")));
  std::vector<std::string> names;
  model.visit([&](std::string_view view, Parameter<float>& p) {
    const std::string name(view);
    const std::vector<float> got(p.value, p.value + p.size());
    if (c.has("param." + name)) {
      expect_rows(c, "param." + name, got, c.tolerance<float>());
    } else {  // a large tensor: its first and last values
      expect_rows(c, "output.head." + name, std::vector<float>(got.begin(), got.begin() + 64),
                  c.tolerance<float>());
      expect_rows(c, "output.tail." + name, std::vector<float>(got.end() - 64, got.end()),
                  c.tolerance<float>());
    }
    expect_number(c, "output.sum." + name, std::accumulate(got.begin(), got.end(), 0.0), 1e-6);
    names.push_back(name);
  });
  CHECK(names == c.names("parameter_order"));
}
