// SPDX-License-Identifier: MIT
#include "gyrograd/train/primus_options.hpp"

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::train;

TEST_CASE("the methods have the terms of the sheet") {
  const auto terms = [](const char* name) {
    const PrimusPretrainOptions o = primus_method(name);
    return std::vector<bool>{o.weights.alpha > 0, o.weights.beta > 0, o.weights.gamma_mm > 0,
                             o.weights.gamma_ss > 0};
  };
  CHECK(terms("primus") == std::vector<bool>{true, true, true, true});
  CHECK(terms("mm") == std::vector<bool>{false, true, false, false});
  CHECK(terms("ss") == std::vector<bool>{true, false, false, false});
  CHECK(terms("ss+mm") == std::vector<bool>{true, true, false, false});
  CHECK(terms("mm+nn") == std::vector<bool>{false, true, true, false});
  CHECK(terms("ss+nn") == std::vector<bool>{true, false, false, true});
  CHECK(primus_method("ss+nn").search == losses::Modality::imu);
  CHECK(primus_method("primus").search == losses::Modality::video);
  for (const std::string_view name : primus_methods) CHECK_NOTHROW(primus_method(name));
  CHECK_THROWS_AS(primus_method("primos"), ConfigError);
}

TEST_CASE("published behaviour is one call away") {
  PrimusPretrainOptions o;
  CHECK(o.temperature.floor == 0.01);
  o.be_published();
  CHECK(o.temperature.floor == 0);
  CHECK(o.masked == losses::MaskedSamples::published);
  CHECK(o.queue_search == losses::QueueSearch::published);
  CHECK(o.queue_rows == losses::QueueRows::published);
  CHECK(o.augmentation.chain == data::TangOptions::released().chain);
}
