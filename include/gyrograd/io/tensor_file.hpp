// SPDX-License-Identifier: MIT
// Named tensors of one file, whatever its format: entries in file order, metadata, strict lookup, conversion.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyrograd/core/checked.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/suggest.hpp"
#include "gyrograd/io/dtype.hpp"
#include "gyrograd/io/text.hpp"

namespace gyrograd::io {

using Shape = std::vector<std::size_t>;
using Metadata = std::map<std::string, std::string>;

/// One tensor: row-major elements in `bytes`, which may be unaligned and belong to the file (or caller).
struct TensorEntry {
  std::string name;
  Dtype dtype = Dtype::f32;
  Shape shape;
  std::span<const std::byte> bytes;

  /// Number of elements.
  std::size_t count() const noexcept { return bytes.size() / dtype_size(dtype); }
};

/// Shape as "(72, 6)".
inline std::string shape_text(std::span<const std::size_t> shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + ")";
}

/// Describes values that the caller keeps alive: what the writers take.
template <Storable Value>
TensorEntry tensor_entry(std::string name, Shape shape, std::span<const Value> values) {
  const auto count = checked_product(std::span<const std::size_t>(shape));
  if (!count || *count != values.size()) {
    fail<ShapeError>("tensor ", in_quotes(name), ": shape ", shape_text(shape), " does not hold ",
                     values.size(), " values");
  }
  return {std::move(name), dtype_of<Value>(), std::move(shape), std::as_bytes(values)};
}

/// Converts the elements of `entry`, row-major, to out[0 .. entry.count()). Any dtype to float and double;
/// integer dtypes also to integer types that hold the values. `file` is used in messages only. Errors: a bool
/// that is neither 0 nor 1, a float64 beyond the range of float, an integer that does not fit.
template <class Real>
void copy_to(const TensorEntry& entry, Real* out, std::string_view file = "tensor file") {
  if (const auto bad = convert_elements(entry.dtype, entry.bytes, out)) {
    fail<IoError>(file, ": tensor ", in_quotes(entry.name), ": element ", *bad, " of type ",
                  dtype_description(entry.dtype), " has no value as ",
                  std::floating_point<Real> ? (sizeof(Real) == 4 ? "float32" : "float64") : "integer",
                  "; check how the file was written");
  }
}

/// Elements of `entry` as a vector.
template <class Real>
std::vector<Real> values_of(const TensorEntry& entry, std::string_view file = "tensor file") {
  std::vector<Real> values(entry.count());
  copy_to(entry, values.data(), file);
  return values;
}

/// Index of the first NaN or infinity of a floating-point tensor, or nothing.
inline std::optional<std::size_t> first_nonfinite(const TensorEntry& entry) {
  const std::size_t width = dtype_size(entry.dtype);
  for (std::size_t i = 0; i < entry.count(); ++i) {
    const std::byte* at = entry.bytes.data() + i * width;
    bool finite = true;
    switch (entry.dtype) {
      case Dtype::f16:
        finite = std::isfinite(half_to_float(detail::load_element<std::uint16_t>(at)));
        break;
      case Dtype::bf16:
        finite = std::isfinite(bfloat_to_float(detail::load_element<std::uint16_t>(at)));
        break;
      case Dtype::f32:
        finite = std::isfinite(detail::load_element<float>(at));
        break;
      case Dtype::f64:
        finite = std::isfinite(detail::load_element<double>(at));
        break;
      default:
        return std::nullopt;
    }
    if (!finite) return i;
  }
  return std::nullopt;
}

/// What a reader returns; keeps the bytes of all entries alive. Cheap to move, movable across threads.
class TensorFile {
 public:
  TensorFile() = default;
  /// keep_alive: owner of the bytes that the entries view.
  TensorFile(std::string name, std::string format, std::vector<TensorEntry> entries, Metadata metadata,
             std::vector<std::shared_ptr<const void>> keep_alive)
      : name_(std::move(name)),
        format_(std::move(format)),
        entries_(std::move(entries)),
        metadata_(std::move(metadata)),
        keep_alive_(std::move(keep_alive)) {
    by_name_.resize(entries_.size());
    for (std::uint32_t i = 0; i < by_name_.size(); ++i) by_name_[i] = i;
    std::sort(by_name_.begin(), by_name_.end(),
              [&](std::uint32_t a, std::uint32_t b) { return entries_[a].name < entries_[b].name; });
  }

  /// Path as it appears in messages.
  const std::string& name() const noexcept { return name_; }
  /// "safetensors", "pytorch zip", "pytorch legacy" or "npy".
  const std::string& format() const noexcept { return format_; }
  /// Tensors in file order.
  const std::vector<TensorEntry>& entries() const noexcept { return entries_; }
  const Metadata& metadata() const noexcept { return metadata_; }

  /// The tensor called `tensor`, or nullptr.
  const TensorEntry* find(std::string_view tensor) const noexcept {
    const auto at =
        std::lower_bound(by_name_.begin(), by_name_.end(), tensor,
                         [&](std::uint32_t i, std::string_view n) { return entries_[i].name < n; });
    return at != by_name_.end() && entries_[*at].name == tensor ? &entries_[*at] : nullptr;
  }

  /// The tensor called `tensor`. Error: it is missing, with the nearest name.
  const TensorEntry& at(std::string_view tensor) const {
    if (const TensorEntry* entry = find(tensor)) return *entry;
    std::vector<std::string_view> names;
    for (const TensorEntry& entry : entries_) names.push_back(entry.name);
    const std::string_view near = nearest(tensor, names);
    fail<IoError>(name_, ": tensor ", in_quotes(tensor), " is missing",
                  near.empty() ? "" : "; did you mean " + in_quotes(near) + "?");
  }

  /// The tensors whose names start with `prefix`, without it: part("state_dict.") of a Lightning checkpoint.
  TensorFile part(std::string_view prefix) const {
    std::vector<TensorEntry> chosen;
    for (const TensorEntry& entry : entries_) {
      if (!entry.name.starts_with(prefix) || entry.name.size() == prefix.size()) continue;
      chosen.push_back(entry);
      chosen.back().name.erase(0, prefix.size());
    }
    return TensorFile(name_, format_, std::move(chosen), metadata_, keep_alive_);
  }

  /// Metadata value, or `otherwise`.
  std::string metadata_or(const std::string& key, std::string_view otherwise) const {
    const auto at = metadata_.find(key);
    return at == metadata_.end() ? std::string(otherwise) : at->second;
  }

 private:
  std::string name_, format_;
  std::vector<TensorEntry> entries_;
  std::vector<std::uint32_t> by_name_;
  Metadata metadata_;
  std::vector<std::shared_ptr<const void>> keep_alive_;
};

}  // namespace gyrograd::io
