// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/slab.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

TEMPLATE_TEST_CASE("lane groups cover the batch in whole vectors", "", float, double) {
  constexpr Index L = lanes<TestType>;
  for (Index batch = 1; batch <= 5 * L; ++batch) {
    Index next = 0, width = 0;
    for_each_group<TestType>(batch, [&](LaneGroup g) {
      CHECK(g.first == next);
      CHECK(g.first == width);  // so that slabs lie at first * steps * channels
      CHECK((g.count >= 1 && g.count <= g.width && g.count > g.width - L));
      CHECK((g.width == L || g.width == slab_vectors * L));
      next += g.count;
      width += g.width;
    });
    CHECK(next == batch);
    CHECK(width == slab_lanes<TestType>(batch));
  }
}

TEMPLATE_TEST_CASE("to_slab and from_slab move every value and pad with zeros", "", float, double) {
  using Real = TestType;
  const Index T = 3;
  for (Index B : sizes_around(2 * lanes<Real>))
    for (Index C : {4, 5}) {
      INFO("batch " << B << ", channels " << C);
      Guarded<Real> x(random_values<Real>(B * T * C, 1)), residual(random_values<Real>(B * T * C, 2));
      Guarded<Real> slab(slab_lanes<Real>(B) * T * slab_rows(C)), back(B * T * C), sum(residual.copy());
      for_each_group<Real>(B, [&](LaneGroup g) {
        Real* at = slab.data() + g.first * T * slab_rows(C);
        to_slab(at, x.data(), g, B, T, C);
        for (Index lane = 0; lane < g.width; ++lane)
          for (Index t = 0; t < T; ++t)
            for (Index c = 0; c < C; ++c) {
              const Real want = lane < g.count ? x.data()[g.first + lane + B * (t + T * c)] : Real(0);
              CHECK(at[lane + g.width * (c + slab_rows(C) * t)] == want);
            }
        for (Index t = 0; t < T; ++t) {
          Guarded<Real> step(g.width * C);
          to_slab_step(step.data(), static_cast<const Real*>(x.data()), g, B, T, C, t);
          CHECK(std::equal(step.data(), step.data() + g.width * C, at + g.width * slab_rows(C) * t));
          CHECK(step.intact());
        }
        from_slab(back.data(), static_cast<const Real*>(nullptr), at, g, B, T, C);
        from_slab(sum.data(), sum.data(), at, g, B, T, C);
      });
      CHECK(back.copy() == x.copy());
      for (Index i = 0; i < B * T * C; ++i) CHECK(sum.data()[i] == residual.data()[i] + x.data()[i]);
      CHECK((slab.intact() && back.intact() && sum.intact()));
    }
}

TEMPLATE_TEST_CASE("slabs whose steps are the last axis hold the transposed activation", "", float, double) {
  using Real = TestType;
  const Index B = 3, T = 4, C = 5;
  std::vector<Real> x = random_values<Real>(B * T * C, 1), turned(x.size()), back = x;
  for (Index b = 0; b < B; ++b)
    for (Index t = 0; t < T; ++t)
      for (Index c = 0; c < C; ++c)
        turned[static_cast<std::size_t>(b + B * (t + T * c))] =
            x[static_cast<std::size_t>(b + B * (c + C * t))];
  std::vector<Real> want(static_cast<std::size_t>(slab_lanes<Real>(B) * T * slab_rows(C))), got = want;
  for_each_group<Real>(B, [&](LaneGroup g) {
    to_slab(want.data(), static_cast<const Real*>(turned.data()), g, B, T, C);
    to_slab(got.data(), static_cast<const Real*>(x.data()), g, B, T, C, StepAxis::channels);
    from_slab(back.data(), static_cast<const Real*>(back.data()), static_cast<const Real*>(got.data()), g, B,
              T, C, StepAxis::channels);
  });
  CHECK(got == want);
  for (std::size_t i = 0; i < x.size(); ++i) CHECK(back[i] == x[i] + x[i]);
}

TEMPLATE_TEST_CASE("slab_reduction and slab_row_sums equal plain loops", "", float, double) {
  using Real = TestType;
  for (Index width : {lanes<Real>, slab_vectors * lanes<Real>})
    for (Index steps : {1, 4})
      for (Index rows : {1, 2, 7, 13})
        for (Index columns : {1, 3, 6, 10, 70}) {
          INFO("width " << width << ", steps " << steps << ", rows " << rows << ", columns " << columns);
          const bool strided = columns % 3 == 0;  // columns lie steps apart, as in an activation
          const Index a_step = width * (rows + 1), b_step = strided ? width : width * columns,
                      b_column = strided ? width * (steps + 1) : width, c_row = columns + 2;
          Guarded<Real> a(random_values<Real>(steps * a_step, 1)),
              b(random_values<Real>((steps + 1) * columns * width, 2));
          Guarded<Real> c(random_values<Real>(rows * c_row, 3)), sums(random_values<Real>(rows, 4));
          std::vector<double> want = doubles(c.copy()), want_sums = doubles(sums.copy());
          for (Index t = 0; t < steps; ++t)
            for (Index r = 0; r < rows; ++r)
              for (Index lane = 0; lane < width; ++lane) {
                const auto value = static_cast<double>(a.data()[lane + width * r + a_step * t]);
                want_sums[static_cast<std::size_t>(r)] += value;
                for (Index n = 0; n < columns; ++n)
                  want[static_cast<std::size_t>(r * c_row + n)] +=
                      value * static_cast<double>(b.data()[lane + b_column * n + b_step * t]);
              }
          SlabReduction<Real> s;
          s.c = c.data();
          s.c_row = c_row;
          s.a = a.data();
          s.a_step = a_step;
          s.b = b.data();
          s.b_step = b_step;
          s.b_column = strided ? b_column : 0;
          s.steps = steps;
          s.rows = rows;
          s.columns = columns;
          const std::vector<Real> before = sums.copy();
          Guarded<Real> also(before), alone(before);
          const Index shared = rows / 2;
          slab_row_sums(SlabRowSums<Real>{alone.data()}, static_cast<const Real*>(a.data()), a_step, width,
                        rows, steps);
          s.row_sums = {sums.data(), also.data(), shared};
          slab_reduction(s, width);
          check_close<Real>(c.values(), want);
          check_close<Real>(sums.values(), want_sums, 8);  // a single sum may cancel
          CHECK(same_bits(sums.values(), alone.values()));
          for (Index r = 0; r < rows; ++r)
            CHECK(also.data()[r] == (r < shared ? sums.data()[r] : before[static_cast<std::size_t>(r)]));
          CHECK((c.intact() && sums.intact() && also.intact()));

          // The last steps reduced, the sums of all.
          Guarded<Real> again(before);
          s.row_sums = {again.data(), nullptr, 0};
          s.steps_before = 1;
          s.a += a_step;
          s.steps = steps - 1;
          slab_reduction(s, width);
          CHECK(same_bits(again.values(), alone.values()));
        }
}
