// SPDX-License-Identifier: MIT
// A user of several processes: compiles and links; started without mpirun it is alone and starts no MPI.
#include <cstdio>
#include <gyrograd/core/config.hpp>
#include <gyrograd/distributed/launcher.hpp>
#include <gyrograd/distributed/mpi.hpp>
#include <memory>

int main() {
  std::unique_ptr<gyrograd::distributed::Communicator> team;
  if (gyrograd::distributed::launched_processes() > 1) {
    team = std::make_unique<gyrograd::distributed::MpiCommunicator>();
  } else {
    team = std::make_unique<gyrograd::distributed::SingleProcess>();
  }
  std::printf("gyrograd %s: process %d of %d\n", GYROGRAD_VERSION, team->rank(), team->size());
}
