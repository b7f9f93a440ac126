// SPDX-License-Identifier: MIT
// The whole content of a file, read-only: memory-mapped where possible, else read; or bytes handed in.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gyrograd/core/checked.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/io/text.hpp"

namespace gyrograd::io {

/// Bytes of all mapped files that are in the memory of this process now; where the system does not say (it is
/// read from /proc), the largest number.
inline std::size_t resident_file_bytes() noexcept {
  const int descriptor = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return SIZE_MAX;
  char text[128];
  const ssize_t size = ::read(descriptor, text, sizeof text - 1);
  ::close(descriptor);
  if (size <= 0) return SIZE_MAX;
  text[size] = '\0';
  unsigned long total = 0, resident = 0, shared = 0;  // pages; `shared` are those of files
  if (std::sscanf(text, "%lu %lu %lu", &total, &resident, &shared) != 3) return SIZE_MAX;
  return static_cast<std::size_t>(shared) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

/// Bytes of one file; shared by everything that views into them. A mapping stays valid when the path is
/// replaced by rename (as atomic_write does); a file that another program truncates in place is not covered.
class FileBytes {
 public:
  /// Opens and maps `path`. Errors: missing, unreadable, not a regular file.
  static std::shared_ptr<const FileBytes> open(const std::filesystem::path& path) {
    std::shared_ptr<FileBytes> file(new FileBytes(printable(path.string(), 4096)));
    const Descriptor descriptor{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (descriptor.value < 0) file->fail_with_errno("cannot be opened", "check the path and its permissions");
    struct stat status {};
    if (::fstat(descriptor.value, &status) != 0) file->fail_with_errno("has no readable status", "try again");
    if (!S_ISREG(status.st_mode)) {
      fail<IoError>(file->name_, ": is a ", S_ISDIR(status.st_mode) ? "folder" : "device or pipe",
                    ", expected a regular file");
    }
    file->load(descriptor.value, static_cast<std::uint64_t>(status.st_size));
    return file;
  }

  /// Takes bytes that are already in memory; `name` stands for the path in messages.
  static std::shared_ptr<const FileBytes> own(std::vector<std::byte> bytes, std::string name) {
    std::shared_ptr<FileBytes> file(new FileBytes(std::move(name)));
    file->owned_ = std::move(bytes);
    file->view_ = file->owned_;
    return file;
  }

  FileBytes(const FileBytes&) = delete;
  FileBytes& operator=(const FileBytes&) = delete;
  ~FileBytes() {
    if (mapping_ != nullptr) ::munmap(mapping_, view_.size());
  }

  std::span<const std::byte> bytes() const noexcept { return view_; }

  /// Mapped: parts will be read in any order, so nothing around them is to be fetched.
  void expect_random_access() const noexcept {
    if (mapping_ != nullptr) (void)::madvise(mapping_, view_.size(), MADV_RANDOM);
  }
  /// Mapped: starts to fetch these bytes of the file. Returns at once.
  void fetch(std::size_t at, std::size_t size) const noexcept {
    if (mapping_ == nullptr) return;
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::size_t begin = at / page * page;
    (void)::madvise(static_cast<std::byte*>(mapping_) + begin, at + size - begin, MADV_WILLNEED);
  }
  /// Mapped: gives the memory of the pages back; the next access maps them again.
  void forget() const noexcept {
    if (mapping_ != nullptr) (void)::madvise(mapping_, view_.size(), MADV_DONTNEED);
  }
  std::size_t size() const noexcept { return view_.size(); }
  /// Printable name for messages.
  const std::string& name() const noexcept { return name_; }

 private:
  struct Descriptor {
    int value;
    ~Descriptor() {
      if (value >= 0) ::close(value);
    }
  };

  explicit FileBytes(std::string name) : name_(std::move(name)) {}

  void load(int descriptor, std::uint64_t size64) {
    const auto size = to_size(size64);
    if (!size) fail<IoError>(name_, ": ", size64, " bytes, more than this machine can address");
    if (*size == 0) return;
    void* address = ::mmap(nullptr, *size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (address != MAP_FAILED) {
      mapping_ = address;
      view_ = {static_cast<const std::byte*>(address), *size};
      return;
    }
    owned_.resize(*size);
    for (std::size_t done = 0; done < *size;) {
      const ::ssize_t got = ::read(descriptor, owned_.data() + done, *size - done);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail_with_errno("cannot be read", "check the disk");
      if (got == 0) fail<IoError>(name_, ": shrank while being read, at byte ", done, " of ", *size);
      done += static_cast<std::size_t>(got);
    }
    view_ = owned_;
  }

  [[noreturn]] void fail_with_errno(const char* what, const char* advice) const {
    const int code = errno;
    fail<IoError>(name_, ": ", what, ": ", std::strerror(code), "; ", advice);
  }

  std::string name_;
  std::vector<std::byte> owned_;
  void* mapping_ = nullptr;
  std::span<const std::byte> view_;
};

/// Little-endian unsigned integer at `at`; the caller has checked the bounds.
template <class Unsigned>
Unsigned little_endian(std::span<const std::byte> bytes, std::size_t at) noexcept {
  Unsigned value = 0;
  for (std::size_t i = sizeof(Unsigned); i-- > 0;) {
    value = static_cast<Unsigned>(static_cast<std::uint64_t>(value) << 8 |
                                  std::to_integer<std::uint64_t>(bytes[at + i]));
  }
  return value;
}

}  // namespace gyrograd::io
