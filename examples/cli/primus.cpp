// SPDX-License-Identifier: MIT
// `gyrograd primus COMMAND`: finds the subcommand of the PRIMUS experiments and runs it.
#include "cli/primus.hpp"

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "gyrograd/core/suggest.hpp"

namespace gyrograd::cli {
namespace {

void print_primus_help() {
  std::printf("usage: gyrograd primus COMMAND [options]\n\n%s\n\n",
              "Encoders pre-trained with text, video and themselves (PRIMUS), their rivals,\n"
              "and how they are compared.");
  for (const Command& command : primus_commands) {
    std::printf("  %-11.*s %.*s\n", static_cast<int>(command.name.size()), command.name.data(),
                static_cast<int>(command.purpose.size()), command.purpose.data());
  }
  std::printf("\n'gyrograd primus COMMAND --help' lists the options of a command.\n");
}

}  // namespace

int run_primus(int argc, char** argv) {
  if (argc < 2) fail<UsageError>("primus: no command given; see 'gyrograd primus --help'");
  const std::string_view name = argv[1];
  if (name == "--help" || name == "-h" || name == "help") {
    print_primus_help();
    return ExitCode::done;
  }
  std::vector<std::string> names = {"--help"};
  for (const Command& command : primus_commands) {
    if (command.name == name) return command.run(argc - 1, argv + 1);
    names.emplace_back(command.name);
  }
  fail<UsageError>("primus: unknown ", name.starts_with('-') ? "option '" : "command '", name, "'",
                   did_you_mean(name, names), "; see 'gyrograd primus --help'");
}

}  // namespace gyrograd::cli
