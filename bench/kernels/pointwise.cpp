#include "support/workloads.hpp"
void gyrograd::bench::add_pointwise_kernels() {}
