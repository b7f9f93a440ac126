// SPDX-License-Identifier: MIT
// Golden cases of windows around narrations, text cleaning and classes of takes.
#include "golden/registry.hpp"
#include "gyrograd/data/narration.hpp"

using namespace gyrograd;
using namespace gyrograd::golden;

namespace {

void check_window_rules(const Case& c) {
  const Array& in = c.at("input.time_and_duration");
  std::vector<Index> got;
  for (Index i = 0; i < in.extent(0); ++i) {
    const auto at = static_cast<std::size_t>(2 * i);
    const data::NarrationWindow w = data::published_window(in.values[at], in.values[at + 1]);
    got.insert(got.end(), {w.start, w.end, w.valid ? 1 : 0});
  }
  expect_indices(c, "output.start_end_valid", got);
  std::vector<Index> rates;
  for (std::size_t k = 0; c.has("input.timestamps_ms_" + std::to_string(k)); ++k)
    rates.push_back(data::published_rate(c.at("input.timestamps_ms_" + std::to_string(k)).values));
  expect_indices(c, "output.rate", rates);
  for (const auto& pair : c.json("text_cleaning"))
    CHECK(data::published_text(pair.at(0).get<std::string>()) == pair.at(1).get<std::string>());
  for (const auto& pair : c.json("take_classes"))
    CHECK(data::take_class(pair.at(0).get<std::string>()) == pair.at(1).get<Index>());
}

const Register registered{"window_rules", check_window_rules};

}  // namespace
