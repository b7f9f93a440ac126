// SPDX-License-Identifier: MIT
#include "gyrograd/data/card_json.hpp"

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;

TEST_CASE("a card comes back as it was written") {
  const testing::TempFolder folder;
  Card card;
  card.source = "somewhere \"else\"", card.licence = "MIT", card.citation = "me", card.recipe = "corrected";
  card.rate = 12.5, card.steps = 50, card.stride = 25, card.resampling = "sinc", card.findings = 7;
  set_channels(card, 9);
  card.labels = {{"activity", {"sit", "walk"}}, {"user", {}}};
  write_card(folder / "card.json", card);
  const Card back = read_card(folder / "card.json");
  CHECK(back.source == card.source);
  CHECK(back.licence == "MIT");
  CHECK(back.citation == "me");
  CHECK(back.recipe == "corrected");
  CHECK(back.rate == 12.5);
  CHECK(back.steps == 50);
  CHECK(back.stride == 25);
  CHECK(back.resampling == "sinc");
  CHECK(back.findings == 7);
  CHECK(back.channels == card.channels);
  CHECK(back.units == card.units);
  REQUIRE(back.labels.size() == 2);
  CHECK(back.labels[0].classes == card.labels[0].classes);
}

TEST_CASE("cards of older versions are read, missing keys keep what is known") {
  const testing::TempFolder folder;
  Card known;
  known.labels = {{"activity", {"a", "b"}}};
  const auto path =
      folder.write("card.json", R"({"source": "s", "rate_hz": 20, "channels": ["x"], "units": ["g"]})");
  const Card card = read_card(path, known);
  CHECK(card.units == std::vector<std::string>{"g"});
  CHECK(card.labels.size() == 1);
}

TEST_CASE("malformed cards end in one line") {
  const testing::TempFolder folder;
  const auto read = [&](const std::string& text) { return read_card(folder.write("card.json", text)); };
  CHECK_THROWS_WITH(read("{\"rat_hz\": 20}"), Contains("did you mean 'rate_hz'"));
  CHECK_THROWS_WITH(read("{\"rate_hz\": -1}"), Contains("rate_hz is -1"));
  CHECK_THROWS_WITH(read("{\"units\": [\"g\"]}"), Contains("one unit for each channel"));
  CHECK_THROWS_WITH(read("{\"labels\": {}}"), Contains("labels") && Contains("expected a list"));
  CHECK_THROWS_WITH(read("{\"labels\": [{\"classes\": []}]}"), Contains("no name"));
  CHECK_THROWS_WITH(read("{\"labels\": [{\"name\": \"a\", \"class\": []}]}"),
                    Contains("did you mean 'classes'"));
  CHECK_THROWS_WITH(read("{\"source\": 3}"), Contains("expected a text"));
  CHECK_THROWS_WITH(read("{\"source\": \"a\", \"source\": \"b\"}"), Contains("duplicate"));
  CHECK_THROWS_WITH(read("[]"), Contains("expected an object"));
  CHECK_THROWS_WITH(read(""), Contains("not valid JSON"));
  CHECK_THROWS_AS(read_card(folder / "absent.json"), IoError);
}
