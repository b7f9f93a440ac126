// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/parameter.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace gyrograd;

namespace {

struct Inner {
  Parameter<float> weight{Shape{2, 3}}, bias{Shape{2}};
  template <class F>
  void visit(F&& f) {
    f("weight", weight);
    f("bias", bias);
  }
};

struct Outer {
  Inner first, second;
  Parameter<float> scale{Shape{}};
  template <class F>
  void visit(F&& f) {
    visit_prefixed("first.", first, f);
    visit_prefixed("second.", second, f);
    f("scale", scale);
  }
};

static_assert(HasParameters<Outer, float> && !HasParameters<Shape, float>);

}  // namespace

TEST_CASE("a store lays parameters out one after the other in the order of visit") {
  Outer model;
  ParameterStore<float> store;
  store.bind(model);
  std::vector<std::string> names;
  Index next = 0;
  model.visit([&](std::string_view name, Parameter<float>& p) {
    names.emplace_back(name);
    CHECK(p.offset == next);
    CHECK(p.value == store.data() + next);
    CHECK(p.trainable);
    next += p.size();
  });
  CHECK(names ==
        std::vector<std::string>{"first.weight", "first.bias", "second.weight", "second.bias", "scale"});
  CHECK(next == 17);
  CHECK(store.size() == 17);
  CHECK(parameter_count<float>(model) == 17);
  CHECK(reinterpret_cast<std::uintptr_t>(store.data()) % alignment == 0);
  for (Index i = 0; i < store.size(); ++i) CHECK(store.data()[i] == 0);
}

TEST_CASE("moving a store keeps the parameters pointing at their values") {
  Outer model;
  ParameterStore<float> store;
  store.bind(model);
  store.data()[6] = 5;
  const ParameterStore<float> moved = std::move(store);
  CHECK(*model.first.bias.value == 5);
  CHECK(moved.data() + 6 == model.first.bias.value);
}

TEST_CASE("values of a part that moves into a larger model move along, new parameters start at zero") {
  Inner part;
  ParameterStore<float> own, whole;
  own.bind(part);
  for (Index i = 0; i < own.size(); ++i) own.data()[i] = static_cast<float>(i + 1);
  Outer model;
  model.second = part;
  whole.bind(model);
  CHECK(std::vector<float>(whole.data(), whole.data() + whole.size()) ==
        std::vector<float>{0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0});
  CHECK(model.second.bias.value == whole.data() + 14);
  whole.bind(model);  // once more, in its own store
  CHECK(model.second.bias.value[1] == 8);
}

TEST_CASE("shapes") {
  const Shape s{72, 6};
  CHECK(s.size() == 432);
  CHECK(s[0] == 72);
  CHECK(s.rank == 2);
  CHECK(s.text() == "(72, 6)");
  CHECK(Shape{}.size() == 1);
  CHECK(Shape{}.text() == "()");
  CHECK(Shape{4}.text() == "(4)");
  CHECK(s == Shape{72, 6});
  CHECK_FALSE(s == Shape{6, 72});
  CHECK_FALSE(s == Shape{72, 6, 1});
}
