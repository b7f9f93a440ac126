// SPDX-License-Identifier: MIT
// Golden case of the statistics of real windows.
#include <algorithm>
#include <vector>

#include "golden/registry.hpp"
#include "gyrograd/data/readers/hapt.hpp"
#include "gyrograd/data/statistics.hpp"
#include "support/shared.hpp"

using namespace gyrograd;
using namespace gyrograd::golden;

namespace {

std::vector<double> pick(const std::vector<data::ChannelStatistics>& all,
                         double data::ChannelStatistics::*field) {
  std::vector<double> out;
  for (const auto& c : all) out.push_back(c.*field);
  return out;
}

void check_statistics(const Case& c) {
  const Array& x = c.at("input.windows");
  data::Windows w(x.extent(0), x.extent(1), x.extent(2));
  std::transform(x.values.begin(), x.values.end(), w.values.begin(),
                 [](double v) { return static_cast<float>(v); });
  const auto all = data::channel_statistics(w);
  const double tolerance = c.tolerance<double>();
  expect_rows(c, "output.mean", pick(all, &data::ChannelStatistics::mean), tolerance);
  expect_rows(c, "output.std", pick(all, &data::ChannelStatistics::deviation), tolerance);
  expect_rows(c, "output.min", pick(all, &data::ChannelStatistics::least), tolerance);
  expect_rows(c, "output.max", pick(all, &data::ChannelStatistics::most), tolerance);
  expect_number(c, "output.acc_norm_mean", data::mean_norm(w, 0), tolerance);
  const auto raw = testing::data_path("HAPT/RawData");
  if (!raw) return;
  data::Findings findings;
  const data::DataSet set = data::read_hapt(*raw, {data::Recipe::published, 20, 120, 0}, findings);
  const auto whole = data::channel_statistics(set.windows);  // from float32 windows
  expect_rows(c, "output.all_mean", pick(whole, &data::ChannelStatistics::mean), c.tolerance<float>());
  expect_rows(c, "output.all_std", pick(whole, &data::ChannelStatistics::deviation), c.tolerance<float>());
}

const Register registered{"statistics", check_statistics};

}  // namespace
