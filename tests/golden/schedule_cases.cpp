// SPDX-License-Identifier: MIT
// Golden cases of learning-rate schedules.
#include <vector>

#include "golden/registry.hpp"
#include "gyrograd/optim/schedule.hpp"

using namespace gyrograd;
using namespace gyrograd::golden;

namespace {

void check_schedule(const Case& c) {
  const Index total = c.integer("total");
  const double base = c.number("base");
  std::vector<double> rates;
  const auto compare = [&](const auto& rate) {
    for (Index s = 0; s < c.at("output.lr").size(); ++s) rates.push_back(rate(s));
    expect_rows(c, "output.lr", rates, c.tolerance<double>());
  };
  if (!c.has_attribute("warm")) return compare(optim::CosineDecay(base, total));
  const optim::WarmupCosine schedule(base, total);
  CHECK(schedule.warm() == c.integer("warm"));
  const bool published = c.text("what").ends_with("reference");
  CHECK(optim::schedule_steps(
            c.integer("samples"), c.integer("batch"), c.integer("epochs"),
            published ? optim::ScheduleLength::published : optim::ScheduleLength::real_steps) == total);
  compare(schedule);
}

const Register registered[] = {{"lr_schedule", check_schedule}};

}  // namespace
