// SPDX-License-Identifier: MIT
// -ffast-math is refused.
// expect: do not compile with -ffast-math
// wrong flags: -ffast-math
#include "gyrograd/core/config.hpp"
