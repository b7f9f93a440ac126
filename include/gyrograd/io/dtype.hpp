// SPDX-License-Identifier: MIT
// Element types of tensor files, and conversion of stored elements to the scalar type of a computation.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "gyrograd/core/error.hpp"

namespace gyrograd::io {

static_assert(
    std::endian::native == std::endian::little,
    "gyrograd reads and writes little-endian files in place; a big-endian machine is not supported");

/// Element type of a stored tensor.
enum class Dtype : std::uint8_t { boolean, u8, i8, u16, i16, f16, bf16, u32, i32, f32, u64, i64, f64 };

namespace detail {

struct DtypeRow {
  Dtype dtype;
  std::uint8_t size;
  std::string_view name;         ///< as safetensors writes it
  std::string_view description;  ///< as PyTorch and NumPy call it
};

inline constexpr std::array<DtypeRow, 13> dtype_rows{{{Dtype::boolean, 1, "BOOL", "bool"},
                                                      {Dtype::u8, 1, "U8", "uint8"},
                                                      {Dtype::i8, 1, "I8", "int8"},
                                                      {Dtype::u16, 2, "U16", "uint16"},
                                                      {Dtype::i16, 2, "I16", "int16"},
                                                      {Dtype::f16, 2, "F16", "float16"},
                                                      {Dtype::bf16, 2, "BF16", "bfloat16"},
                                                      {Dtype::u32, 4, "U32", "uint32"},
                                                      {Dtype::i32, 4, "I32", "int32"},
                                                      {Dtype::f32, 4, "F32", "float32"},
                                                      {Dtype::u64, 8, "U64", "uint64"},
                                                      {Dtype::i64, 8, "I64", "int64"},
                                                      {Dtype::f64, 8, "F64", "float64"}}};

}  // namespace detail

/// Bytes per element.
constexpr std::size_t dtype_size(Dtype dtype) noexcept {
  return detail::dtype_rows[static_cast<std::size_t>(dtype)].size;
}
/// Name in a safetensors header, for example "F32".
constexpr std::string_view dtype_name(Dtype dtype) noexcept {
  return detail::dtype_rows[static_cast<std::size_t>(dtype)].name;
}
/// Usual name, for example "float32".
constexpr std::string_view dtype_description(Dtype dtype) noexcept {
  return detail::dtype_rows[static_cast<std::size_t>(dtype)].description;
}
/// The type that a safetensors header calls `name`.
constexpr std::optional<Dtype> dtype_from_name(std::string_view name) noexcept {
  for (const auto& row : detail::dtype_rows) {
    if (row.name == name) return row.dtype;
  }
  return std::nullopt;
}

/// C++ types that are stored as they are.
template <class Value>
concept Storable =
    std::same_as<Value, bool> || std::same_as<Value, std::uint8_t> || std::same_as<Value, std::int8_t> ||
    std::same_as<Value, std::uint16_t> || std::same_as<Value, std::int16_t> ||
    std::same_as<Value, std::uint32_t> || std::same_as<Value, std::int32_t> || std::same_as<Value, float> ||
    std::same_as<Value, std::uint64_t> || std::same_as<Value, std::int64_t> || std::same_as<Value, double>;

/// The stored type of a C++ type.
template <Storable Value>
constexpr Dtype dtype_of() noexcept {
  if constexpr (std::same_as<Value, bool>) return Dtype::boolean;
  if constexpr (std::same_as<Value, std::uint8_t>) return Dtype::u8;
  if constexpr (std::same_as<Value, std::int8_t>) return Dtype::i8;
  if constexpr (std::same_as<Value, std::uint16_t>) return Dtype::u16;
  if constexpr (std::same_as<Value, std::int16_t>) return Dtype::i16;
  if constexpr (std::same_as<Value, std::uint32_t>) return Dtype::u32;
  if constexpr (std::same_as<Value, std::int32_t>) return Dtype::i32;
  if constexpr (std::same_as<Value, float>) return Dtype::f32;
  if constexpr (std::same_as<Value, std::uint64_t>) return Dtype::u64;
  if constexpr (std::same_as<Value, std::int64_t>) return Dtype::i64;
  if constexpr (std::same_as<Value, double>) return Dtype::f64;
}

/// Value of an IEEE half-precision number; exact.
inline float half_to_float(std::uint16_t half) noexcept {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000u) << 16;
  const std::uint32_t exponent = (half >> 10) & 0x1Fu, fraction = half & 0x3FFu;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7F800000u | fraction << 13);
  if (exponent != 0) return std::bit_cast<float>(sign | (exponent + 112u) << 23 | fraction << 13);
  const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
  return sign != 0 ? -magnitude : magnitude;
}

