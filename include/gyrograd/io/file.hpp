// SPDX-License-Identifier: MIT
// Atomic replacement of a file (temporary, fsync, rename, fsync folder), and a lock against a second writer.
#pragma once

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <concepts>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include "gyrograd/core/error.hpp"
#include "gyrograd/io/text.hpp"

namespace gyrograd::io {

/// The operating system's file calls; tests replace it to make the n-th one fail.
struct PosixFileOps {
  int open(const char* path, int flags, int mode) { return ::open(path, flags, mode); }
  ::ssize_t write(int descriptor, const void* data, std::size_t size) {
    return ::write(descriptor, data, size);
  }
  int fsync(int descriptor) { return ::fsync(descriptor); }
  int close(int descriptor) { return ::close(descriptor); }
  int rename(const char* from, const char* to) { return ::rename(from, to); }
  int unlink(const char* path) { return ::unlink(path); }
};

/// What atomic_write may do.
struct AtomicWriteOptions {
  bool follow_symlink = false;  ///< write through a symlink at the final component instead of refusing it
  int mode = 0666;              ///< permissions of the new file, reduced by the process's umask
};

/// Receives the bytes of an atomic_write; errors are thrown at once.
template <class FileOps>
class FileSink {
 public:
  FileSink(FileOps& ops, int descriptor, const std::string& name)
      : ops_(ops), descriptor_(descriptor), name_(name) {}

  void write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ::ssize_t done = ops_.write(descriptor_, bytes.data(), bytes.size());
      if (done < 0 && errno == EINTR) continue;
      if (done <= 0) {
        const int code = done < 0 ? errno : EIO;
        fail<IoError>(name_, ": cannot be written: ", std::strerror(code),
                      "; the previous file, if any, is unchanged");
      }
      bytes = bytes.subspan(static_cast<std::size_t>(done));
    }
  }
  template <class Value>
  void write(std::span<const Value> values) {
    write(std::as_bytes(values));
  }
  void write(std::string_view text) { write(std::as_bytes(std::span(text.data(), text.size()))); }

 private:
  FileOps& ops_;
  int descriptor_;
  const std::string& name_;
};

namespace detail {

/// The temporary file of one atomic_write; removed unless it was renamed.
template <class FileOps>
class TemporaryFile {
 public:
  TemporaryFile(FileOps& ops, const std::filesystem::path& target, int mode)
      : ops_(ops),
        path_(target.string() + ".tmp." + std::to_string(::getpid())),
        name_(printable(target.string(), 4096)) {
    (void)ops_.unlink(path_.c_str());  // left by a killed process that had our number
    descriptor_ = ops_.open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (descriptor_ < 0) {
      fail_with_errno("cannot be created in this folder", "check that the folder exists and is writable");
    }
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (descriptor_ >= 0) (void)ops_.close(descriptor_);
    if (!renamed_) (void)ops_.unlink(path_.c_str());
  }

  FileSink<FileOps> sink() { return FileSink<FileOps>(ops_, descriptor_, name_); }

  void commit(const std::filesystem::path& target) {
    if (sync(descriptor_) != 0) fail_with_errno("cannot be synced to disk", unchanged);
    const int closed = ops_.close(std::exchange(descriptor_, -1));
    if (closed != 0 && errno != EINTR) fail_with_errno("cannot be closed", unchanged);
    if (ops_.rename(path_.c_str(), target.c_str()) != 0) fail_with_errno("cannot be replaced", unchanged);
    renamed_ = true;
  }

 private:
  static constexpr const char* unchanged = "the previous file, if any, is unchanged";

  int sync(int descriptor) {
    int result = ops_.fsync(descriptor);
    while (result != 0 && errno == EINTR) result = ops_.fsync(descriptor);
    return result;
  }
  [[noreturn]] void fail_with_errno(const char* what, const char* advice) const {
    const int code = errno;
    fail<IoError>(name_, ": ", what, ": ", std::strerror(code), "; ", advice);
  }

