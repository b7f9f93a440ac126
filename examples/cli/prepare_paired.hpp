// SPDX-License-Identifier: MIT
// `gyrograd prepare ego-exo4d`, `ego4d`, `realworld` and `manifest`: windows paired with text and video
// vectors.
#pragma once

#include <array>
#include <string_view>

namespace gyrograd::cli {

/// Their words and what they read, for --help.
struct PairedWord {
  std::string_view name, recordings;
};

inline constexpr std::array<PairedWord, 4> paired_words{{
    {"ego-exo4d", "takes.json, annotations/, imu/TAKE.csv"},
    {"ego4d", "ego4d.json, narration.json, imu/VIDEO.csv"},
    {"realworld", "proband1/data/acc_walking_csv.zip and others"},
    {"manifest", "manifest.json of any recordings and vectors"},
}};

/// Whether `word` is one of them.
constexpr bool is_paired_word(std::string_view word) {
  for (const PairedWord& known : paired_words) {
    if (known.name == word) return true;
  }
  return false;
}

/// argv[0] is "prepare", argv[1] one of the words.
int run_prepare_paired(int argc, char** argv);

}  // namespace gyrograd::cli
