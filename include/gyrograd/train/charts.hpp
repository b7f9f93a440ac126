// SPDX-License-Identifier: MIT
// The five charts of our reports as SVG text: lines, confusion matrix, scatter map, waveforms, bars.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/train/svg.hpp"

namespace gyrograd::train {

/// One curve: y[i] over x[i].
struct Series {
  std::string name;
  std::vector<double> x;
  std::vector<double> y;
};

/// Words around a chart.
struct ChartText {
  std::string title;  // read aloud by screen readers, not drawn
  std::string x_label;
  std::string y_label;
};

/// Curves over a common axis, with a legend above. Values that are not finite interrupt a curve.
inline std::string line_chart(const ChartText& words, std::span<const Series> series, double width = 620,
                              double height = 330) {
  std::vector<double> xs;
  std::vector<double> ys;
  std::vector<std::string> names;
  for (const Series& s : series) {
    if (s.x.size() != s.y.size())
      fail<ShapeError>("line_chart: series ", s.name, " has ", s.x.size(), " x and ", s.y.size(),
                       " y values");
    xs.insert(xs.end(), s.x.begin(), s.x.end());
    ys.insert(ys.end(), s.y.begin(), s.y.end());
    names.push_back(s.name);
  }
  const auto [x_low, x_high] = finite_range(xs);
  const auto [y_low, y_high] = finite_range(ys);
  Svg svg(width, height, words.title);
  const double key = draw_legend(svg, {64, 16}, width - 10, names);
  Frame frame{
      64, 12 + key, width - 84, height - key - 60, round_ticks(x_low, x_high, 6), round_ticks(y_low, y_high)};
  draw_axes(svg, frame, words.x_label, words.y_label);
  for (std::size_t i = 0; i < series.size(); ++i) {
    std::vector<Point> run;
    for (std::size_t j = 0; j <= series[i].x.size(); ++j) {
      if (j < series[i].x.size() && std::isfinite(series[i].x[j]) && std::isfinite(series[i].y[j])) {
        run.push_back(frame.at(series[i].x[j], series[i].y[j]));
        continue;
      }
      if (!run.empty()) svg.polyline(run, palette_color(i), 2.2);
      run.clear();
    }
  }
  return svg.str();
}

namespace detail {

/// White to dark blue, readable in grey.
inline std::string heat_color(double share) {
  const double s = std::clamp(share, 0.0, 1.0);
  const auto mix = [s](double from, double to) {
    return std::to_string(static_cast<int>(from + (to - from) * s));
  };
  return "rgb(" + mix(247, 0) + ',' + mix(250, 82) + ',' + mix(252, 140) + ')';
}

}  // namespace detail

/// Confusion matrix: `counts` (classes, classes) row-major, rows = truth, columns = prediction; colour =
/// share of the row.
inline std::string heat_map(const ChartText& words, std::span<const std::string> names,
                            std::span<const Index> counts) {
  const std::size_t n = names.size();
  if (counts.size() != n * n)
    fail<ShapeError>("heat_map: ", counts.size(), " counts for ", n, " classes, expected ", n * n);
  std::size_t longest = 4;
  for (const std::string& name : names) longest = std::max(longest, name.size());
  const double cell = n > 12 ? 34 : 54;
  const double left = 34 + 6.7 * static_cast<double>(longest);
  const double side = cell * static_cast<double>(n);
  Svg svg(left + side + 16, side + 70 + (n > 5 ? 5.0 * static_cast<double>(longest) : 0), words.title);
  for (std::size_t r = 0; r < n; ++r) {
    double total = 0;
    for (std::size_t c = 0; c < n; ++c) total += static_cast<double>(counts[r * n + c]);
    const double y = 8 + cell * static_cast<double>(r);
    svg.text({left - 8, y + cell / 2 + 4}, names[r], {12, "end", ink});
    for (std::size_t c = 0; c < n; ++c) {
      const double share = total > 0 ? static_cast<double>(counts[r * n + c]) / total : 0;
      const double x = left + cell * static_cast<double>(c);
      svg.rect({x + 1, y + 1}, cell - 2, cell - 2, detail::heat_color(share), 1, 3);
      const std::string_view color = share > 0.5 ? "#FFFFFF" : ink;
      if (cell > 40)
        svg.text({x + cell / 2, y + cell / 2 - 1}, fixed_number(100 * share, 0) + '%',
                 {13, "middle", color, share > 0.5});
      svg.text({x + cell / 2, y + cell / 2 + (cell > 40 ? 14 : 4)}, std::to_string(counts[r * n + c]),
               {10, "middle", color});
    }
  }
  for (std::size_t c = 0; c < n; ++c) {
    const Point at{left + cell * (static_cast<double>(c) + 0.5), side + 24};
    if (n > 5) {
      svg.text({at.x + 4, side + 16}, names[c], {12, "end", ink, false, true});
    } else {
      svg.text(at, names[c], {12, "middle", ink});
    }
  }
  svg.text({14, 8 + side / 2}, words.y_label.empty() ? "Actual" : words.y_label,
           {12, "middle", axis_ink, false, true});
  svg.text({left + side / 2, side + 52 + (n > 5 ? 5.0 * static_cast<double>(longest) : 0)},
           words.x_label.empty() ? "Predicted" : words.x_label, {12, "middle", axis_ink});
  return svg.str();
}

/// Points in the plane, coloured by label; `labels[i]` indexes `names`.
inline std::string scatter_map(const ChartText& words, std::span<const Point> points,
                               std::span<const Index> labels, std::span<const std::string> names,
                               double width = 620, double height = 460) {
  if (points.size() != labels.size())
    fail<ShapeError>("scatter_map: ", points.size(), " points, ", labels.size(), " labels");
  std::vector<double> xs(points.size());
  std::vector<double> ys(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    xs[i] = points[i].x;
    ys[i] = points[i].y;
    if (labels[i] < 0 || static_cast<std::size_t>(labels[i]) >= names.size()) {
      fail<ShapeError>("scatter_map: label ", labels[i], " of point ", i, " outside 0..", names.size());
    }
  }
  const auto [x_low, x_high] = finite_range(xs);
  const auto [y_low, y_high] = finite_range(ys);
  Svg svg(width, height, words.title);
  const double key = draw_legend(svg, {24, 16}, width - 10, names);
  const Frame frame{24,
                    12 + key,
                    width - 40,
                    height - key - 42,
                    {x_low, x_high + 1e-9, 1, 0},
                    {y_low, y_high + 1e-9, 1, 0}};
  svg.rect({frame.left - 8, frame.top - 6}, frame.width + 16, frame.height + 12, "#F7F9FB", 1, 6);
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!std::isfinite(xs[i]) || !std::isfinite(ys[i])) continue;
    svg.circle(frame.at(xs[i], ys[i]), 3.2, palette_color(static_cast<std::size_t>(labels[i])), 0.6);
  }
  svg.text({frame.left + frame.width / 2, height - 10}, words.x_label, {12, "middle", axis_ink});
  svg.text({12, frame.top + frame.height / 2}, words.y_label, {12, "middle", axis_ink, false, true});
  return svg.str();
}