  FileOps& ops_;
  std::string path_, name_;
  int descriptor_ = -1;
  bool renamed_ = false;
};

/// Makes a rename in `folder` durable.
template <class FileOps>
void sync_folder(FileOps& ops, const std::filesystem::path& folder) {
  const std::string path = folder.empty() ? std::string(".") : folder.string();
  const int descriptor = ops.open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  int code = descriptor < 0 ? errno : 0;
  if (descriptor >= 0) {
    int result = ops.fsync(descriptor);
    while (result != 0 && errno == EINTR) result = ops.fsync(descriptor);
    if (result != 0 && errno != EINVAL && errno != EROFS) code = errno;  // EINVAL: no fsync on this folder
    (void)ops.close(descriptor);
  }
  if (code != 0) {
    fail<IoError>(printable(path, 4096), ": the folder cannot be synced to disk: ", std::strerror(code),
                  "; the new file is in place but may be lost if the power fails now");
  }
}

}  // namespace detail

/// Replaces `path` by what `writer(sink)` writes: readers see the old file or the new one, never a part.
/// The temporary file is `<path>.tmp.<pid>` in the same folder. Errors name the path and the reason, leave
/// the old file in place and remove the temporary one.
template <class FileOps = PosixFileOps, class Writer>
requires std::invocable < Writer&, FileSink<std::remove_reference_t<FileOps>>
& > void atomic_write(const std::filesystem::path& path, Writer&& writer,
                      const AtomicWriteOptions& options = {}, FileOps&& ops = FileOps{}) {
  std::filesystem::path target = path;
  std::error_code code;
  if (std::filesystem::is_symlink(std::filesystem::symlink_status(path, code))) {
    if (!options.follow_symlink) {
      fail<IoError>(printable(path.string(), 4096),
                    ": is a symbolic link, expected a plain file; give the path it points to, or ask to "
                    "follow links");
    }
    target = std::filesystem::weakly_canonical(path, code);
    if (code) fail<IoError>(printable(path.string(), 4096), ": link cannot be followed: ", code.message());
  }
  if (std::filesystem::is_directory(target, code)) {
    fail<IoError>(printable(path.string(), 4096), ": is a folder, expected a file name");
  }
  using Ops = std::remove_reference_t<FileOps>;
  {
    detail::TemporaryFile<Ops> temporary(ops, target, options.mode);
    auto sink = temporary.sink();
    writer(sink);
    temporary.commit(target);
  }
  detail::sync_folder(ops, target.parent_path());
}

/// Same, for bytes that are ready.
inline void atomic_write(const std::filesystem::path& path, std::span<const std::byte> bytes,
                         const AtomicWriteOptions& options = {}) {
  atomic_write(
      path, [&](FileSink<PosixFileOps>& sink) { sink.write(bytes); }, options);
}

/// Same, for text.
inline void atomic_write(const std::filesystem::path& path, std::string_view text,
                         const AtomicWriteOptions& options = {}) {
  atomic_write(path, std::as_bytes(std::span(text.data(), text.size())), options);
}

/// Holds `folder/.gyrograd.lock` (flock) until destruction; a second process that asks is refused at once.
/// The empty lock file stays behind: removing it would open a race.
class DirectoryLock {
 public:
  explicit DirectoryLock(const std::filesystem::path& folder) {
    const std::filesystem::path file = (folder.empty() ? std::filesystem::path(".") : folder) / lock_name;
    const std::string name = printable(folder.string(), 4096);
    descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (descriptor_ < 0) {
      const int code = errno;
      fail<IoError>(name, ": cannot be locked: ", std::strerror(code),
                    "; check that it exists and is writable");
    }
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
    const int code = errno;
    (void)::close(std::exchange(descriptor_, -1));
    if (code == EWOULDBLOCK) {
      fail<IoError>(name, ": another run is writing here; wait for it to end, or choose another folder");
    }
    fail<IoError>(name, ": cannot be locked: ", std::strerror(code));
  }
  DirectoryLock(DirectoryLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  DirectoryLock& operator=(DirectoryLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~DirectoryLock() {
    if (descriptor_ >= 0) (void)::close(descriptor_);
  }

  static constexpr const char* lock_name = ".gyrograd.lock";

 private:
  int descriptor_ = -1;
};

}  // namespace gyrograd::io
