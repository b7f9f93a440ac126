// SPDX-License-Identifier: MIT
// sp-sw-har recordings of a phone and a watch (Matey-Sanz et al., Data in Brief 2023) to windows.
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
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

/// Facts of the recordings: about 102 Hz (phone) and 104 Hz (watch), m/s2, rad/s, UNIX time in ms.
struct SpSwHar {
  static constexpr Index rate = 100;   ///< Hz of the even grid
  static constexpr double gap = 0.25;  ///< s; the longest pause of the published files is 0.188 s
  static constexpr std::array<std::string_view, 5> activities{"SEATED", "STANDING_UP", "WALKING", "TURNING",
                                                              "SITTING_DOWN"};
};

/// Card of the sp-sw-har set.
inline Card sp_sw_har_card() {
  Card card;
  card.source = "Smartphone and smartwatch inertial measurements from heterogeneous subjects (sp-sw-har)";
  card.licence = "CC BY 4.0";
  card.citation = "Matey-Sanz, Casteleyn, Granell, Data in Brief 2023, 109809";
  card.labels = published_labels("sp-sw-har");
  return card;
}

namespace detail {

/// Rows of one file; label numbers are activities.
inline Track read_sp_sw_track(const std::filesystem::path& path) {
  TextRows rows(path, {',', '\n'});
  Track track{rows.file(), 6, {}, {}, {}, {}};
  if (!rows.next()) fail<IoError>(rows.file(), ": is empty, expected rows of sensor values");
  rows.expect_header({"x_acc", "y_acc", "z_acc", "x_gyro", "y_gyro", "z_gyro", "timestamp", "label"});
  while (rows.next()) {
    rows.expect(8);
    for (Index c = 0; c < 6; ++c) track.values.push_back(rows.number(c));
    track.time.push_back(static_cast<double>(rows.whole(6, 0, 9'000'000'000'000)) / 1000);
    track.label.push_back(rows.word(7, SpSwHar::activities));
    track.lines.push_back(rows.line());
  }
  if (track.rows() == 0) fail<IoError>(track.file, ": holds no rows");
  return track;
}

}  // namespace detail

/// Reads the folder DATA of sp-sw-har: sXX/sXX_YY_sp.csv and sXX/sXX_YY_sw.csv. Windows of acc (m/s2) and
/// gyro (rad/s); label columns activity (of every step: most last one or two seconds, so windows hold
/// several), user (0..) and position (phone, watch). Phone and watch of one execution share a session. Errors
/// (IoError, one line with file and row): no such folder, names out of the pattern, another header, values
/// that are no numbers, unknown activities.
inline DataSet read_sp_sw_har(const std::filesystem::path& folder, const WindowRule& rule,
                              Findings& findings) {
  if (rule.recipe == Recipe::published) fail<ConfigError>("sp-sw-har: no published recipe is known");
  const auto subjects = list_folder(
      folder, [](const std::string& name) { return name.starts_with('s') && !name.ends_with(".csv"); },
      "the folder DATA of sp-sw-har");
  WindowBuilder out(sp_sw_har_card(), rule, findings);
  Index files = 0;
  for (const auto& subject : subjects) {
    const auto csv = [](const std::string& name) { return name.ends_with(".csv"); };
    for (const auto& path : list_folder(subject, csv, "files such as s01_01_sp.csv")) {
      const std::string name = path.filename().string();
      std::vector<Index> n;
      const bool phone = match_name(name, "s#_#_sp.csv", n);
      if (!phone && !match_name(name, "s#_#_sw.csv", n))
        fail<IoError>(path_text(path), ": unexpected name, expected sXX_YY_sp.csv or sXX_YY_sw.csv");
      Track track = detail::read_sp_sw_track(path);
      put_in_order(track, findings);
      std::vector<std::vector<double>> labels;
      for (std::size_t a = 0; a < SpSwHar::activities.size(); ++a)
        labels.push_back({static_cast<double>(a), static_cast<double>(n[0] - 1), phone ? 0.0 : 1.0});
      const GridRule grid{SpSwHar::rate, SpSwHar::gap, true};
      const std::span<const Track> one(&track, 1);
      for (const Recording& r : on_grid(one, labels, grid, n[0] * 1000 + n[1], findings)) out.add(r);
      ++files;
    }
  }
  if (files == 0)
    fail<IoError>(path_text(folder), ": holds no sXX/sXX_YY_sp.csv; expected the folder DATA of sp-sw-har");
  return out.finish();
}

}  // namespace gyrograd::data
