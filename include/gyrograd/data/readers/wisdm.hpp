// SPDX-License-Identifier: MIT
// WISDM activity recordings v1.1 (Kwapisz et al., SensorKDD 2010) to windows.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
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

/// Facts of the recordings: "user,activity,time in ns,x,y,z;" in m/s2 with gravity at 20 Hz.
struct Wisdm {
  static constexpr Index rate = 20;   ///< Hz
  static constexpr double gap = 0.5;  ///< s
  static constexpr Index users = 36;
  static constexpr std::array<std::string_view, 6> activities{"Walking",  "Jogging",  "Sitting",
                                                              "Standing", "Upstairs", "Downstairs"};
};

/// Card of the wisdm set: three channels, label columns as in the published arrays (LIMU-BERT sheet §5.2).
inline Card wisdm_card() {
  Card card;
  card.source = "WISDM activity recognition v1.1";
  card.licence = "free for research, with citation";
  card.citation =
      "Kwapisz, Weiss, Moore, Activity Recognition using Cell Phone Accelerometers, SensorKDD 2010";
  set_channels(card, 3);
  card.labels = published_labels("wisdm");
  return card;
}

namespace detail {

/// Adds the finished stretch of one user and activity.
inline void flush_wisdm(Track& track, Index user, Index session, WindowBuilder& out) {
  if (track.rows() == 0) return;
  std::vector<std::vector<double>> labels;
  for (std::size_t a = 0; a < Wisdm::activities.size(); ++a)
    labels.push_back({static_cast<double>(user - 1), static_cast<double>(a)});
  put_in_order(track, out.findings());
  const GridRule grid{Wisdm::rate, Wisdm::gap, false};
  for (const Recording& r : on_grid({&track, 1}, labels, grid, session, out.findings())) out.add(r);
  track = Track{track.file, 3, {}, {}, {}, {}};
}

/// Why a record is not used, in words; empty when it is fine. fields: their number, without an
/// empty last one.
inline std::string wisdm_defect(const TextRows& rows, Index fields) {
  if (fields != 6) return std::to_string(fields) + " fields, expected 6";
  for (Index c = 2; c < 6; ++c) {
    double value = 0;
    if (!parse_number(rows[c], value) || !std::isfinite(value))
      return "column " + std::to_string(c + 1) + " is " + io::in_quotes(rows[c]);
  }
  return rows[2] == "0" ? "the time stamp is 0" : std::string();
}

}  // namespace detail

/// Reads WISDM_ar_v1.1_raw.txt (or the folder that holds it): windows of acc (m/s2); label columns user
/// (0..35) and activity (0..5). Known irregularities of the file are reported with their row and not used:
/// records with a missing value or too few fields, a time stamp of 0, a comma before the semicolon, several
/// records in a line, records without semicolon. A stretch ends where user or activity change, time goes
/// back, or rows are missing for 0.5 s. Errors (IoError, one line with file and row): no such file, unknown
/// users or activities.
inline DataSet read_wisdm(const std::filesystem::path& raw, const WindowRule& rule, Findings& findings) {
  if (rule.recipe == Recipe::published) fail<ConfigError>("wisdm: no published recipe is known");
  const auto path = std::filesystem::is_directory(raw) ? raw / "WISDM_ar_v1.1_raw.txt" : raw;
  TextRows rows(path, {',', ';'});
  WindowBuilder out(wisdm_card(), rule, findings);
  Track track{rows.file(), 3, {}, {}, {}, {}};
  Index user = 0, session = 0;
  while (rows.next()) {
    const Index fields = rows.size() == 7 && rows[6].empty() ? 6 : rows.size();
    const std::string defect = detail::wisdm_defect(rows, fields);
    if (!defect.empty()) {
      findings.add(FindingKind::missing_value, rows.where(), defect + "; the record is not used");
      continue;
    }
    const auto who = static_cast<Index>(rows.whole(0, 1, Wisdm::users));
    const Index activity = rows.word(1, Wisdm::activities);
    const double time = rows.number(2) * 1e-9;
    const bool back = track.rows() > 0 && time < track.time.back();
    if (back && who == user && activity == track.label.back()) {
      findings.add(FindingKind::disorder, rows.where(),
                   "time goes back by " + short_text(track.time.back() - time) + " s; cut here");
    }
    if (track.rows() > 0 && (who != user || activity != track.label.back() || back))
      detail::flush_wisdm(track, user, session++, out);
    user = who;
    track.time.push_back(time);
    track.label.push_back(activity);
    track.lines.push_back(rows.line());
    for (Index c = 3; c < 6; ++c) track.values.push_back(rows.number(c));
  }
  detail::flush_wisdm(track, user, session, out);
  return out.finish();
}

}  // namespace gyrograd::data
