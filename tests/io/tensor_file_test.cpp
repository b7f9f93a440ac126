// SPDX-License-Identifier: MIT
// Lookup, order, conversion and parts of a tensor file.
#include "gyrograd/io/tensor_file.hpp"

#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/malformed.hpp"

namespace {

using namespace gyrograd::io;
using gyrograd::testing::error_of;

TEST_CASE("TensorFile: file order kept, lookup by name, nearest name in the error") {
  const std::vector<float> a{1, 2, 3, 4, 5, 6};
  const std::vector<double> b{7, 8};
  const TensorFile file("f.bin", "test",
                        {tensor_entry<float>("z.weight", {2, 3}, a), tensor_entry<double>("a.bias", {2}, b)},
                        {{"key", "value"}}, {});
  CHECK(file.entries()[0].name == "z.weight");
  CHECK(file.find("a.bias") == &file.entries()[1]);
  CHECK(file.find("a") == nullptr);
  CHECK(file.at("z.weight").count() == 6);
  CHECK(error_of([&] { (void)file.at("z.wieght"); }) ==
        "f.bin: tensor 'z.wieght' is missing; did you mean 'z.weight'?");
  CHECK(values_of<double>(file.at("z.weight"))[5] == 6.0);
  CHECK(file.metadata_or("key", "") == "value");
  CHECK(file.metadata_or("none", "otherwise") == "otherwise");
}

TEST_CASE("tensor_entry: the shape must hold the values") {
  const std::vector<float> a(6);
  CHECK(error_of([&] {
          (void)tensor_entry<float>("w", {2, 2}, a);
        }) == "tensor 'w': shape (2, 2) does not hold 6 values");
  CHECK(error_of([&] {
          (void)tensor_entry<float>("w", {std::size_t{1} << 33, std::size_t{1} << 33}, a);
        }) != "");
  CHECK(tensor_entry<float>("s", {}, std::span(a).first(1)).count() == 1);
}

TEST_CASE("copy_to: the element that has no value is named") {
  const std::vector<double> a{1, 1e300};
  CHECK(
      error_of([&] { (void)values_of<float>(tensor_entry<double>("w", {2}, a), "f.bin"); }) ==
      "f.bin: tensor 'w': element 1 of type float64 has no value as float32; check how the file was written");
  const std::vector<std::uint8_t> bits{2};
  const TensorEntry odd{"flag", Dtype::boolean, {1}, std::as_bytes(std::span(bits))};
  CHECK(error_of([&] { (void)values_of<float>(odd); }).find("element 0 of type bool") != std::string::npos);
}

TEST_CASE("first_nonfinite: NaN and infinity found, integers skipped (S16)") {
  const std::vector<float> a{0, std::numeric_limits<float>::denorm_min(),
                             std::numeric_limits<float>::quiet_NaN()};
  CHECK(first_nonfinite(tensor_entry<float>("w", {3}, a)) == 2u);
  CHECK(first_nonfinite(tensor_entry<float>("w", {2}, std::span(a).first(2))) == std::nullopt);
  const std::vector<double> b{-std::numeric_limits<double>::infinity()};
  CHECK(first_nonfinite(tensor_entry<double>("w", {1}, b)) == 0u);
  const std::vector<std::uint16_t> halves{0x3C00, 0x7C00};
  CHECK(first_nonfinite({"w", Dtype::f16, {2}, std::as_bytes(std::span(halves))}) == 1u);
  CHECK(first_nonfinite({"w", Dtype::i16, {2}, std::as_bytes(std::span(halves))}) == std::nullopt);
}

TEST_CASE("part: entries below a prefix, without it") {
  const std::vector<float> a{1};
  const TensorFile file("f", "test",
                        {tensor_entry<float>("state_dict.w", {1}, a), tensor_entry<float>("epoch", {1}, a),
                         tensor_entry<float>("state_dict.", {1}, a)},
                        {}, {});
  const TensorFile part = file.part("state_dict.");
  REQUIRE(part.entries().size() == 1);
  CHECK(part.at("w").count() == 1);
}

}  // namespace
