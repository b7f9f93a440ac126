#include "support/workloads.hpp"
void gyrograd::bench::add_attention_kernels() {}
