// SPDX-License-Identifier: MIT
// Runs the built `gyrograd` tool as a child process in a folder of its own.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "support/files.hpp"
#include "support/temp_folder.hpp"

namespace gyrograd::testing {

namespace fs = std::filesystem;

/// How a run of the tool ended; code is 128 + signal when it was killed.
struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
};

inline void spill(const fs::path& path, const std::string& bytes) {
  fs::create_directories(path.parent_path());
  write_text(path, bytes);
}

/// Every file below `folder` with its bytes: equal before and after means untouched.
inline std::map<std::string, std::string> snapshot(const fs::path& folder) {
  std::map<std::string, std::string> files;
  if (!fs::exists(folder)) return files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files[fs::relative(entry.path(), folder).string()] = file_text(entry.path());
  }
  return files;
}

inline fs::path tool_path() {
  const char* chosen = std::getenv("GYROGRAD_TOOL");
  return chosen != nullptr ? fs::path(chosen) : fs::path(GYROGRAD_BINARY_DIR) / "gyrograd";
}

/// A running tool; wait() or kill_after() ends it.
class ToolProcess {
 public:
  /// `program`: another one than the tool, such as mpirun.
  ToolProcess(const fs::path& folder, const std::vector<std::string>& arguments,
              const std::string& program = tool_path().string()) {
    static int runs = 0;
    const std::string tag = std::to_string(::getpid()) + '_' + std::to_string(runs++);
    out_ = fs::temp_directory_path() / ("gyrograd_out_" + tag);
    err_ = fs::temp_directory_path() / ("gyrograd_err_" + tag);
    child_ = ::fork();
    if (child_ != 0) return;
    const int out = ::open(out_.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600);
    const int err = ::open(err_.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600);
    if (::chdir(folder.c_str()) != 0 || out < 0 || err < 0) ::_exit(125);
    ::dup2(out, 1);
    ::dup2(err, 2);
    std::vector<char*> argv = {const_cast<char*>(program.c_str())};
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    ::execv(argv[0], argv.data());
    ::_exit(126);
  }

  Outcome wait() {
    int status = 0;
    ::waitpid(child_, &status, 0);
    Outcome outcome{WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), file_text(out_),
                    file_text(err_)};
    fs::remove(out_);
    fs::remove(err_);
    return outcome;
  }

  /// Sends `number` after the pause and waits for the end.
  Outcome signal_after(std::chrono::milliseconds pause, int number) {
    std::this_thread::sleep_for(pause);
    ::kill(child_, number);
    return wait();
  }

 private:
  fs::path out_;
  fs::path err_;
  pid_t child_ = -1;
};

inline Outcome run_tool(const fs::path& folder, const std::vector<std::string>& arguments) {
  return ToolProcess(folder, arguments).wait();
}

}  // namespace gyrograd::testing
