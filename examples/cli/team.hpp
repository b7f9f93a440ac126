// SPDX-License-Identifier: MIT
// The processes of one command under mpirun: how they agree, fail together, and who writes.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "cli/cli.hpp"
#include "cli/run_options.hpp"
#include "gyrograd/distributed/collectives.hpp"
#include "gyrograd/distributed/communicator.hpp"

namespace gyrograd::cli {

/// All processes have agreed that the run ends: the message and exit code of the first that failed.
struct TeamFailure : Error {
  TeamFailure(const std::string& text, int exit_code) : Error(text), code(exit_code) {}
  int code;
};

/// One process of a command. A process that fails meets the others with its message, and all leave; between
/// work_together() and meet(), where the others wait for results and cannot meet, it ends them.
class Team {
 public:
  explicit Team(distributed::Communicator& others) : others_(others) {}

  distributed::Communicator& communicator() const { return others_; }
  /// The process that writes files and speaks.
  bool leader() const { return others_.rank() == 0; }
  int size() const { return others_.size(); }
  int threads_each(int cores) const { return std::max(1, cores / others_.local_size()); }

  /// Waits for all. TeamFailure in every process when one has failed since the last meeting, or when they do
  /// not agree on all properties.
  void meet(const distributed::Properties& own = {});
  /// The same for a process that has failed.
  [[noreturn]] void meet_failed(const std::string& text, int code);

  /// From here to the next meeting a failure of one process ends the others.
  void work_together() { together_ = true; }
  bool together() const { return together_; }

 private:
  std::vector<std::string> exchange(const std::string& text, int code);

  distributed::Communicator& others_;
  bool together_ = false;
};

inline bool RunOptions::leader() const {
  return team == nullptr || team->leader();
}

/// Makes the options of one process those of a member of the team: only the leader speaks, and those on one
/// machine share its cores.
inline void join(RunOptions& run, Team& team, const Arguments& arguments) {
  run.team = &team;
  run.quiet = run.quiet || !team.leader();
  if (!arguments.has("threads"))
    run.threads = team.threads_each(static_cast<int>(std::thread::hardware_concurrency()));
}

/// Runs a command in this process alone or, started by mpirun, in step with the others: only the leader
/// speaks. Returns the exit code; that of the leader is the job's.
int in_team(const std::function<int(Team&)>& command);

}  // namespace gyrograd::cli
