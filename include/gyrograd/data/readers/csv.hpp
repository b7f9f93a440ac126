// SPDX-License-Identifier: MIT
// Any delimited text files of sensor rows, described by their columns, units, rate or time stamps and labels.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/data/card.hpp"
#include "gyrograd/data/findings.hpp"
#include "gyrograd/data/readers/folder.hpp"
#include "gyrograd/data/readers/text_rows.hpp"
#include "gyrograd/data/time_grid.hpp"
#include "gyrograd/data/windowing.hpp"
#include "gyrograd/data/windows.hpp"

namespace gyrograd::data {

/// A label column: what it says and where it stands.
struct CsvLabel {
  std::string name;
  std::string
      column;  ///< name or number (from 1) of a column; "file": the file's name; "folder": its folder's
  std::vector<std::string> classes;  ///< accepted words in index order; empty: those that occur, sorted
};

/// What the files look like.
struct CsvFormat {
  char separator = ',';
  bool header = true;                ///< the first row holds names
  std::vector<std::string> columns;  ///< sensor columns, by name or number (from 1)
  std::vector<std::string> units;    ///< of the columns: one each, or one for each three
  double rate = 0;                   ///< Hz of evenly sampled rows, or of the grid for time stamps
  std::string time;                  ///< column of time stamps; empty: rows are evenly sampled
  double time_unit = 1;              ///< s per unit of the time stamps
  double gap = 0.5;                  ///< s: longer pauses cut
  bool mixed = false;                ///< labels may change within a window
  std::vector<CsvLabel> labels;
  std::string source, licence, citation;
};

/// Seconds of s, ms, us or ns.
inline double time_unit_of(std::string_view word, std::string_view where) {
  if (word == "s") return 1;
  if (word == "ms") return 1e-3;
  if (word == "us") return 1e-6;
  if (word == "ns") return 1e-9;
  fail<ConfigError>(where, ": time unit ", io::in_quotes(word), ", expected s, ms, us or ns");
}

/// Refuses a description that says too little; `where` starts the message.
inline void check_csv_format(const CsvFormat& f, std::string_view where) {
  if (f.columns.empty()) fail<ConfigError>(where, ": no sensor columns are named");
  if (f.units.size() != f.columns.size() && f.units.size() * 3 != f.columns.size()) {
    fail<ConfigError>(where, ": ", f.units.size(), " units for ", f.columns.size(),
                      " columns, expected one each, or one for each three");
  }
  for (const std::string& unit : f.units) find_unit(unit, where);
  if (f.time.empty() && !(f.rate > 0))
    fail<ConfigError>(where, ": neither a rate nor a column of time stamps is named");
  if (!(f.rate >= 0 && f.rate <= 100'000) || f.rate != std::round(f.rate))
    fail<ConfigError>(where, ": rate is ", f.rate, " Hz, expected a whole number up to 100000");
  if (!(f.time_unit > 0) || !(f.gap > 0))
    fail<ConfigError>(where, ": time unit ", f.time_unit, " s and gap ", f.gap, " s, expected above 0");
}

namespace detail {

inline const std::string& csv_unit(const CsvFormat& f, std::size_t column) {
  return f.units.size() == f.columns.size() ? f.units[column] : f.units[column / 3];
}

/// Label words of all files and the combinations of them that occur.
class CsvLabels {
 public:
  explicit CsvLabels(const CsvFormat& f) : format_(f), words_(f.labels.size()) {
    for (std::size_t k = 0; k < f.labels.size(); ++k) words_[k] = f.labels[k].classes;
  }

  /// Number of this combination of words; -1 when one of them is empty.
  Index number(std::span<const std::string> row, const std::string& where) {
    std::vector<double> key;
    for (std::size_t k = 0; k < row.size(); ++k) {
      if (row[k].empty()) return -1;
      const auto at = std::find(words_[k].begin(), words_[k].end(), row[k]);
      if (at == words_[k].end()) {
        if (!format_.labels[k].classes.empty()) {
          fail<IoError>(where, ": ", format_.labels[k].name, " is ", io::in_quotes(row[k]),
                        ", expected one of the ", words_[k].size(), " classes named",
                        did_you_mean(row[k], words_[k]));
        }
        if (words_[k].size() == 10'000) {
          fail<IoError>(where, ": label ", format_.labels[k].name,
                        " has more than 10000 different values; is it a label?");
        }
        words_[k].push_back(row[k]);
        key.push_back(static_cast<double>(words_[k].size() - 1));
      } else {
        key.push_back(static_cast<double>(at - words_[k].begin()));
      }
    }
    const auto [place, added] = numbers_.try_emplace(key, static_cast<Index>(combinations_.size()));
    if (added) combinations_.push_back(key);
    return place->second;
  }

  /// Puts words that were found into order: by number where all are numbers, else by bytes.
  void sort() {
    for (std::size_t k = 0; k < words_.size(); ++k) {
      if (!format_.labels[k].classes.empty()) continue;
      std::vector<std::string> sorted = words_[k];
      std::sort(sorted.begin(), sorted.end(), before);
      for (std::vector<double>& c : combinations_) {
        const std::string& word = words_[k][static_cast<std::size_t>(c[k])];
        c[k] = static_cast<double>(std::find(sorted.begin(), sorted.end(), word) - sorted.begin());
      }
      words_[k] = std::move(sorted);
    }
  }
  const std::vector<std::vector<double>>& combinations() const { return combinations_; }
  const std::vector<std::string>& words(std::size_t k) const { return words_[k]; }

 private:
  static bool before(const std::string& a, const std::string& b) {
    double x = 0, y = 0;
    const bool p = parse_number(a, x), q = parse_number(b, y);
    if (p != q) return p;
    return p && x != y ? x < y : a < b;
  }

  const CsvFormat& format_;
  std::vector<std::vector<std::string>> words_;
  std::map<std::vector<double>, Index> numbers_;
  std::vector<std::vector<double>> combinations_;
};

/// Places of the named columns in one file.
class CsvColumns {
 public:
  CsvColumns(const CsvFormat& f, const TextRows& first) {
    for (const std::string& name : f.columns) sensors.push_back(place(f, first, name));
    if (!f.time.empty()) time = place(f, first, f.time);
    for (const CsvLabel& label : f.labels) {
      const bool outside = label.column == "file" || label.column == "folder";
      labels.push_back(outside ? -1 : place(f, first, label.column));
    }
    width = first.size();
  }
  std::vector<Index> sensors, labels;
  Index time = -1, width = 0;

 private:
  static Index place(const CsvFormat& f, const TextRows& first, const std::string& name) {
    Index number = 0;
    const auto [stop, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    const bool is_number = error == std::errc{} && stop == name.data() + name.size();
    if (f.header && (!is_number || std::count(first.fields().begin(), first.fields().end(), name) == 1))
      return first.column(name);
    if (is_number && number >= 1 && number <= first.size()) return number - 1;
    fail<IoError>(first.where(), ": no column ", io::in_quotes(name), ", the row has columns 1 to ",
                  first.size());
  }
};

inline bool is_missing(std::string_view field) {
  constexpr std::array<std::string_view, 7> words{"", "nan", "NaN", "NAN", "null", "NA", "NULL"};
  return std::find(words.begin(), words.end(), field) != words.end();
}

/// Reads one file. Rows with a missing value are left out and reported; without time stamps they end the
/// stretch, since time goes on by their number in the file.
inline Track read_csv_track(const std::filesystem::path& path, const CsvFormat& f, CsvLabels& labels,
                            Findings& findings) {
  TextRows rows(path, {f.separator, '\n'});
  if (!rows.next()) fail<IoError>(rows.file(), ": is empty, expected rows of sensor values");
  const CsvColumns at(f, rows);
  Track track{rows.file(), static_cast<Index>(f.columns.size()), {}, {}, {}, {}};
  std::vector<std::string> words(f.labels.size());
  Index row = 0;
  for (bool more = !f.header || rows.next(); more; more = rows.next(), ++row) {
    rows.expect(at.width);
    const auto found =
        std::find_if(at.sensors.begin(), at.sensors.end(), [&](Index c) { return is_missing(rows[c]); });
    const Index missing = at.time >= 0 && is_missing(rows[at.time]) ? at.time
                          : found != at.sensors.end()               ? *found
                                                                    : -1;
    if (missing >= 0) {
      findings.add(FindingKind::missing_value, rows.where(),
                   "column " + std::to_string(missing + 1) + " is " +
                       (rows[missing].empty() ? "empty" : std::string(io::in_quotes(rows[missing]))));
      continue;
    }
    for (std::size_t c = 0; c < at.sensors.size(); ++c)
      track.values.push_back(rows.number(at.sensors[c]) * find_unit(csv_unit(f, c), f.source).size);
    track.time.push_back(at.time >= 0 ? rows.number(at.time) * f.time_unit
                                      : static_cast<double>(row) / f.rate);
    track.lines.push_back(rows.line());
    for (std::size_t k = 0; k < words.size(); ++k) {
      const std::string& column = f.labels[k].column;
      if (at.labels[k] >= 0)
        words[k] = is_missing(rows[at.labels[k]]) ? "" : std::string(rows[at.labels[k]]);
      else
        words[k] = column == "file" ? path.stem().string() : path.parent_path().filename().string();
    }
    track.label.push_back(labels.number(words, rows.where()));
    if (track.label.back() < 0)
      findings.add(FindingKind::label, rows.where(), "a label is empty; the row is not used");
  }
  if (track.rows() == 0) fail<IoError>(track.file, ": holds no usable rows");
  return track;
}

/// Hz of the even grid for a file.
inline Index csv_grid_rate(const CsvFormat& f, const Track& track, Findings& findings) {
  const double measured = median_rate(track);
  if (f.time.empty()) return static_cast<Index>(f.rate);
  if (f.rate == 0) {
    const double rounded = std::round(measured);
    if (rounded < 1 || rounded > 100'000) {
      fail<IoError>(track.file, ": the time stamps give ", measured,
                    " Hz, expected 1 to 100000; is the time unit right?");
    }
    return static_cast<Index>(rounded);
  }
  if (measured < 0.5 * f.rate || measured > 2 * f.rate) {
    fail<IoError>(track.file, ": the time stamps give ", short_text(measured), " Hz, the description says ",
                  short_text(f.rate), "; is the time unit right?");
  }
  if (std::fabs(measured / f.rate - 1) > 0.05) {
    findings.add(
        FindingKind::rate, track.file,
        "the time stamps give " + short_text(measured) + " Hz, the description says " + short_text(f.rate));
  }
  return static_cast<Index>(f.rate);
}

/// The file itself, or all .csv and .txt files of a folder and of its folders, in name order.
inline std::vector<std::filesystem::path> csv_files(const std::filesystem::path& raw) {
  namespace fs = std::filesystem;
  if (!fs::is_directory(raw)) return {raw};
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::recursive_directory_iterator it(raw, error), end; !error && it != end; it.increment(error)) {
    const std::string kind = it->path().extension().string();
    if (it->is_regular_file() && (kind == ".csv" || kind == ".txt" || kind == ".tsv"))
      files.push_back(it->path());
  }
  if (error) fail<IoError>(path_text(raw), ": cannot be listed: ", error.message());
  if (files.empty()) fail<IoError>(path_text(raw), ": holds no .csv, .tsv or .txt file");
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace detail

/// Card of the sets that a description makes; class names as far as the description has them.
inline Card csv_card(const CsvFormat& f) {
  Card card;
  card.source = f.source.empty() ? "generic text files" : f.source;
  card.licence = f.licence, card.citation = f.citation;
  card.channels.clear(), card.units.clear();
  for (std::size_t c = 0; c < f.columns.size(); ++c) {
    card.channels.push_back(f.columns[c]);
    const Quantity quantity = find_unit(detail::csv_unit(f, c), card.source).quantity;
    card.units.emplace_back(quantity == Quantity::acceleration ? "m/s2"
                            : quantity == Quantity::rotation   ? "rad/s"
                                                               : "uT");
  }
  for (const CsvLabel& label : f.labels) card.labels.push_back({label.name, label.classes});
  return card;
}

/// Reads a file, or every .csv, .tsv and .txt file of a folder: one session each. Values become m/s2, rad/s
/// and uT. `card` receives the class names found. Errors (one line with file and row): columns that are not
/// there, values that are no numbers, classes that were not named, time stamps that contradict the rate.
inline DataSet read_csv(const std::filesystem::path& raw, const CsvFormat& format, const WindowRule& rule,
                        Card& card, Findings& findings) {
  check_csv_format(format, "csv");
  card = csv_card(format);
  detail::CsvLabels labels(format);
  std::vector<Track> tracks;
  for (const auto& path : detail::csv_files(raw)) {
    tracks.push_back(detail::read_csv_track(path, format, labels, findings));
    put_in_order(tracks.back(), findings);
  }
  labels.sort();
  for (std::size_t k = 0; k < format.labels.size(); ++k) card.labels[k].classes = labels.words(k);
  if (format.labels.empty()) card.labels = {{"none", {"none"}}};
  WindowBuilder out(card, rule, findings);
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    const double gap = format.time.empty() ? 1.5 / format.rate : format.gap;
    const GridRule grid{detail::csv_grid_rate(format, tracks[i], findings), gap, format.mixed};
    for (Recording& r :
         on_grid({&tracks[i], 1}, labels.combinations(), grid, static_cast<Index>(i), findings)) {
      if (format.labels.empty()) r.labels = {0};
      out.add(r);
    }
    tracks[i] = {};
  }
  return out.finish();
}

}  // namespace gyrograd::data
