// SPDX-License-Identifier: MIT
// What mpirun says in the environment is read; nonsense there is ignored.
#include "gyrograd/distributed/launcher.hpp"

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace {

/// Sets a variable (or removes it) and restores it at the end.
class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    if (value == nullptr) {
      ::unsetenv(name);
    } else {
      ::setenv(name, value, 1);
    }
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() {
    if (before_) {
      ::setenv(name_.c_str(), before_->c_str(), 1);
    } else {
      ::unsetenv(name_.c_str());
    }
  }

 private:
  std::string name_;
  std::optional<std::string> before_;
};

}  // namespace

TEST_CASE("the number of processes that mpirun started", "[distributed]") {
  using gyrograd::distributed::launched_processes;
  using gyrograd::distributed::launched_rank;
  const Environment no_open("OMPI_COMM_WORLD_SIZE", nullptr), no_rank("OMPI_COMM_WORLD_RANK", nullptr);
  const Environment no_pmi("PMI_SIZE", nullptr), no_pmi_rank("PMI_RANK", nullptr);
  CHECK(launched_processes() == 1);
  CHECK(launched_rank() == 0);
  {
    const Environment size("OMPI_COMM_WORLD_SIZE", "16"), rank("OMPI_COMM_WORLD_RANK", "3");
    CHECK(launched_processes() == 16);
    CHECK(launched_rank() == 3);
  }
  {
    const Environment size("PMI_SIZE", "4"), rank("PMI_RANK", "2");
    CHECK(launched_processes() == 4);
    CHECK(launched_rank() == 2);
  }
  for (const char* nonsense : {"", "0", "-2", "two", "3x", "99999999999"}) {
    const Environment size("PMI_SIZE", nonsense);
    INFO(nonsense);
    CHECK(launched_processes() == 1);
  }
}
