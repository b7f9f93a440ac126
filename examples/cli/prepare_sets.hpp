// SPDX-License-Identifier: MIT
// The data sets that `gyrograd prepare` knows by name.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "cli/card.hpp"
#include "cli/workspace.hpp"
#include "gyrograd/data/findings.hpp"
#include "gyrograd/data/readers/hapt.hpp"
#include "gyrograd/data/readers/hhar.hpp"
#include "gyrograd/data/readers/huawei.hpp"
#include "gyrograd/data/readers/motion_sense.hpp"
#include "gyrograd/data/readers/shoaib.hpp"
#include "gyrograd/data/readers/sp_sw_har.hpp"
#include "gyrograd/data/readers/wisdm.hpp"
#include "gyrograd/data/windowing.hpp"
#include "gyrograd/data/windows.hpp"

namespace gyrograd::cli {

/// What goes into a data set folder.
struct Prepared {
  Card card;
  data::DataSet set;
  data::Findings findings;
};

/// One set: how its files become windows, and the window of its published recipe (rate 0: none is known).
struct ReadableSet {
  std::string_view name;
  std::string_view recordings;  ///< for --help
  data::Card (*card)();
  data::DataSet (*read)(const fs::path&, const data::WindowRule&, data::Findings&);
  data::WindowRule published{data::Recipe::published, 0, 0, 0};
};

/// `inner` of a folder when it is there, else the folder itself.
inline fs::path inner_folder(const fs::path& raw, const char* inner) {
  return fs::is_directory(raw / inner) ? raw / inner : raw;
}

inline data::DataSet read_uci(const fs::path& raw, const data::WindowRule& rule, data::Findings& findings) {
  return data::read_hapt(inner_folder(raw, "RawData"), rule, findings);
}
inline data::DataSet read_sp_sw(const fs::path& raw, const data::WindowRule& rule, data::Findings& findings) {
  return data::read_sp_sw_har(inner_folder(raw, "DATA"), rule, findings);
}

inline constexpr data::WindowRule published_20_120{data::Recipe::published, 20, 120, 120};

inline constexpr std::array readable_sets{
    ReadableSet{"hhar", "Phones_accelerometer.csv and Phones_gyroscope.csv", data::hhar_card, data::read_hhar,
                published_20_120},
    ReadableSet{"uci", "HAPT of the UCI repository", data::hapt_card, read_uci, published_20_120},
    ReadableSet{"motion", "MotionSense, B_Accelerometer_data and C_Gyroscope_data", data::motion_sense_card,
                data::read_motion_sense, published_20_120},
    ReadableSet{"shoaib", "Participant_1.csv to Participant_10.csv", data::shoaib_card, data::read_shoaib,
                published_20_120},
    ReadableSet{"wisdm", "WISDM_ar_v1.1_raw.txt", data::wisdm_card, data::read_wisdm},
    ReadableSet{"huawei",
                "SHL preview, User1/220617/Bag_Motion.txt and others",
                data::huawei_card,
                data::read_huawei,
                {data::Recipe::published, 50, 300, 120}},
    ReadableSet{"sp-sw-har", "phone and watch, folder DATA", data::sp_sw_har_card, read_sp_sw},
};

}  // namespace gyrograd::cli
