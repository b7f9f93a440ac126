// SPDX-License-Identifier: MIT
// Every chart draws what it is given, balances its tags, and refuses data that do not fit.
#include "gyrograd/train/charts.hpp"

#include <cmath>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::train;

namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++n;
  return n;
}

void check_markup(const std::string& svg) {
  CHECK(count(svg, "<svg") == 1);
  CHECK(count(svg, "</svg>") == 1);
  CHECK(count(svg, "<text") == count(svg, "</text>"));
  CHECK(count(svg, "nan") == 0);
  CHECK(count(svg, "inf\"") == 0);
  CHECK(count(svg, "=\"-\"") == 0);
}

}  // namespace

TEST_CASE("line chart", "[charts]") {
  const std::vector<Series> series = {{"train", {1, 2, 3}, {0.3, 0.2, 0.1}},
                                      {"validation", {1, 2, 3, 4, 5}, {0.4, 0.3, std::nan(""), 0.3, 0.2}}};
  const std::string svg = line_chart({"Loss", "epoch", "loss"}, series);
  check_markup(svg);
  CHECK(count(svg, "<polyline") == 3);  // the gap cuts the second curve in two
  CHECK(svg.find(">validation<") != std::string::npos);
  CHECK_THROWS_AS(line_chart({}, std::vector<Series>{{"a", {1, 2}, {1}}}), ShapeError);
  check_markup(line_chart({"empty", "", ""}, std::vector<Series>{}));
}

TEST_CASE("confusion matrix", "[charts]") {
  const std::vector<std::string> names = {"walk", "sit<>"};
  const std::vector<Index> counts = {9, 1, 0, 0};
  const std::string svg = heat_map({"Confusion", "", ""}, names, counts);
  check_markup(svg);
  CHECK(count(svg, "<rect") == 4);
  CHECK(svg.find(">90%<") != std::string::npos);
  CHECK(svg.find("sit&lt;&gt;") != std::string::npos);
  CHECK_THROWS_AS(heat_map({}, names, std::vector<Index>{1, 2, 3}), ShapeError);
  const std::vector<std::string> many(20, "class");
  check_markup(heat_map({"large", "", ""}, many, std::vector<Index>(400, 1)));
}

TEST_CASE("scatter map", "[charts]") {
  const std::vector<Point> points = {{0, 0}, {1, 1}, {2, std::nan("")}};
  const std::vector<Index> labels = {0, 1, 1};
  const std::vector<std::string> names = {"a", "b"};
  const std::string svg = scatter_map({"Map", "", ""}, points, labels, names);
  check_markup(svg);
  CHECK(count(svg, "<circle") == 2);
  CHECK_THROWS_AS(scatter_map({}, points, std::vector<Index>{0, 1, 2}, names), ShapeError);
  CHECK_THROWS_AS(scatter_map({}, points, std::vector<Index>{0, 1}, names), ShapeError);
}

TEST_CASE("masked positions become ranges", "[charts]") {
  const auto spans = spans_of({7, 3, 4, 5, 9, 8});
  REQUIRE(spans.size() == 2);
  CHECK(spans[0].from == 3);
  CHECK(spans[0].to == 6);
  CHECK(spans[1].from == 7);
  CHECK(spans[1].to == 10);
  CHECK(spans_of({}).empty());
}

TEST_CASE("waveform", "[charts]") {
  Waveform wave;
  wave.steps = 4;
  wave.channels = 6;
  wave.original.assign(24, 0.5F);
  wave.reconstruction.assign(24, 0.25F);
  wave.masked = {{1, 3}};
  wave.channel_names = {"ax", "ay", "az", "gx", "gy", "gz"};
  const std::string svg = waveform_chart({"Window", "seconds", ""}, wave);
  check_markup(svg);
  CHECK(count(svg, "<polyline") == 12);
  CHECK(count(svg, "fill-opacity=\"0.55\"") == 2);
  wave.original.pop_back();
  CHECK_THROWS_AS(waveform_chart({}, wave), ShapeError);
}

TEST_CASE("bars", "[charts]") {
  const std::vector<Bar> bars = {{"LIMU-GRU", {0.9, 0.8}}, {"raw GRU", {0.5}}, {"none", {}}};
  const std::string svg = bar_chart({"Accuracy", "", "accuracy"}, bars);
  check_markup(svg);
  CHECK(svg.find(">0.850<") != std::string::npos);
  CHECK(count(svg, "<circle") == 6);
}
