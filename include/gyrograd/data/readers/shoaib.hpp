// SPDX-License-Identifier: MIT
// Recordings at five positions (Shoaib et al., Sensors 2014) to windows.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/data/card.hpp"
#include "gyrograd/data/down_sample.hpp"
#include "gyrograd/data/findings.hpp"
#include "gyrograd/data/readers/folder.hpp"
#include "gyrograd/data/readers/text_rows.hpp"
#include "gyrograd/data/time_grid.hpp"
#include "gyrograd/data/windowing.hpp"
#include "gyrograd/data/windows.hpp"

namespace gyrograd::data {

/// Facts of the recordings and of the published preparation (LIMU-BERT sheet §5.6).
struct Shoaib {
  static constexpr Index rate = 50;     ///< Hz
  static constexpr double gap = 0.5;    ///< s: longer pauses cut (corrected)
  static constexpr Index block = 14;    ///< columns of a position: time, A, L, G, M (three each), separator
  static constexpr Index columns = 70;  ///< the last separator is the activity
  static constexpr std::array<Index, 9> used{1, 2, 3, 7, 8, 9, 10, 11, 12};  ///< acc, gyro, mag of a block
  static constexpr std::string_view misspelt = "upsatirs";                   ///< in the copies that circulate
};

/// Card of the shoaib set.
inline Card shoaib_card() {
  Card card;
  card.source = "Sensors Activity Dataset, five positions (Shoaib et al.)";
  card.licence = "free for research, see the authors' page";
  card.citation =
      "Shoaib et al., Fusion of Smartphone Motion Sensors for Physical Activity Recognition, Sensors 2014";
  set_channels(card, 9);
  card.labels = published_labels("shoaib");
  return card;
}

namespace detail {

/// One participant: all rows of all positions.
struct ShoaibFile {
  std::string file;
  std::vector<double> time;                   // as it stands in the first block
  std::array<std::vector<double>, 5> values;  // (rows, 9) of each position
  std::vector<Index> activity, lines;
  Index rows() const { return static_cast<Index>(lines.size()); }
};

/// Activity of a row; "upsatirs" is upstairs. Published: other unknown words are walking, corrected: an
/// error.
inline Index shoaib_activity(const TextRows& rows, bool published, Findings& findings) {
  const std::string_view word = rows[rows.size() - 1];
  if (word == Shoaib::misspelt) return 5;
  const auto& known = shoaib_activities;
  const auto at = std::find(known.begin(), known.end(), word);
  if (at != known.end()) return at - known.begin();
  if (!published) return rows.word(rows.size() - 1, known);
  findings.add(FindingKind::label, rows.where(),
               "activity " + io::in_quotes(word) + " is unknown and counts as walking, as published");
  return 0;
}

inline ShoaibFile read_shoaib_file(const std::filesystem::path& path, bool published, Findings& findings) {
  TextRows rows(path, {',', '\n'});
  ShoaibFile out;
  out.file = rows.file();
  for (int head = 0; head < 2; ++head) {
    if (!rows.next()) fail<IoError>(out.file, ": ends within its two rows of heads");
    rows.expect(Shoaib::columns);
  }
  if (rows[1] != "Ax" && rows[1] != "ax")
    fail<IoError>(rows.where(), ": column 2 is ", io::in_quotes(rows[1]), ", expected the heads with Ax");
  while (rows.next()) {
    rows.expect(Shoaib::columns);
    const double time = rows.number(0);
    out.time.push_back(time);
    for (std::size_t p = 0; p < 5; ++p) {
      for (const Index c : Shoaib::used)
        out.values[p].push_back(rows.number(static_cast<Index>(p) * Shoaib::block + c));
    }
    out.activity.push_back(shoaib_activity(rows, published, findings));
    out.lines.push_back(rows.line());
  }
  if (out.rows() == 0) fail<IoError>(out.file, ": holds no rows");
  return out;
}

/// All rows of an activity as if they were neighbours; users are places in the list of files.
inline void cut_shoaib_published(const ShoaibFile& f, Index user, WindowBuilder& out) {
  for (Index activity = 0; activity < 7; ++activity) {
    for (Index position = 0; position < 5; ++position) {
      std::vector<double> rows;
      Index first = -1;
      for (Index i = 0; i < f.rows(); ++i) {
        if (f.activity[static_cast<std::size_t>(i)] != activity) continue;
        if (first < 0) first = i;
        const auto at = f.values[static_cast<std::size_t>(position)].begin() + i * 9;
        rows.insert(rows.end(), at, at + 9);
      }
      const std::vector<double> slow = down_sample(std::span<const double>(rows), 9, 2.5, LoopGuard::shoaib);
      const std::array<double, 3> labels{static_cast<double>(activity), static_cast<double>(position),
                                         static_cast<double>(user)};
      out.cut(slow, labels, user, std::max(first, Index{0}) * 2 / 5,
              window_count(static_cast<Index>(slow.size()) / 9, out.rule().steps));
    }
  }
}

/// Seconds of every row: the time stamps (ms) where they run at about 50 Hz, else the row number.
inline std::vector<double> shoaib_time(const ShoaibFile& f, Findings& findings) {
  Track stamps{f.file, 1, {}, {}, {}, {}};
  for (const double t : f.time) stamps.time.push_back(t / 1000);
  const double rate = median_rate(stamps);
  const bool forward = std::is_sorted(stamps.time.begin(), stamps.time.end());
  if (forward && rate > 25 && rate < 100) return stamps.time;
  findings.add(FindingKind::rate, f.file,
               "the time stamps do not run at 50 Hz (" + short_text(rate) +
                   " Hz); rows are taken as evenly sampled at 50 Hz");
  for (Index i = 0; i < f.rows(); ++i)
    stamps.time[static_cast<std::size_t>(i)] = static_cast<double>(i) / static_cast<double>(Shoaib::rate);
  return stamps.time;
}

/// Neighbouring rows of one activity only; users are the participants' numbers.
inline void cut_shoaib_corrected(const ShoaibFile& f, Index user, WindowBuilder& out) {
  const std::vector<double> time = shoaib_time(f, out.findings());
  for (std::size_t position = 0; position < 5; ++position) {
    Track track{f.file, 9, time, f.values[position], f.lines, f.activity};
    Findings repeated;  // the five positions share their time stamps: reported once
    put_in_order(track, position == 0 ? out.findings() : repeated);
    std::vector<std::vector<double>> labels;
    for (int a = 0; a < 7; ++a)
      labels.push_back({static_cast<double>(a), static_cast<double>(position), static_cast<double>(user)});
    const GridRule grid{Shoaib::rate, Shoaib::gap, false};
    for (const Recording& r :
         on_grid({&track, 1}, labels, grid, user, position == 0 ? out.findings() : repeated))
      out.add(r);
  }
}

}  // namespace detail

/// Reads Participant_1.csv to Participant_10.csv in name order: windows of acc (m/s2), gyro (rad/s) and mag
/// (uT); label columns activity (0..6), position (0..4) and user. Published: the real files give 10,500
/// windows (120, 9). Positions of one participant share a session. Errors (IoError, one line with file and
/// row): no such files, another number of columns, values that are no numbers, unknown activities.
inline DataSet read_shoaib(const std::filesystem::path& folder, const WindowRule& rule, Findings& findings) {
  const bool published = rule.recipe == Recipe::published;
  if (published) check_published_rule(rule, 20, 120, 120, "shoaib");
  std::vector<Index> number;
  const auto files = list_folder(
      folder,
      [](const std::string& name) { return name.starts_with("Participant_") && name.ends_with(".csv"); },
      "the folder of Participant_1.csv");
  if (files.empty()) fail<IoError>(path_text(folder), ": holds no Participant_1.csv");
  WindowBuilder out(shoaib_card(), rule, findings);
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (!match_name(files[i].filename().string(), "Participant_#.csv", number) || number[0] < 1)
      fail<IoError>(path_text(files[i]),
                    ": unexpected name, expected Participant_1.csv to Participant_10.csv");
    const detail::ShoaibFile f = detail::read_shoaib_file(files[i], published, findings);
    if (published) {
      detail::cut_shoaib_published(f, static_cast<Index>(i), out);
    } else {
      detail::cut_shoaib_corrected(f, number[0] - 1, out);
    }
  }
  return out.finish();
}

}  // namespace gyrograd::data