/// Value of a bfloat16 number; exact.
inline float bfloat_to_float(std::uint16_t bits) noexcept {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

namespace detail {

template <class Stored>
Stored load_element(const std::byte* from) noexcept {
  Stored value;
  std::memcpy(&value, from, sizeof(Stored));
  return value;
}

struct StoredBool {
  std::uint8_t byte;
};
struct StoredHalf {
  std::uint16_t bits;
};
struct StoredBfloat {
  std::uint16_t bits;
};

/// A finite number as Real, or nothing if it leaves the finite range of Real.
template <std::floating_point Real, class Number>
std::optional<Real> narrowed(Number number) noexcept {
  if constexpr (sizeof(Number) > sizeof(Real) && std::floating_point<Number>) {
    if (std::isfinite(number) && std::abs(number) > static_cast<Number>(std::numeric_limits<Real>::max()))
      return std::nullopt;
  }
  return static_cast<Real>(number);
}

/// A stored element as Real, or nothing if it has no value there: a bool other than 0 and 1, a number out of
/// range. Integers take integers and bools only.
template <class Real, class Stored>
std::optional<Real> decoded(Stored stored) noexcept {
  if constexpr (std::same_as<Stored, StoredBool>) {
    if (stored.byte > 1) return std::nullopt;
    return static_cast<Real>(stored.byte);
  } else if constexpr (std::floating_point<Real>) {
    if constexpr (std::same_as<Stored, StoredHalf>) return static_cast<Real>(half_to_float(stored.bits));
    if constexpr (std::same_as<Stored, StoredBfloat>) return static_cast<Real>(bfloat_to_float(stored.bits));
    if constexpr (std::is_arithmetic_v<Stored>) return narrowed<Real>(stored);
  } else if constexpr (std::integral<Stored>) {
    if (std::in_range<Real>(stored)) return static_cast<Real>(stored);
  }
  return std::nullopt;
}

template <class Stored, class Real>
std::optional<std::size_t> convert_all(std::span<const std::byte> bytes, Real* out) noexcept {
  const std::size_t count = bytes.size() / sizeof(Stored);
  for (std::size_t i = 0; i < count; ++i) {
    const std::optional<Real> value = decoded<Real>(load_element<Stored>(bytes.data() + i * sizeof(Stored)));
    if (!value) return i;
    out[i] = *value;
  }
  return std::nullopt;
}

}  // namespace detail

/// Converts bytes.size() / dtype_size(dtype) elements to Real: float, double, or an integer type that takes
/// integers and bools. Integers beyond 2^24 (float) or 2^53 (double) are rounded to nearest, as are doubles
/// into float. Returns the index of the first element that has no value: a bool other than 0 and 1, a finite
/// double beyond the range of float, an integer beyond that of Real; 0 where Real does not take the type.
template <class Real>
requires std::floating_point<Real> ||(Storable<Real> && !std::same_as<Real, bool>)
    std::optional<std::size_t> convert_elements(Dtype dtype, std::span<const std::byte> bytes, Real* out) {
  using detail::convert_all;
  if (dtype == dtype_of<Real>()) {
    const std::size_t whole = bytes.size() / sizeof(Real) * sizeof(Real);
    if (whole != 0) std::memcpy(out, bytes.data(), whole);
    return std::nullopt;
  }
  switch (dtype) {
    case Dtype::boolean:
      return convert_all<detail::StoredBool>(bytes, out);
    case Dtype::u8:
      return convert_all<std::uint8_t>(bytes, out);
    case Dtype::i8:
      return convert_all<std::int8_t>(bytes, out);
    case Dtype::u16:
      return convert_all<std::uint16_t>(bytes, out);
    case Dtype::i16:
      return convert_all<std::int16_t>(bytes, out);
    case Dtype::u32:
      return convert_all<std::uint32_t>(bytes, out);
    case Dtype::i32:
      return convert_all<std::int32_t>(bytes, out);
    case Dtype::u64:
      return convert_all<std::uint64_t>(bytes, out);
    case Dtype::i64:
      return convert_all<std::int64_t>(bytes, out);
    default:
      break;
  }
  if constexpr (std::floating_point<Real>) {
    switch (dtype) {
      case Dtype::f16:
        return convert_all<detail::StoredHalf>(bytes, out);
      case Dtype::bf16:
        return convert_all<detail::StoredBfloat>(bytes, out);
      case Dtype::f32:
        return convert_all<float>(bytes, out);
      case Dtype::f64:
        return convert_all<double>(bytes, out);
      default:
        break;
    }
  }
  return 0;  // floating-point numbers are not read as integers
}

}  // namespace gyrograd::io
