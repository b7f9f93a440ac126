// SPDX-License-Identifier: MIT
// `gyrograd prepare csv`, `arrays` and `merge`: sets that the command line or a JSON file describes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/card.hpp"
#include "cli/prepare_sets.hpp"
#include "gyrograd/data/merged.hpp"
#include "gyrograd/data/readers/arrays.hpp"
#include "gyrograd/data/readers/csv.hpp"
#include "gyrograd/data/readers/csv_json.hpp"
#include "gyrograd/data/windows_file.hpp"
#include "gyrograd/io/config_json.hpp"

namespace gyrograd::cli {

inline std::vector<OptionSpec> generic_option_specs() {
  return {
      {"name", "NAME", "csv, arrays, merge: name of the set (default: the word)"},
      {"card", "FILE", "arrays: card.json, or data_config.json, of the arrays"},
      {"describe", "FILE", "csv: JSON file with the keys of the options below"},
      {"columns", "LIST", "csv: sensor columns by name or number, a,b,c,..."},
      {"units", "LIST", "csv: g, mg, m/s2, rad/s, deg/s, uT, mT; one a triad"},
      {"source-rate", "HZ", "csv: rate of the rows"},
      {"time", "COLUMN", "csv: column of time stamps instead of a rate"},
      {"time-unit", "UNIT", "csv: s (default), ms, us or ns"},
      {"gap", "SECONDS", "csv: longer pauses cut a recording (default 0.5)"},
      {"labels", "LIST", "csv: activity=COLUMN,user=COLUMN,...; file, folder"},
      {"separator", "WORD", "csv: comma (default), semicolon, bar, tab, blank"},
      {"no-header", "", "csv: the first row holds values"},
      {"mixed-labels", "", "csv: labels may change within a window"},
      {"seed", "N", "merge, --paired: seed of the split (default 3431)"},
  };
}

/// "a,b,c" as a list. UsageError when a part is empty.
inline std::vector<std::string> comma_list(const std::string& option, const std::string& text) {
  std::vector<std::string> parts{{}};
  for (const char c : text) {
    if (c == ',')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  for (const std::string& part : parts) {
    if (part.empty())
      fail<UsageError>("prepare: --", option, " is '", text, "', expected words between the commas");
  }
  return parts;
}

inline data::CsvFormat csv_format(const Arguments& arguments) {
  data::CsvFormat f;
  try {
    if (arguments.has("describe")) f = data::read_csv_format(arguments.text("describe"));
    if (arguments.has("columns")) f.columns = comma_list("columns", arguments.text("columns"));
    if (arguments.has("units")) f.units = comma_list("units", arguments.text("units"));
    if (arguments.has("source-rate"))
      f.rate = static_cast<double>(arguments.integer("source-rate", 0, 1, 100'000));
    if (arguments.has("time")) f.time = arguments.text("time");
    if (arguments.has("time-unit"))
      f.time_unit = data::time_unit_of(arguments.text("time-unit"), "--time-unit");
    if (arguments.has("separator"))
      f.separator = data::separator_of(arguments.text("separator"), "--separator");
    f.gap = arguments.real("gap", f.gap, 0, 1e6);
    if (arguments.flag("no-header")) f.header = false;
    if (arguments.flag("mixed-labels")) f.mixed = true;
    if (arguments.has("labels")) f.labels.clear();
    for (const std::string& part : arguments.has("labels") ? comma_list("labels", arguments.text("labels"))
                                                           : std::vector<std::string>{}) {
      const std::size_t at = part.find('=');
      if (at == std::string::npos || at == 0 || at + 1 == part.size())
        fail<UsageError>("prepare: --labels has '", part, "', expected NAME=COLUMN");
      f.labels.push_back({part.substr(0, at), part.substr(at + 1), {}});
    }
    data::check_csv_format(f, "prepare csv");
  } catch (const UsageError&) {
    throw;
  } catch (const ConfigError& error) {
    if (arguments.has("describe")) throw;
    fail<UsageError>("prepare: ", error.what(), "; see 'gyrograd prepare --help'");
  }
  return f;
}

inline void prepare_csv(const Arguments& arguments, const data::WindowRule& rule, Prepared& p) {
  const data::CsvFormat format = csv_format(arguments);
  const fs::path raw = arguments.word(1);
  if (!fs::exists(raw)) fail<IoError>(raw.string(), ": no such file or folder of recordings");
  p.set = data::read_csv(raw, format, rule, p.card, p.findings);
}

/// Arrays data_RATE_WINDOW.npy and label_RATE_WINDOW.npy.
inline void prepare_arrays(const Arguments& arguments, const data::WindowRule& rule, const std::string& name,
                           Prepared& p) {
  const std::string version = std::to_string(rule.rate) + '_' + std::to_string(rule.steps);
  const fs::path raw = arguments.word(1);
  fs::path described = raw / "card.json";
  if (arguments.has("card")) described = arguments.text("card");
  if (described.filename() == "data_config.json") {
    p.card = data::card_of(io::read_data_config(described, name + '_' + version), described.string());
  } else if (fs::exists(described) || arguments.has("card")) {
    p.card = data::read_card(described);
  }
  if (p.card.source.empty()) p.card.source = "arrays of " + raw.filename().string();
  if (p.card.rate != static_cast<double>(rule.rate))
    fail<IoError>(described.string(), ": rate_hz is ", p.card.rate, ", --rate says ", rule.rate);
  p.card.resampling = "as it came";
  p.set = data::read_arrays(raw, version, p.card, p.findings);
}

/// Prepared sets, named with commas between them, as one.
inline void prepare_merge(const Arguments& arguments, const data::WindowRule& rule, const Workspace& at,
                          Prepared& p) {
  const std::string version = std::to_string(rule.rate) + '_' + std::to_string(rule.steps);
  std::vector<data::MergePart> parts;
  for (const std::string& name : comma_list("RAW", arguments.word(1))) {
    for (const data::MergePart& part : parts) {
      if (part.name == name) fail<UsageError>("prepare: merge: set '", name, "' is named twice");
    }
    const fs::path folder = find_dataset("prepare", at, name, version);
    parts.push_back({name, data::load_data_set(folder, version), read_card(folder, name, version)});
  }
  const auto seed = static_cast<std::uint32_t>(arguments.integer("seed", 3431, 0, 4294967295));
  const bool published = rule.recipe == data::Recipe::published;
  if (published) {
    p.set = data::merge_published(parts, seed);
    data::set_channels(p.card, p.set.windows.channels);
    p.card.labels = {{"activity", {}}};
  } else {
    p.set = data::merge_by_name(parts, p.card);
  }
  p.card.source = "merged: " + arguments.word(1);
  p.card.resampling = "as in the merged sets";
  for (const data::MergePart& part : parts) {
    const std::string join = p.card.licence.empty() ? "" : "; ";
    p.card.licence += join + part.name + ": " + part.card.licence;
    p.card.citation += join + part.card.citation;
  }
}

}  // namespace gyrograd::cli
