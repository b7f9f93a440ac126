// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/matrix_vector_int8.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

namespace {

/// One panel of rounded weights.
struct Rounded {
  AlignedVector<std::int8_t> values;
  std::vector<float> scale;
  std::vector<std::int32_t> first;
  Index depth;

  Rounded(const std::vector<float>& w, Index rows, Index depth_)
      : values(static_cast<std::size_t>(int8_panel_size(depth_))),
        scale(static_cast<std::size_t>(int8_panel_rows)),
        first(static_cast<std::size_t>(int8_panel_rows)),
        depth(depth_) {
    pack_int8_panel(values.data(), scale.data(), first.data(), depth,
                    [&](Index i) { return i < rows ? w.data() + i * depth : nullptr; });
  }
  /// Weight (m, k) as the panel has it.
  double at(Index m, Index k) const {
    const Index place = (k / int8_together * int8_panel_rows + m) * int8_together + k % int8_together;
    return static_cast<double>(scale[static_cast<std::size_t>(m)]) *
           static_cast<double>(values[static_cast<std::size_t>(place)]);
  }
  template <class Real>
  std::vector<Real> times(const Int16Vector& x, const std::vector<Real>& start) const {
    Guarded<Real> y(int8_panel_rows);
    int8_panel_product(y.data(), start.data(), values.data(), scale.data(), first.data(), x);
    CHECK(y.intact());
    return y.copy();
  }
};

}  // namespace

TEST_CASE("int8 weights: rounding is at most half a step, sums are exact") {
  for (const Index depth : {1, 2, 7, 8, 9, 63, 64, 512, 700}) {
    INFO("depth " << depth);
    const Index rows = int8_panel_rows - 1;
    const std::vector<float> w = random_values<float>(rows * depth, 1), x = random_values<float>(depth, 2),
                             start = random_values<float>(int8_panel_rows, 3);
    const Rounded panel(w, rows, depth);
    Int16Vector rounded(depth);
    rounded.set(x.data(), 1.0);
    const auto y = panel.times(rounded, start);
    const auto wide = panel.times(rounded, std::vector<double>(start.begin(), start.end()));
    for (Index m = 0; m < rows; ++m) {
      double sum = 0, exact = 0, bound = 0;
      const double step = static_cast<double>(panel.scale[static_cast<std::size_t>(m)]);
      for (Index k = 0; k < depth; ++k) {
        const double original = static_cast<double>(w[static_cast<std::size_t>(m * depth + k)]),
                     value = static_cast<double>(x[static_cast<std::size_t>(k)]);
        CHECK(std::fabs(panel.at(m, k) - original) <= 0.5001 * step);
        CHECK(std::fabs(static_cast<double>(rounded[k]) * static_cast<double>(rounded.factor()) - value) <=
              0.51 * static_cast<double>(rounded.factor()));
        sum += panel.at(m, k) * static_cast<double>(rounded[k]) * static_cast<double>(rounded.factor());
        exact += original * value;
        bound += 0.51 * step * std::fabs(value) + static_cast<double>(rounded.factor());
      }
      const auto at = static_cast<std::size_t>(m);
      const double from = static_cast<double>(start[at]);
      CHECK(static_cast<double>(y[at]) - from == Approx(sum).epsilon(1e-5).margin(1e-6));
      CHECK(wide[at] - from == Approx(sum).epsilon(1e-5).margin(1e-6));
      CHECK(std::fabs(static_cast<double>(y[at]) - from - exact) <= bound);
    }
    CHECK(y.back() == start.back());  // a row that is not there
  }
}

TEST_CASE("int8 weights: the largest values do not overflow, a zero row stays zero") {
  for (const Index depth : {512, 1024}) {
    std::vector<float> w(static_cast<std::size_t>(3 * depth), 1.0F);
    std::fill(w.begin() + depth, w.begin() + 2 * depth, 0.0F);
    std::fill(w.begin() + 2 * depth, w.end(), -1.0F);
    const std::vector<float> none(static_cast<std::size_t>(int8_panel_rows));
    const Rounded panel(w, 3, depth);
    for (const float value : {-5.0F, 5.0F}) {  // cut off at -1 and 1
      const std::vector<float> x(static_cast<std::size_t>(depth), value);
      Int16Vector rounded(depth);
      rounded.set(x.data(), 1.0);
      const auto y = panel.times(rounded, none);
      CHECK(y[0] == Approx(value > 0 ? depth : -depth));
      CHECK(y[1] == 0.0F);
      CHECK(y[2] == -y[0]);
    }
  }
}
