#include "support/workloads.hpp"
void gyrograd::bench::add_linear_kernels() {}
