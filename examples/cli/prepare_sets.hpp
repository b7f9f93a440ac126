// SPDX-License-Identifier: MIT
// The data sets that `gyrograd prepare` knows by name.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "cli/workspace.hpp"
#include "gyrograd/data/card.hpp"
#include "gyrograd/data/findings.hpp"
#include "gyrograd/data/readers/hapt.hpp"
#include "gyrograd/data/readers/motion_sense.hpp"
#include "gyrograd/data/windowing.hpp"
#include "gyrograd/data/windows.hpp"

namespace gyrograd::cli {

/// One set: how its files become windows, and the window of its published recipe (rate 0: none is known).
struct ReadableSet {
  std::string_view name;
  std::string_view recordings;  ///< for --help
  data::Card (*card)();
  data::DataSet (*read)(const fs::path&, const data::WindowRule&, data::Findings&);
  data::WindowRule published{data::Recipe::published, 0, 0, 0};
};

/// HAPT itself or its RawData.
inline data::DataSet read_uci(const fs::path& raw, const data::WindowRule& rule, data::Findings& findings) {
  const fs::path inner = raw / "RawData";
  return data::read_hapt(fs::is_directory(inner) ? inner : raw, rule, findings);
}

inline constexpr data::WindowRule published_20_120{data::Recipe::published, 20, 120, 120};

inline constexpr std::array<ReadableSet, 2> readable_sets{{
    {"uci", "HAPT of the UCI repository, folder RawData", data::hapt_card, read_uci, published_20_120},
    {"motion", "MotionSense, folders B_Accelerometer_data and C_Gyroscope_data", data::motion_sense_card,
     data::read_motion_sense, published_20_120},
}};

}  // namespace gyrograd::cli
