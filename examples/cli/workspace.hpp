// SPDX-License-Identifier: MIT
// Where data, weights and embeddings lie: the folder names of the published programs under one root.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "cli/cli.hpp"
#include "gyrograd/core/suggest.hpp"
#include "gyrograd/data/configs.hpp"

namespace gyrograd::cli {

namespace fs = std::filesystem;

/// Paths of LIMU-BERT sheet §7, relative to a root.
struct Workspace {
  fs::path root = ".";

  fs::path dataset(const std::string& name) const { return root / "dataset" / name; }
  fs::path saved(std::string_view target, const std::string& name, const std::string& version) const {
    return root / "saved" / (std::string(target) + '_' + name + '_' + version);
  }
  fs::path embed(const std::string& model, const std::string& name, const std::string& version) const {
    return root / "embed" / ("embed_" + model + '_' + name + '_' + version + ".npy");
  }
  fs::path config(std::string_view file) const { return root / "config" / file; }
};

/// Creates a folder and its parents.
inline void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) fail<IoError>(folder.string(), ": cannot create the folder: ", error.message());
}

/// Refuses to replace what is there without --force.
inline void refuse_existing(const fs::path& path, bool force) {
  std::error_code error;
  if (force || !fs::exists(fs::symlink_status(path, error))) return;
  fail<IoError>(path.string(), ": exists; give --force to replace it, or another name");
}

/// A word that becomes part of a file name: letters, digits, '_', '-', '.', not starting with '.'.
inline void check_name(std::string_view command, std::string_view what, std::string_view name) {
  const bool plain = !name.empty() && name.front() != '.' && name.size() <= 100 &&
                     std::all_of(name.begin(), name.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                              c == '_' || c == '-' || c == '.';
                     });
  if (plain) return;
  fail<UsageError>(command, ": ", what, " is '", name, "', expected letters, digits, '_', '-' and '.' only");
}

namespace detail {

inline std::vector<std::string> names_in(const fs::path& folder, std::string_view prefix,
                                         std::string_view suffix, bool folders) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (folders != it->is_directory(error) || name.size() <= prefix.size() + suffix.size()) continue;
    if (!name.starts_with(prefix) || !name.ends_with(suffix)) continue;
    names.push_back(name.substr(prefix.size(), name.size() - prefix.size() - suffix.size()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace detail

/// Folder of a data set whose `version` is there; else one line that says what to do or what was meant.
/// `corpora`: the command can read a version that is a corpus of shards, too.
inline fs::path find_dataset(std::string_view command, const Workspace& at, const std::string& name,
                             const std::string& version, bool corpora = false) {
  check_name(command, "DATASET", name);
  check_name(command, "VERSION", version);
  const fs::path folder = at.dataset(name);
  if (!fs::is_directory(folder)) {
    std::vector<std::string> known = detail::names_in(at.root / "dataset", "", "", true);
    if (data::find_data_set(name) != nullptr) {
      fail<IoError>(folder.string(), ": no such data set yet; make it with 'gyrograd prepare ", name,
                    " RAW'");
    }
    for (const data::DataSetConfig& set : data::published_data_sets) known.emplace_back(set.name);
    fail<UsageError>(command, ": unknown data set '", name, "': no folder ", folder.string(),
                     did_you_mean(name, known));
  }
  const bool sharded = fs::exists(folder / ("data_" + version + ".json"));
  if (sharded && corpora) return folder;
  if (!fs::exists(folder / ("data_" + version + ".npy"))) {
    if (sharded) {
      fail<UsageError>(command, ": version '", version, "' of data set '", name,
                       "' is a corpus of shards, which only pretrain reads");
    }
    const std::vector<std::string> versions = detail::names_in(folder, "data_", ".npy", false);
    if (versions.empty()) {
      fail<IoError>(folder.string(),
                    ": holds no data_<version>.npy; make it with 'gyrograd prepare' or 'gyrograd synth'");
    }
    std::string list;
    for (const std::string& v : versions) list += (list.empty() ? "" : ", ") + v;
    fail<UsageError>(command, ": data set '", name, "' has no version '", version, "', only ", list,
                     did_you_mean(version, versions));
  }
  return folder;
}

/// Weight file that `-f` names: a path, or a name (.safetensors, then .pt) in `folder`, a folder of saved/,
/// or in weights/ beside saved/, where LIMU-BERT-X keeps them.
inline fs::path find_weights(std::string_view command, const fs::path& folder, const std::string& name) {
  if (name.find('/') != std::string::npos || name.ends_with(".pt") || name.ends_with(".safetensors")) {
    for (const fs::path& path : {fs::path(name), folder / name}) {
      if (fs::is_regular_file(path)) return path;
    }
    fail<IoError>(name, ": no such weight file");
  }
  for (const fs::path& place : {folder, folder.parent_path().parent_path() / "weights"}) {
    for (const std::string_view suffix : {".safetensors", ".pt"}) {
      const fs::path path = place / (name + std::string(suffix));
      if (fs::is_regular_file(path)) return path;
    }
  }
  std::vector<std::string> there = detail::names_in(folder, "", ".safetensors", false);
  for (std::string& other : detail::names_in(folder, "", ".pt", false)) there.push_back(std::move(other));
  fail<IoError>((folder / name).string(), ": no .safetensors or .pt file of that name for ", command,
                did_you_mean(name, there));
}

/// Name under which the results of a weight file are stored: its file name up to the last dot.
inline std::string model_name(const std::string& file_or_name) {
  const fs::path path(file_or_name);
  const std::string extension = path.extension().string();
  return extension == ".pt" || extension == ".safetensors" ? path.stem().string() : path.filename().string();
}

/// Embeddings that -f names; without -f those called "model", or the only ones of the data set.
inline std::pair<std::string, fs::path> find_embeddings(const Workspace& at, const std::string& wanted,
                                                        const std::string& dataset,
                                                        const std::string& version) {
  const std::string tail = '_' + dataset + '_' + version + ".npy";
  const std::vector<std::string> there = detail::names_in(at.root / "embed", "embed_", tail, false);
  std::string name = wanted.empty() ? "model" : model_name(wanted);
  if (wanted.empty() && !fs::exists(at.embed(name, dataset, version)) && there.size() == 1)
    name = there.front();
  const fs::path path = at.embed(name, dataset, version);
  if (!fs::exists(path)) {
    fail<IoError>(path.string(), ": no such embeddings", did_you_mean(name, there),
                  "; make them with 'gyrograd embedding MODEL ", dataset, " ", version, " -f ", name, "'");
  }
  return {name, path};
}

}  // namespace gyrograd::cli
