// SPDX-License-Identifier: MIT
// HHAR phone recordings (Stisen et al., SenSys 2015) to windows.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
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

/// Facts of the recordings and of the published preparation (LIMU-BERT sheet §5.3).
struct Hhar {
  static constexpr std::int64_t bin = 50'000'000;  ///< ns of one step at 20 Hz
  static constexpr double gap = 0.5;               ///< s: longer pauses cut (corrected)
  static constexpr std::array<std::string_view, 9> users{"a", "b", "c", "d", "e", "f", "g", "h", "i"};
  /// The fourth phone has no gyroscope.
  static constexpr std::array<std::string_view, 4> models{"nexus4", "s3", "s3mini", "samsungold"};
  static constexpr std::array<std::string_view, 7> activities{"bike",  "sit",  "stairsdown", "stairsup",
                                                              "stand", "walk", "null"};
  static constexpr Index unlabelled = 6;  ///< place of "null"
};

/// Card of the hhar set.
inline Card hhar_card() {
  Card card;
  card.source = "Heterogeneity Activity Recognition (HHAR), phones";
  card.licence = "CC BY 4.0 (UCI repository)";
  card.citation = "Stisen et al., Smart Devices are Different, SenSys 2015";
  card.labels = published_labels("hhar");
  return card;
}

namespace detail {

/// Rows of one sensor's file.
struct HharRows {
  std::string file;
  std::vector<std::int64_t> time;  // ns
  std::vector<double> values;      // (rows, 3)
  std::vector<std::uint8_t> user, model, activity;
  std::vector<std::uint16_t> device;
  std::vector<Index> lines;
  std::vector<std::string> devices;

  std::size_t size() const { return time.size(); }
};

inline HharRows read_hhar_rows(const std::filesystem::path& path) {
  TextRows rows(path, {',', '\n'});
  HharRows out;
  out.file = rows.file();
  if (!rows.next()) fail<IoError>(out.file, ": is empty, expected rows of sensor values");
  rows.expect_header(
      {"Index", "Arrival_Time", "Creation_Time", "x", "y", "z", "User", "Model", "Device", "gt"});
  constexpr auto most = std::numeric_limits<std::int64_t>::max() / 4;
  while (rows.next()) {
    rows.expect(10);
    out.time.push_back(rows.whole(2, -most, most));
    for (Index c = 3; c < 6; ++c) out.values.push_back(rows.number(c));
    out.user.push_back(static_cast<std::uint8_t>(rows.word(6, Hhar::users)));
    out.model.push_back(static_cast<std::uint8_t>(rows.word(7, Hhar::models)));
    auto device = std::find(out.devices.begin(), out.devices.end(), rows[8]);
    if (device == out.devices.end()) {
      if (out.devices.size() == 1000)
        fail<IoError>(rows.where(), ": more than 1000 devices; is column 9 the device?");
      device = out.devices.insert(out.devices.end(), std::string(rows[8]));
    }
    out.device.push_back(static_cast<std::uint16_t>(device - out.devices.begin()));
    out.activity.push_back(static_cast<std::uint8_t>(rows.word(9, Hhar::activities)));
    out.lines.push_back(rows.line());
  }
  if (out.size() == 0) fail<IoError>(out.file, ": holds no rows");
  return out;
}

/// Mean of one bin of one sensor; `usable` as the published script decides.
struct HharBin {
  std::array<double, 3> mean{};
  std::uint8_t user = 0, model = 0, activity = 0;
  bool usable = false;
};

/// The maximal run of rows from `cursor` within 50 ms of `tag` on either side; moves the cursor behind it.
inline HharBin take_hhar_bin(const HharRows& rows, std::size_t& cursor, std::int64_t tag) {
  HharBin bin;
  const std::size_t first = cursor;
  bool one = true;
  for (; cursor < rows.size() && std::abs(rows.time[cursor] - tag) < Hhar::bin; ++cursor) {
    one = one && rows.user[cursor] == rows.user[first] && rows.activity[cursor] == rows.activity[first];
    for (std::size_t c = 0; c < 3; ++c) bin.mean[c] += rows.values[cursor * 3 + c];
  }
  if (cursor == first) return bin;
  for (double& v : bin.mean) v /= static_cast<double>(cursor - first);
  bin.user = rows.user[first], bin.model = rows.model[first], bin.activity = rows.activity[first];
  bin.usable = one && bin.activity != Hhar::unlabelled;  // "null" is NaN there and equals nothing
  return bin;
}

/// Two cursors and one time tag, with the quirks of the published script: two-sided bins, Device ignored,
/// Model not checked within a bin, activities that change within a window.
inline void cut_hhar_published(const HharRows& acc, const HharRows& gyro, WindowBuilder& out) {
  std::size_t a = 0, g = 0;
  std::int64_t tag = std::min(acc.time[0], gyro.time[0]);
  std::vector<double> rows, labels;
  Index step = 0;
  while (a < acc.size() && g < gyro.size()) {
    const HharBin x = take_hhar_bin(acc, a, tag), y = take_hhar_bin(gyro, g, tag);
    if (x.usable && y.usable && x.user == y.user && x.model == y.model && x.activity == y.activity) {
      rows.insert(rows.end(), x.mean.begin(), x.mean.end());
      rows.insert(rows.end(), y.mean.begin(), y.mean.end());
      for (const std::uint8_t v : {x.user, x.model, x.activity}) labels.push_back(static_cast<double>(v));
      tag += Hhar::bin;
      ++step;
      if (static_cast<Index>(rows.size()) < out.rule().steps * 6) continue;
      out.cut(rows, labels, x.user, step - out.rule().steps, 1);
    } else {
      if (a < acc.size() && g < gyro.size()) tag = std::min(acc.time[a], gyro.time[g]);
      ++step;
    }
    rows.clear(), labels.clear();
  }
}

/// User, model and device of a row.
using HharKey = std::tuple<std::uint8_t, std::uint8_t, std::string>;

/// Tracks by user and device, in the order of the keys.
inline std::map<HharKey, Track> hhar_tracks(const HharRows& rows, bool labelled) {
  std::map<HharKey, Track> tracks;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Track& track = tracks[{rows.user[i], rows.model[i], rows.devices[rows.device[i]]}];
    if (track.channels == 0) track.file = rows.file, track.channels = 3;
    track.time.push_back(static_cast<double>(rows.time[i]) * 1e-9);
    track.values.insert(track.values.end(), rows.values.begin() + static_cast<Index>(3 * i),
                        rows.values.begin() + static_cast<Index>(3 * i + 3));
    track.lines.push_back(rows.lines[i]);
    if (labelled)
      track.label.push_back(rows.activity[i] == Hhar::unlabelled ? Index{-1}
                                                                 : static_cast<Index>(rows.activity[i]));
  }
  return tracks;
}

