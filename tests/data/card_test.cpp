// SPDX-License-Identifier: MIT
#include "gyrograd/data/card.hpp"

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;

TEST_CASE("units have a size in ours") {
  CHECK(find_unit("g", "x").size == 9.80665);
  CHECK(find_unit("deg/s", "x").quantity == Quantity::rotation);
  CHECK(find_unit("dps", "x").size * 180 == Approx(3.14159265));
  CHECK_THROWS_WITH(find_unit("rads", "file.json"),
                    Contains("file.json: unknown unit 'rads'") && Contains("did you mean 'rad/s'"));
}

TEST_CASE("triads are found by their units") {
  Card card;
  CHECK(find_triad(card, Quantity::acceleration) == 0);
  CHECK(find_triad(card, Quantity::rotation) == 3);
  CHECK(find_triad(card, Quantity::magnetic) == -1);
  set_channels(card, 9);
  CHECK(card.channels[8] == "mag z");
  CHECK(find_triad(card, Quantity::magnetic) == 6);
  set_channels(card, 2);
  CHECK(find_triad(card, Quantity::acceleration) == -1);
}

TEST_CASE("cards that contradict themselves are refused") {
  Card card;
  check_card(card, "x");
  card.units.pop_back();
  CHECK_THROWS_WITH(check_card(card, "x"), Contains("6 channels and 5 units"));
  card.units.push_back("furlong");
  CHECK_THROWS_WITH(check_card(card, "x"), Contains("unknown unit 'furlong'"));
  card = {};
  card.rate = 0;
  CHECK_THROWS_WITH(check_card(card, "x"), Contains("rate_hz"));
  card = {};
  card.labels = {{"activity", {"walk", "sit", "walk"}}};
  CHECK_THROWS_WITH(check_card(card, "x"), Contains("class 'walk' twice"));
}

TEST_CASE("an entry of data_config.json becomes a card") {
  io::DataConfig config;
  config.sr = 20, config.seq_len = 120, config.dimension = 9;
  config.activity = {2, 2, {"sit", "walk"}};
  config.user = {0, 5, {}};
  const Card card = card_of(config, "data_config.json");
  CHECK(card.channels.size() == 9);
  REQUIRE(card.labels.size() == 3);
  CHECK(card.labels[2].classes == std::vector<std::string>{"sit", "walk"});
  CHECK(card.labels[0].name == "user");
  config.model.index = 1'000'000;
  CHECK_THROWS_AS(card_of(config, "x"), ConfigError);
}
