// SPDX-License-Identifier: MIT
// Atomic writes under injected failures, symlinks, permissions, and the folder lock.
#include "gyrograd/io/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/malformed.hpp"

namespace {

using namespace gyrograd::io;
using gyrograd::testing::entry_count;
using gyrograd::testing::error_of;
using gyrograd::testing::file_text;
using gyrograd::testing::TempFolder;
using gyrograd::testing::write_text;

/// Fails the n-th call of one kind, or of any kind, with `code`; writes at most `chunk` bytes per call.
struct FaultyOps : PosixFileOps {
  int fail_at = -1, code = EIO, calls = 0;
  std::size_t chunk = 3;
  std::vector<std::string> log;

  bool strikes(const char* call) {
    log.emplace_back(call);
    if (calls++ != fail_at) return false;
    errno = code;
    return true;
  }
  int open(const char* path, int flags, int mode) {
    return strikes("open") ? -1 : PosixFileOps::open(path, flags, mode);
  }
  ::ssize_t write(int descriptor, const void* data, std::size_t size) {
    return strikes("write") ? -1 : PosixFileOps::write(descriptor, data, size < chunk ? size : chunk);
  }
  int fsync(int descriptor) { return strikes("fsync") ? -1 : PosixFileOps::fsync(descriptor); }
  int close(int descriptor) {
    const int result = PosixFileOps::close(descriptor);
    return strikes("close") ? -1 : result;
  }
  int rename(const char* from, const char* to) {
    return strikes("rename") ? -1 : PosixFileOps::rename(from, to);
  }
  int unlink(const char* path) { return PosixFileOps::unlink(path); }
};

TEST_CASE("atomic_write: creates, replaces, and leaves no temporary file") {
  const TempFolder folder;
  atomic_write(folder / "a", "first");
  CHECK(file_text(folder / "a") == "first");
  atomic_write(folder / "a", "second, longer");
  CHECK(file_text(folder / "a") == "second, longer");
  atomic_write(folder / "a", "");
  CHECK(file_text(folder / "a").empty());
  CHECK(entry_count(folder.path()) == 1);
}

TEST_CASE("atomic_write: the order is write, fsync, close, rename, fsync of the folder") {
  const TempFolder folder;
  FaultyOps ops;
  atomic_write(
      folder / "a", [](auto& sink) { sink.write("abcd"); }, {}, ops);
  CHECK(ops.log == std::vector<std::string>{"open", "write", "write", "fsync", "close", "rename", "open",
                                            "fsync", "close"});
  CHECK(file_text(folder / "a") == "abcd");
}

TEST_CASE(
    "atomic_write: whatever call fails, the file is the old one or the new one, and the error has a reason") {
  for (const int code : {ENOSPC, EIO, EDQUOT}) {
    for (int n = 0;; ++n) {
      const TempFolder folder;
      write_text(folder / "a", "old");
      FaultyOps ops;
      ops.fail_at = n;
      ops.code = code;
      const std::string message = error_of([&] {
        atomic_write(
            folder / "a", [](auto& sink) { sink.write("new text"); }, {}, ops);
      });
      if (ops.calls <= n) break;  // every call has had its turn
      INFO("call " << n << " (" << ops.log[static_cast<std::size_t>(n)] << "): " << message);
      const std::string now = file_text(folder / "a");
      CHECK((now == "old" || now == "new text"));
      CHECK(entry_count(folder.path()) == 1);
      const bool last_close = static_cast<std::size_t>(n) + 1 == ops.log.size();  // of the folder: harmless
      if (!last_close) {
        CHECK(message.find(std::strerror(code)) != std::string::npos);
        CHECK(message.find(folder.path().string()) != std::string::npos);
      }
    }
  }
}

TEST_CASE("atomic_write: interrupted calls are repeated") {
  for (const int n : {1, 2, 3, 4}) {
    const TempFolder folder;
    FaultyOps ops;
    ops.fail_at = n;
    ops.code = EINTR;
    CHECK(error_of([&] {
            atomic_write(
                folder / "a", [](auto& sink) { sink.write("abcd"); }, {}, ops);
          }).empty());
    CHECK(file_text(folder / "a") == "abcd");
  }
}

TEST_CASE("atomic_write: an exception of the writer leaves the old file and nothing else") {
  const TempFolder folder;
  write_text(folder / "a", "old");
  CHECK_THROWS_AS(atomic_write(folder / "a",
                               [](auto& sink) {
                                 sink.write("half");
                                 throw std::runtime_error("stop");
                               }),
                  std::runtime_error);
  CHECK(file_text(folder / "a") == "old");
  CHECK(entry_count(folder.path()) == 1);
}

TEST_CASE("atomic_write: symbolic links are refused unless asked for") {
  const TempFolder folder;
  write_text(folder / "target", "old");
  std::filesystem::create_symlink("target", folder / "link");
  CHECK(error_of([&] { atomic_write(folder / "link", "new"); }).find("symbolic link") != std::string::npos);
  CHECK(file_text(folder / "target") == "old");
  AtomicWriteOptions follow;
  follow.follow_symlink = true;
  atomic_write(folder / "link", "new", follow);
  CHECK(file_text(folder / "target") == "new");
  CHECK(std::filesystem::is_symlink(folder / "link"));
}

TEST_CASE("atomic_write: missing folder and folder as target are one clear line") {
  const TempFolder folder;
  CHECK(error_of([&] { atomic_write(folder / "none/a", "x"); }).find("check that the folder exists") !=
        std::string::npos);
  CHECK(error_of([&] { atomic_write(folder.path(), "x"); }).find("is a folder") != std::string::npos);
}

TEST_CASE("atomic_write: permissions follow the umask") {
  const TempFolder folder;
  const ::mode_t before = ::umask(0027);
  atomic_write(folder / "a", "x");
  (void)::umask(before);
  struct stat status {};
  REQUIRE(::stat((folder / "a").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777u) == 0640u);
}

TEST_CASE("atomic_write: a link planted under the temporary name is not followed") {
  const TempFolder folder;
  write_text(folder / "victim", "safe");
  std::filesystem::create_symlink("victim", (folder / "a").string() + ".tmp." + std::to_string(::getpid()));
  atomic_write(folder / "a", "new");
  CHECK(file_text(folder / "victim") == "safe");
  CHECK(file_text(folder / "a") == "new");
}

TEST_CASE("DirectoryLock: one holder at a time, within and across processes") {
  const TempFolder folder;
  {
    const DirectoryLock lock(folder.path());
    CHECK(error_of([&] { DirectoryLock second(folder.path()); }).find("another run is writing here") !=
          std::string::npos);
    const ::pid_t child = ::fork();
    if (child == 0) ::_exit(error_of([&] { DirectoryLock other(folder.path()); }).empty() ? 1 : 0);
    int status = -1;
    (void)::waitpid(child, &status, 0);
    CHECK(status == 0);
  }
  CHECK(error_of([&] { DirectoryLock again(folder.path()); }).empty());
  CHECK(error_of([&] { DirectoryLock none(folder / "none"); }).find("cannot be locked") != std::string::npos);
}

}  // namespace
