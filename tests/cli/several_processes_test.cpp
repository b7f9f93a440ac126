// SPDX-License-Identifier: MIT
// The tool under mpirun: the bits of one process, one voice, and a clean end when a process fails or is
// killed.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "cli/tool.hpp"
#include "support/catch.hpp"

using namespace gyrograd::testing;
using Words = std::vector<std::string>;

namespace {

/// Words of a call under mpirun: `each` holds the words of every rank's own call.
Words under_mpirun(const std::vector<Words>& each) {
  Words words;
  for (const Words& one : each) {
    if (!words.empty()) words.emplace_back(":");
    words.insert(words.end(), {"-n", "1", tool_path().string()});
    words.insert(words.end(), one.begin(), one.end());
  }
  return words;
}

std::string mpirun() {
#if defined(GYROGRAD_MPIEXEC)
  for (const char* setting :
       {"OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1", "OMPI_MCA_rmaps_base_oversubscribe=1",
        "OMPI_MCA_btl_vader_single_copy_mechanism=none", "OMPI_MCA_plm=isolated"}) {
    const std::string text = setting;
    const std::size_t equal = text.find('=');
    ::setenv(text.substr(0, equal).c_str(), text.substr(equal + 1).c_str(), 1);
  }
  return GYROGRAD_MPIEXEC;
#else
  return {};
#endif
}

/// False, with a message, where there is no MPI.
bool can_run() {
  if (!mpirun().empty() && fs::exists(mpirun())) return true;
  WARN("skipped: no mpirun on this machine; sh cmake/setup.sh installs Open MPI");
  return false;
}

Outcome run_mpi(const fs::path& folder, const std::vector<Words>& each) {
  return ToolProcess(folder, under_mpirun(each), mpirun()).wait();
}

void make_data(const fs::path& root) {
  REQUIRE(run_tool(root, {"synth", "dataset/tiny", "--users", "4", "--windows", "60", "--quiet"}).code == 0);
}

/// 24 training steps and 6 validations on 60 windows.
const Words pretrain = {"pretrain", "v1", "tiny",    "20_120", "-s",        "limu",
                        "--epochs", "8",  "--batch", "16",     "--threads", "1"};
const std::string weights_file = "saved/pretrain_base_tiny_20_120/limu.safetensors";
const std::string checkpoint_file = "saved/pretrain_base_tiny_20_120/limu.checkpoint";

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// Lines of ours in what mpirun printed.
std::vector<std::string> own_lines(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (text.compare(at, 10, "gyrograd: ") == 0) lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

/// Processes of this tool whose working folder is `folder`.
std::vector<pid_t> processes_in(const fs::path& folder) {
  std::vector<pid_t> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (fs::read_symlink(entry.path() / "exe", ignored) != fs::canonical(tool_path())) continue;
    if (fs::read_symlink(entry.path() / "cwd", ignored) == fs::canonical(folder))
      found.push_back(static_cast<pid_t>(std::stol(name)));
  }
  return found;
}

}  // namespace

TEST_CASE("two and three processes give the bits of one", "[cli][mpi]") {
  if (!can_run()) return;
  const TempFolder root;
  make_data(root.path());
  REQUIRE(run_tool(root.path(), pretrain).code == 0);
  const std::string alone = file_text(root.path() / weights_file);
  for (const std::size_t processes : {2U, 3U}) {
    const Outcome outcome = run_mpi(root.path(), std::vector<Words>(processes, with(pretrain, {"--force"})));
    INFO(outcome.err << outcome.out);
    REQUIRE(outcome.code == 0);
    CHECK((file_text(root.path() / weights_file) == alone));
    CHECK(std::count(outcome.out.begin(), outcome.out.end(), '\n') == 2);
    CHECK(outcome.err.find(std::to_string(processes) + " processes") != std::string::npos);
    CHECK(outcome.err.find("8/8 epochs") == outcome.err.rfind("8/8 epochs"));  // one voice
  }
}

