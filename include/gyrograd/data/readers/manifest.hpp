// SPDX-License-Identifier: MIT
// Any recordings with time-stamped texts or vectors, described by a manifest.json (and .csv lists beside it).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/suggest.hpp"
#include "gyrograd/data/card.hpp"
#include "gyrograd/data/findings.hpp"
#include "gyrograd/data/paired_cut.hpp"
#include "gyrograd/data/readers/csv.hpp"
#include "gyrograd/data/readers/folder.hpp"
#include "gyrograd/io/json_cursor.hpp"

namespace gyrograd::data {

/// One recording of a manifest.
struct ManifestRecording {
  std::filesystem::path file;
  std::string split;  ///< part it belongs to; empty: drawn
  double offset = 0;  ///< s added to its stamps, to bring them onto the clock of the annotations
  Take take;
};

/// What a manifest says.
struct Manifest {
  std::string where;       ///< its file, for messages
  CsvFormat format;        ///< of the sensor files: six columns, acc xyz and gyro xyz
  bool from_zero = false;  ///< stamps count from the first row of each file
  double rate = 50;
  double seconds = 5;
  std::vector<std::string> classes;
  std::filesystem::path text_vectors, video_vectors;  ///< (rows, width) .npy; empty: none
  std::vector<ManifestRecording> recordings;
};

namespace detail {

/// Members of one object by name, each read by its own function; unknown ones are errors with a suggestion.
template <class Reader>
void read_object(io::JsonCursor& json, const std::vector<std::string_view>& known, Reader&& reader) {
  std::set<std::string> seen;
  json.enter_object();
  for (std::string key; json.next_key(key);) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      fail<ConfigError>(json.where(), ": unknown key ", io::in_quotes(key), did_you_mean(key, known));
    }
    if (!seen.insert(key).second)
      fail<ConfigError>(json.where(), ": key ", io::in_quotes(key), " stands twice");
    reader(key);
  }
}

inline std::vector<std::string> texts_of(io::JsonCursor& json) {
  std::vector<std::string> out;
  json.enter_list();
  while (json.next_item()) out.push_back(json.text());
  return out;
}

/// Path of a file named in a manifest, relative to it.
inline std::filesystem::path beside(const std::filesystem::path& manifest, const std::string& name) {
  return std::filesystem::path(name).is_absolute() ? std::filesystem::path(name)
                                                   : manifest.parent_path() / name;
}

inline Index whole_row(double value, const std::string& where) {
  if (value == std::floor(value) && value >= -1 && value < 1e12) return static_cast<Index>(value);
  fail<ConfigError>(where, ": row ", value, ", expected a whole number from 0");
}

/// Collects recordings and annotations, whichever of JSON or lists they come from.
class ManifestBuilder {
 public:
  explicit ManifestBuilder(Manifest& out) : out_(out) {}

  void recording(ManifestRecording r, const std::string& label, const std::string& where) {
    if (r.file.empty()) fail<ConfigError>(where, ": a recording without file");
    if (r.take.name.empty()) r.take.name = r.file.stem().string();
    if (!at_.emplace(r.take.name, out_.recordings.size()).second)
      fail<ConfigError>(where, ": take ", io::in_quotes(r.take.name),
                        " stands twice; name its files apart by 'take'");
    labels_.push_back({label, where});
    out_.recordings.push_back(std::move(r));
  }
  void annotation(const std::string& take, Moment m) {
    if (!std::isfinite(m.time)) fail<ConfigError>(m.where, ": an annotation without time");
    moments_.emplace_back(take, std::move(m));
  }

  /// Joins what was collected.
  void finish() {
    if (out_.recordings.empty()) fail<ConfigError>(out_.where, ": lists no recordings");
    for (auto& [take, m] : moments_) {
      const auto at = at_.find(take);
      if (at == at_.end()) {
        std::vector<std::string> names;
        for (const auto& [name, number] : at_) names.push_back(name);
        fail<ConfigError>(m.where, ": no recording of take ", io::in_quotes(take), did_you_mean(take, names));
      }
      out_.recordings[at->second].take.moments.push_back(std::move(m));
    }
    const bool named = !out_.classes.empty();
    if (!named) {
      std::set<std::string> words;
      for (const auto& [label, where] : labels_) words.insert(label);
      words.erase("");
      out_.classes.assign(words.begin(), words.end());
    }
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      const auto& [label, where] = labels_[i];
      if (label.empty()) continue;
      const auto at = std::find(out_.classes.begin(), out_.classes.end(), label);
      if (at == out_.classes.end())
        fail<ConfigError>(where, ": label ", io::in_quotes(label), " is not one of the classes named",
                          did_you_mean(label, out_.classes));
      out_.recordings[i].take.label = at - out_.classes.begin();
    }
  }

 private:
  Manifest& out_;
  std::map<std::string, std::size_t> at_;
  std::vector<std::pair<std::string, std::string>> labels_;
  std::vector<std::pair<std::string, Moment>> moments_;
};

