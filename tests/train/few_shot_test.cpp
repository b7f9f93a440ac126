// SPDX-License-Identifier: MIT
#include "gyrograd/train/few_shot.hpp"

#include <numeric>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::train;

namespace {

struct Set {
  std::vector<Index> labels, takes, all;
  Set() {
    for (Index i = 0; i < 90; ++i) {
      labels.push_back(i % 3);
      takes.push_back(i / 10);
      all.push_back(i);
    }
  }
};

}  // namespace

TEST_CASE("shots are as many of each class as asked for, and nested within a seed") {
  const Set s;
  const Shots five = draw_shots(s.labels, s.all, 3, 5, 7), ten = draw_shots(s.labels, s.all, 3, 10, 7);
  CHECK(five.taken == std::vector<Index>{5, 5, 5});
  CHECK(five.rows.size() == 15);
  CHECK(std::is_sorted(five.rows.begin(), five.rows.end()));
  CHECK(std::includes(ten.rows.begin(), ten.rows.end(), five.rows.begin(), five.rows.end()));
  CHECK(five.takes == 0);
  CHECK(five.short_classes.empty());
  CHECK(draw_shots(s.labels, s.all, 3, 5, 7).rows == five.rows);
  CHECK(draw_shots(s.labels, s.all, 3, 5, 8).rows != five.rows);
}

TEST_CASE("zero shots means all, and only candidates are drawn") {
  const Set s;
  CHECK(draw_shots(s.labels, s.all, 3, 0, 1).rows == s.all);
  const std::vector<Index> some{3, 4, 5, 6};
  const Shots all = draw_shots(s.labels, some, 3, 0, 1);
  CHECK(all.rows == some);
  CHECK(all.taken == std::vector<Index>{2, 1, 1});
}

TEST_CASE("classes that run out say so") {
  const Set s;
  const std::vector<Index> some{0, 3, 6, 1};
  const Shots shots = draw_shots(s.labels, some, 3, 2, 1);
  CHECK(shots.taken == std::vector<Index>{2, 1, 0});
  CHECK(shots.short_classes == std::vector<Index>{1, 2});
  const std::vector<std::string> names{"sit", "walk", "run"};
  CHECK(shots_warning(shots, 2, names) == "classes with fewer than 2 training windows: walk (1), run (0)");
  CHECK(shots_warning(draw_shots(s.labels, some, 3, 0, 1), 0, names) ==
        "classes without a training window: run (0)");
  CHECK(shots_warning(draw_shots(s.labels, s.all, 3, 5, 1), 5, names).empty());
}

TEST_CASE("shots over takes come from as many takes as there are") {
  const Set s;
  const Shots windows = draw_shots(s.labels, s.all, 3, 3, 1, s.takes);
  const Shots takes = draw_shots(s.labels, s.all, 3, 9, 1, s.takes, ShotsOver::takes);
  CHECK(takes.takes == 9);
  CHECK(windows.takes >= 1);
  for (Index k = 0; k < 3; ++k) {
    std::set<Index> of_class;
    for (const Index i : takes.rows)
      if (s.labels[static_cast<std::size_t>(i)] == k) of_class.insert(s.takes[static_cast<std::size_t>(i)]);
    CHECK(of_class.size() == 9);
  }
}

TEST_CASE("labels outside of the classes, and takes that nobody knows, are refused") {
  const Set s;
  CHECK_THROWS_WITH(draw_shots(s.labels, s.all, 2, 5, 1), "shots: label 2 of window 2, expected 0 to 1");
  CHECK_THROWS_AS(draw_shots(s.labels, s.all, 3, 5, 1, {}, ShotsOver::takes), ConfigError);
}
