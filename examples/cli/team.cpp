// SPDX-License-Identifier: MIT
// See team.hpp. The one file of the tool that knows of MPI.
#include "cli/team.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "gyrograd/distributed/launcher.hpp"
#include "gyrograd/train/loop.hpp"
#if defined(GYROGRAD_HAVE_MPI)
#include "gyrograd/distributed/mpi.hpp"
#endif

namespace gyrograd::cli {

/// What each process says: its exit code (0: well), then its message or properties.
std::vector<std::string> Team::exchange(const std::string& text, int code) {
  together_ = false;
  std::vector<std::string> all = distributed::all_gather_texts(others_, std::to_string(code) + text);
  for (std::size_t rank = 0; rank < all.size(); ++rank) {
    const int said = all[rank].front() - '0';
    all[rank].erase(0, 1);
    if (said == 0) continue;
    throw TeamFailure((rank == 0 ? "" : "rank " + std::to_string(rank) + ": ") + all[rank], said);
  }
  return all;
}

void Team::meet(const distributed::Properties& own) {
  const std::string difference =
      distributed::first_difference(exchange(distributed::properties_text(own), 0));
  if (!difference.empty()) throw TeamFailure(difference, ExitCode::failed);
}

void Team::meet_failed(const std::string& text, int code) {
  exchange(text, code);
  throw TeamFailure(text, code);  // never reached: the exchange throws
}

namespace {

#if defined(GYROGRAD_HAVE_MPI)
/// A process that fails while the others wait for its results: says why and ends all. When all fail alike,
/// the leader speaks first and nobody else gets to it.
[[noreturn]] void end_all(Team& team, const char* text, int code) {
  std::fflush(stdout);
  if (!team.leader()) std::this_thread::sleep_for(std::chrono::seconds(1));
  std::string line = "gyrograd: ";
  if (!team.leader()) line += "rank " + std::to_string(team.communicator().rank()) + ": ";
  line += text;
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
  team.communicator().abort(code);
  std::_Exit(code);  // g++ 12 does not see that a virtual function never returns
}

/// A failure that all know of: the leader goes on to print it, and its exit code is that of the job. The
/// others end well, as mpirun would kill the leader before it spoke when another one failed first.
int leave(const Team& team, const TeamFailure& failure) {
  if (!team.leader()) return ExitCode::done;
  if (failure.code == ExitCode::wrong_usage) throw UsageError(failure.what());
  throw Error(failure.what());
}

int run_failing_together(Team& team, const std::function<int(Team&)>& command) {
  std::string text;
  int code = ExitCode::failed;
  try {
    const int result = command(team);
    team.meet();
    return result;
  } catch (const TeamFailure& failure) {
    return leave(team, failure);
  } catch (const train::Stopped& error) {  // of all processes at the same step
    text = error.what();
  } catch (const train::Diverged& error) {
    text = error.what();
  } catch (const UsageError& error) {
    text = error.what();
    code = ExitCode::wrong_usage;
  } catch (const std::bad_alloc&) {
    if (team.together()) end_all(team, "out of memory", code);
    text = "out of memory";
  } catch (const std::exception& error) {
    if (team.together()) end_all(team, error.what(), code);
    text = error.what();
  }
  try {
    team.meet_failed(text, code);
  } catch (const TeamFailure& failure) {
    return leave(team, failure);
  }
}
#endif

}  // namespace

int in_team(const std::function<int(Team&)>& command) {
  const int launched = distributed::launched_processes();
  if (launched > 1) {
#if defined(GYROGRAD_HAVE_MPI)
    distributed::MpiCommunicator others;
    if (others.rank() != 0 && std::freopen("/dev/null", "w", stdout) == nullptr)
      fail<IoError>("/dev/null: cannot be opened");
    Team team(others);
    return run_failing_together(team, command);
#else
    fail<UsageError>("started by mpirun as one of ", launched,
                     " processes, but this program was built without MPI; install libopenmpi-dev and build "
                     "again, or run it alone");
#endif
  }
  distributed::SingleProcess alone;
  Team team(alone);
  return command(team);
}

}  // namespace gyrograd::cli
