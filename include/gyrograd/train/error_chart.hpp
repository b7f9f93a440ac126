// SPDX-License-Identifier: MIT
// Means with standard errors over named places: accuracy by number of shots, by share of pairs, by method.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "gyrograd/core/error.hpp"
#include "gyrograd/metrics/summary.hpp"
#include "gyrograd/train/charts.hpp"
#include "gyrograd/train/svg.hpp"

namespace gyrograd::train {

/// One curve: a summary for every place; NaN means that nothing is known there.
struct ErrorCurve {
  std::string name;
  std::vector<metrics::Summary> at;
  bool dashed = false;
};

/// Curves over `places` at equal distances, with a bar of one standard error up and down where it is known.
/// The scale begins at 0 when `from_zero` is set. ShapeError when a curve has not one value for each place.
inline std::string error_chart(const ChartText& words, std::span<const std::string> places,
                               std::span<const ErrorCurve> curves, bool from_zero = false, double width = 620,
                               double height = 350) {
  std::vector<double> ys;
  std::vector<std::string> names;
  const auto error_of = [](const metrics::Summary& s) {
    return std::isfinite(s.standard_error) ? s.standard_error : 0.0;
  };
  for (const ErrorCurve& curve : curves) {
    if (curve.at.size() != places.size())
      fail<ShapeError>("error_chart: curve ", curve.name, " has ", curve.at.size(), " values for ",
                       places.size(), " places");
    names.push_back(curve.name);
    for (const metrics::Summary& s : curve.at) {
      ys.push_back(s.mean - error_of(s));
      ys.push_back(s.mean + error_of(s));
    }
  }
  if (from_zero) ys.push_back(0);
  const auto [low, high] = finite_range(ys);
  Svg svg(width, height, words.title);
  const double key = draw_legend(svg, {64, 16}, width - 10, names);
  const Frame frame{64,
                    12 + key,
                    width - 84,
                    height - key - 60,
                    {0, std::max<double>(1, static_cast<double>(places.size())), 1, 0},
                    round_ticks(low, high)};
  draw_axes(svg, frame, words.x_label, words.y_label, false);
  const auto count = static_cast<double>(std::max<std::size_t>(curves.size(), 1));
  for (std::size_t i = 0; i < places.size(); ++i) {
    const Point p = frame.at(static_cast<double>(i) + 0.5, frame.y.low);
    svg.line(p, {p.x, p.y + 4}, axis_ink);
    svg.text({p.x, p.y + 17}, places[i], {11, "middle", axis_ink});
  }
  for (std::size_t c = 0; c < curves.size(); ++c) {
    const std::string_view color = palette_color(c);
    const double shift = 0.16 * ((static_cast<double>(c) + 0.5) / count - 0.5);  // bars stay apart
    std::vector<Point> line;
    for (std::size_t i = 0; i < places.size(); ++i) {
      const metrics::Summary& s = curves[c].at[i];
      if (!std::isfinite(s.mean)) continue;
      const double x = static_cast<double>(i) + 0.5 + shift, e = error_of(s);
      const Point middle = frame.at(x, s.mean), up = frame.at(x, s.mean + e), down = frame.at(x, s.mean - e);
      line.push_back(middle);
      svg.circle(middle, 3.4, color);
      if (!(e > 0)) continue;
      svg.line(up, down, color, 1.4);
      svg.line({up.x - 4, up.y}, {up.x + 4, up.y}, color, 1.4);
      svg.line({down.x - 4, down.y}, {down.x + 4, down.y}, color, 1.4);
    }
    svg.polyline(line, color, 2, curves[c].dashed ? "5 4" : "");
  }
  return svg.str();
}

}  // namespace gyrograd::train
