// SPDX-License-Identifier: MIT
// The `gyrograd` tool: finds the command, runs it, and turns every error into one line and an exit code.
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "cli/cli.hpp"
#include "gyrograd/core/config.hpp"
#include "gyrograd/core/suggest.hpp"
#include "gyrograd/distributed/launcher.hpp"

namespace gyrograd::cli {
namespace {

void print_help() {
  std::printf("gyrograd %s: trains and runs IMU models on CPUs\n\nusage: gyrograd COMMAND [options]\n\n",
              GYROGRAD_VERSION);
  for (const Command& command : commands) {
    std::printf("  %-15.*s %.*s\n", static_cast<int>(command.name.size()), command.name.data(),
                static_cast<int>(command.purpose.size()), command.purpose.data());
  }
  std::printf(
      "\n'gyrograd COMMAND --help' lists the options of a command.\n"
      "Results go to standard output, messages to standard error.\n"
      "Exit code: 0 done, 1 failed, 2 wrong usage.\n");
}

/// mpirun starts a command several times; copies of one that does not share its work would write over each
/// other. False in all but the first of them, which says so.
bool may_run(std::string_view name) {
  const bool shares = name == "pretrain" || name == "primus";
  const int launched = distributed::launched_processes();
  if (launched == 1 || shares) return true;
  if (distributed::launched_rank() > 0) return false;
  fail<UsageError>(name, ": runs in one process, mpirun started ", launched, "; start it without mpirun");
}

int dispatch(int argc, char** argv) {
  if (argc < 2) fail<UsageError>("no command given; see 'gyrograd --help'");
  const std::string_view name = argv[1];
  if (name == "--help" || name == "-h" || name == "help") {
    print_help();
    return ExitCode::done;
  }
  if (name == "--version") {
    std::printf("gyrograd %s\n", GYROGRAD_VERSION);
    return ExitCode::done;
  }
  std::vector<std::string> names = {"--help", "--version"};
  for (const Command& command : commands) {
    if (command.name == name) return may_run(name) ? command.run(argc - 1, argv + 1) : int{ExitCode::done};
    names.emplace_back(command.name);
  }
  fail<UsageError>(name.starts_with('-') ? "unknown option '" : "unknown command '", name, "'",
                   did_you_mean(name, names), "; see 'gyrograd --help'");
}

/// Error texts are one line even when a file name in them is not.
void print_error(std::string_view text) {
  std::string line = "gyrograd: ";
  for (const char c : text) line += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

int run(int argc, char** argv) {
  try {
    const int code = dispatch(argc, argv);
    if (std::fflush(stdout) != 0) fail<IoError>("standard output: cannot write: ", std::strerror(errno));
    return code;
  } catch (const UsageError& error) {
    print_error(error.what());
    return ExitCode::wrong_usage;
  } catch (const std::bad_alloc&) {
    print_error("out of memory; use fewer or shorter windows, or a smaller --batch");
  } catch (const std::exception& error) {
    print_error(error.what());
  }
  return ExitCode::failed;
}

}  // namespace
}  // namespace gyrograd::cli

int main(int argc, char** argv) {
  return gyrograd::cli::run(argc, argv);
}
