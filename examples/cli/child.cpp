// SPDX-License-Identifier: MIT
// See child.hpp.
#include "cli/child.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <thread>

#include "cli/cli.hpp"
#include "gyrograd/train/signals.hpp"

namespace gyrograd::cli {
namespace {

/// Waits; hands a stop signal on once, so that the child writes its checkpoint.
int wait_for(pid_t child) {
  bool told = false;
  int status = 0;
  for (;;) {
    const pid_t ended = ::waitpid(child, &status, WNOHANG);
    if (ended == child) break;
    if (ended < 0 && errno != EINTR) fail<Error>("waiting for a command: ", std::strerror(errno));
    if (train::detail::stop_signal() != 0 && !told) {
      ::kill(child, SIGTERM);
      told = true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// In the child: runs the program without its standard output. It ends with its parent, even one that was
/// killed, or it would go on unseen and refuse the folder to the next run.
[[noreturn]] void become(const char* program, char* const* argv, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  const int nothing = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (::getppid() == parent && nothing >= 0 && ::dup2(nothing, 1) >= 0) ::execv(program, argv);
  ::_exit(127);
}

}  // namespace

int run_child(const std::vector<std::string>& words) {
  std::error_code error;
  const std::string program = std::filesystem::read_symlink("/proc/self/exe", error).string();
  if (error) fail<Error>("/proc/self/exe: ", error.message(), "; needed to run other commands");
  std::vector<char*> argv = {const_cast<char*>(program.c_str())};
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t parent = ::getpid(), child = ::fork();
  if (child < 0) fail<Error>(program, ": cannot be started: ", std::strerror(errno));
  if (child == 0) become(program.c_str(), argv.data(), parent);
  return wait_for(child);
}

}  // namespace gyrograd::cli
