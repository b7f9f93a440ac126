// SPDX-License-Identifier: MIT
// A folder that appears complete or not at all: written beside its place, then renamed.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "gyrograd/core/error.hpp"
#include "gyrograd/io/text.hpp"

namespace gyrograd::io {

/// The folder `<target>.tmp.<pid>`, removed with its content unless commit() renames it to `target`.
class StagedFolder {
 public:
  /// mark: a file that a folder must hold to be replaced, so that no other folder is ever deleted. Errors:
  /// the target is something else than such a folder, or the new folder cannot be created.
  StagedFolder(std::filesystem::path target, std::string mark)
      : target_(std::move(target)), mark_(std::move(mark)) {
    if (target_.filename().empty()) target_ = target_.parent_path();  // "out/"
    check_target();
    path_ = target_.string() + ".tmp." + std::to_string(::getpid());
    std::error_code error;
    std::filesystem::remove_all(path_, error);
    std::filesystem::create_directories(path_, error);
    if (error) fail<IoError>(name(), ": cannot create the folder: ", error.message());
  }
  StagedFolder(const StagedFolder&) = delete;
  StagedFolder& operator=(const StagedFolder&) = delete;
  ~StagedFolder() {
    std::error_code ignored;
    if (!committed_) std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }

  /// Puts the folder in its place; one that is there is replaced.
  void commit() {
    check_target();
    const std::filesystem::path old = target_.string() + ".old." + std::to_string(::getpid());
    std::error_code error;
    const bool replaces = std::filesystem::exists(target_);
    if (replaces) std::filesystem::rename(target_, old, error);
    if (!error) std::filesystem::rename(path_, target_, error);
    if (error) {
      std::error_code ignored;
      if (replaces && !std::filesystem::exists(target_)) std::filesystem::rename(old, target_, ignored);
      fail<IoError>(name(), ": cannot be put in place: ", error.message(), "; what was there is unchanged");
    }
    committed_ = true;
    if (replaces) std::filesystem::remove_all(old, error);
  }

 private:
  std::string name() const { return printable(target_.string(), 4096); }
  void check_target() const {
    std::error_code error;
    const auto status = std::filesystem::symlink_status(target_, error);
    if (!std::filesystem::exists(status)) return;
    if (!std::filesystem::is_directory(status)) fail<IoError>(name(), ": is no folder; choose another name");
    if (std::filesystem::exists(target_ / mark_) || std::filesystem::is_empty(target_, error)) return;
    fail<IoError>(name(), ": holds other files and no ", mark_,
                  ", so it is not replaced; choose another folder");
  }

  std::filesystem::path target_, path_;
  std::string mark_;
  bool committed_ = false;
};

}  // namespace gyrograd::io
