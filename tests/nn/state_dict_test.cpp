// SPDX-License-Identifier: MIT
#include "gyrograd/nn/state_dict.hpp"

#include <limits>

#include "gyrograd/nn/linear.hpp"
#include "support/catch.hpp"
#include "support/reference.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

namespace {

template <class Real>
struct Model {
  nn::Linear<Real> first{3, 2}, second{2, 1};
  ParameterStore<Real> store;
  explicit Model(double start = 0) {
    store.bind(*this);
    for (Index i = 0; i < store.size(); ++i)
      store.data()[i] = static_cast<Real>(start + 0.1 * static_cast<double>(i));
  }
  template <class F>
  void visit(F&& f) {
    visit_prefixed("first.", first, f);
    visit_prefixed("second.", second, f);
  }
  std::vector<Real> values() const { return {store.data(), store.data() + store.size()}; }
};

/// Message of the error with which loading `file` fails; the model must keep its values.
template <class Edit>
std::string refusal(Edit&& edit) {
  const TempFolder folder;
  Model<float> source(1), target(50);
  std::vector<io::TensorEntry> entries = nn::parameter_entries<float>(source);
  edit(entries);
  io::write_safetensors(folder / "w.safetensors", entries, {});
  const auto before = target.values();
  std::string message;
  try {
    nn::load_parameters<float>(target, io::read_safetensors(folder / "w.safetensors"));
  } catch (const IoError& e) {
    message = e.what();
  }
  CHECK((target.values() == before) == !message.empty());
  CHECK(message.find('\n') == std::string::npos);
  return message;
}

}  // namespace

TEST_CASE("parameters survive a file bit by bit, with names, shapes and order") {
  const TempFolder folder;
  Model<float> source(1), target(50);
  nn::save_parameters<float>(source, folder / "w.safetensors", {{"model", "test"}});
  const io::TensorFile file = io::read_safetensors(folder / "w.safetensors");
  CHECK(file.metadata().at("model") == "test");
  std::vector<std::string> names;
  for (const io::TensorEntry& e : file.entries()) names.push_back(e.name + io::shape_text(e.shape));
  CHECK(names == std::vector<std::string>{"first.weight(2, 3)", "first.bias(2)", "second.weight(1, 2)",
                                          "second.bias(1)"});
  nn::load_parameters<float>(target, file);
  CHECK(target.values() == source.values());
}

TEST_CASE("parameters are converted between float and double") {
  const TempFolder folder;
  Model<float> source(1), back(0);
  Model<double> wide(0);
  nn::save_parameters<float>(source, folder / "f.safetensors");
  nn::load_parameters<double>(wide, io::read_safetensors(folder / "f.safetensors"));
  for (Index i = 0; i < wide.store.size(); ++i)
    CHECK(wide.store.data()[i] == static_cast<double>(source.store.data()[i]));
  nn::save_parameters<double>(wide, folder / "d.safetensors");
  nn::load_parameters<float>(back, io::read_safetensors(folder / "d.safetensors"));
  CHECK(back.values() == source.values());
}

TEST_CASE("a file that does not fit is refused with all reasons, and changes nothing") {
  CHECK(refusal([](auto&) {}).empty());
  const float wrong[] = {1, 2, 3, 4, 5, 6}, odd[] = {1, std::numeric_limits<float>::quiet_NaN()};
  CHECK(refusal([](auto& e) { e.pop_back(); }).find("missing 1: second.bias") != std::string::npos);
  const std::string shape = refusal([&](auto& e) {
    e[0] = io::tensor_entry("first.weight", {3, 2}, std::span<const float>(wrong));
  });
  CHECK(shape.find("wrong shape 1: first.weight is (3, 2), expected (2, 3)") != std::string::npos);
  const std::string extra =
      refusal([&](auto& e) { e.push_back(io::tensor_entry("third", {6}, std::span<const float>(wrong))); });
  CHECK(extra.find("extra 1: ") != std::string::npos);
  CHECK(extra.find("third") != std::string::npos);
  const std::string nan =
      refusal([&](auto& e) { e[1] = io::tensor_entry("first.bias", {2}, std::span<const float>(odd)); });
  CHECK(nan.find("not finite 1: first.bias at 1") != std::string::npos);
  const std::string many = refusal([&](auto& e) {
    e.clear();
    for (char c = 'a'; c < 'h'; ++c)
      e.push_back(io::tensor_entry(std::string(1, c), {6}, std::span<const float>(wrong)));
  });
  CHECK(many.find("w.safetensors: the weights do not fit the model: missing 4: ") != std::string::npos);
  CHECK(many.find("extra 7: ") != std::string::npos);
  CHECK(many.find(" and 2 more") != std::string::npos);
}

TEST_CASE("other tensors are ignored where that is asked for") {
  const TempFolder folder;
  Model<float> source(1), target(50);
  const float more[] = {1, 2};
  auto entries = nn::parameter_entries<float>(source);
  entries.push_back(io::tensor_entry("classifier.bias", {2}, std::span<const float>(more)));
  io::write_safetensors(folder / "w.safetensors", entries, {});
  nn::load_parameters<float>(target, io::read_safetensors(folder / "w.safetensors"), {.allow_extra = true});
  CHECK(target.values() == source.values());
}

TEST_CASE("a value that float cannot hold leaves the model as it was") {
  const TempFolder folder;
  Model<double> source(1);
  source.store.data()[8] = 1e300;
  nn::save_parameters<double>(source, folder / "w.safetensors");
  Model<float> target(50);
  const auto before = target.values();
  CHECK_THROWS_AS(nn::load_parameters<float>(target, io::read_safetensors(folder / "w.safetensors")),
                  IoError);
  CHECK(target.values() == before);
}

TEST_CASE("matching entries are copied, the others stay, nothing known is an error") {
  const TempFolder folder;
  Model<float> source(1), target(50);
  std::vector<io::TensorEntry> entries = nn::parameter_entries<float>(source);
  const auto read = [&](const std::vector<io::TensorEntry>& some) {
    io::write_safetensors(folder / "w.safetensors", some, {});
    return nn::load_matching<float>(target, io::read_safetensors(folder / "w.safetensors"));
  };
  io::TensorEntry other = entries[0];
  other.name = "elsewhere.weight";
  const auto before = target.values();
  CHECK(read({entries[1], other}) == std::vector<std::string>{"first.bias"});
  CHECK(target.values()[5] == before[5]);
  CHECK(target.values()[6] == source.values()[6]);
  CHECK(target.values()[8] == before[8]);
  CHECK_THROWS_AS(read({other}), IoError);
  io::TensorEntry wrong = entries[0];
  wrong.name = "second.weight";
  CHECK_THROWS_AS(read({wrong}), IoError);
}
