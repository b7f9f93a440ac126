// SPDX-License-Identifier: MIT
#include "gyrograd/train/error_chart.hpp"

#include <cmath>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::train;

namespace {

Index count(const std::string& text, const std::string& part) {
  Index n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

metrics::Summary summary(double mean, double error) {
  return {3, mean, error * 1.7, error};
}

const std::vector<std::string> places{"1", "10", "all"};

}  // namespace

TEST_CASE("a chart of means shows a dot for each and a bar for each error that is known") {
  const std::vector<ErrorCurve> curves{
      {"first", {summary(0.2, 0.05), summary(0.4, 0.02), summary(0.6, std::nan(""))}},
      {"second <b>", {summary(0.1, 0.05), summary(std::nan(""), 0.1), summary(0.5, 0.01)}, true}};
  const std::string svg = error_chart({"title", "shots", "accuracy"}, places, curves);
  CHECK(count(svg, "<circle") == 5);
  CHECK(count(svg, "<polyline") == 2);
  CHECK(count(svg, "stroke-width=\"1.4\"") == 4 * 3);
  CHECK(count(svg, "stroke-dasharray") == 1);
  CHECK(svg.find(">all<") != std::string::npos);
  CHECK(svg.find("second &lt;b&gt;") != std::string::npos);
  CHECK(svg.find("nan") == std::string::npos);
}

TEST_CASE("an empty chart is drawn, a curve that does not fit is refused") {
  CHECK(error_chart({"t", "", ""}, places, {}).find("</svg>") != std::string::npos);
  CHECK(error_chart({"t", "", ""}, {}, {}).find("</svg>") != std::string::npos);
  const std::vector<ErrorCurve> few{{"short", {summary(0.1, 0)}}};
  CHECK_THROWS_WITH(error_chart({"t", "", ""}, places, few),
                    "error_chart: curve short has 1 values for 3 places");
}
