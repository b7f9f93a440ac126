// SPDX-License-Identifier: MIT
// Drawing primitives for SVG text: a canvas with shapes and labels, axes with round ticks, an accessible
// palette.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gyrograd::train {

/// Eight colours that stay apart for all common kinds of colour blindness and in print (Okabe and Ito, 2008).
inline constexpr std::array<std::string_view, 8> palette = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                                            "#E69F00", "#56B4E9", "#5B5B5B", "#B8A800"};
/// Colour of series or class `i`; repeats after eight.
inline std::string_view palette_color(std::size_t i) {
  return palette[i % palette.size()];
}

inline constexpr std::string_view ink = "#1F2933";       // text
inline constexpr std::string_view faint = "#E3E8EE";     // grid lines
inline constexpr std::string_view axis_ink = "#52606D";  // axes and their labels

/// Replaces the five characters that HTML and XML treat specially and drops control characters.
inline std::string escape_markup(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c == '\'') {
      out += "&#39;";
    } else if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') {
      out += c;
    }
  }
  return out;
}

/// Number with at most `digits` decimals, without trailing zeros, independent of the locale; "-" when not
/// finite.
inline std::string short_number(double value, int digits = 2) {
  if (!std::isfinite(value)) return "-";
  std::array<char, 400> buffer{};
  const auto [end, error] =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed, digits);
  if (error != std::errc{}) return "-";
  std::string text(buffer.data(), end);
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text == "-0" ? "0" : text;
}

/// Number with exactly `digits` decimals.
inline std::string fixed_number(double value, int digits) {
  if (!std::isfinite(value)) return "-";
  std::array<char, 400> buffer{};
  const auto result =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed, digits);
  return result.ec == std::errc{} ? std::string(buffer.data(), result.ptr) : "-";
}

struct Point {
  double x = 0;
  double y = 0;
};

/// How a text is placed: anchor is "start", "middle" or "end"; `turned` rotates by -90 degrees about its
/// point.
struct TextStyle {
  double size = 12;
  std::string_view anchor = "start";
  std::string_view color = ink;
  bool bold = false;
  bool turned = false;
};

/// Grows one SVG image. Coordinates are user units with the origin at the top left.
class Svg {
 public:
  Svg(double width, double height, std::string_view description) {
    body_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 " + short_number(width) +
            ' ' + short_number(height) + "\" width=\"" + short_number(width) + "\" height=\"" +
            short_number(height) +
            "\" font-family=\"system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, "
            "sans-serif\">\n<title>" +
            escape_markup(description) + "</title>\n";
  }

  void line(Point a, Point b, std::string_view color, double width = 1, std::string_view dash = {}) {
    body_ += "<line";
    attribute("x1", a.x);
    attribute("y1", a.y);
    attribute("x2", b.x);
    attribute("y2", b.y);
    stroke(color, width, dash);
    body_ += "/>\n";
  }

  void rect(Point corner, double width, double height, std::string_view fill, double opacity = 1,
            double radius = 0) {
    body_ += "<rect";
    attribute("x", corner.x);
    attribute("y", corner.y);
    attribute("width", width);
    attribute("height", height);
    if (radius > 0) attribute("rx", radius);
    fill_with(fill, opacity);
    body_ += "/>\n";
  }

  void circle(Point center, double radius, std::string_view fill, double opacity = 1) {
    body_ += "<circle";
    attribute("cx", center.x);
    attribute("cy", center.y);
    attribute("r", radius);
    fill_with(fill, opacity);
    body_ += "/>\n";
  }

  void polyline(std::span<const Point> points, std::string_view color, double width = 2,
                std::string_view dash = {}) {
    body_ += "<polyline fill=\"none\" stroke-linejoin=\"round\" points=\"";
    for (const Point& p : points) body_ += short_number(p.x) + ',' + short_number(p.y) + ' ';
    if (!points.empty()) body_.pop_back();
    body_ += '"';
    stroke(color, width, dash);
    body_ += "/>\n";
  }

  void text(Point at, std::string_view words, const TextStyle& style = {}) {
    body_ += "<text";
    attribute("x", at.x);
    attribute("y", at.y);
    attribute("font-size", style.size);
    body_ += " text-anchor=\"" + std::string(style.anchor) + "\" fill=\"" + std::string(style.color) + '"';
    if (style.bold) body_ += " font-weight=\"600\"";
    if (style.turned)
      body_ += " transform=\"rotate(-90 " + short_number(at.x) + ' ' + short_number(at.y) + ")\"";
    body_ += '>' + escape_markup(words) + "</text>\n";
  }

  /// The finished image.
  std::string str() const { return body_ + "</svg>\n"; }

