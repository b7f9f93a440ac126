// SPDX-License-Identifier: MIT
// A recorded closure owns nothing.
// expect: Tape::record: capture views and numbers only
#include <vector>

#include "gyrograd/autograd/tape.hpp"

using namespace gyrograd;

void use(Tape<float>& tape) {
  const Var<float, dyn> y = tape.make<dyn>(3);
  tape.record(y, [y] { y.grad().fill(0); });
#if defined(WRONG)
  const std::vector<float> owned(3);
  tape.record(y, [y, owned] { y.grad().fill(owned[0]); });
#endif
}
