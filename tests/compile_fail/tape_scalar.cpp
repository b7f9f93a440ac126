// SPDX-License-Identifier: MIT
// A tape is for float or double.
// expect: Scalar
#include "gyrograd/autograd/tape.hpp"

gyrograd::Tape<float> fine;
#if defined(WRONG)
gyrograd::Tape<int> wrong;
#endif
