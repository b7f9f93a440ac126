// SPDX-License-Identifier: MIT
// Runs every golden case (*.safetensors below $GYROGRAD_GOLDEN, default <shared>/golden) whose op gyrograd
// has.
//
// To add a kind: write tests/golden/<topic>_cases.cpp with
//     template <class Real> void check_linear(const Case& c) { ... expect_columns(c, "output.y", ...); }
//     const Register linear{"op_linear", check_linear<double>, check_linear<float>};
// and, if the kind is new, one line in kinds.hpp naming the header that makes it computable. Take every
// shape, seed and attribute from the file: a second set with other values uses the same keys.
#include <cstdlib>
#include <set>

#include "golden/kinds.hpp"
#include "golden/registry.hpp"
#include "support/shared.hpp"

using namespace gyrograd;
using namespace gyrograd::golden;
namespace fs = std::filesystem;

namespace {

/// The folder of cases; nothing when the default one is absent.
std::optional<fs::path> golden_folder() {
  const char* given = std::getenv("GYROGRAD_GOLDEN");
  if (given == nullptr) return testing::shared_path("golden");
  if (!fs::is_directory(given)) FAIL("GYROGRAD_GOLDEN is " << given << ", which is no folder");
  return fs::path(given);
}

std::vector<fs::path> case_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".safetensors") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// True when gyrograd has the header that computes this kind; an unknown kind fails.
bool expected_to_work(const std::string& op) {
  const auto kind = kinds().find(op);
  if (kind == kinds().end()) {
    FAIL_CHECK("unknown kind of golden case '" << op << "': add it to tests/golden/kinds.hpp");
    return false;
  }
  return fs::exists(fs::path(GYROGRAD_SOURCE_DIR) / "include/gyrograd" / kind->second);
}

/// Runs one arithmetic; nothing but NotYet escapes, so that the message stays with its case.
void run_one(const Case& c, Check check, const char* arithmetic) {
  std::string not_yet;
  {
    INFO(c.name() << " (" << arithmetic << ")");
    try {
      check(c);
    } catch (const NotYet& e) {
      not_yet = e.what();
    } catch (const std::exception& e) {
      FAIL_CHECK("exception: " << e.what());
    }
  }
  if (!not_yet.empty()) throw NotYet(not_yet);
}

void run(const Case& c, const Handler& handler) {
  run_one(c, handler.in_double, "double");
  if (handler.in_float != nullptr) run_one(c, handler.in_float, "float");
}

/// Runs all cases of one section; returns the number that ran.
int run_section(const std::string& section) {
  const auto folder = golden_folder();
  if (!folder) return 0;
  std::set<std::string> not_yet;
  int ran = 0;
  for (const fs::path& file : case_files(*folder)) {
    try {
      const Case c(file);
      if (c.text("section") != section) continue;
      const auto handler = handlers().find(c.op());
      if (handler != handlers().end()) {
        run(c, handler->second);
        ++ran;
      } else if (expected_to_work(c.op())) {
        FAIL_CHECK(c.name() << ": gyrograd has " << kinds().at(c.op()) << " but no golden handler for '"
                            << c.op() << "'");
      } else {
        not_yet.insert(c.op());
      }
    } catch (const NotYet& e) {
      not_yet.insert(e.what());
    } catch (const std::exception& e) {
      FAIL_CHECK(file.filename().string() << ": " << e.what());
    }
  }
  std::string list;
  for (const std::string& op : not_yet) list += " " + op;
  if (!list.empty()) WARN("golden section " << section << ": not in gyrograd yet:" << list);
  return ran;
}

}  // namespace

TEST_CASE("the golden folder holds cases") {
  const auto folder = golden_folder();
  if (folder) CHECK(!case_files(*folder).empty());
}

TEST_CASE("every golden handler belongs to a known kind") {
  for (const auto& [op, handler] : handlers()) {
    INFO(op);
    CHECK(kinds().count(op) == 1);
  }
}

TEST_CASE("golden A: operations") {
  run_section("A");
}
TEST_CASE("golden B: losses") {
  run_section("B");
}
TEST_CASE("golden C: optimisers and schedules") {
  run_section("C");
}
TEST_CASE("golden D: data and scores") {
  run_section("D");
}
TEST_CASE("golden E: models") {
  run_section("E");
}
TEST_CASE("golden F: training runs") {
  run_section("F");
}
TEST_CASE("golden G: published weights") {
  run_section("G");
}

TEST_CASE("golden comparison refuses wrong and missing numbers") {
  const std::vector<double> want{1.0, -2.0}, close{1.0, -2.0 + 1e-9}, far{1.0, -2.0 + 1e-8};
  const auto gap = [&](const std::vector<double>& got) {
    return relative_gap(std::span<const double>(got), std::span<const double>(want));
  };
  CHECK(gap(want) == 0);
  CHECK(gap(close) <= 1e-9);
  CHECK(gap(far) > 1e-9);
  CHECK(std::isinf(gap({std::nan(""), -2.0})));
  CHECK(std::isinf(gap({1.0, std::nan("")})));
}
