// SPDX-License-Identifier: MIT
// Writes a set of paired windows: parts, shards, lists to embed elsewhere, card and leak check. Needs
// nlohmann-json.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/data/card_json.hpp"
#include "gyrograd/data/findings.hpp"
#include "gyrograd/data/leak.hpp"
#include "gyrograd/data/paired.hpp"
#include "gyrograd/data/paired_cut.hpp"
#include "gyrograd/data/paired_file.hpp"
#include "gyrograd/data/vector_table.hpp"
#include "gyrograd/io/file.hpp"

namespace gyrograd::data {

/// Names in the order in which they were met, and their numbers.
class NameList {
 public:
  /// Number of a name; -1 for an empty one.
  Index number(const std::string& name) {
    if (name.empty()) return -1;
    const auto [at, added] = at_.emplace(name, static_cast<Index>(names_.size()));
    if (added) names_.push_back(name);
    return at->second;
  }
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::map<std::string, Index> at_;
  std::vector<std::string> names_;
};

/// Vectors of a set: found by key (texts, clips), or by the row that a manifest names.
struct PairedVectors {
  VectorTable text, video;
  bool by_row = false;
};

/// Counts of one part of a set.
struct PartSummary {
  std::string name;
  Index windows = 0, shards = 0, takes = 0, users = 0, without_text = 0, without_video = 0;
};

/// Writes windows into shards as they come; only one shard of each part is in memory.
class PairedSetWriter {
 public:
  /// folder: exists and is empty; an empty path: nothing is written, only counted. vectors and findings must
  /// live as long as the writer.
  PairedSetWriter(std::filesystem::path folder, const PairedRule& rule, const PairedVectors& vectors,
                  Findings& findings, Index shard_rows = 16'384)
      : folder_(std::move(folder)),
        rule_(rule),
        vectors_(vectors),
        findings_(findings),
        shard_rows_(shard_rows) {
    if (shard_rows < 1 || shard_rows > 10'000'000)
      fail<ConfigError>("paired set: ", shard_rows, " windows in a shard, expected 1 to 10000000");
  }

  /// Adds one window of a take to a part ("train", "val", ...).
  void add(const std::string& part, const Take& take, const CutWindow& w) {
    if (static_cast<Index>(w.values.size()) != rule_.steps() * 6)
      fail<ShapeError>("paired set: a window of ", w.values.size(), " values, expected ", rule_.steps(),
                       " x 6");
    for (const std::string* line : {&take.name, &take.user, &w.text}) {
      if (line->find_first_of("\r\n\t") != std::string::npos)
        fail<IoError>("paired set: ", io::in_quotes(*line), " is not one line; rename the take or the user");
    }
    Part& p = part_called(part);
    const Index user = users_.number(take.user), take_number = takes_.number(take.name);
    PairedWindows& b = p.buffer;
    ++b.windows.count;
    b.windows.values.insert(b.windows.values.end(), w.values.begin(), w.values.end());
    const Index text = row_of(vectors_.text, w.text_row, w.text);
    const Index video = row_of(vectors_.video, w.video_row, clip_key(take.name, w.start));
    append(b.text, vectors_.text, text);
    append(b.video, vectors_.video, video);
    Index flags = (text < 0 ? paired_no_text : 0) | (video < 0 ? paired_no_video : 0);
    if (text < 0 && video < 0) flags |= paired_imu_only;
    b.flags.push_back(flags);
    b.labels.push_back(take.label);
    b.takes.push_back(take_number);
    b.users.push_back(user);
    b.starts.push_back(w.start);
    b.texts.push_back(w.text);
    if (!w.text.empty()) texts_.insert(w.text);
    clips_.insert(clip_key(take.name, w.start));
    note_window(p, take_number, user, w.start);
    if (b.windows.count == shard_rows_) flush(p);
  }

  /// Writes what is left, the lists takes.txt, users.txt, parts.tsv, texts.txt and clips.txt, card.json and
  /// set.json. `more`: further keys of set.json. IoError when there is no window.
  void finish(Card card, const std::string& name, const nlohmann::ordered_json& more) {
    if (starts_.empty()) fail<IoError>(card.source, ": no window is left", why_none());
    for (Part& p : parts_) flush(p);
    if (folder_.empty()) return;
    write_lines("takes.txt", takes_.names());
    if (!users_.names().empty()) write_lines("users.txt", users_.names());
    std::vector<std::string> parts{"part\ttake"};
    for (const Part& p : parts_) {
      for (const Index take : p.takes)
        parts.push_back(p.counts.name + '\t' + takes_.names()[static_cast<std::size_t>(take)]);
    }
    write_lines("parts.tsv", parts);
    write_lines("texts.txt", {texts_.begin(), texts_.end()});
    write_lines("clips.txt", {clips_.begin(), clips_.end()});
    io::atomic_write(folder_ / "findings.txt", std::string_view(findings_.text()));
    card.rate = static_cast<double>(rule_.rate);
    card.steps = card.stride = rule_.steps();
    card.findings = findings_.total();
    write_card(folder_ / "card.json", card);
    nlohmann::ordered_json set = {{"format", "gyrograd paired windows 1"},
                                  {"name", name},
                                  {"window_s", rule_.seconds},
                                  {"text_width", vectors_.text.width()},
                                  {"video_width", vectors_.video.width()},
                                  {"text_vectors", vectors_.text.name()},
                                  {"video_vectors", vectors_.video.name()}};
    for (const PartSummary& s : summary()) {
      set["parts"][s.name] = {{"windows", s.windows},
                              {"shards", s.shards},
                              {"takes", s.takes},
                              {"users", s.users},
                              {"without_text", s.without_text},
                              {"without_video", s.without_video}};
    }
    set["leaks"] = leaks();
    set.update(more);
    io::atomic_write(folder_ / "set.json",
                     set.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n');
  }

  /// Counts of every part, in the order in which they were met.
  std::vector<PartSummary> summary() const {
    std::vector<PartSummary> out;
    for (const Part& p : parts_) {
      out.push_back(p.counts);
      out.back().takes = static_cast<Index>(p.takes.size());
      out.back().users = static_cast<Index>(p.users.size());
    }
    return out;
  }

  /// One line for every part that is not independent of the training part it belongs to: parts whose names
  /// end in "train" train those with the same beginning, and "train" all of them.
  std::vector<std::string> leaks() const {
    std::vector<std::string> out;
    const bool users_known = std::find(window_users_.begin(), window_users_.end(), -1) == window_users_.end();
    for (const Part& a : parts_) {
      const std::string& name = a.counts.name;
      if (!name.ends_with("train")) continue;
      const std::string family = name.substr(0, name.size() - 5);
      for (const Part& b : parts_) {
        if (&a == &b || !b.counts.name.starts_with(family) || b.counts.name.ends_with("train")) continue;
        const LeakReport report =
            check_leaks(a.windows, b.windows,
                        users_known ? std::span<const Index>(window_users_) : std::span<const Index>(),
                        starts_, rule_.seconds * 1000);
        if (report.leaks()) out.push_back(name + " and " + b.counts.name + ": " + report.warning());
      }
    }
    return out;
  }

 private:
  struct Part {
    PartSummary counts;
    PairedWindows buffer;
    std::set<Index> takes, users;
    std::vector<Index> windows;  // numbers in starts_
  };

  Part& part_called(const std::string& name) {
    const auto at =
        std::find_if(parts_.begin(), parts_.end(), [&](const Part& p) { return p.counts.name == name; });
    if (at != parts_.end()) return *at;
    parts_.emplace_back();
    parts_.back().counts.name = name;
    clear(parts_.back().buffer);
    return parts_.back();
  }

  void clear(PairedWindows& b) const {
    b = PairedWindows{};
    b.windows.steps = rule_.steps(), b.windows.channels = 6;
    b.text_width = vectors_.text.width(), b.video_width = vectors_.video.width();
  }

  Index row_of(const VectorTable& table, Index row, const std::string& key) const {
    if (table.width() == 0) return -1;
    if (!vectors_.by_row) return table.find(key);
    if (row >= table.count())
      fail<ConfigError>(table.name(), ": row ", row, " is asked for, it has ", table.count());
    return row;
  }
  static void append(std::vector<float>& out, const VectorTable& table, Index row) {
    if (row < 0) {
      out.insert(out.end(), static_cast<std::size_t>(table.width()), 0.0f);
    } else {
      table.append(row, out);
    }
  }

  void note_window(Part& p, Index take, Index user, Index start) {
    ++p.counts.windows;
    p.counts.without_text += p.buffer.flags.back() & paired_no_text ? 1 : 0;
    p.counts.without_video += p.buffer.flags.back() & paired_no_video ? 1 : 0;
    p.takes.insert(take);
    if (user >= 0) p.users.insert(user);
    p.windows.push_back(static_cast<Index>(starts_.size()));
    starts_.push_back({take, start});
    window_users_.push_back(user);
  }

  void flush(Part& p) {
    if (p.buffer.windows.count == 0) return;
    if (folder_.empty()) {
      ++p.counts.shards;
      clear(p.buffer);
      return;
    }
    const std::filesystem::path folder = shard_path(folder_ / p.counts.name, p.counts.shards++);
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) fail<IoError>(path_text(folder), ": cannot create the folder: ", error.message());
    PairedWindows& b = p.buffer;
    write_paired_shard(folder, b);
    const nlohmann::ordered_json json = {{"rows", b.windows.count},        {"window", b.windows.steps},
                                         {"channels", b.windows.channels}, {"text_width", b.text_width},
                                         {"video_width", b.video_width},   {"rate_hz", rule_.rate},
                                         {"units", Card{}.units},          {"split", p.counts.name}};
    io::atomic_write(folder / "card.json", json.dump(2) + '\n');
    clear(b);
  }

  void write_lines(const char* file, const std::vector<std::string>& lines) const {
    std::string text;
    for (const std::string& line : lines) text += line + '\n';
    io::atomic_write(folder_ / file, std::string_view(text));
  }

  std::string why_none() const {
    if (findings_.list().empty()) return {};
    const Finding& f = findings_.list().front();
    return " of " + std::to_string(findings_.total()) + " findings the first: " + f.where + ": " +
           std::string(finding_words[static_cast<std::size_t>(f.kind)]) + ": " + f.what;
  }

  std::filesystem::path folder_;
  PairedRule rule_;
  const PairedVectors& vectors_;
  Findings& findings_;
  Index shard_rows_;
  NameList takes_, users_;
  std::vector<Part> parts_;
  std::set<std::string> texts_, clips_;
  std::vector<Origin> starts_;  // take and ms of every window of every part
  std::vector<Index> window_users_;
};

}  // namespace gyrograd::data
