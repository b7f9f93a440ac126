// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/adaptive_avg_pool1d.hpp"

#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("adaptive average pooling on the tape: gradients, up and down") {
  for (const auto& [inputs, outputs] : {std::pair<Index, Index>{3, 8}, {9, 4}})
    check_op({random_values<double>(2 * inputs * 3, 1)},
             [n = inputs, m = outputs](auto& tape, const auto& v) {
               return ops::adaptive_avg_pool1d(tape, v[0].template reshape<dyn, dyn, dyn>(2, n, 3), m);
             });
}

TEST_CASE("adaptive average pooling refuses empty windows") {
  Tape<float> tape;
  std::vector<float> memory(4);
  const auto x = tape.input(Tensor<float, dyn, dyn, dyn>(memory.data(), 2, 0, 2));
  CHECK_THROWS_WITH(ops::adaptive_avg_pool1d(tape, x, 4),
                    "adaptive_avg_pool1d: 0 inputs to 4 outputs, expected at least 1 of each");
}

TEST_CASE("own_bins and fold_bins: gradients, and the product over all bins") {
  constexpr Index B = 2, inputs = 3, bins = 7, C = 2, rows = 4;
  check_op({random_values<double>(B * bins * C, 1)}, [](auto& tape, const auto& v) {
    return ops::own_bins(tape, v[0].template reshape<dyn, dyn, dyn>(B, bins, C), inputs, rows);
  });
  check_op({random_values<double>(5 * bins, 2)},
           [](auto& tape, const auto& v) { return ops::fold_bins(tape, v[0], inputs, bins, rows); });
  Tape<double> tape;
  std::vector<double> x = random_values<double>(B * inputs * C, 3), w = random_values<double>(bins, 4);
  const auto pooled = ops::adaptive_avg_pool1d(
      tape, tape.constant(Tensor<double, dyn, dyn, dyn>(x.data(), B, inputs, C)), bins);
  const auto own = ops::own_bins(tape, pooled, inputs, rows);
  const auto folded =
      ops::fold_bins(tape, tape.constant(Tensor<double, dyn>(w.data(), bins)), inputs, bins, rows);
  for (Index b = 0; b < B; ++b)
    for (Index c = 0; c < C; ++c) {
      double want = 0, got = 0;
      for (Index i = 0; i < bins; ++i) want += w[static_cast<std::size_t>(i)] * pooled.value(b, i, c);
      for (Index t = 0; t < rows; ++t) got += folded.value.data()[t] * own.value(b, t, c);
      CHECK(got == Approx(want));
    }
}

TEST_CASE("own_bins refuses bins that do not repeat their inputs") {
  Tape<float> tape;
  std::vector<float> memory(14);
  const auto x = tape.constant(Tensor<float, dyn, dyn, dyn>(memory.data(), 2, 7, 1));
  CHECK_NOTHROW(ops::own_bins(tape, x, 3, 3));
  CHECK_THROWS_WITH(
      ops::own_bins(tape, x, 4, 4),
      "own_bins: 4 inputs in 7 bins to 4 rows, expected at most half as many inputs as bins and "
      "as many rows as inputs");
  CHECK_THROWS_AS(ops::own_bins(tape, x, 3, 2), ShapeError);
}