TEST_CASE("PRIMUS: two processes give the bits of one, from memory and from files", "[cli][mpi]") {
  if (!can_run()) return;
  const TempFolder root;
  const Words made = {"primus", "synth",   "dataset/p", "--users", "5",  "--windows",
                      "200",    "--steps", "123",       "--width", "12", "--quiet"};
  REQUIRE(run_tool(root.path(), made).code == 0);
  // 20 steps of 70 windows at most: three micro-batches, so that both have work.
  const Words train = {"primus",  "pretrain", "p",         "--epochs", "10",      "--batch", "70",
                       "--queue", "80",       "--threads", "1",        "--quiet", "--force"};
  const std::string weights = "saved/primus_p/primus.safetensors";
  REQUIRE(run_tool(root.path(), train).code == 0);
  const std::string alone = file_text(root.path() / weights);
  REQUIRE(alone.size() > 50000);
  for (const Words& more : {Words{}, Words{"--max-memory", "64"}}) {
    const Outcome outcome = run_mpi(root.path(), std::vector<Words>(2, with(train, more)));
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    CHECK((file_text(root.path() / weights) == alone));
  }
  REQUIRE(run_tool(root.path(), with(train, {"--max-memory", "64"})).code == 0);
  CHECK((file_text(root.path() / weights) == alone));
  const Words local = with(train, {"--local-negatives"});
  REQUIRE(run_mpi(root.path(), {local, local}).code == 0);
  CHECK((file_text(root.path() / weights) != alone));
  const Outcome differ = run_mpi(root.path(), {train, local});
  CHECK(differ.code == 1);
  REQUIRE(own_lines(differ.err).size() == 1);
  CHECK(own_lines(differ.err)[0].find("--local-negatives") != std::string::npos);
}

TEST_CASE("more processes than gradient slots: more slots, the same for one process", "[cli][mpi]") {
  if (!can_run()) return;
  const TempFolder root;
  make_data(root.path());
  Words short_run = pretrain;
  short_run[7] = "1";
  const Words slots = with(short_run, {"--slots", "2", "--force", "--quiet"});
  const Outcome refused = run_mpi(root.path(), std::vector<Words>(3, slots));
  INFO(refused.err);
  CHECK(refused.code == 1);
  REQUIRE(own_lines(refused.err).size() == 1);
  CHECK(own_lines(refused.err)[0].find("2 for 3 processes") != std::string::npos);
  REQUIRE(run_tool(root.path(), slots).code == 0);
  const std::string alone = file_text(root.path() / weights_file);
  REQUIRE(run_mpi(root.path(), std::vector<Words>(2, slots)).code == 0);
  CHECK((file_text(root.path() / weights_file) == alone));
}

TEST_CASE("processes that differ end in one line and write nothing", "[cli][mpi]") {
  if (!can_run()) return;
  const TempFolder root;
  make_data(root.path());
  struct Bad {
    std::vector<Words> each;
    int code;
    std::string part;
  };
  const std::vector<Bad> cases = {
      {{pretrain, with(pretrain, {"--lr", "0.01"})}, 1, "rank 1: --lr is 0.01, rank 0 has 0.001"},
      {{pretrain, with(pretrain, {"--seed", "5"})}, 1, "rank 1: --seed is 5, rank 0 has 3431"},
      {{pretrain, with(pretrain, {"--lr", "none"})}, 2, "rank 1: pretrain: --lr is 'none'"},
      {{with(pretrain, {"--lr", "none"}), pretrain}, 2, "gyrograd: pretrain: --lr is 'none'"},
      {{with(pretrain, {"--wrong"}), with(pretrain, {"--wrong"})}, 2, "unknown option '--wrong'"},
      {{{"embedding", "v1", "tiny", "20_120"}, {"embedding", "v1", "tiny", "20_120"}},
       2,
       "runs in one process"},
  };
  for (const Bad& bad : cases) {
    auto before = snapshot(root.path());
    std::erase_if(before, [](const auto& f) { return f.first.ends_with(".gyrograd.lock"); });
    const Outcome outcome = run_mpi(root.path(), bad.each);
    INFO(bad.part << "\n" << outcome.err);
    CHECK(outcome.code == bad.code);
    REQUIRE(own_lines(outcome.err).size() == 1);
    CHECK(own_lines(outcome.err)[0].find(bad.part) != std::string::npos);
    auto after = snapshot(root.path());
    std::erase_if(after, [](const auto& f) { return f.first.ends_with(".gyrograd.lock"); });
    CHECK((after == before));
  }
}

