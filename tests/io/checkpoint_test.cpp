// SPDX-License-Identifier: MIT
// Checkpoints: contents, the previous file, corruption, injected failures, kills.
#include "gyrograd/io/checkpoint.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <vector>

#include "support/archives.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/malformed.hpp"

namespace {

using namespace gyrograd::io;
using namespace gyrograd::testing;

CheckpointWriter sample(std::uint64_t step) {
  CheckpointWriter w;
  const std::vector<float> weights{1.5f, -2.0f, 0.0f};
  w.add_values<float>("weights", weights)
      .add_u64("step", step)
      .add_f64("loss", 0.25)
      .add_text("config", "{\"lr\": 1}");
  w.add("empty", {});
  return w;
}
std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
std::string refreshed(std::string file) {  // recomputes the checksum at the end
  const std::string body = file.substr(0, file.size() - 8);
  return body + little(crc32c(bytes_of(body))) + "END\n";
}
std::uint64_t step_of(const std::filesystem::path& path) {
  return load_checkpoint(path).checkpoint.u64("step");
}

TEST_CASE("checkpoint: sections read back, typed") {
  const TempFolder folder;
  sample(7).save(folder / "a.ckpt");
  const Checkpoint c = Checkpoint::read(folder / "a.ckpt");
  CHECK(c.names() == std::vector<std::string>{"weights", "step", "loss", "config", "empty"});
  CHECK(c.values<float>("weights") == std::vector<float>{1.5f, -2.0f, 0.0f});
  CHECK(c.u64("step") == 7);
  CHECK(c.f64("loss") == 0.25);
  CHECK(c.text("config") == "{\"lr\": 1}");
  CHECK(c.section("empty").empty());
  CHECK_FALSE(c.find("none"));
  std::vector<float> out(3);
  c.copy_to("weights", std::span(out));
  CHECK(out[1] == -2.0f);
  CHECK(reinterpret_cast<std::uintptr_t>(c.section("weights").data()) % 64 == 0);
}

TEST_CASE("checkpoint: requests that do not fit are one clear line") {
  const Checkpoint c(FileBytes::own(sample(1).encode(), "a.ckpt"));
  CHECK(error_of([&] { (void)c.section("weigths"); }) ==
        "a.ckpt: has no section 'weigths'; did you mean 'weights'?");
  std::vector<float> two(2);
  CHECK(error_of([&] { c.copy_to("weights", std::span(two)); }).find("holds 12 bytes, expected 8") !=
        std::string::npos);
  CHECK(error_of([&] { (void)c.values<double>("weights"); }).find("multiple of 8") != std::string::npos);
  CheckpointWriter w = sample(1);
  CHECK_FALSE(error_of([&] { w.add_u64("step", 2); }).empty());
  CHECK_FALSE(error_of([&] { w.add_u64("", 2); }).empty());
  CHECK_FALSE(error_of([&] { w.add_u64(std::string(257, 'n'), 2); }).empty());
}

TEST_CASE("checkpoint: the same state gives the same bytes") {
  CHECK(sample(3).encode() == sample(3).encode());
}

TEST_CASE("checkpoint: the previous file is kept and used when the present one is damaged") {
  const TempFolder folder;
  const auto path = folder / "a.ckpt";
  sample(1).save(path);
  CHECK_FALSE(std::filesystem::exists(previous_checkpoint(path)));
  sample(2).save(path);
  CHECK(step_of(previous_checkpoint(path)) == 1);
  CHECK(load_checkpoint(path).warning.empty());
  std::string damaged = file_text(path);
  damaged[40] = static_cast<char>(damaged[40] ^ 1);
  write_text(path, damaged);
  const LoadedCheckpoint loaded = load_checkpoint(path);
  CHECK(loaded.checkpoint.u64("step") == 1);
  CHECK(loaded.warning.find("damaged") != std::string::npos);
  CHECK(loaded.warning.find(".previous") != std::string::npos);
  CHECK(loaded.warning.find('\n') == std::string::npos);
  sample(3).save(path);  // the damaged file must not replace the good previous one
  CHECK(step_of(previous_checkpoint(path)) == 1);
  CHECK(step_of(path) == 3);
  std::filesystem::remove(path);
  CHECK(step_of(path) == 1);
  std::filesystem::remove(previous_checkpoint(path));
  CHECK(error_of([&] { (void)load_checkpoint(path); }).find("No such file") != std::string::npos);
}

TEST_CASE("checkpoint: a newer version is an error, not a reason to fall back") {
  const TempFolder folder;
  sample(1).save(folder / "a");
  sample(2).save(folder / "a");
  std::string newer = file_text(folder / "a");
  newer[8] = 2;
  write_text(folder / "a", refreshed(newer));
  CHECK_THROWS_AS(load_checkpoint(folder / "a"), NewerVersionError);
  CHECK(error_of([&] {
          (void)load_checkpoint(folder / "a");
        }).find("has checkpoint version 2, this program reads up to 1") != std::string::npos);
}

TEST_CASE("checkpoint: malformed files are refused even when the checksum of the file is right (G1-G3)") {
  const std::string good = text_of(sample(1).encode());
  const auto with = [&](std::size_t at, const std::string& bytes) {
    return [=] {
      std::string file = good;
      return refreshed(file.replace(at, bytes.size(), bytes));
    };
  };
  const auto u32 = [](std::uint32_t n) { return little(n); };
  const auto u64 = [](std::uint64_t n) { return little(n); };
  std::vector<MalformedCase> cases{
      {"empty", [] { return std::string(); }, {"not a gyrograd checkpoint"}},
      {"another file", [] { return std::string(100, 'x'); }, {"not a gyrograd checkpoint"}},
      {"magic only", [] { return std::string("GYROCKPT"); }, {"cut short"}},
      {"version 0", with(8, u32(0)), {"version 0"}},
      {"version 2", with(8, u32(2)), {"version 2", "newer program"}},
      {"version 2^32-1", with(8, u32(~0u)), {"version 4294967295"}},
      {"checksum", [&] { return good.substr(0, good.size() - 8) + "abcdEND\n"; }, {"checksum of the file"}},
      {"end mark", [&] { return good.substr(0, good.size() - 1); }, {"end mark is missing"}},
      {"G1 no sections announced", with(12, u32(0)), {"after the last directory entry"}},
      {"G1 one section too many", with(12, u32(6)), {"directory is cut short"}},
      {"directory size 0", with(16, u64(0)), {"directory is cut short"}},
      {"section checksum", with(24 + 16, u32(0)), {"checksum of section 'weights'"}},
      {"empty name length", with(24 + 20, u32(0)), {}},
      {"G2 sum of two sections wraps",
       with(24, u64(~std::uint64_t{0} - 63) + u64(128)),
       {"'weights' lies outside"}},
      {"section inside the directory", with(24, u64(0) + u64(12)), {"'weights' lies outside"}},
      {"duplicate name",
       [&] {
         CheckpointWriter w;
         w.add_u64("aa", 1).add_u64("ab", 1);
         std::string file = text_of(w.encode());
         file.replace(24 + 24 + 2 + 24, 2, "aa");
         return refreshed(file);
       },
       {"'aa'", "duplicate"}},
  };
  for (const std::uint64_t n :
       {std::uint64_t{1} << 31, std::uint64_t{0xFFFFFFFF}, std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
    cases.push_back({"G1 number of sections " + std::to_string(n),
                     with(12, u32(static_cast<std::uint32_t>(n == std::uint64_t{1} << 63 ? 4097 : n))),
                     {"directory does not fit"}});
    cases.push_back({"directory size " + std::to_string(n), with(16, u64(n)), {"directory does not fit"}});
    cases.push_back(
        {"G1 section size " + std::to_string(n), with(24 + 8, u64(n)), {"'weights' lies outside"}});
    cases.push_back({"G1 section offset " + std::to_string(n), with(24, u64(n)), {"'weights' lies outside"}});
    cases.push_back({"G1 name length " + std::to_string(n),
                     with(24 + 20, u32(static_cast<std::uint32_t>(n | 257))),
                     {"name does not fit"}});
  }
  cases.pop_back();
  check_malformed(cases, [](const auto& file) { (void)Checkpoint(file); });
}

TEST_CASE("checkpoint: every prefix and every flipped bit is detected") {
  const std::string good = text_of(sample(1).encode());
  CHECK(sweep(good, [](const auto& file) { (void)Checkpoint(file); }) == 8 * good.size());
}

/// Fails the n-th call.
struct FaultyOps : PosixFileOps {
  int fail_at = -1, calls = 0;
  bool strikes() {
    if (calls++ != fail_at) return false;
    errno = ENOSPC;
    return true;
  }
  int open(const char* path, int flags, int mode) {
    return strikes() ? -1 : PosixFileOps::open(path, flags, mode);
  }
  ::ssize_t write(int d, const void* data, std::size_t size) {
    return strikes() ? -1 : PosixFileOps::write(d, data, size < 100 ? size : 100);
  }
  int fsync(int d) { return strikes() ? -1 : PosixFileOps::fsync(d); }
  int rename(const char* from, const char* to) { return strikes() ? -1 : PosixFileOps::rename(from, to); }
};

TEST_CASE("checkpoint: whatever call fails, step 2 or step 3 can be loaded and no temporary file stays") {
  for (int n = 0;; ++n) {
    const TempFolder folder;
    sample(1).save(folder / "a");
    sample(2).save(folder / "a");
    FaultyOps ops;
    ops.fail_at = n;
    const std::string message = error_of([&] { sample(3).save(folder / "a", ops); });
    if (ops.calls <= n) break;
    INFO("call " << n << ": " << message);
    CHECK_FALSE(message.empty());
    const std::uint64_t step = step_of(folder / "a");
    CHECK((step == 2 || step == 3));
    CHECK(load_checkpoint(folder / "a").warning.empty());
    CHECK(entry_count(folder.path()) == 2);
  }
}

TEST_CASE("checkpoint: a process killed while saving loses nothing and never goes back") {
  const TempFolder folder;
  std::uint64_t last = 0;
  for (int round = 0; round < 25; ++round) {
    const ::pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      for (std::uint64_t step = last + 1;; ++step) sample(step).save(folder / "a");
    }
    ::usleep(static_cast<::useconds_t>(2'000 + 700 * round));
    (void)::kill(child, SIGKILL);
    (void)::waitpid(child, nullptr, 0);
    if (last == 0 && !std::filesystem::exists(folder / "a")) continue;
    const LoadedCheckpoint loaded = load_checkpoint(folder / "a");
    CHECK(loaded.warning.empty());
    CHECK(loaded.checkpoint.u64("step") >= last);
    last = loaded.checkpoint.u64("step");
  }
  CHECK(last > 0);
}

}  // namespace
