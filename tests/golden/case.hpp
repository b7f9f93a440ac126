// SPDX-License-Identifier: MIT
// One golden case: the tensors and attributes of one .safetensors file, and comparison at its stated
// tolerance.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/io/safetensors.hpp"
#include "support/catch.hpp"

namespace gyrograd::golden {

/// Values of one tensor, row-major, as double (every stored type fits exactly).
struct Array {
  std::vector<Index> shape;
  std::vector<double> values;

  Index size() const { return static_cast<Index>(values.size()); }
  Index extent(std::size_t axis) const { return shape.at(axis); }
};

/// Calls visit(row-major position, column-major position) for every element: golden files are row-major,
/// activations have the first index fastest.
template <class Visit>
void for_both_orders(const std::vector<Index>& shape, Visit&& visit) {
  Index size = 1;
  for (Index n : shape) size *= n;
  for (Index row = 0; row < size; ++row) {
    Index rest = row, column = 0;
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      Index stride = 1;
      for (std::size_t i = 0; i < axis; ++i) stride *= shape[i];
      column += rest % shape[axis] * stride;
      rest /= shape[axis];
    }
    visit(static_cast<std::size_t>(row), static_cast<std::size_t>(column));
  }
}

class Case {
 public:
  explicit Case(const std::filesystem::path& path) : name_(path.stem().string()) {
    const auto file = io::read_safetensors(path);
    attributes_ = file.metadata();
    for (const io::TensorEntry& entry : file.entries()) tensors_[entry.name] = decode(entry);
  }

  const std::string& name() const { return name_; }
  std::string op() const { return text("op"); }

  bool has(const std::string& key) const { return tensors_.count(key) != 0; }
  const Array& at(const std::string& key) const { return find(tensors_, key); }
  std::vector<std::string> keys() const {
    std::vector<std::string> out;
    for (const auto& [key, array] : tensors_) out.push_back(key);
    return out;
  }

  /// Row-major values in the arithmetic of the test.
  template <class Real>
  std::vector<Real> values(const std::string& key) const {
    const Array& a = at(key);
    std::vector<Real> out(a.values.size());
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<Real>(a.values[i]);
    return out;
  }
  /// Values with the first index fastest: the layout of activations.
  template <class Real>
  std::vector<Real> columns(const std::string& key) const {
    const Array& a = at(key);
    std::vector<Real> out(a.values.size());
    for_both_orders(a.shape, [&](std::size_t row, std::size_t column) {
      out[column] = static_cast<Real>(a.values[row]);
    });
    return out;
  }
  std::vector<Index> indices(const std::string& key) const { return values<Index>(key); }

  bool has_attribute(const std::string& key) const { return attributes_.count(key) != 0; }
  const std::string& text(const std::string& key) const { return find(attributes_, key); }
  nlohmann::json json(const std::string& key) const { return nlohmann::json::parse(text(key)); }
  double number(const std::string& key) const { return json(key).get<double>(); }
  Index integer(const std::string& key) const { return json(key).get<Index>(); }
  bool flag(const std::string& key) const { return json(key).get<bool>(); }
  std::vector<std::string> names(const std::string& key) const {
    return has_attribute(key) ? json(key).get<std::vector<std::string>>() : std::vector<std::string>{};
  }

  /// Relative tolerance of outputs, in the arithmetic of the test.
  template <class Real>
  double tolerance() const {
    return std::stod(text(std::is_same_v<Real, float> ? "tol_float32" : "tol_float64"));
  }
  /// Relative tolerance of gradients: stored as float32 for models, hence "1e-9 (2e-7 for gradients, ...)".
  template <class Real>
  double gradient_tolerance() const {
    if (std::is_same_v<Real, float>) {
      const double measured =
          has_attribute("float32_measured_gradient") ? number("float32_measured_gradient") : 0.0;
      return std::max(tolerance<Real>(), 8 * measured);
    }
    const std::string& all = text("tol_float64");
    const auto open = all.find('(');
    return open == std::string::npos ? tolerance<Real>() : std::stod(all.substr(open + 1));
  }

