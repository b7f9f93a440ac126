// SPDX-License-Identifier: MIT
// Progress of a long run: a bar with rate and time left on a terminal, plain lines otherwise, nothing when
// quiet.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "gyrograd/core/config.hpp"

namespace gyrograd::train {

/// "0:07", "12:05", "3:04:05"; "-:--" when unknown.
inline std::string format_duration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0 || seconds > 1e9) return "-:--";
  const auto whole = static_cast<long long>(std::llround(seconds));
  const long long h = whole / 3600;
  const long long m = whole / 60 % 60;
  const long long s = whole % 60;
  std::array<char, 64> text{};
  if (h > 0) {
    std::snprintf(text.data(), text.size(), "%lld:%02lld:%02lld", h, m, s);
  } else {
    std::snprintf(text.data(), text.size(), "%lld:%02lld", m, s);
  }
  return text.data();
}

/// "12.3/s", "0.45/s" or, when slower than one in ten seconds, "21.0 s each".
inline std::string format_rate(double per_second) {
  std::array<char, 64> text{};
  if (!(per_second > 0) || !std::isfinite(per_second)) return "-/s";
  if (per_second < 0.1) {
    std::snprintf(text.data(), text.size(), "%.1f s each", 1 / per_second);
  } else {
    std::snprintf(text.data(), text.size(), per_second < 10 ? "%.2f/s" : "%.1f/s", per_second);
  }
  return text.data();
}

/// "pretrain [=====>    ]  42/100 epochs  3.10/s  0:19 left  loss 0.012".
inline std::string format_bar(std::string_view title, Index done, Index total, std::string_view unit,
                              double elapsed, Index started_at, std::string_view note, int cells = 24) {
  const double share =
      total > 0 ? std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0) : 1.0;
  const int full = static_cast<int>(share * cells);
  std::string bar(static_cast<std::size_t>(full), '=');
  if (full < cells) bar += '>';
  bar.resize(static_cast<std::size_t>(cells), ' ');
  const double rate = elapsed > 0 ? static_cast<double>(done - started_at) / elapsed : 0;
  std::string text = std::string(title) + " [" + bar + "] " + std::to_string(done) + '/' +
                     std::to_string(total) + ' ' + std::string(unit) + "  " + format_rate(rate);
  if (done < total) {
    text += "  " + format_duration(rate > 0 ? static_cast<double>(total - done) / rate : NAN) + " left";
  } else {
    text += "  in " + format_duration(elapsed);
  }
  if (!note.empty()) text += "  " + std::string(note);
  return text;
}

/// Where and how progress is shown.
enum class ProgressStyle { quiet, lines, bar };

/// Bar when `out` is a terminal, lines when it is a file or pipe.
inline ProgressStyle progress_style(bool quiet_asked, std::FILE* out = stderr) {
  if (quiet_asked) return ProgressStyle::quiet;
  return ::isatty(::fileno(out)) == 1 ? ProgressStyle::bar : ProgressStyle::lines;
}

/// Progress of one phase of `total` units, of which `start` were done before (a resumed run).
class Progress {
 public:
  Progress(std::string title, std::string unit, Index total, ProgressStyle style, Index start = 0,
           std::FILE* out = stderr)
      : title_(std::move(title)),
        unit_(std::move(unit)),
        total_(total),
        start_(start),
        style_(style),
        out_(out) {}
  ~Progress() { close_line(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Shows the state when due: a bar at most ten times, a line at most every two seconds; the last one
  /// always.
  void update(Index done, std::string_view note) {
    if (style_ == ProgressStyle::quiet) return;
    const double now = elapsed();
    const double pause = style_ == ProgressStyle::bar ? 0.1 : 2.0;
    if (done < total_ && now - shown_ < pause) return;
    shown_ = now;
    const std::string text = format_bar(title_, done, total_, unit_, now, start_, note);
    if (style_ == ProgressStyle::bar) {
      std::fprintf(out_, "\r%s\033[K", text.c_str());
      open_ = true;
    } else {
      std::fprintf(out_, "%s\n", text.c_str());
    }
    std::fflush(out_);
  }

  /// Ends the line of a bar, so that other messages start on their own line.
  void close_line() {
    if (open_) std::fputc('\n', out_);
    open_ = false;
  }

  /// Seconds since construction.
  double elapsed() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }

 private:
  std::string title_;
  std::string unit_;
  Index total_;
  Index start_;
  ProgressStyle style_;
  std::FILE* out_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  double shown_ = -1e9;
  bool open_ = false;
};

}  // namespace gyrograd::train
