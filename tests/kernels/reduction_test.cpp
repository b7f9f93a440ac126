// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/reduction.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

namespace {

template <class Real, int Group>
bool agrees(Index positions, Index rows, Index columns, double scale) {
  const Index lda = positions + 2, ldb = positions + 1, c_row = columns * Group + 3;
  Guarded<Real> a(random_values<Real>(lda * rows, 1)), b(random_values<Real>(ldb * columns, 2));
  Guarded<Real> c(random_values<Real>(c_row * rows, 3));
  std::vector<double> want = doubles(c.copy());
  for (Index r = 0; r < rows; ++r)
    for (Index n = 0; n < columns; ++n)
      for (Index p = 0; p < positions; ++p)
        want[static_cast<std::size_t>(r * c_row + n * Group + p % Group)] +=
            scale * static_cast<double>(a.data()[p + lda * r]) * static_cast<double>(b.data()[p + ldb * n]);
  Reduction<Real> args;
  args.c = c.data();
  args.c_row = c_row;
  args.a = a.data();
  args.lda = lda;
  args.b = b.data();
  args.ldb = ldb;
  args.positions = positions;
  args.rows = rows;
  args.columns = columns;
  args.scale = static_cast<Real>(scale);
  if (rows % 2 == 0) args.ahead = b.data() + ldb;  // only fetched: changes nothing
  reduction<Group>(args);
  // Gaps between the rows of c are part of the comparison: they must keep their values.
  return c.intact() && largest_gap(c.values(), std::span<const double>(want)) <= kernel_tolerance<Real>;
}

template <class Real, int Group>
void check_sizes() {
  if constexpr (Group <= lanes<Real>) {
    std::vector<Index> positions = sizes_around(lanes<Real>);
    positions.push_back(120);
    for (Index P : positions)
      for (Index rows : {1, 2, 3, 5, 6, 7, 18})
        for (Index columns : {1, 4, 6, 11}) {
          INFO("group " << Group << ", positions " << P << ", rows " << rows << ", columns " << columns);
          CHECK(agrees<Real, Group>(P, rows, columns, P % 2 ? 1.0 : 0.25));
        }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("reduction equals plain loops and adds", "", float, double) {
  check_sizes<TestType, 1>();
  check_sizes<TestType, 2>();
  check_sizes<TestType, 4>();
}

TEMPLATE_TEST_CASE("reduction of nothing", "", float, double) {
  CHECK(agrees<TestType, 1>(0, 3, 5, 1.0));
  CHECK(agrees<TestType, 1>(5, 0, 5, 1.0));
  CHECK(agrees<TestType, 1>(5, 3, 0, 1.0));
}

TEMPLATE_TEST_CASE("reduction of more columns than are taken together", "", float, double) {
  for (Index positions : {120, 240, 1100}) {
    INFO(positions << " positions");
    CHECK(kernels::detail::reduction_chunk<TestType>(positions) < 45);
    CHECK(agrees<TestType, 1>(positions, 18, 45, 1.0));
    if constexpr (lanes<TestType> >= 2) CHECK(agrees<TestType, 2>(positions, 7, 46, 1.0));
  }
}
