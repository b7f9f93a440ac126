// SPDX-License-Identifier: MIT
#include "gyrograd/data/synth_motion.hpp"

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::data;

TEST_CASE("rotations are orthogonal and compose") {
  const Rotation r = from_euler(0.3, -0.7, 2.1);
  const Rotation unit = r * r.transposed();
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) CHECK(unit(i, j) == Approx(i == j ? 1.0 : 0.0).margin(1e-14));
  }
  const Vec3 up = from_euler(0, std::numbers::pi / 2, 0) * Vec3{1, 0, 0};
  CHECK(up[2] == Approx(-1));
}

TEST_CASE("angular velocity is that of the turn, in the moving frame") {
  const double dt = 0.01;
  const Rotation start = from_euler(0.2, 0.4, -1.0);
  const Vec3 omega = angular_velocity(start, start * from_euler(0, 0.05, 0), dt);
  CHECK(omega[0] == Approx(0).margin(1e-12));
  CHECK(omega[1] == Approx(5.0));
  const Vec3 still = angular_velocity(start, start, dt);
  CHECK(still[2] == 0);
}

TEST_CASE("harmonics by recurrence equal the sum of sines") {
  Gait gait;
  gait.channel[2].set(2, 1.5, 0.3);
  gait.channel[2].set(6, 0.5, -1.0);
  for (double p : {0.0, 0.7, 3.0, 20.0}) {
    const double want = 1.5 * std::sin(2 * p + 0.3) + 0.5 * std::sin(6 * p - 1.0);
    CHECK(evaluate(gait, p)[2] == Approx(want).margin(1e-12));
    CHECK(evaluate(gait, p)[0] == 0);
  }
}

TEST_CASE("mixing two gaits goes from one to the other") {
  Gait a, b;
  a.stride_hz = 1;
  b.stride_hz = 3;
  b.channel[1].set(1, 2, 0);
  CHECK(Gait::mix(a, b, 0).stride_hz == 1);
  CHECK(Gait::mix(a, b, 1).channel[1].sine[0] == 2);
  CHECK(Gait::mix(a, b, 0.5).stride_hz == 2);
}

TEST_CASE("people differ, the same person does not") {
  Philox one(1), same(1), other(2);
  const PeopleSpread spread;
  const Gait a = draw_gait(one, Activity::walking, Position::belt, spread);
  const Gait b = draw_gait(same, Activity::walking, Position::belt, spread);
  const Gait c = draw_gait(other, Activity::walking, Position::belt, spread);
  CHECK(a.stride_hz == b.stride_hz);
  CHECK(a.channel[2].sine == b.channel[2].sine);
  CHECK(a.stride_hz != c.stride_hz);
}

TEST_CASE("jogging shakes more than walking, walking more than standing") {
  const PeopleSpread none{0, 0, 0, 0, 0, 0, 0};
  const auto power = [&](Activity activity) {
    Philox g(3);
    const Gait gait = draw_gait(g, activity, Position::upper_arm, none);
    double sum = 0;
    for (double p = 0; p < 6.28; p += 0.1) sum += std::pow(evaluate(gait, p)[2], 2);
    return sum;
  };
  CHECK(power(Activity::jogging) > 4 * power(Activity::walking));
  CHECK(power(Activity::walking) > 100 * power(Activity::standing));
}
