// SPDX-License-Identifier: MIT
// See kernels.hpp.
#define GYROGRAD_INSTANCES template
#include "kernels.hpp"