TEST_CASE("a process that fails at its work ends the others with one line", "[cli][mpi]") {
  if (!can_run()) return;
  const TempFolder root;
  const Words made = {"synth", "dataset/tiny", "--users", "4", "--windows", "60", "--shards", "2", "--quiet"};
  REQUIRE(run_tool(root.path(), made).code == 0);
  const fs::path shard = root.path() / "dataset/tiny/data_20_120_0001.npy";
  std::string bytes = file_text(shard);
  std::fill(bytes.begin() + 128, bytes.end(), '\xFF');  // not a number, found when it is read
  spill(shard, bytes);
  const Outcome outcome = run_mpi(root.path(), {pretrain, pretrain});
  INFO(outcome.err);
  CHECK(outcome.code == 1);
  REQUIRE(own_lines(outcome.err).size() == 1);
  CHECK(own_lines(outcome.err)[0].find("data_20_120_0001.npy") != std::string::npos);
  CHECK_FALSE(fs::exists(root.path() / weights_file));
}

TEST_CASE("a killed process ends the others within seconds, and the run goes on", "[cli][mpi]") {
  if (!can_run()) return;
  const TempFolder root;
  make_data(root.path());
  Words longer = with(pretrain, {"--save-every", "0", "--quiet"});
  longer[7] = "100000";
  ToolProcess job(root.path(), under_mpirun({longer, longer}), mpirun());
  const fs::path checkpoint = root.path() / checkpoint_file;
  for (int i = 0; i < 600 && !fs::exists(checkpoint); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const std::vector<pid_t> ranks = processes_in(root.path());
  REQUIRE(ranks.size() == 2);
  const auto start = std::chrono::steady_clock::now();
  REQUIRE(::kill(ranks.back(), SIGKILL) == 0);
  const Outcome outcome = job.wait();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  INFO(outcome.err);
  CHECK(outcome.code != 0);
  CHECK(took.count() < 10);
  CHECK(processes_in(root.path()).empty());
  CHECK_FALSE(fs::exists(root.path() / weights_file));
  // The checkpoint that it left is whole.
  const Outcome shown = run_tool(root.path(), {"inspect", checkpoint.string()});
  INFO(shown.err);
  CHECK(shown.code == 0);
}

TEST_CASE("a signal to one process stops all at one step, and one process can go on", "[cli][mpi]") {
  if (!can_run()) return;
  const TempFolder root;
  make_data(root.path());
  Words longer = with(pretrain, {"--quiet"});
  longer[7] = "60";
  REQUIRE(run_tool(root.path(), longer).code == 0);
  const std::string weights = file_text(root.path() / weights_file);
  fs::remove_all(root.path() / "saved");
  ToolProcess job(root.path(),
                  under_mpirun({with(longer, {"--save-every", "0"}), with(longer, {"--save-every", "0"})}),
                  mpirun());
  const fs::path checkpoint = root.path() / checkpoint_file;
  for (int i = 0; i < 600 && !fs::exists(checkpoint); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const std::vector<pid_t> ranks = processes_in(root.path());
  REQUIRE(ranks.size() == 2);
  REQUIRE(::kill(ranks.back(), SIGTERM) == 0);
  const Outcome outcome = job.wait();
  INFO(outcome.err);
  CHECK(outcome.code == 1);
  REQUIRE(own_lines(outcome.err).size() == 1);
  CHECK(own_lines(outcome.err)[0].find("--resume") != std::string::npos);
  REQUIRE(run_tool(root.path(), with(longer, {"--resume"})).code == 0);
  CHECK((file_text(root.path() / weights_file) == weights));
}
