// SPDX-License-Identifier: MIT
// Golden cases of pointwise functions.
#include "golden/registry.hpp"
#include "golden/tape_case.hpp"
#include "gyrograd/autograd/ops/relu_tanh.hpp"
#include "gyrograd/autograd/ops/sigmoid.hpp"
#include "gyrograd/autograd/ops/tanh.hpp"

using namespace gyrograd;
using namespace gyrograd::golden;

namespace {

template <class Real>
void check_tanh(const Case& c) {
  TapeCase<Real> run(c);
  run.check_output("y", ops::tanh(run.tape, run.flat("x")));
  run.check_gradients();
}
template <class Real>
void check_sigmoid(const Case& c) {
  TapeCase<Real> run(c);
  run.check_output("y", ops::sigmoid(run.tape, run.flat("x")));
  run.check_gradients();
}
template <class Real>
void check_relu_tanh(const Case& c) {
  TapeCase<Real> run(c);
  run.check_output("y", ops::relu_tanh(run.tape, run.flat("x")));
  run.check_gradients();
}

const Register registered[] = {
    {"op_tanh", check_tanh<double>, check_tanh<float>},
    {"op_sigmoid", check_sigmoid<double>, check_sigmoid<float>},
    {"op_relu_tanh", check_relu_tanh<double>, check_relu_tanh<float>},
};

}  // namespace