inline void read_recording(io::JsonCursor& json, const std::filesystem::path& manifest,
                           ManifestBuilder& out) {
  ManifestRecording r;
  std::string label;
  const std::string where = json.where();
  read_object(json, {"file", "take", "user", "label", "split", "offset_s"}, [&](const std::string& key) {
    if (key == "file") r.file = beside(manifest, json.text());
    if (key == "take") r.take.name = json.text();
    if (key == "user") r.take.user = json.text();
    if (key == "label") label = json.text();
    if (key == "split") r.split = json.text();
    if (key == "offset_s") r.offset = json.number();
  });
  out.recording(std::move(r), label, where);
}

inline void read_annotation(io::JsonCursor& json, ManifestBuilder& out) {
  Moment m;
  std::string take;
  m.where = json.where();
  m.time = std::nan("");
  read_object(json, {"take", "time", "text", "text_row", "video_row"}, [&](const std::string& key) {
    if (key == "take") take = json.text();
    if (key == "time") m.time = json.number();
    if (key == "text") m.text = json.text();
    if (key == "text_row") m.text_row = whole_row(json.number(), m.where);
    if (key == "video_row") m.video_row = whole_row(json.number(), m.where);
  });
  out.annotation(take, std::move(m));
}

/// A list with a header: .tsv by tabs, else by commas. Columns by name, in any order; others are errors.
template <class Row>
void read_list(const std::filesystem::path& path, const std::vector<std::string_view>& known,
               std::string_view needed, Row&& row) {
  TextRows rows(path, {path.extension() == ".tsv" ? '\t' : ',', '\n'});
  if (!rows.next()) fail<ConfigError>(rows.file(), ": is empty, expected a header");
  std::map<std::string, Index, std::less<>> at;
  for (Index i = 0; i < rows.size(); ++i) {
    if (std::find(known.begin(), known.end(), rows[i]) == known.end()) {
      fail<ConfigError>(rows.where(), ": unknown column ", io::in_quotes(rows[i]),
                        did_you_mean(rows[i], known));
    }
    at.emplace(std::string(rows[i]), i);
  }
  if (at.find(needed) == at.end())
    fail<ConfigError>(rows.where(), ": the header has no column '", needed, "'");
  const Index width = rows.size();
  const auto text = [&](std::string_view name) {
    const auto found = at.find(name);
    return found == at.end() ? std::string() : std::string(rows[found->second]);
  };
  const auto number = [&](std::string_view name, double otherwise) {
    const auto found = at.find(name);
    return found == at.end() || rows[found->second].empty() ? otherwise : rows.number(found->second);
  };
  while (rows.next()) {
    rows.expect(width);
    row(rows.where(), text, number);
  }
}

inline void read_recording_list(const std::filesystem::path& path, const std::filesystem::path& manifest,
                                ManifestBuilder& out) {
  read_list(path, {"file", "take", "user", "label", "split", "offset_s"}, "file",
            [&](const std::string& where, const auto& text, const auto& number) {
              ManifestRecording r;
              r.file = beside(manifest, text("file"));
              r.take.name = text("take"), r.take.user = text("user"), r.split = text("split");
              r.offset = number("offset_s", 0);
              out.recording(std::move(r), text("label"), where);
            });
}

inline void read_annotation_list(const std::filesystem::path& path, ManifestBuilder& out) {
  read_list(path, {"take", "time", "text", "text_row", "video_row"}, "time",
            [&](const std::string& where, const auto& text, const auto& number) {
              Moment m;
              m.where = where, m.text = text("text"), m.time = number("time", std::nan(""));
              m.text_row = whole_row(number("text_row", -1), where);
              m.video_row = whole_row(number("video_row", -1), where);
              out.annotation(text("take"), std::move(m));
            });
}

