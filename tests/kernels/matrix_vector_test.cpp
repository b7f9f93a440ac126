// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/matrix_vector.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

TEMPLATE_TEST_CASE("matrix times vector equals plain loops", "", float, double) {
  using Real = TestType;
  for (const Index rows : {1, 7, 8, 9, 24})
    for (const Index depth : sizes_around(lanes<Real>)) {
      Guarded<Real> w(random_values<Real>(rows * depth, 1)), x(random_values<Real>(depth, 2)),
          start(random_values<Real>(rows, 3)), y(rows);
      std::vector<double> want = linear_reference(doubles(x.copy()), doubles(w.copy()), {}, 1, depth, rows);
      const Real *weights = w.data(), *vector = x.data();
      matrix_vector(y.data(), static_cast<const Real*>(nullptr), weights, vector, rows, depth);
      check_close<Real>(y.values(), want);
      for (std::size_t m = 0; m < want.size(); ++m) want[m] += static_cast<double>(start.values()[m]);
      matrix_vector(y.data(), static_cast<const Real*>(start.data()), weights, vector, rows, depth);
      check_close<Real>(y.values(), want);
      Guarded<Real> again(rows);
      matrix_vector(again.data(), static_cast<const Real*>(start.data()), weights, vector, rows, depth, true);
      CHECK(same_bits(again.values(), y.values()));
      CHECK(y.intact());
    }
}

TEST_CASE("int8 weights: rounding is at most half a step, sums are exact") {
  for (const Index depth : {1, 63, 64, 512, 700}) {
    INFO("depth " << depth);
    const Index rows = 8, row = int8_row(depth);
    const std::vector<float> w = random_values<float>(rows * depth, 1), x = random_values<float>(depth, 2),
                             start = random_values<float>(rows, 3);
    std::vector<std::int8_t> values(static_cast<std::size_t>(rows * row));
    std::vector<float> scale(8), y(8), plain(8);
    std::vector<std::int16_t> rounded(static_cast<std::size_t>(row));
    quantise_rows(values.data(), scale.data(), w.data(), rows, depth);
    const float factor = quantise_vector(rounded.data(), x.data(), depth, 1.0);
    matrix_vector_int8(y.data(), start.data(), values.data(), scale.data(), rounded.data(), factor, rows,
                       row);
    matrix_vector_int8(plain.data(), static_cast<const float*>(nullptr), values.data(), scale.data(),
                       rounded.data(), factor, rows, row);
    for (Index m = 0; m < rows; ++m) {
      const auto at = static_cast<std::size_t>(m);
      double sum = 0, exact = 0, bound = 0;
      for (Index k = 0; k < depth; ++k) {
        const double v = values[static_cast<std::size_t>(m * row + k)], s = static_cast<double>(scale[at]),
                     original = static_cast<double>(w[static_cast<std::size_t>(m * depth + k)]);
        CHECK(std::fabs(v * s - original) <= 0.5001 * s);
        sum +=
            v * s * static_cast<double>(rounded[static_cast<std::size_t>(k)]) * static_cast<double>(factor);
        exact += original * static_cast<double>(x[static_cast<std::size_t>(k)]);
        bound += 0.51 * s * std::fabs(static_cast<double>(x[static_cast<std::size_t>(k)])) +
                 static_cast<double>(factor);
      }
      CHECK(static_cast<double>(plain[at]) == Approx(sum).epsilon(1e-5).margin(1e-6));
      CHECK(static_cast<double>(y[at]) ==
            Approx(sum + static_cast<double>(start[at])).epsilon(1e-5).margin(1e-6));
      CHECK(std::fabs(static_cast<double>(plain[at]) - exact) <= bound);
    }
  }
}

TEST_CASE("int8 weights: the largest values do not overflow, a zero row stays zero") {
  const Index depth = 1024, row = int8_row(depth);
  std::vector<float> w(static_cast<std::size_t>(8 * depth), 1.0F), x(static_cast<std::size_t>(depth), -5.0F),
      scale(8), y(8);
  std::fill(w.begin() + depth, w.begin() + 2 * depth, 0.0F);
  std::vector<std::int8_t> values(static_cast<std::size_t>(8 * row));
  std::vector<std::int16_t> rounded(static_cast<std::size_t>(row));
  quantise_rows(values.data(), scale.data(), w.data(), 8, depth);
  const float factor = quantise_vector(rounded.data(), x.data(), depth, 1.0);  // clamped at -1
  matrix_vector_int8(y.data(), static_cast<const float*>(nullptr), values.data(), scale.data(),
                     rounded.data(), factor, 8, row);
  CHECK(y[0] == Approx(-1024));
  CHECK(y[1] == 0.0F);
}
