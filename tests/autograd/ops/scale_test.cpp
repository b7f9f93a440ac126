// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/scale.hpp"

#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("scale on the tape: value and gradient") {
  check_op({{1, -2, 3}},
           [](auto& tape, const auto& v) {
             using Real = typename std::remove_cvref_t<decltype(v[0].value)>::Value;
             return ops::scale(tape, v[0], Real(2.5));
           },
           {2.5, -5, 7.5});
}
