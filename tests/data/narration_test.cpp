// SPDX-License-Identifier: MIT
#include "gyrograd/data/narration.hpp"

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::data;

TEST_CASE("published windows: whole seconds, at both ends the first and last five") {
  const auto check = [](double time, double duration, Index start, Index end, bool valid) {
    const NarrationWindow w = published_window(time, duration);
    INFO(time << " of " << duration);
    CHECK(w.start == start);
    CHECK(w.end == end);
    CHECK(w.valid == valid);
  };
  check(0, 60, 0, 5, true);
  check(5, 60, 0, 5, true);
  check(5.1, 60, 2, 7, true);
  check(30.9, 60, 28, 33, true);  // centre 30.5: up to a second behind the narration
  check(54.9, 60, 52, 57, true);
  check(55, 60, 55, 60, true);
  check(58, 60.7, 55, 60, true);
  check(3, 4.9, 0, 5, false);  // the take is shorter than a window
}

TEST_CASE("corrected windows are centred, and moved inside the recording") {
  CHECK(centred_start(30.9, 0, 60) == Approx(28.4));
  CHECK(centred_start(1, 0, 60) == 0);
  CHECK(centred_start(1, 0.5, 60) == 0.5);
  CHECK(centred_start(59, 0, 60) == 55);
  CHECK(centred_start(2, 0, 4.9) < 0);  // too short: no window starts there
}

TEST_CASE("the published source rate is cut off to whole Hz") {
  CHECK(published_rate(std::vector<double>{0, 1.0001, 2.0002}) == 999);
  CHECK(published_rate(std::vector<double>{0, 20, 40}) == 50);
  CHECK(published_rate(std::vector<double>{0}) == 0);
  CHECK(published_rate(std::vector<double>{5, 5, 5}) == 0);
}

TEST_CASE("published cleaning damages words, corrected cleaning does not") {
  CHECK(published_text("#C C opens the CPR kit.") == "opens the pr kit");
  CHECK(corrected_text("#C C opens the CPR kit.") == "opens the cpr kit");
  CHECK(corrected_text("C picks up  #unsure with the left hand ") == "picks up something with the left hand");
  CHECK(corrected_text("#O a man X walks to C") == "a man x walks to c");
  CHECK(corrected_text("Climbs the Crux") == "climbs the crux");
  CHECK(corrected_text("C stirs the soup  .") == "stirs the soup");
  CHECK(corrected_text("...C.").empty());
  CHECK(corrected_text("").empty());
  CHECK(corrected_text("   ").empty());
  CHECK(clean_text("#C C sits", Recipe::published) == clean_text("#C C sits", Recipe::corrected));
}

TEST_CASE("texts end after 128 characters, never inside one") {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "\xC3\xA9";  // e with acute accent
  CHECK(corrected_text(text).size() == 256);
  CHECK(published_text(text).size() == 256);
}

TEST_CASE("takes are classed by the first list that fits") {
  CHECK(take_class("fair_omelet_bike_1") == 1);
  CHECK(take_class("unc_basketball_03") == 3);
  CHECK(take_class("upenn_0629_Violin_2") == 7);
  CHECK(take_class("upenn_0629_VIOLIN_2") == -1);
}