 private:
  template <class Map>
  const typename Map::mapped_type& find(const Map& map, const std::string& key) const {
    const auto it = map.find(key);
    if (it == map.end()) throw std::out_of_range(name_ + ": no " + key);
    return it->second;
  }

  static Array decode(const io::TensorEntry& entry) {
    Array a{{}, io::values_of<double>(entry)};
    for (std::size_t n : entry.shape) a.shape.push_back(static_cast<Index>(n));
    return a;
  }

  std::string name_;
  std::map<std::string, Array> tensors_;
  std::map<std::string, std::string> attributes_;
};

/// max|got - want| / max(max|want|, 1e-3); infinite where a number is NaN, so that it never passes.
template <class Got>
double relative_gap(std::span<const Got> got, std::span<const double> want) {
  double worst = 0, scale = 1e-3;
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double gap = std::fabs(static_cast<double>(got[i]) - want[i]);
    worst = std::isnan(gap) ? std::numeric_limits<double>::infinity() : std::max(worst, gap);
    scale = std::max(scale, std::fabs(want[i]));
  }
  return worst / scale;
}

/// relative_gap <= tolerance for row-major values; tolerance 0 means equal.
template <class Got>
void expect_close(const std::string& what, std::span<const Got> got, std::span<const double> want,
                  double tolerance) {
  INFO(what);
  if (got.size() != want.size()) {
    FAIL_CHECK(got.size() << " values, expected " << want.size());
    return;
  }
  CHECK(relative_gap(got, want) <= tolerance);
}

/// Compares row-major values with a tensor of the case; the shape counts, too.
template <class Real>
void expect_rows(const Case& c, const std::string& key, const std::vector<Real>& got, double tolerance) {
  expect_close(key, std::span<const Real>(got), std::span<const double>(c.at(key).values), tolerance);
}

/// Compares values in activation layout (first index fastest) with a tensor of the case.
template <class Real>
void expect_columns(const Case& c, const std::string& key, const Real* got, double tolerance) {
  const Array& want = c.at(key);
  std::vector<Real> rows(want.values.size());
  for_both_orders(want.shape, [&](std::size_t row, std::size_t column) { rows[row] = got[column]; });
  expect_rows(c, key, rows, tolerance);
}

/// Compares one number.
inline void expect_number(const Case& c, const std::string& key, double got, double tolerance) {
  expect_rows(c, key, std::vector<double>{got}, tolerance);
}

/// Compares whole numbers exactly.
inline void expect_indices(const Case& c, const std::string& key, const std::vector<Index>& got) {
  INFO(key);
  CHECK(got == c.indices(key));
}

/// The closed-form fill U(k, i) in [0, 1) of the golden README.
inline double fill_unit(std::uint32_t k, std::uint32_t i) {
  std::uint32_t x = (i + 1000003u * k + 1u) * 2654435761u;
  x ^= x >> 16;
  x *= 2246822519u;
  x ^= x >> 13;
  return static_cast<double>(x) / 4294967296.0;
}

/// Values of parameter number `position` of a model with closed-form weights; norm_scale: gamma of a norm
/// layer.
inline std::vector<float> fill_values(const std::vector<Index>& shape, Index salt, Index position,
                                      double gain, bool norm_scale) {
  Index size = 1;
  for (Index n : shape) size *= n;
  std::vector<float> out(static_cast<std::size_t>(size));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double v =
        2.0 * fill_unit(static_cast<std::uint32_t>(salt + position), static_cast<std::uint32_t>(i)) - 1.0;
    const double scaled = norm_scale          ? 1.0 + 0.1 * v
                          : shape.size() >= 2 ? gain * v / std::sqrt(static_cast<double>(size / shape[0]))
                                              : 0.1 * gain * v;
    out[i] = static_cast<float>(scaled);
  }
  return out;
}

}  // namespace gyrograd::golden
