// SPDX-License-Identifier: MIT
// Numbers, ticks, escaping and shapes of the SVG canvas.
#include "gyrograd/train/svg.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace gyrograd::train;

TEST_CASE("numbers in pictures are short and never depend on the locale", "[svg]") {
  CHECK(short_number(1.5) == "1.5");
  CHECK(short_number(2.0) == "2");
  CHECK(short_number(-0.001) == "0");
  CHECK(short_number(100) == "100");
  CHECK(short_number(0.126) == "0.13");
  CHECK(short_number(std::numeric_limits<double>::quiet_NaN()) == "-");
  CHECK(short_number(1e300).size() == 301);
  CHECK(fixed_number(0.5, 3) == "0.500");
  CHECK(fixed_number(1.0 / 0.0, 3) == "-");
}

TEST_CASE("markup in words is escaped", "[svg]") {
  CHECK(escape_markup("a<b> & \"c\" 'd'") == "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;");
  CHECK(escape_markup(std::string("x\x01y")) == "xy");
  Svg svg(10, 10, "<script>");
  svg.text({1, 2}, "</svg>");
  CHECK(svg.str().find("<script>") == std::string::npos);
  CHECK(svg.str().find("&lt;/svg&gt;") != std::string::npos);
}

TEST_CASE("ticks are round, cover the range and number about five", "[svg]") {
  for (const auto& [low, high] : std::vector<std::pair<double, double>>{
           {0, 1}, {0.013, 0.37}, {-9.81, 9.81}, {0, 3200}, {5, 5}, {0, 0}, {-3, -2.9}, {1e-9, 2e-9}}) {
    const Ticks t = round_ticks(low, high);
    INFO(low << " .. " << high);
    CHECK(t.low <= low + 1e-12);
    CHECK(t.high >= high - 1e-12);
    CHECK(t.high > t.low);
    const double count = (t.high - t.low) / t.step;
    CHECK(count > 1);
    CHECK(count < 12);
    const double mantissa = t.step / std::pow(10.0, std::floor(std::log10(t.step) + 1e-9));
    CHECK((std::abs(mantissa - 1) < 1e-6 || std::abs(mantissa - 2) < 1e-6 ||
           std::abs(mantissa - 2.5) < 1e-6 || std::abs(mantissa - 5) < 1e-6));
  }
  CHECK(round_ticks(0, 1).digits == 1);
  CHECK(round_ticks(0, 100).digits == 0);
}

TEST_CASE("a frame maps its corners", "[svg]") {
  const Frame frame{10, 20, 100, 50, {0, 4, 1, 0}, {-1, 1, 1, 0}};
  CHECK(frame.at(0, -1).x == Approx(10));
  CHECK(frame.at(0, -1).y == Approx(70));
  CHECK(frame.at(4, 1).x == Approx(110));
  CHECK(frame.at(4, 1).y == Approx(20));
}

TEST_CASE("the palette has eight different colours", "[svg]") {
  for (std::size_t i = 0; i < 8; ++i) {
    for (std::size_t j = 0; j < i; ++j) CHECK(palette_color(i) != palette_color(j));
  }
  CHECK(palette_color(8) == palette_color(0));
}

TEST_CASE("range of values skips what is not finite", "[svg]") {
  const std::vector<double> values = {std::nan(""), 3, -1, INFINITY};
  CHECK(finite_range(values) == std::pair<double, double>{-1, 3});
  CHECK(finite_range({}) == std::pair<double, double>{0, 1});
}