/// Sensors paired by user, model and device, aligned by time, windows of one activity.
inline void cut_hhar_corrected(const HharRows& acc, const HharRows& gyro, WindowBuilder& out) {
  auto accelerations = hhar_tracks(acc, true), rotations = hhar_tracks(gyro, false);
  Index session = 0;
  for (auto& [key, track] : accelerations) {
    ++session;
    const auto partner = rotations.find(key);
    if (partner == rotations.end()) {
      out.findings().add(FindingKind::unpaired, track.where(0),
                         "no gyroscope rows of user " + std::string(Hhar::users[std::get<0>(key)]) +
                             " with " + std::get<2>(key));
      continue;
    }
    std::array<Track, 2> pair{std::move(track), std::move(partner->second)};
    for (Track& t : pair) put_in_order(t, out.findings());
    const double rate = std::round(std::min(median_rate(pair[0]), median_rate(pair[1])));
    if (!(rate >= 10 && rate <= 1000)) {
      out.findings().add(FindingKind::rate, pair[0].where(0),
                         "the time stamps give " + short_text(rate) + " Hz");
      continue;
    }
    std::vector<std::vector<double>> labels;
    for (Index activity = 0; activity < Hhar::unlabelled; ++activity) {
      labels.push_back({static_cast<double>(std::get<0>(key)), static_cast<double>(std::get<1>(key)),
                        static_cast<double>(activity)});
    }
    const GridRule grid{static_cast<Index>(rate), Hhar::gap, false};
    for (const Recording& r : on_grid(pair, labels, grid, session, out.findings())) out.add(r);
  }
}

}  // namespace detail

/// Reads Phones_accelerometer.csv and Phones_gyroscope.csv: windows of acc (m/s2) and gyro (rad/s), label
/// columns user (0..8), model (0..2) and activity (0..5: bike, sit, stairs down, stairs up, stand, walk).
/// Published: bins of 50 ms that follow a running tag; the real files give 9,166 windows (120, 6). Corrected:
/// paired by user and device, rows in order of time, resampled, one activity in a window. Needs about 40
/// bytes of memory for each row. Errors (IoError, one line with file and row): missing files, another header,
/// unknown users, models or activities, values that are no numbers.
inline DataSet read_hhar(const std::filesystem::path& folder, const WindowRule& rule, Findings& findings) {
  if (rule.recipe == Recipe::published) check_published_rule(rule, 20, 120, 120, "hhar");
  const detail::HharRows acc = detail::read_hhar_rows(folder / "Phones_accelerometer.csv");
  const detail::HharRows gyro = detail::read_hhar_rows(folder / "Phones_gyroscope.csv");
  WindowBuilder out(hhar_card(), rule, findings);
  if (rule.recipe == Recipe::published) {
    detail::cut_hhar_published(acc, gyro, out);
  } else {
    detail::cut_hhar_corrected(acc, gyro, out);
  }
  return out.finish();
}

}  // namespace gyrograd::data