 private:
  void attribute(std::string_view name, double value) {
    body_ += ' ' + std::string(name) + "=\"" + short_number(value) + '"';
  }
  void stroke(std::string_view color, double width, std::string_view dash) {
    body_ += " stroke=\"" + std::string(color) + '"';
    attribute("stroke-width", width);
    if (!dash.empty()) body_ += " stroke-dasharray=\"" + std::string(dash) + '"';
  }
  void fill_with(std::string_view fill, double opacity) {
    body_ += " fill=\"" + std::string(fill) + '"';
    if (opacity < 1) attribute("fill-opacity", opacity);
  }

  std::string body_;
};

/// Range of values together with the round step at which ticks are drawn.
struct Ticks {
  double low = 0;
  double high = 1;
  double step = 0.2;
  int digits = 1;

  /// Number of the last tick; the first is 0.
  int last() const { return static_cast<int>(std::floor((high - low) / step + 0.5)); }
  double value(int i) const { return low + i * step; }
};

/// Widens [low, high] to round numbers with about `wanted` steps of 1, 2, 2.5 or 5 times a power of ten.
inline Ticks round_ticks(double low, double high, int wanted = 5) {
  if (!std::isfinite(low) || !std::isfinite(high)) return {};
  if (high - low < 1e-12 * std::max(1.0, std::abs(low))) {
    const double pad = low == 0 ? 0.5 : std::abs(low) * 0.1;
    low -= pad;
    high += pad;
  }
  const double raw = (high - low) / wanted;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 2.5, 5.0}) {
    if (factor * power >= raw * 0.999) {
      step = factor * power;
      break;
    }
  }
  int digits = 0;
  double shifted = step;
  while (digits < 9 && std::abs(shifted - std::round(shifted)) > 1e-6 * shifted) {
    shifted *= 10;
    ++digits;
  }
  return {std::floor(low / step + 1e-9) * step, std::ceil(high / step - 1e-9) * step, step, digits};
}

/// Smallest and largest finite value; {0, 1} when there is none.
inline std::pair<double, double> finite_range(std::span<const double> values) {
  double low = 0;
  double high = 1;
  bool any = false;
  for (const double v : values) {
    if (!std::isfinite(v)) continue;
    low = any ? std::min(low, v) : v;
    high = any ? std::max(high, v) : v;
    any = true;
  }
  return {low, high};
}

/// A rectangle of the canvas with a linear scale on each side.
struct Frame {
  double left = 0;
  double top = 0;
  double width = 1;
  double height = 1;
  Ticks x;
  Ticks y;

  Point at(double vx, double vy) const {
    return {left + width * (vx - x.low) / (x.high - x.low),
            top + height * (1 - (vy - y.low) / (y.high - y.low))};
  }
};

/// Grid lines, tick labels and axis titles of a frame.
inline void draw_axes(Svg& svg, const Frame& frame, std::string_view x_label, std::string_view y_label,
                      bool x_ticks = true) {
  for (int i = 0; i <= frame.y.last(); ++i) {
    const double v = frame.y.value(i);
    const Point p = frame.at(frame.x.low, v);
    svg.line(p, {frame.left + frame.width, p.y}, faint);
    svg.text({p.x - 7, p.y + 4}, fixed_number(v, frame.y.digits), {11, "end", axis_ink});
  }
  if (x_ticks) {
    for (int i = 0; i <= frame.x.last(); ++i) {
      const double v = frame.x.value(i);
      const Point p = frame.at(v, frame.y.low);
      svg.line(p, {p.x, p.y + 4}, axis_ink);
      svg.text({p.x, p.y + 17}, fixed_number(v, frame.x.digits), {11, "middle", axis_ink});
    }
  }
  const double bottom = frame.top + frame.height;
  svg.line({frame.left, bottom}, {frame.left + frame.width, bottom}, axis_ink);
  if (!x_label.empty()) {
    svg.text({frame.left + frame.width / 2, bottom + 35}, x_label, {12, "middle", axis_ink});
  }
  if (!y_label.empty()) {
    svg.text({frame.left - 46, frame.top + frame.height / 2}, y_label, {12, "middle", axis_ink, false, true});
  }
}

/// Key of coloured names, one row starting at `at`; wraps at `right`. Returns the height used.
inline double draw_legend(Svg& svg, Point at, double right, std::span<const std::string> names) {
  Point p = at;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const double width = 26 + 6.6 * static_cast<double>(names[i].size());
    if (p.x > at.x && p.x + width > right) p = {at.x, p.y + 18};
    svg.rect({p.x, p.y - 9}, 11, 11, palette_color(i), 1, 2);
    svg.text({p.x + 16, p.y}, names[i], {12, "start", ink});
    p.x += width + 8;
  }
  return p.y - at.y + 18;
}

}  // namespace gyrograd::train
