// SPDX-License-Identifier: MIT
// RealWorld-HAR recordings (Sztyler and Stuckenschmidt, PerCom 2016) to windows, out of their nested
// archives. Needs zlib.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/suggest.hpp"
#include "gyrograd/data/card.hpp"
#include "gyrograd/data/findings.hpp"
#include "gyrograd/data/readers/folder.hpp"
#include "gyrograd/data/readers/text_rows.hpp"
#include "gyrograd/data/time_grid.hpp"
#include "gyrograd/data/windowing.hpp"
#include "gyrograd/data/windows.hpp"
#include "gyrograd/io/inflate.hpp"

namespace gyrograd::data {

/// Facts of the recordings: about 50 Hz, m/s2 with gravity, rad/s, UNIX time in ms, two clocks.
struct RealWorld {
  static constexpr Index rate = 50;    ///< Hz
  static constexpr double gap = 0.25;  ///< s
  static constexpr Index users = 15;
  /// As the file names spell them, in the order of the evaluation (PRIMUS sheet §11).
  static constexpr std::array<std::string_view, 8> activities{
      "climbingdown", "climbingup", "jumping", "lying", "running", "sitting", "standing", "walking"};
  static constexpr std::array<std::string_view, 7> positions{"chest", "forearm",  "head", "shin",
                                                             "thigh", "upperarm", "waist"};
};

/// Card of the windows of one position.
inline Card realworld_card(std::string_view position = "head") {
  Card card;
  card.source = "RealWorld (HAR), position " + std::string(position);
  card.licence = "free for research, with citation";
  card.citation = "Sztyler and Stuckenschmidt, On-body Localization of Wearable Devices, PerCom 2016";
  card.labels = {
      {"activity",
       {"climbing down", "climbing up", "jumping", "lying", "running", "sitting", "standing", "walking"}},
      {"user", {}}};
  return card;
}

namespace detail {

/// Rows of one sensor, by part of the recording: 1 where the files carry no number.
using RealWorldParts = std::map<Index, Track>;

/// The last whole number between underscores of a name such as acc_climbingup_2_csv.zip; 1 when there is
/// none.
inline Index part_number(std::string_view path) {
  Index part = 1;
  for (std::size_t at = 0; at < path.size(); ++at) {
    if (path[at] != '_') continue;
    std::size_t end = at + 1;
    while (end < path.size() && path[end] >= '0' && path[end] <= '9') ++end;
    if (end == at + 1 || end - at > 4 || end == path.size() || path[end] != '_') continue;
    part = std::stoi(std::string(path.substr(at + 1, end - at - 1)));
  }
  return part;
}

/// Whether a member is the file of this position: its name ends in _<position>.csv.
inline bool is_position(std::string_view path, std::string_view position) {
  const std::string_view name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
  return name.ends_with("_" + std::string(position) + ".csv") && !name.starts_with("._");
}

inline Track read_realworld_rows(std::shared_ptr<const io::FileBytes> bytes) {
  TextRows rows(std::move(bytes), {',', '\n'});
  Track track{rows.file(), 3, {}, {}, {}, {}};
  if (!rows.next()) fail<IoError>(track.file, ": is empty, expected rows of sensor values");
  rows.expect_header({"id", "attr_time", "attr_x", "attr_y", "attr_z"});
  while (rows.next()) {
    rows.expect(5);
    const std::int64_t ms = rows.whole(1, 0, std::int64_t{1} << 50);
    for (Index c = 2; c < 5; ++c) track.values.push_back(rows.number(c));
    track.time.push_back(static_cast<double>(ms) / 1000);
    track.lines.push_back(rows.line());
  }
  if (track.rows() == 0) fail<IoError>(track.file, ": holds no rows");
  return track;
}

/// Parts of one sensor and activity: the archive <stem>_csv.zip, archives in it, or the unpacked folder
/// <stem>_csv.
inline RealWorldParts read_realworld_sensor(const std::filesystem::path& folder, const std::string& stem,
                                            std::string_view position) {
  RealWorldParts parts;
  const auto wanted = [&](const std::string& name) { return is_position(name, position); };
  const auto put = [&](const std::string& name, std::shared_ptr<const io::FileBytes> bytes) {
    Track track = read_realworld_rows(std::move(bytes));
    const std::string where = track.file;
    if (!parts.emplace(part_number(name), std::move(track)).second)
      fail<IoError>(where, ": part ", part_number(name), " of ", stem, " occurs twice");
  };
  const std::filesystem::path archive = folder / (stem + "_csv.zip"), unpacked = folder / (stem + "_csv");
  if (std::filesystem::is_regular_file(archive)) {
    io::visit_zip(io::FileBytes::open(archive), wanted, put);
  } else if (std::filesystem::is_directory(unpacked)) {
    for (const auto& path : list_folder(
             unpacked, [&](const std::string& n) { return n.ends_with(".zip") || wanted(n); },
             "unpacked files of RealWorld")) {
      const std::string name = path.filename().string();
      if (!name.ends_with(".zip")) {
        put(name, io::FileBytes::open(path));
        continue;
      }
      io::visit_zip(io::FileBytes::open(path), wanted,
                    [&](const std::string& inner, std::shared_ptr<const io::FileBytes> bytes) {
                      put(name + "/" + inner, std::move(bytes));
                    });
    }
  }
  return parts;
}

/// Windows of one user and activity; how many recordings there were.
inline Index add_realworld_activity(const std::filesystem::path& folder, Index user, Index activity,
                                    std::string_view position, WindowBuilder& out) {
  const std::string name(RealWorld::activities[static_cast<std::size_t>(activity)]);
  RealWorldParts acc = read_realworld_sensor(folder, "acc_" + name, position);
  RealWorldParts gyro = read_realworld_sensor(folder, "gyr_" + name, position);
  const std::string where = path_text(folder) + ": " + name + " " + std::string(position);
  if (acc.empty() && gyro.empty()) {
    out.findings().add(FindingKind::missing_file, where, "neither accelerometer nor gyroscope");
    return 0;
  }
  const std::vector<std::vector<double>> labels{
      {static_cast<double>(activity), static_cast<double>(user - 1)}};
  if (acc.size() == 1 && gyro.size() == 1 && acc.begin()->first != gyro.begin()->first) {
    Track only = std::move(gyro.begin()->second);  // one file each: numbers in their names say nothing
    gyro.clear();
    gyro.emplace(acc.begin()->first, std::move(only));
  }
  Index used = 0;
  for (auto& [part, track] : acc) {
    const auto partner = gyro.find(part);
    if (partner == gyro.end()) {
      out.findings().add(FindingKind::unpaired, track.file,
                         "no gyroscope for part " + std::to_string(part) + " of " + name);
      continue;
    }
    std::array<Track, 2> pair{std::move(track), std::move(partner->second)};
    gyro.erase(partner);
    for (Track& t : pair) put_in_order(t, out.findings());
    pair[0].label.assign(pair[0].time.size(), 0);
    const Index session = (user * 10 + activity) * 100 + part;
    const GridRule grid{RealWorld::rate, RealWorld::gap, false};
    for (const Recording& r : on_grid(pair, labels, grid, session, out.findings())) out.add(r);
    ++used;
  }
  for (const auto& [part, track] : gyro) {
    out.findings().add(FindingKind::unpaired, track.file,
                       "no accelerometer for part " + std::to_string(part) + " of " + name);
  }
  return used;
}

}  // namespace detail

/// Reads proband1 .. proband15 (those that are there), data/acc_<activity>_csv.zip and gyr_..., archives in
/// archives included: windows of acc and gyro of one position; label columns activity (0..7) and user
/// (0..14); a session is one part of one activity of one user. Both sensors are interpolated on one even 50
/// Hz grid over their common time and cut at gaps. Files that are missing are reported; users without any are
/// an error. No published recipe exists (PRIMUS sheet §11, §19): rule.recipe changes nothing. Errors
/// (IoError, one line with archive, member and row).
inline DataSet read_realworld(const std::filesystem::path& raw, std::string_view position,
                              const WindowRule& rule, Findings& findings) {
  if (std::find(RealWorld::positions.begin(), RealWorld::positions.end(), position) ==
      RealWorld::positions.end()) {
    fail<ConfigError>("realworld: unknown position '", position, "'",
                      did_you_mean(position, RealWorld::positions),
                      "; expected chest, forearm, head, shin, thigh, upperarm or waist");
  }
  WindowBuilder out(realworld_card(position), rule, findings);
  Index found = 0;
  for (Index user = 1; user <= RealWorld::users; ++user) {
    const std::filesystem::path person = raw / ("proband" + std::to_string(user));
    if (!std::filesystem::is_directory(person)) {
      findings.add(FindingKind::missing_file, path_text(person), "no such folder");
      continue;
    }
    ++found;
    Index parts = 0;
    for (Index activity = 0; activity < static_cast<Index>(RealWorld::activities.size()); ++activity)
      parts += detail::add_realworld_activity(person / "data", user, activity, position, out);
    if (parts == 0)
      fail<IoError>(path_text(person), ": no recording of position ", position,
                    "; expected data/acc_walking_csv.zip, data/gyr_walking_csv.zip and others");
  }
  if (found == 0) fail<IoError>(path_text(raw), ": holds no folder proband1 .. proband15 of RealWorld");
  return out.finish();
}

}  // namespace gyrograd::data
