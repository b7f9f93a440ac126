// SPDX-License-Identifier: MIT
#include "gyrograd/optim/schedule.hpp"

#include "support/catch.hpp"

using namespace gyrograd;
using optim::ScheduleLength;

TEST_CASE("warm-up and cosine pass through the values of the sheet") {
  const optim::WarmupCosine rate(1e-4, 312);  // PRIMUS sheet §13.2
  CHECK(rate.warm() == 10);
  CHECK(rate(0) == Approx(1e-5));
  CHECK(rate(9) == Approx(1e-4));
  CHECK(rate(10) == Approx(1e-4));
  CHECK(rate(161) == Approx(5e-5));
  CHECK(rate(312) == Approx(0).margin(1e-18));
}

TEST_CASE("the published length may be shorter than the run") {
  CHECK(optim::schedule_steps(400, 256, 20, ScheduleLength::published) == 31);
  CHECK(optim::schedule_steps(400, 256, 20, ScheduleLength::real_steps) == 40);
  CHECK(optim::schedule_steps(64, 256, 20, ScheduleLength::published) == 20);
  CHECK(optim::schedule_steps(4000, 256, 20, ScheduleLength::real_steps) == 320);
  CHECK(optim::WarmupCosine(1e-4, 31)(39) == Approx(3.173e-5).epsilon(1e-3));  // rises again
  CHECK_THROWS_AS(optim::schedule_steps(0, 256, 20, ScheduleLength::published), ConfigError);
}

TEST_CASE("cosine decay ends at zero and stays there") {
  const optim::CosineDecay rate(2.0, 10);
  CHECK(rate(0) == 2.0);
  CHECK(rate(5) == Approx(1.0));
  CHECK(rate(10) == Approx(0).margin(1e-15));
  CHECK(rate(25) == rate(10));
}
