// SPDX-License-Identifier: MIT
// A self-contained HTML page of headings, paragraphs, tables and SVG charts: no script, no file or network
// needed.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gyrograd/train/svg.hpp"

namespace gyrograd::train {

/// Grows a page from top to bottom; str() closes it. All words are escaped, charts are taken as they are.
class HtmlReport {
 public:
  explicit HtmlReport(std::string_view title, std::string_view subtitle = {}) : title_(title) {
    body_ = "<header><h1>" + escape_markup(title) + "</h1>";
    if (!subtitle.empty()) body_ += "<p class=\"subtitle\">" + escape_markup(subtitle) + "</p>";
    body_ += "</header>\n";
  }

  void section(std::string_view heading) { body_ += "<h2>" + escape_markup(heading) + "</h2>\n"; }
  void paragraph(std::string_view words) { body_ += "<p>" + escape_markup(words) + "</p>\n"; }

  /// Large figures in a row: {value, meaning}.
  struct Figure {
    std::string value;
    std::string meaning;
  };
  void figures(std::span<const Figure> cards) {
    body_ += "<div class=\"cards\">";
    for (const Figure& card : cards) {
      body_ += "<div class=\"card\"><b>" + escape_markup(card.value) + "</b><span>" +
               escape_markup(card.meaning) + "</span></div>";
    }
    body_ += "</div>\n";
  }

  /// An SVG chart with its caption.
  void chart(std::string_view svg, std::string_view caption) {
    body_ += "<figure>" + std::string(svg);
    if (!caption.empty()) body_ += "<figcaption>" + escape_markup(caption) + "</figcaption>";
    body_ += "</figure>\n";
  }

  /// First row = column heads; cells that start like a number are aligned right.
  void table(std::span<const std::vector<std::string>> rows) {
    body_ += "<table>";
    for (std::size_t r = 0; r < rows.size(); ++r) {
      body_ += "<tr>";
      for (const std::string& cell : rows[r]) {
        const bool number = r > 0 && !cell.empty() &&
                            (cell[0] == '-' || cell[0] == '.' || (cell[0] >= '0' && cell[0] <= '9'));
        const std::string_view tag = r == 0 ? "th" : "td";
        body_ += '<' + std::string(tag) + (number ? " class=\"n\">" : ">") + escape_markup(cell) + "</" +
                 std::string(tag) + '>';
      }
      body_ += "</tr>\n";
    }
    body_ += "</table>\n";
  }

  /// The whole page as UTF-8 text.
  std::string str() const {
    return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
           escape_markup(title_) + "</title>\n<style>\n" + std::string(style) +
           "</style>\n</head>\n<body>\n<main>\n" + body_ + "</main>\n</body>\n</html>\n";
  }

 private:
  static constexpr std::string_view style =
      ":root { color-scheme: light; }\n"
      "body { margin: 0; background: #f3f5f8; color: #1f2933; font: 16px/1.55 system-ui, -apple-system, "
      "'Segoe UI', "
      "Roboto, Helvetica, Arial, sans-serif; }\n"
      "main { max-width: 760px; margin: 32px auto; padding: 36px 44px; background: #fff; border-radius: "
      "12px; "
      "box-shadow: 0 1px 4px rgba(15, 30, 50, .12); }\n"
      "h1 { font-size: 1.9rem; line-height: 1.2; margin: 0; letter-spacing: -.01em; }\n"
      "h2 { font-size: 1.2rem; margin: 2.2em 0 .5em; }\n"
      ".subtitle { color: #52606d; margin: .4em 0 0; }\n"
      "p { margin: .6em 0; }\n"
      "figure { margin: 18px 0; break-inside: avoid; }\n"
      "figure svg { max-width: 100%; height: auto; display: block; }\n"
      "figcaption { color: #52606d; font-size: .88rem; margin-top: 6px; }\n"
      ".cards { display: flex; flex-wrap: wrap; gap: 14px; margin: 22px 0; }\n"
      ".card { flex: 1 1 140px; padding: 14px 16px; border: 1px solid #e3e8ee; border-radius: 10px; }\n"
      ".card b { display: block; font-size: 1.55rem; line-height: 1.2; }\n"
      ".card span { color: #52606d; font-size: .86rem; }\n"
      "table { border-collapse: collapse; width: 100%; margin: 14px 0; font-size: .93rem; break-inside: "
      "avoid; }\n"
      "th, td { text-align: left; padding: 6px 10px; border-bottom: 1px solid #e3e8ee; }\n"
      "th { color: #52606d; font-weight: 600; }\n"
      "td.n { text-align: right; font-variant-numeric: tabular-nums; }\n"
      "@media print { body { background: #fff; font-size: 11pt; } main { box-shadow: none; margin: 0; "
      "padding: 0; "
      "max-width: none; } h2 { break-after: avoid; } }\n"
      "@media (max-width: 640px) { main { margin: 0; padding: 20px; border-radius: 0; } }\n";

  std::string title_;
  std::string body_;
};

}  // namespace gyrograd::train
