// SPDX-License-Identifier: MIT
// Ego-Exo4D takes and their atomic descriptions (Grauman et al., CVPR 2024): what is said when in which take.
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/data/card.hpp"
#include "gyrograd/data/findings.hpp"
#include "gyrograd/data/narration.hpp"
#include "gyrograd/data/paired_cut.hpp"
#include "gyrograd/data/readers/aria_imu.hpp"
#include "gyrograd/data/readers/folder.hpp"
#include "gyrograd/io/json_cursor.hpp"

namespace gyrograd::data {

/// Card of the Ego-Exo4D windows.
inline Card ego_exo4d_card() {
  Card card;
  card.source = "Ego-Exo4D, Aria glasses, atomic descriptions";
  card.licence = "Ego-Exo4D licence, to be signed";
  card.citation = "Grauman et al., Ego-Exo4D, CVPR 2024";
  card.labels = {{"activity", {take_classes.begin(), take_classes.end()}}};
  return card;
}

/// Which descriptions count.
struct NarrationFilter {
  Recipe recipe = Recipe::corrected;
  bool all_annotators = false;  ///< corrected: those of every annotator, not of the first one that counts
};

namespace detail {

/// What takes.json says of one take.
struct EgoExoTake {
  std::string uid, name, user;
  double duration = 0;
};

inline void optional_text(io::JsonCursor& json, std::string& out) {
  if (json.kind() == io::JsonCursor::Kind::text) {
    out = json.text();
  } else if (json.kind() == io::JsonCursor::Kind::number) {
    out = std::to_string(static_cast<Index>(json.number()));
  } else {
    json.skip();
  }
}
inline void optional_number(io::JsonCursor& json, double& out) {
  if (json.kind() == io::JsonCursor::Kind::number) {
    out = json.number();
  } else {
    json.skip();
  }
}
inline bool optional_flag(io::JsonCursor& json) {
  if (json.kind() == io::JsonCursor::Kind::boolean) return json.boolean();
  json.skip();
  return false;
}

/// takes.json: a list of objects with take_uid, take_name, duration_sec, participant_uid and others.
inline std::map<std::string, EgoExoTake> read_takes(const std::filesystem::path& path) {
  io::JsonCursor json(path);
  std::map<std::string, EgoExoTake> takes;
  json.enter_list();
  while (json.next_item()) {
    EgoExoTake take;
    const std::string where = json.where();
    json.enter_object();
    for (std::string key; json.next_key(key);) {
      if (key == "take_uid") {
        take.uid = json.text();
      } else if (key == "take_name") {
        take.name = json.text();
      } else if (key == "duration_sec") {
        optional_number(json, take.duration);
      } else if (key == "participant_uid") {
        optional_text(json, take.user);
      } else {
        json.skip();
      }
    }
    if (take.uid.empty() || take.name.empty())
      fail<IoError>(where, ": a take without take_uid or take_name; is this takes.json of Ego-Exo4D?");
    const std::string uid = take.uid;
    if (!takes.emplace(uid, std::move(take)).second)
      fail<IoError>(where, ": take ", io::in_quotes(uid), " occurs twice");
  }
  json.finish();
  return takes;
}

/// One annotator's list of descriptions.
struct Annotator {
  bool rejected = false;
  std::vector<Moment> moments;
  std::vector<std::string> doubts;  ///< of each moment: why the corrected recipe leaves it out, or empty
};

inline void read_description(io::JsonCursor& json, const std::string& where, Annotator& annotator) {
  Moment m;
  m.where = where;
  m.time = -1;
  std::string subject;
  bool unsure = false;
  json.enter_object();
  for (std::string key; json.next_key(key);) {
    if (key == "text") {
      optional_text(json, m.text);
    } else if (key == "timestamp") {
      optional_number(json, m.time);
    } else if (key == "subject") {
      optional_text(json, subject);
    } else if (key == "unsure") {
      unsure = optional_flag(json);
    } else {
      json.skip();
    }
  }
  std::string doubt;
  if (unsure) doubt = "the annotator is unsure";
  if (!subject.empty() && subject != "C") doubt = "of subject " + io::in_quotes(subject) + ", not the wearer";
  if (m.text.empty() || m.time < 0) doubt = "without text or time";
  annotator.moments.push_back(std::move(m));
  annotator.doubts.push_back(std::move(doubt));
}

inline Annotator read_annotator(io::JsonCursor& json, const std::string& where) {
  Annotator out;
  json.enter_object();
  for (std::string key; json.next_key(key);) {
    if (key == "rejected") {
      out.rejected = optional_flag(json);
    } else if (key == "descriptions" && !json.null()) {
      json.enter_list();
      while (json.next_item())
        read_description(json, where + ", description " + std::to_string(out.moments.size()), out);
    } else if (key != "descriptions") {
      json.skip();
    }
  }
  return out;
}

/// Published: everything of the first annotator that has text and time. Corrected: of the first (or all)
/// annotators that were not rejected, what the wearer does and the annotator is sure of.
inline std::vector<Moment> chosen_moments(std::vector<Annotator> annotators, const NarrationFilter& filter,
                                          Findings& findings) {
  const bool published = filter.recipe == Recipe::published;
  std::vector<Moment> out;
  bool taken = false;
  for (Annotator& a : annotators) {
    if (published && taken) break;
    if (!published && a.rejected) {
      if (!a.moments.empty())
        findings.add(FindingKind::annotation, a.moments.front().where,
                     "the annotator's list of " + std::to_string(a.moments.size()) + " is rejected");
      continue;
    }
    if (taken && !filter.all_annotators) break;
    taken = true;
    for (std::size_t i = 0; i < a.moments.size(); ++i) {
      const bool unusable = a.doubts[i] == "without text or time";
      if (unusable || (!published && !a.doubts[i].empty())) {
        findings.add(FindingKind::annotation, a.moments[i].where, a.doubts[i]);
        continue;
      }
      out.push_back(std::move(a.moments[i]));
    }
  }
  return out;
}

}  // namespace detail

/// Reads atomic_descriptions_*.json: moments of every take, by its uid, in the order of the file.
inline std::vector<std::pair<std::string, std::vector<Moment>>> read_atomic_descriptions(
    const std::filesystem::path& path, const NarrationFilter& filter, Findings& findings) {
  io::JsonCursor json(path);
  std::vector<std::pair<std::string, std::vector<Moment>>> out;
  std::set<std::string> seen;
  bool found = false;
  json.enter_object();
  for (std::string key; json.next_key(key);) {
    if (key != "annotations") {
      json.skip();
      continue;
    }
    found = true;
    json.enter_object();
    for (std::string uid; json.next_key(uid);) {
      if (!seen.insert(uid).second)
        fail<IoError>(json.where(), ": take ", io::in_quotes(uid), " occurs twice");
      std::vector<detail::Annotator> annotators;
      json.enter_list();
      while (json.next_item()) {
        annotators.push_back(detail::read_annotator(
            json, json.file() + ": take " + uid + ", annotator " + std::to_string(annotators.size())));
      }
      out.emplace_back(uid, detail::chosen_moments(std::move(annotators), filter, findings));
    }
  }
  json.finish();
  if (!found) fail<IoError>(json.file(), ": has no key 'annotations'; is this an atomic_descriptions file?");
  return out;
}

/// One take of a pool: its description and the file of its sensor rows.
struct EgoTake {
  Take take;
  std::filesystem::path imu;
};

/// Reads takes.json and annotations/atomic_descriptions_<pool>.json below `raw`, and finds imu/<take_name> or
/// imu/<take_uid> (.csv, or .npy with _time.npy) of every take. Takes without descriptions, class or sensor
/// rows are reported and left out. Errors (IoError, one line with file and place).
inline std::vector<EgoTake> read_ego_exo4d(const std::filesystem::path& raw, const std::string& pool,
                                           const NarrationFilter& filter, Findings& findings) {
  const std::filesystem::path file = raw / "annotations" / ("atomic_descriptions_" + pool + ".json");
  const auto known = detail::read_takes(raw / "takes.json");
  std::vector<EgoTake> out;
  for (auto& [uid, moments] : read_atomic_descriptions(file, filter, findings)) {
    const std::string where = path_text(file) + ": take " + uid;
    const auto at = known.find(uid);
    if (at == known.end()) {
      findings.add(FindingKind::missing_file, where, "not in takes.json; not used");
      continue;
    }
    const detail::EgoExoTake& t = at->second;
    if (moments.empty()) {
      findings.add(FindingKind::annotation, where, "no description is left; the take is not used");
      continue;
    }
    const std::filesystem::path imu = find_export(raw / "imu", t.name, uid);
    if (imu.empty()) {
      findings.add(FindingKind::missing_file, where,
                   "no imu/" + t.name + ".csv or .npy; the take is not used");
      continue;
    }
    const Index label = take_class(t.name);
    if (label < 0) findings.add(FindingKind::label, where, "name " + io::in_quotes(t.name) + " has no class");
    out.push_back({{uid, t.user, label, t.duration, std::move(moments)}, imu});
  }
  return out;
}

/// Lines "<take>_<start>_<end>" of a list of bad windows; empty when there is no such file (PRIMUS sheet
/// §9.4).
inline std::set<std::string> read_bad_windows(const std::filesystem::path& path) {
  std::set<std::string> out;
  if (!std::filesystem::exists(path)) return out;
  TextRows rows(path, {',', '\n'});
  while (rows.next()) out.emplace(rows[0]);
  return out;
}

}  // namespace gyrograd::data