/// Half-open range of time steps.
struct TimeSpan {
  Index from = 0;
  Index to = 0;
};

/// Merges positions into ranges of neighbours.
inline std::vector<TimeSpan> spans_of(std::vector<Index> positions) {
  std::sort(positions.begin(), positions.end());
  std::vector<TimeSpan> spans;
  for (const Index p : positions) {
    if (!spans.empty() && p <= spans.back().to) {
      spans.back().to = p + 1;
    } else {
      spans.push_back({p, p + 1});
    }
  }
  return spans;
}

/// Recorded and reconstructed signals of one window.
struct Waveform {
  Index steps = 0;
  Index channels = 0;
  double rate = 20;                        // steps per second
  std::vector<float> original;             // (steps, channels) row-major
  std::vector<float> reconstruction;       // the same shape
  std::vector<TimeSpan> masked;            // shaded
  std::vector<std::string> channel_names;  // one per channel
};

/// One panel per three channels: solid = recorded, dashed = reconstructed, grey = masked time.
inline std::string waveform_chart(const ChartText& words, const Waveform& wave, double width = 620) {
  const auto size = static_cast<std::size_t>(wave.steps * wave.channels);
  if (wave.original.size() != size || wave.reconstruction.size() != size ||
      wave.channel_names.size() != static_cast<std::size_t>(wave.channels)) {
    fail<ShapeError>("waveform_chart: expected ", size, " values per signal and ", wave.channels, " names");
  }
  const Index panels = (wave.channels + 2) / 3;
  const double panel = 170;
  Svg svg(width, panel * static_cast<double>(panels) + 50, words.title);
  const double seconds = static_cast<double>(wave.steps) / wave.rate;
  for (Index p = 0; p < panels; ++p) {
    const Index first = 3 * p;
    const Index last = std::min(first + 3, wave.channels);
    std::vector<double> values;
    for (Index t = 0; t < wave.steps; ++t) {
      for (Index c = first; c < last; ++c) {
        values.push_back(static_cast<double>(wave.original[static_cast<std::size_t>(t * wave.channels + c)]));
        values.push_back(
            static_cast<double>(wave.reconstruction[static_cast<std::size_t>(t * wave.channels + c)]));
      }
    }
    const auto [low, high] = finite_range(values);
    const double top = panel * static_cast<double>(p);
    const Frame frame{64,
                      top + 30,
                      width - 84,
                      panel - 46,
                      {0, seconds, std::max(1.0, std::round(seconds / 6)), 0},
                      round_ticks(low, high, 4)};
    for (const TimeSpan& span : wave.masked) {
      const Point from = frame.at(static_cast<double>(span.from) / wave.rate, 0);
      const Point to = frame.at(static_cast<double>(span.to) / wave.rate, 0);
      svg.rect({from.x, frame.top}, to.x - from.x, frame.height, "#C9D2DC", 0.55);
    }
    draw_axes(svg, frame, p + 1 == panels ? words.x_label : "", words.y_label, p + 1 == panels);
    draw_legend(svg, {64, top + 18}, width,
                std::span(wave.channel_names)
                    .subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first)));
    for (Index c = first; c < last; ++c) {
      std::vector<Point> solid;
      std::vector<Point> dashed;
      for (Index t = 0; t < wave.steps; ++t) {
        const auto i = static_cast<std::size_t>(t * wave.channels + c);
        const double s = (static_cast<double>(t) + 0.5) / wave.rate;
        solid.push_back(frame.at(s, static_cast<double>(wave.original[i])));
        dashed.push_back(frame.at(s, static_cast<double>(wave.reconstruction[i])));
      }
      const std::string_view color = palette_color(static_cast<std::size_t>(c - first));
      svg.polyline(solid, color, 1.8);
      svg.polyline(dashed, color, 1.6, "3 3");
    }
  }
  return svg.str();
}

