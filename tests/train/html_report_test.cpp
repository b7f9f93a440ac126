// SPDX-License-Identifier: MIT
// A report is one page that needs nothing else, with every word escaped.
#include "gyrograd/train/html_report.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace gyrograd::train;

TEST_CASE("a report is self-contained and escaped", "[html]") {
  HtmlReport page("A & B", "sub<title>");
  page.section("One");
  page.paragraph("x < y");
  page.figures(std::vector<HtmlReport::Figure>{{"0.91", "accuracy"}});
  page.chart("<svg></svg>", "caption");
  page.table(std::vector<std::vector<std::string>>{{"name", "value"}, {"a>b", "0.5"}});
  const std::string html = page.str();
  CHECK(html.rfind("<!doctype html>", 0) == 0);
  CHECK(html.find("A &amp; B</h1>") != std::string::npos);
  CHECK(html.find("sub&lt;title&gt;") != std::string::npos);
  CHECK(html.find("x &lt; y") != std::string::npos);
  CHECK(html.find("<td class=\"n\">0.5</td>") != std::string::npos);
  CHECK(html.find("<figure><svg></svg>") != std::string::npos);
  CHECK(html.find("http://") == std::string::npos);
  CHECK(html.find("<script") == std::string::npos);
  CHECK(html.find("</html>\n") == html.size() - 8);
}
