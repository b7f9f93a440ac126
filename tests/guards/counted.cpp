// SPDX-License-Identifier: MIT
// Runs kernels, inference and training steps once each, in functions named count_* whose instructions
// instructions.py reads from valgrind. Everything is warm: each call is made once before outside of them.
#include <cstdio>

#include "guards/workloads.hpp"
#include "gyrograd/kernels/softmax.hpp"

namespace k = gyrograd::kernels;
using namespace gyrograd;
using namespace gyrograd::testing;

namespace {

constexpr Index P = 120, C = 72, out = 144;
AlignedVector<float> a = guard_values(P * 4 * 120), b = guard_values(P * 4 * 120), c = guard_values(P * out),
                     d = guard_values(P * out), e = guard_values(P * out), f = guard_values(P * out),
                     g = guard_values(P * out), w = guard_values(C * out), weights = guard_values(4 * P * P),
                     scratch = guard_values(1 << 16), row = guard_values(4 * P);
const k::AttentionSizes sizes{1, P, P, 4, 18};

void linear_forward() {
  k::linear_forward(a.data(), c.data(), w.data(), d.data(), e.data(), P, C, out);
}
void linear_backward_data() {
  k::linear_backward_data(a.data(), e.data(), c.data(), w.data(), P, C, out);
}
void reduction() {
  k::Reduction<float> r;
  r.c = w.data();
  r.c_row = C;
  r.a = c.data();
  r.lda = r.ldb = P;
  r.b = d.data();
  r.positions = P;
  r.rows = out;
  r.columns = C;
  k::reduction(r);
}
void attention_forward() {
  k::attention_forward(a.data(), weights.data(), row.data(), c.data(), d.data(), e.data(), sizes,
                       scratch.data());
}
void attention_backward() {
  const float* none = nullptr;
  k::attention_backward(a.data(), none, b.data(), f.data(), g.data(), e.data(), weights.data(), row.data(),
                        c.data(), d.data(), e.data(), sizes, true, scratch.data());
}
void softmax_forward() {
  k::softmax_forward(a.data(), b.data(), P, P, Index{1});
}
void gelu_forward() {
  k::gelu_forward(a.data(), b.data(), c.data(), P * out);
}
void layer_norm_forward() {
  k::layer_norm_forward(a.data(), f.data(), g.data(), c.data(), d.data(), e.data(), P, C, 1e-12F);
}
void layer_norm_backward() {
  const float* none = nullptr;
  k::layer_norm_backward(a.data(), none, g.data(), row.data(), b.data(), c.data(), d.data(), f.data(),
                         e.data(), P, C, scratch.data());
}

EncoderCalls encoder(2);
ClassifierCalls classifier(16);
volatile float sink;

void limu_bert_train() {
  sink = encoder.train();
}
void limu_bert_embed() {
  sink = encoder.embed();
}
void limu_gru_train() {
  sink = classifier.train();
}
void limu_gru_infer() {
  sink = classifier.infer();
}

}  // namespace

// One function of its own per count: valgrind tells them apart by name.
// clang-format off
#define COUNTED(name)                                           \
  extern "C" [[gnu::noinline, gnu::used]] void count_##name() { \
    name();                                                     \
    asm volatile("" ::: "memory");                              \
  }
#define RUN(name) name(); count_##name();
#define ALL(X)                                                                                         \
  X(linear_forward) X(linear_backward_data) X(reduction) X(attention_forward) X(attention_backward)    \
  X(softmax_forward) X(gelu_forward) X(layer_norm_forward) X(layer_norm_backward)                 \
  X(limu_bert_train) X(limu_bert_embed) X(limu_gru_train) X(limu_gru_infer)
ALL(COUNTED)

int main() {
  ALL(RUN)
  std::printf("counted\n");
}
