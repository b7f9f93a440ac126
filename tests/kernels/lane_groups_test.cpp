// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/lane_groups.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

namespace {

/// lane l of broadcast_group holds p[l mod Group]; reduce_add_group adds the lanes of each sequence.
template <int Group, class Real>
void check_group() {
  if constexpr (Group <= lanes<Real>) {
    INFO("group " << Group);
    Guarded<Real> p(random_values<Real>(Group, 3));
    std::vector<Real> spread(static_cast<std::size_t>(lanes<Real>));
    store(spread.data(), broadcast_group<Group>(static_cast<const Real*>(p.data())));
    Guarded<Real> all(random_values<Real>(lanes<Real>, 4));
    std::vector<double> want;
    for (int g = 0; g < Group; ++g) want.push_back(100.0 + g);
    for (Index l = 0; l < lanes<Real>; ++l) {
      CHECK(spread[static_cast<std::size_t>(l)] == p.data()[l % Group]);
      want[static_cast<std::size_t>(l % Group)] += static_cast<double>(all.data()[l]);
    }
    Guarded<Real> sums(std::vector<Real>{Real(100), Real(101), Real(102), Real(103)});
    reduce_add_group<Group>(sums.data(), load(static_cast<const Real*>(all.data())));
    for (int g = 0; g < 4; ++g) {
      const double exact = g < Group ? want[static_cast<std::size_t>(g)] : 100.0 + g;
      CHECK(static_cast<double>(sums.data()[g]) == Approx(exact).epsilon(kernel_tolerance<Real>));
    }
    CHECK(sums.intact());
  }
}

}  // namespace

TEMPLATE_TEST_CASE("groups of sequences", "", float, double) {
  check_group<1, TestType>();
  check_group<2, TestType>();
  check_group<4, TestType>();
}
