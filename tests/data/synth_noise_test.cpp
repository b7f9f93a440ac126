// SPDX-License-Identifier: MIT
#include "gyrograd/data/synth_noise.hpp"

#include <cmath>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::data;

TEST_CASE("slow noise has unit variance at every time constant and changes as slowly as asked") {
  for (const double seconds : {0.04, 0.4, 4.0}) {
    Philox g(1);
    SlowNoise noise(seconds, 0.01);
    double square = 0, product = 0, before = 0;
    constexpr int count = 400000;
    for (int i = 0; i < count; ++i) {
      const double x = noise.next(g);
      square += x * x;
      product += x * before;
      before = x;
    }
    INFO(seconds);
    CHECK(square / count == Approx(1.0).epsilon(0.15));
    CHECK(product / square > 1 - 0.01 / seconds);  // two filters: the correlation falls with the square
    CHECK(product / square < 1);
  }
}

TEST_CASE("steps differ, some are soft, pauses come at the rate asked") {
  const auto run = [](const StepQuality& q, auto&& see) {
    Philox g(2);
    StepStrength strength;
    for (int i = 0; i < 60000; ++i) see(strength.next(g, q, 0.018 * i, 0.01));  // ten minutes at 1.8 steps/s
  };
  run({0, 0, 0}, [](double s) { CHECK(s == Approx(1)); });
  int soft = 0, still = 0;
  run({0, 0.1, 0}, [&](double s) { soft += s < 0.5; });
  CHECK(soft / 60000.0 == Approx(0.1).margin(0.03));
  run({0, 0, 6}, [&](double s) { still += s < 0.3; });
  CHECK(still / 60000.0 == Approx(6 * 1.0 / 60).margin(0.04));  // 6 per minute, a second each
}

TEST_CASE("bursts come and go without a jump") {
  Philox g(3);
  Bursts bursts;
  const BurstQuality q;
  double before = 0, largest_jump = 0;
  int starts = 0;
  for (int i = 0; i < 360000; ++i) {  // an hour
    bursts.next(g, q, 0.01);
    starts += before == 0 && bursts.turn(0) != 0;
    largest_jump = std::max(largest_jump, std::fabs(bursts.turn(0) - before));
    before = bursts.turn(0);
    CHECK(bursts.shake() >= 0);
    CHECK(bursts.shake() <= q.shake);
  }
  CHECK(starts > 300);  // 8 per minute, less the time that bursts themselves take
  CHECK(starts < 480);
  CHECK(largest_jump < 0.06);
}

TEST_CASE("a burst-free person is still") {
  Philox g(3);
  Bursts bursts;
  for (int i = 0; i < 1000; ++i) {
    bursts.next(g, {0, 1, 1}, 0.01);
    CHECK(bursts.turn(1) == 0);
    CHECK(bursts.shake() == 0);
  }
}

TEST_CASE("a staircase turns to one side going up, to the other going down, a street to both") {
  const auto mean_rate = [](Activity activity) {
    Philox g(4);
    Turns turns;
    double sum = 0;
    for (int i = 0; i < 600000; ++i) sum += turns.next(g, turn_habit(activity), 0.01);
    return sum / 600000;
  };
  CHECK(mean_rate(Activity::upstairs) == Approx(0.26).margin(0.03));  // rad/s, HAPT: 0.26
  CHECK(mean_rate(Activity::downstairs) == Approx(-0.26).margin(0.03));
  CHECK(mean_rate(Activity::walking) == Approx(0).margin(0.02));
  CHECK(mean_rate(Activity::lying) == 0);
}

TEST_CASE("one turn adds up to its angle") {
  Philox g(5);
  Turns turns;
  double sum = 0;
  for (int i = 0; i < 100000; ++i) sum += 0.01 * turns.next(g, {10, 2.0, 0}, 0.01);
  CHECK(std::fabs(sum / 2.0 - std::round(sum / 2.0)) < 0.6);
  CHECK(sum / 2.0 == Approx(1000.0 / 11.5).epsilon(0.1));
}
