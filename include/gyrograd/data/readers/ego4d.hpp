// SPDX-License-Identifier: MIT
// Ego4D videos, narrations and sensor rows (Grauman et al., CVPR 2022) for evaluation on ten scenarios.
#pragma once

#include <algorithm>
#include <array>
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
#include "gyrograd/data/card.hpp"
#include "gyrograd/data/findings.hpp"
#include "gyrograd/data/narration.hpp"
#include "gyrograd/data/paired_cut.hpp"
#include "gyrograd/data/readers/csv.hpp"
#include "gyrograd/data/readers/ego_exo4d.hpp"
#include "gyrograd/data/readers/folder.hpp"
#include "gyrograd/io/json_cursor.hpp"

namespace gyrograd::data {

/// Facts of the set and of the evaluation (PRIMUS sheet §10).
struct Ego4d {
  /// Excluded by the published pipelines: its windows are too short.
  static constexpr std::string_view excluded = "ec344610-74f4-4765-9c3f-0837ef78055d";
  static constexpr std::array<std::string_view, 10> classes{
      "carpenter",          "cleaning",           "cooking",           "crafting",    "eating", "farmer",
      "household and kids", "musical instrument", "walking on street", "construction"};
};

/// Class of a scenario as Ego4D words it; -1: not one of the ten. Upper and lower case are one.
inline Index scenario_class(std::string_view scenario) {
  struct Rule {
    std::string_view text;
    bool whole;
    Index id;
  };
  static constexpr std::array<Rule, 10> rules{{{"carpenter", true, 0},
                                               {"cleaning / laundry", false, 1},
                                               {"cooking", true, 2},
                                               {"crafting", false, 3},
                                               {"eating", true, 4},
                                               {"farmer", true, 5},
                                               {"household management", false, 6},
                                               {"practicing a musical instrument", true, 7},
                                               {"walking on street", true, 8},
                                               {"construction/renovation", false, 9}}};
  const std::string low = detail::lowered(scenario, 400);
  for (const Rule& rule : rules) {
    if (rule.whole ? low == rule.text : low.find(rule.text) != std::string::npos) return rule.id;
  }
  return -1;
}

/// Card of the Ego4D windows.
inline Card ego4d_card() {
  Card card;
  card.source = "Ego4D, head cameras with IMU, narrations";
  card.licence = "Ego4D licence, to be signed";
  card.citation = "Grauman et al., Ego4D, CVPR 2022";
  card.labels = {{"scenario", {Ego4d::classes.begin(), Ego4d::classes.end()}}};
  return card;
}

namespace detail {

/// What ego4d.json says of one video.
struct Ego4dVideo {
  std::string uid, user;
  double duration = 0;
  std::vector<std::string> scenarios;
};

inline Ego4dVideo read_ego4d_video(io::JsonCursor& json) {
  Ego4dVideo v;
  const std::string where = json.where();
  json.enter_object();
  for (std::string key; json.next_key(key);) {
    if (key == "video_uid") {
      v.uid = json.text();
    } else if (key == "duration_sec") {
      optional_number(json, v.duration);
    } else if (key == "fb_participant_id") {
      optional_text(json, v.user);
    } else if (key == "scenarios" && json.kind() == io::JsonCursor::Kind::list) {
      json.enter_list();
      while (json.next_item()) v.scenarios.push_back(json.text());
    } else {
      json.skip();
    }
  }
  if (v.uid.empty()) fail<IoError>(where, ": a video without video_uid; is this ego4d.json?");
  return v;
}

inline std::vector<Ego4dVideo> read_ego4d_videos(const std::filesystem::path& path) {
  io::JsonCursor json(path);
  std::vector<Ego4dVideo> out;
  std::set<std::string> seen;
  json.enter_object();
  for (std::string key; json.next_key(key);) {
    if (key != "videos") {
      json.skip();
      continue;
    }
    json.enter_list();
    while (json.next_item()) {
      out.push_back(read_ego4d_video(json));
      if (!seen.insert(out.back().uid).second)
        fail<IoError>(json.where(), ": video ", io::in_quotes(out.back().uid), " occurs twice");
    }
  }
  json.finish();
  if (out.empty()) fail<IoError>(json.file(), ": lists no videos; is this ego4d.json?");
  return out;
}

/// The narrations of one pass, in the order of the file. Only sentences that are tagged "#C" count: the
/// wearer's (PRIMUS sheet §10).
inline void read_narration_pass(io::JsonCursor& json, const std::string& where, std::vector<Moment>& out,
                                Findings& findings) {
  if (json.null()) return;
  json.enter_object();
  for (std::string key; json.next_key(key);) {
    if (key != "narrations" || json.null()) {
      if (key != "narrations") json.skip();
      continue;
    }
    Index number = 0;
    json.enter_list();
    for (; json.next_item(); ++number) {
      Moment m;
      m.time = -1;
      json.enter_object();
      for (std::string field; json.next_key(field);) {
        if (field == "timestamp_sec") {
          optional_number(json, m.time);
        } else if (field == "narration_text") {
          optional_text(json, m.text);
        } else {
          json.skip();
        }
      }
      m.where = where + ", narration " + std::to_string(number);
      if (m.text.empty() || m.time < 0) {
        findings.add(FindingKind::annotation, m.where, "without text or time");
      } else if (lowered(m.text, 400).find("#c") != std::string::npos) {
        out.push_back(std::move(m));
      }
    }
  }
}

/// Moments of the wanted videos. The file is a map from video to passes, or has that map under "videos".
inline void read_narration_map(io::JsonCursor& json, std::map<std::string, std::vector<Moment>>& wanted,
                               Findings& findings) {
  json.enter_object();
  for (std::string uid; json.next_key(uid);) {
    if (json.kind() != io::JsonCursor::Kind::object) {
      json.skip();
      continue;
    }
    if (uid == "videos") {
      read_narration_map(json, wanted, findings);
      continue;
    }
    const auto at = wanted.find(uid);
    if (at == wanted.end()) {
      json.skip();
      continue;
    }
    json.enter_object();
    for (std::string key; json.next_key(key);) {
      if (key == "narration_pass_1" || key == "narration_pass_2") {
        read_narration_pass(json, json.file() + ": video " + uid + ", " + key, at->second, findings);
      } else {
        json.skip();
      }
    }
  }
}

}  // namespace detail

/// Columns of the sensor files; stamps are on the video's clock.
inline CsvFormat ego4d_imu_format() {
  CsvFormat f;
  f.columns = {"accl_x", "accl_y", "accl_z", "gyro_x", "gyro_y", "gyro_z"};
  f.units = {"m/s2", "rad/s"};
  f.time = "canonical_timestamp_ms";
  f.time_unit = 1e-3;
  f.source = "ego4d";
  return f;
}

/// Reads ego4d.json, narration.json and finds imu/<video_uid>.csv below `raw`. Used are videos of exactly one
/// scenario, one of the ten, with narrations of the wearer and sensor rows; the others are reported. Errors
/// (IoError, one line with file and place).
inline std::vector<EgoTake> read_ego4d(const std::filesystem::path& raw, Findings& findings) {
  const std::filesystem::path list = raw / "ego4d.json", said = raw / "narration.json";
  std::vector<EgoTake> out;
  std::map<std::string, std::vector<Moment>> moments;
  for (detail::Ego4dVideo& v : detail::read_ego4d_videos(list)) {
    const std::string where = path_text(list) + ": video " + v.uid;
    const Index label = v.scenarios.size() == 1 ? scenario_class(v.scenarios.front()) : -1;
    if (v.uid == Ego4d::excluded) {
      findings.add(FindingKind::short_recording, where, "known to give windows that are too short; not used");
      continue;
    }
    if (label < 0) {
      findings.add(FindingKind::label, where,
                   v.scenarios.size() == 1
                       ? "scenario " + io::in_quotes(v.scenarios.front()) + " is not one of the ten"
                       : std::to_string(v.scenarios.size()) + " scenarios, expected one");
      continue;
    }
    const std::filesystem::path imu = find_export(raw / "imu", v.uid, {});
    if (imu.empty() || imu.extension() != ".csv") {
      findings.add(FindingKind::missing_file, where, "no imu/" + v.uid + ".csv; the video is not used");
      continue;
    }
    moments[v.uid];
    out.push_back({{v.uid, v.user, label, v.duration, {}}, imu});
  }
  io::JsonCursor json(said);
  detail::read_narration_map(json, moments, findings);
  json.finish();
  for (EgoTake& t : out) t.take.moments = std::move(moments[t.take.name]);
  std::erase_if(out, [&](const EgoTake& t) {
    if (!t.take.moments.empty()) return false;
    findings.add(FindingKind::annotation, path_text(said) + ": video " + t.take.name,
                 "no narration of the wearer; the video is not used");
    return true;
  });
  return out;
}

/// Sensor rows of one video. Rows with a missing stamp or value are reported and left out.
inline Track read_ego4d_imu(const std::filesystem::path& file, Findings& findings) {
  const CsvFormat format = ego4d_imu_format();
  detail::CsvLabels none(format);
  Track track = detail::read_csv_track(file, format, none, findings);
  track.label.clear();
  return track;
}

}  // namespace gyrograd::data
