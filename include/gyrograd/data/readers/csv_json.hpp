// SPDX-License-Identifier: MIT
// The description of generic text files as a JSON file. Needs nlohmann-json.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "gyrograd/core/error.hpp"
#include "gyrograd/core/suggest.hpp"
#include "gyrograd/data/readers/csv.hpp"
#include "gyrograd/io/config_json.hpp"
#include "gyrograd/io/json_strict.hpp"

namespace gyrograd::data {

/// "," ";" "|" or the words comma, semicolon, bar, tab, blank.
inline char separator_of(std::string_view word, std::string_view where) {
  constexpr std::array<std::pair<std::string_view, char>, 9> known{{{",", ','},
                                                                    {"comma", ','},
                                                                    {";", ';'},
                                                                    {"semicolon", ';'},
                                                                    {"|", '|'},
                                                                    {"bar", '|'},
                                                                    {"tab", '\t'},
                                                                    {"blank", ' '},
                                                                    {" ", ' '}}};
  for (const auto& [name, character] : known) {
    if (name == word) return character;
  }
  fail<ConfigError>(where, ": separator ", io::in_quotes(word),
                    ", expected comma, semicolon, bar, tab or blank");
}

/// Reads {"columns": [...], "units": [...], "rate_hz": 50, "time": "t", "time_unit": "ms", "gap_s": 0.5,
/// "separator": "comma", "header": true, "mixed_labels": false, "labels": [{"name", "column", "classes"}],
/// "source", "licence", "citation"}; unknown keys are errors.
inline CsvFormat read_csv_format(const std::filesystem::path& path) {
  const std::string where = io::printable(path.string(), 4096);
  const io::JsonValue document = io::read_json(path);
  CsvFormat f;
  std::string separator = "comma", time_unit = "s";
  io::JsonObjectReader r(document, where);
  r.texts("columns", f.columns).texts("units", f.units).number("rate_hz", f.rate).text("time", f.time);
  r.text("time_unit", time_unit)
      .number("gap_s", f.gap)
      .text("separator", separator)
      .boolean("header", f.header);
  r.boolean("mixed_labels", f.mixed).text("source", f.source).text("licence", f.licence);
  r.text("citation", f.citation);
  const io::JsonValue* labels = r.any("labels");
  r.finish();
  f.separator = separator_of(separator, where);
  f.time_unit = time_unit_of(time_unit, where);
  if (labels != nullptr && labels->kind != io::JsonValue::Kind::array)
    fail<ConfigError>(where, ": key 'labels': expected a list, got ", labels->kind_text());
  for (std::size_t i = 0; labels != nullptr && i < labels->items.size(); ++i) {
    CsvLabel label;
    io::JsonObjectReader(labels->items[i], where + ": labels")
        .text("name", label.name)
        .text("column", label.column)
        .texts("classes", label.classes)
        .finish();
    if (label.name.empty() || label.column.empty())
      fail<ConfigError>(where, ": a label needs the keys name and column");
    f.labels.push_back(std::move(label));
  }
  check_csv_format(f, where);
  return f;
}

}  // namespace gyrograd::data
