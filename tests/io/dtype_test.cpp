// SPDX-License-Identifier: MIT
// Element types: names, sizes, and conversion at the edges of each range.
#include "gyrograd/io/dtype.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "support/catch.hpp"

namespace {

using namespace gyrograd::io;

template <class Real, class Stored>
std::optional<std::size_t> convert(const std::vector<Stored>& stored, Dtype dtype, std::vector<Real>& out) {
  out.assign(stored.size(), Real{77});
  return convert_elements(dtype, std::as_bytes(std::span(stored)), out.data());
}

TEST_CASE("dtype: names, sizes and C++ types agree") {
  for (const auto& row : detail::dtype_rows) {
    CHECK(dtype_from_name(row.name) == row.dtype);
    CHECK(dtype_name(row.dtype) == row.name);
    CHECK(dtype_size(row.dtype) == row.size);
  }
  CHECK_FALSE(dtype_from_name("F8_E4M3"));
  CHECK_FALSE(dtype_from_name("f32"));
  CHECK_FALSE(dtype_from_name(""));
  STATIC_REQUIRE(dtype_of<float>() == Dtype::f32);
  STATIC_REQUIRE(dtype_of<double>() == Dtype::f64);
  STATIC_REQUIRE(dtype_of<std::int64_t>() == Dtype::i64);
  STATIC_REQUIRE(dtype_of<bool>() == Dtype::boolean);
}

TEST_CASE("half_to_float: zero, subnormal, normal, largest, infinity, NaN") {
  CHECK(half_to_float(0x0000) == 0.0f);
  CHECK(std::signbit(half_to_float(0x8000)));
  CHECK(half_to_float(0x0001) == 0x1p-24f);
  CHECK(half_to_float(0x03FF) == 1023 * 0x1p-24f);
  CHECK(half_to_float(0x0400) == 0x1p-14f);
  CHECK(half_to_float(0x3C00) == 1.0f);
  CHECK(half_to_float(0xC500) == -5.0f);
  CHECK(half_to_float(0x7BFF) == 65504.0f);
  CHECK(half_to_float(0x7C00) == std::numeric_limits<float>::infinity());
  CHECK(std::isnan(half_to_float(0x7E01)));
  CHECK(bfloat_to_float(0x3F80) == 1.0f);
  CHECK(bfloat_to_float(0xC040) == -3.0f);
}

TEST_CASE("convert_elements: numbers to float and double") {
  std::vector<float> f;
  std::vector<double> d;
  CHECK_FALSE(convert<float>(std::vector<double>{1.5, -0.1, 3.4e38}, Dtype::f64, f));
  CHECK(f[1] == -0.1f);
  CHECK(convert<float>(std::vector<double>{0, 1, 1e39}, Dtype::f64, f) == 2u);
  CHECK_FALSE(convert<float>(std::vector<double>{INFINITY, -INFINITY, NAN}, Dtype::f64, f));
  CHECK(std::isinf(f[0]));
  CHECK(std::isnan(f[2]));
  CHECK_FALSE(convert<double>(std::vector<std::int64_t>{-1, std::int64_t{1} << 53}, Dtype::i64, d));
  CHECK(d[1] == 9007199254740992.0);
  CHECK_FALSE(convert<double>(std::vector<std::uint8_t>{0, 255}, Dtype::u8, d));
  CHECK(d[1] == 255.0);
  CHECK_FALSE(convert<float>(std::vector<std::int8_t>{-128}, Dtype::i8, f));
  CHECK(f[0] == -128.0f);
  CHECK_FALSE(convert<float>(std::vector<std::uint16_t>{0x3C00}, Dtype::f16, f));
  CHECK(f[0] == 1.0f);
  CHECK_FALSE(convert<float>(std::vector<std::uint16_t>{0x3F80}, Dtype::bf16, f));
  CHECK(f[0] == 1.0f);
}

TEST_CASE("convert_elements: a bool is 0 or 1") {
  std::vector<float> f;
  CHECK_FALSE(convert<float>(std::vector<std::uint8_t>{0, 1}, Dtype::boolean, f));
  CHECK(convert<float>(std::vector<std::uint8_t>{0, 1, 2}, Dtype::boolean, f) == 2u);
}

TEST_CASE("convert_elements: integers to integers that hold them, floating point never") {
  std::vector<int> i;
  CHECK_FALSE(convert<int>(std::vector<std::int64_t>{-5, 7}, Dtype::i64, i));
  CHECK(i == std::vector<int>{-5, 7});
  CHECK(convert<int>(std::vector<std::int64_t>{1, std::int64_t{1} << 31}, Dtype::i64, i) == 1u);
  CHECK(convert<int>(std::vector<float>{1.0f}, Dtype::f32, i) == 0u);
  std::vector<std::uint8_t> u;
  CHECK(convert<std::uint8_t>(std::vector<std::int32_t>{0, -1}, Dtype::i32, u) == 1u);
}

TEST_CASE("convert_elements: the source may be unaligned") {
  const std::array<double, 2> values{1.25, -7.5};
  std::vector<std::byte> shifted(17);
  std::memcpy(shifted.data() + 1, values.data(), 16);
  std::array<float, 2> out{};
  CHECK_FALSE(convert_elements(Dtype::f64, std::span<const std::byte>(shifted).subspan(1), out.data()));
  CHECK(out[0] == 1.25f);
  CHECK(out[1] == -7.5f);
}

}  // namespace