/// A list in the manifest itself, or the name of a file that holds it.
template <class Item, class List>
void inline_or_list(io::JsonCursor& json, const std::filesystem::path& manifest, Item&& item, List&& list) {
  if (json.kind() == io::JsonCursor::Kind::text) {
    list(beside(manifest, json.text()));
    return;
  }
  json.enter_list();
  while (json.next_item()) item();
}

}  // namespace detail

/// Reads a manifest: {"source", "licence", "citation", "rate_hz", "window_s", "columns", "units", "time",
/// "time_unit" (s, ms, us, ns), "from_zero", "gap_s", "classes", "text_vectors", "video_vectors",
/// "recordings": [{file, take, user, label, split, offset_s}] or "recordings.csv", "annotations": [{take,
/// time, text, text_row, video_row}] or "annotations.csv"}. Errors (ConfigError, one line with file and
/// place): unknown keys, takes that stand twice, annotations of takes that do not exist, classes that were
/// not named.
inline Manifest read_manifest(const std::filesystem::path& path) {
  Manifest m;
  io::JsonCursor json(path);
  m.where = json.file();
  detail::ManifestBuilder builder(m);
  m.format.time = "time";
  std::string unit = "s";
  detail::read_object(
      json,
      {"source", "licence", "citation", "rate_hz", "window_s", "columns", "units", "time", "time_unit",
       "from_zero", "gap_s", "classes", "text_vectors", "video_vectors", "recordings", "annotations"},
      [&](const std::string& key) {
        if (key == "source") m.format.source = json.text();
        if (key == "licence") m.format.licence = json.text();
        if (key == "citation") m.format.citation = json.text();
        if (key == "rate_hz") m.rate = json.number();
        if (key == "window_s") m.seconds = json.number();
        if (key == "columns") m.format.columns = detail::texts_of(json);
        if (key == "units") m.format.units = detail::texts_of(json);
        if (key == "time") m.format.time = json.text();
        if (key == "time_unit") unit = json.text();
        if (key == "from_zero") m.from_zero = json.boolean();
        if (key == "gap_s") m.format.gap = json.number();
        if (key == "classes") m.classes = detail::texts_of(json);
        if (key == "text_vectors") m.text_vectors = detail::beside(path, json.text());
        if (key == "video_vectors") m.video_vectors = detail::beside(path, json.text());
        if (key == "recordings") {
          detail::inline_or_list(
              json, path, [&] { detail::read_recording(json, path, builder); },
              [&](const std::filesystem::path& list) { detail::read_recording_list(list, path, builder); });
        }
        if (key == "annotations") {
          detail::inline_or_list(
              json, path, [&] { detail::read_annotation(json, builder); },
              [&](const std::filesystem::path& list) { detail::read_annotation_list(list, builder); });
        }
      });
  json.finish();
  m.format.time_unit = time_unit_of(unit, m.where);
  if (m.format.columns.size() != 6)
    fail<ConfigError>(m.where, ": ", m.format.columns.size(), " columns, expected 6: acc xyz and gyro xyz");
  check_csv_format(m.format, m.where);
  for (std::size_t c = 0; c < 6; ++c) {
    const Quantity quantity = find_unit(detail::csv_unit(m.format, c), m.where).quantity;
    if (quantity != (c < 3 ? Quantity::acceleration : Quantity::rotation))
      fail<ConfigError>(m.where, ": unit of column ", m.format.columns[c], ": expected ",
                        c < 3 ? "an acceleration" : "a rotation", " (acc xyz, then gyro xyz)");
  }
  builder.finish();
  return m;
}

/// Card of the windows of a manifest.
inline Card manifest_card(const Manifest& m) {
  Card card;
  card.source = m.format.source.empty() ? "recordings of " + m.where : m.format.source;
  card.licence = m.format.licence, card.citation = m.format.citation;
  card.labels = {{"label", m.classes}};
  return card;
}

/// Sensor rows of one recording, in m/s2 and rad/s, on the clock of its annotations.
inline Track read_manifest_imu(const Manifest& m, const ManifestRecording& r, Findings& findings) {
  detail::CsvLabels none(m.format);
  Track track = detail::read_csv_track(r.file, m.format, none, findings);
  track.label.clear();
  const double zero = m.from_zero ? *std::min_element(track.time.begin(), track.time.end()) : 0;
  for (double& t : track.time) t += r.offset - zero;
  return track;
}

}  // namespace gyrograd::data
