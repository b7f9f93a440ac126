// SPDX-License-Identifier: MIT
// Compiled to assembly by check_fma.py, never run.
#include "gyrograd/kernels/product.hpp"

namespace k = gyrograd::kernels;

extern "C" {
void probe_fma_float(float* p) {
  k::store(p, k::fma<float>(k::load(p), k::load(p + 64), k::load(p + 128)));
}
void probe_fnma_float(float* p) {
  k::store(p, k::fnma<float>(k::load(p), k::load(p + 64), k::load(p + 128)));
}
void probe_fma_double(double* p) {
  k::store(p, k::fma<double>(k::load(p), k::load(p + 64), k::load(p + 128)));
}
void probe_fnma_double(double* p) {
  k::store(p, k::fnma<double>(k::load(p), k::load(p + 64), k::load(p + 128)));
}
}

template void k::product<1, k::Epilogue::store, float>(const k::Product<float>&);
