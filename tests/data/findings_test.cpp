// SPDX-License-Identifier: MIT
#include "gyrograd/data/findings.hpp"

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::data;

TEST_CASE("findings are counted by kind and written with their place") {
  Findings f;
  f.add(FindingKind::gap, "a.csv:7", "0.5 s");
  f.add(FindingKind::gap, "a.csv:9", "0.7 s");
  f.add(FindingKind::rate, "b.csv", "49 Hz");
  CHECK(f.count(FindingKind::gap) == 2);
  CHECK(f.count(FindingKind::unit) == 0);
  CHECK(f.total() == 3);
  CHECK(f.text() == "a.csv:7: gap in time: 0.5 s\na.csv:9: gap in time: 0.7 s\nb.csv: rate: 49 Hz\n");
}

TEST_CASE("texts are bounded, counts are not") {
  Findings f;
  for (std::size_t i = 0; i < Findings::most_texts + 5; ++i) f.add(FindingKind::label, "x", "y");
  CHECK(f.list().size() == Findings::most_texts);
  CHECK(f.total() == static_cast<Index>(Findings::most_texts + 5));
  CHECK(f.text().ends_with("and 5 more\n"));
}
