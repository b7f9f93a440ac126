// SPDX-License-Identifier: MIT
#include "gyrograd/data/synth_paired.hpp"

#include <cmath>
#include <set>
#include <vector>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::data;

namespace {

SynthPairedConfig small() {
  SynthPairedConfig c;
  c.motion.windows = 90;
  c.motion.users = 4;
  c.motion.steps = 125;
  c.width = 48;
  return c;
}

double cosine(const std::vector<float>& v, Index i, Index j, Index width) {
  double sum = 0;
  for (Index c = 0; c < width; ++c)
    sum += static_cast<double>(v[static_cast<std::size_t>(i * width + c)]) *
           static_cast<double>(v[static_cast<std::size_t>(j * width + c)]);
  return sum;
}

}  // namespace

TEST_CASE("synthetic pairs: vectors of length 1 that follow the activity") {
  const PairedWindows p = synthesise_paired(small());
  check_paired(p, "synth");
  REQUIRE(p.count() == 90);
  CHECK(p.windows.steps == 125);
  for (const std::vector<float>* v : {&p.text, &p.video}) {
    double same = 0, other = 0, n_same = 0, n_other = 0;
    for (Index i = 0; i < 90; ++i) {
      CHECK(cosine(*v, i, i, 48) == Approx(1).epsilon(1e-5));
      for (Index j = 0; j < i; ++j) {
        const bool equal = p.labels[static_cast<std::size_t>(i)] == p.labels[static_cast<std::size_t>(j)];
        (equal ? same : other) += cosine(*v, i, j, 48);
        (equal ? n_same : n_other) += 1;
      }
    }
    CHECK(same / n_same > other / n_other + 0.2);
    CHECK(other / n_other > 0.1);  // a part that all share
    CHECK(same / n_same < 0.99);   // and nuisance
  }
  CHECK(std::set<Index>(p.users.begin(), p.users.end()).size() == 4);
}

TEST_CASE("synthetic pairs depend on the seed alone") {
  SynthPairedConfig c = small();
  const PairedWindows a = synthesise_paired(c), b = synthesise_paired(c);
  CHECK(a.text == b.text);
  CHECK(a.video == b.video);
  CHECK((a.windows.values == b.windows.values));
  c.motion.seed = 1;
  CHECK(synthesise_paired(c).text != a.text);
}

TEST_CASE("a share of takes has no vectors") {
  SynthPairedConfig c = small();
  c.paired = 0.5;
  const PairedWindows p = synthesise_paired(c);
  Index alone = 0;
  for (Index i = 0; i < p.count(); ++i) {
    alone += p.imu_only(i) ? 1 : 0;
    CHECK((cosine(p.text, i, i, 48) == 0) == p.imu_only(i));
    if (i > 0 && p.takes[static_cast<std::size_t>(i)] == p.takes[static_cast<std::size_t>(i - 1)])
      CHECK(p.imu_only(i) == p.imu_only(i - 1));
  }
  CHECK(alone > 10);
  CHECK(alone < 80);
}

TEST_CASE("synthetic pairs without width or words are refused") {
  SynthPairedConfig c = small();
  c.width = 1;
  CHECK_THROWS_AS(synthesise_paired(c), ConfigError);
  c = small();
  c.phrases = 0;
  CHECK_THROWS_AS(synthesise_paired(c), ConfigError);
}