/// One bar: the mean of its runs; every run is a dot on it.
struct Bar {
  std::string name;
  std::vector<double> runs;
};

/// Bars from zero to the mean, with the value above and a dot for each run. Scale 0 .. max(1, largest run).
inline std::string bar_chart(const ChartText& words, std::span<const Bar> bars, double width = 620,
                             double height = 330) {
  double high = 1;
  for (const Bar& bar : bars) {
    for (const double v : bar.runs) high = std::max(high, v);
  }
  Svg svg(width, height, words.title);
  const Frame frame{64,
                    24,
                    width - 84,
                    height - 80,
                    {0, std::max<double>(1, static_cast<double>(bars.size())), 1, 0},
                    round_ticks(0, high)};
  draw_axes(svg, frame, "", words.y_label, false);
  for (std::size_t i = 0; i < bars.size(); ++i) {
    if (bars[i].runs.empty()) continue;
    double mean = 0;
    for (const double v : bars[i].runs) mean += v / static_cast<double>(bars[i].runs.size());
    const double center = static_cast<double>(i) + 0.5;
    const Point top = frame.at(center, mean);
    const double half = std::min(60.0, frame.width / static_cast<double>(bars.size()) * 0.32);
    svg.rect({top.x - half, top.y}, 2 * half, frame.top + frame.height - top.y, palette_color(i), 0.85, 3);
    for (std::size_t r = 0; r < bars[i].runs.size(); ++r) {
      const double shift = (static_cast<double>(r) + 0.5) / static_cast<double>(bars[i].runs.size()) - 0.5;
      const Point dot = frame.at(center, bars[i].runs[r]);
      svg.circle({dot.x + shift * half * 1.2, dot.y}, 4, "#FFFFFF");
      svg.circle({dot.x + shift * half * 1.2, dot.y}, 3, ink);
    }
    svg.text({top.x, frame.top + frame.height + 20}, bars[i].name, {13, "middle", ink, true});
    svg.text({top.x, frame.top + frame.height + 37}, fixed_number(mean, 3), {13, "middle", axis_ink});
  }
  return svg.str();
}

}  // namespace gyrograd::train
