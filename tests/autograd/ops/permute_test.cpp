// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/permute.hpp"

#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("permute on the tape: value and gradient, added to other uses") {
  const std::vector<double> x{1, 2, 3, 4, 5, 6};
  check_op({x},
           [](auto& tape, const auto& v) {
             return ops::permute(tape, v[0].template reshape<dyn, dyn>(2, 3), {1, 0});
           },
           {1, 3, 5, 2, 4, 6});
  check_op({random_values<double>(24, 1)}, [](auto& tape, const auto& v) {
    const auto y = ops::permute(tape, v[0].template reshape<dyn, dyn, dyn>(2, 3, 4), {2, 0, 1});
    return ops::permute(tape, y, {1, 0, 2});
  });
}

TEST_CASE("channels and stack on the tape") {
  check_op({{1, 2, 3, 4, 5, 6, 7, 8}},
           [](auto& tape, const auto& v) {
             const auto x = v[0].template reshape<dyn, dyn, dyn>(1, 2, 4);
             const auto first = ops::channels(tape, x, 0, 2), last = ops::channels(tape, x, 1, 2);
             using Flat = decltype(first.template reshape<dyn, dyn>(1, 4));
             const std::array<Flat, 3> parts{last.template reshape<dyn, dyn>(1, 4),
                                             first.template reshape<dyn, dyn>(1, 4),
                                             last.template reshape<dyn, dyn>(1, 4)};
             return ops::stack(tape, std::span<const Flat>(parts));
           },
           {3, 4, 5, 6, 1, 2, 3, 4, 3, 4, 5, 6});
  Tape<float> tape;
  std::vector<float> memory(8);
  const auto x = tape.constant(Tensor<float, dyn, dyn, dyn>(memory.data(), 1, 2, 4));
  CHECK(!ops::channels(tape, x, 0, 4).needs_gradient());
  CHECK_THROWS_AS(ops::channels(tape, x, 3, 2), ShapeError);
  CHECK_THROWS_AS(ops::slice(tape, x.template reshape<dyn>(8), 7, 2), ShapeError);
  CHECK_THROWS_AS(ops::stack(tape, std::span<const Var<float, dyn, dyn>>()), ShapeError);
}

TEST_CASE("slice on the tape: overlapping parts add up") {
  check_op({{1, 2, 3, 4}},
           [](auto& tape, const auto& v) {
             const auto a = ops::slice(tape, v[0], 0, 3), b = ops::slice(tape, v[0], 1, 3);
             using Flat = decltype(a.template reshape<dyn, dyn>(1, 3));
             const std::array<Flat, 2> parts{a.template reshape<dyn, dyn>(1, 3),
                                             b.template reshape<dyn, dyn>(1, 3)};
             return ops::stack(tape, std::span<const Flat>(parts));
           },
           {1, 2, 3, 2, 3, 4});
}
