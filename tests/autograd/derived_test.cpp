// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/derived.hpp"

#include "gyrograd/autograd/tape.hpp"
#include "support/catch.hpp"

using namespace gyrograd;

TEST_CASE("derived values are computed once until they are forgotten") {
  Derived<float> derived;
  const float a = 1, b = 2;
  int calls = 0;
  const auto count = [&](float* values) { values[0] = values[1] = static_cast<float>(++calls); };
  const float* first = derived.get({&a, &b}, Arrangement::gru_forward, 2, count);
  CHECK(*first == 1);
  CHECK(derived.get({&a, &b}, Arrangement::gru_forward, 2, count) == first);
  CHECK(calls == 1);
  CHECK(derived.owns(first));
  CHECK_FALSE(derived.owns(&a));
  CHECK(*derived.get({&a}, Arrangement::gru_forward, 2, count) == 2);  // other parameters
  CHECK(*derived.get({&a, &b}, Arrangement::gru_backward, 2, count) == 3);
  CHECK(derived.capacity() == 6 * sizeof(float));
  derived.forget();
  CHECK_FALSE(derived.owns(first));
  CHECK(derived.get({&a, &b}, Arrangement::gru_forward, 2, count) == first);  // the same memory
  CHECK(*first == 4);
  CHECK(derived.capacity() == 6 * sizeof(float));
}

TEST_CASE("a tape keeps what is derived from parameters alone") {
  float weight = 1, gradient = 0;
  Gradient<float> of_parameter{&gradient, 1, nullptr, true};
  const Var<float, dyn> parameter{Tensor<float, dyn>(&weight, 1), &of_parameter};
  Tape<float> tape;
  int calls = 0;
  const auto count = [&](float* values) { *values = static_cast<float>(++calls); };
  const auto ask = [&](Tape<float>& by, const auto&... sources) {
    auto scratch = by.workspace();
    return *by.derived(scratch, Arrangement::gru_forward, 1, count, sources...);
  };
  CHECK(ask(tape, parameter) == 1);
  CHECK(ask(tape, parameter) == 2);  // nowhere to keep it
  Derived<float> derived;
  tape.keep_derived(&derived);
  CHECK(ask(tape, parameter) == 3);
  CHECK(ask(tape, parameter) == 3);
  Tape<float> other;
  other.share(tape);
  CHECK(ask(other, parameter) == 3);
  const auto activation = tape.make<dyn>(1);
  CHECK(ask(tape, activation) == 4);
  CHECK(ask(tape, parameter, activation) == 5);
  CHECK(ask(tape, parameter, activation) == 6);
  const auto folded = tape.derived(Arrangement::folded_bins, 1, count, parameter);
  CHECK(folded.needs_gradient());
  CHECK(*folded.value.data() == 7);
  CHECK(ask(tape, parameter, folded) == 8);
  CHECK(ask(other, parameter, folded) == 8);
  // Where the caller says what memory is.
  auto scratch = tape.workspace();
  const auto known = [&](bool parameters) {
    return *tape.derived(scratch, Arrangement::position_rows, 1, count, {&weight, &weight + 1}, parameters);
  };
  CHECK(known(true) == 9);
  CHECK(known(true) == 9);
  CHECK(known(false) == 10);
}
