// SPDX-License-Identifier: MIT
// From what a PyTorch pickle describes to named tensors: names flattened, views checked, copied only if
// needed.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyrograd/core/checked.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/io/file_bytes.hpp"
#include "gyrograd/io/pickle_value.hpp"
#include "gyrograd/io/tensor_file.hpp"
#include "gyrograd/io/text.hpp"

namespace gyrograd::io {

/// Limits on .pt files.
struct PtLimits {
  static constexpr std::size_t tensors = 16'384;
  static constexpr std::size_t name_bytes = 1024;
  static constexpr std::size_t depth = 32;  ///< of nested dictionaries and lists
  /// Values that the pickle of a file of this many bytes may build: memory stays below twice the file + 1
  /// MiB.
  static constexpr std::size_t values(std::size_t file_bytes) noexcept { return 24'576 + file_bytes / 24; }
};

namespace detail {

/// Finds the bytes of a storage when a tensor first needs them.
class PtStorages {
 public:
  virtual ~PtStorages() = default;
  /// Exactly count * element size bytes.
  virtual std::span<const std::byte> bytes(const PickleStorage& storage) = 0;
};

/// Turns what a pickle describes into named tensors.
class PtBuilder {
 public:
  /// only: starts of the names that are wanted; empty: all.
  PtBuilder(const PickleResult& pickle, PtStorages& storages, const FileBytes& file,
            std::span<const std::string> only = {})
      : pickle_(pickle),
        storages_(storages),
        file_(file),
        only_(only),
        visits_left_(4 * PtLimits::values(file.size())),
        memory_left_(file.size() + (std::uint64_t{1} << 20)) {}

  TensorFile build(std::string format, std::shared_ptr<const FileBytes> keep_alive) {
    using Kind = PickleValue::Kind;
    const Kind kind = pickle_.root.kind;
    if (kind != Kind::dict && kind != Kind::tensor && kind != Kind::list && kind != Kind::tuple) {
      fail<IoError>(file_.name(),
                    ": holds neither a dictionary nor a tensor, expected a state dict; save "
                    "model.state_dict()");
    }
    visit("", pickle_.root, 0);
    reject_duplicates();
    std::vector<std::shared_ptr<const void>> keep{std::move(keep_alive)};
    keep.insert(keep.end(), copies_.begin(), copies_.end());
    return TensorFile(file_.name(), std::move(format), std::move(entries_), std::move(metadata_),
                      std::move(keep));
  }

 private:
  using Value = PickleValue;

  void visit(const std::string& name, const Value& value, std::size_t depth) {
    if (visits_left_-- == 0) fail<IoError>(file_.name(), ": the same values are repeated too often");
    if (depth > PtLimits::depth) {
      fail<IoError>(file_.name(), ": ", in_quotes(name), " is nested more than ", PtLimits::depth,
                    " levels deep");
    }
    switch (value.kind) {
      case Value::Kind::tensor:
        return add(name.empty() ? "tensor" : name, value);
      case Value::Kind::dict:
        return visit_dict(name, pickle_.items(value), depth);
      case Value::Kind::list:
      case Value::Kind::tuple: {
        const auto& items = pickle_.items(value);
        for (std::size_t i = 0; i < items.size(); ++i)
          visit(join(name, std::to_string(i)), items[i], depth + 1);
        return;
      }
      case Value::Kind::text:
        return note(name, std::string(pickle_.text_of(value)));
      case Value::Kind::integer:
        return note(name, std::to_string(value.integer()));
      case Value::Kind::boolean:
        return note(name, value.payload != 0 ? "true" : "false");
      case Value::Kind::real:
        return note(name, real_text(value.real()));
      default:
        return;
    }
  }

  void visit_dict(const std::string& name, const std::vector<Value>& items, std::size_t depth) {
    for (std::size_t i = 0; i < items.size(); i += 2) {
      const Value& key = items[i];
      if (key.kind == Value::Kind::text) {
        visit(join(name, pickle_.text_of(key)), items[i + 1], depth + 1);
      } else if (key.kind == Value::Kind::integer) {
        visit(join(name, std::to_string(key.integer())), items[i + 1], depth + 1);
      } else {
        fail<IoError>(file_.name(), ": ", in_quotes(name),
                      " has a key that is neither a text nor an integer");
      }
    }
  }

  std::string join(const std::string& name, std::string_view part) const {
    if (name.size() + part.size() >= PtLimits::name_bytes) {
      fail<IoError>(file_.name(), ": name ", in_quotes(name), " continues beyond ", PtLimits::name_bytes,
                    " bytes");
    }
    return name.empty() ? std::string(part) : name + "." + std::string(part);
  }
  static std::string real_text(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.17g", value);
    return text.data();
  }

  /// Keeps small settings as metadata; a repeated name keeps its first value.
  void note(const std::string& name, std::string value) {
    const std::size_t size = name.size() + value.size() + 128;
    if (!valid_utf8(name) || !valid_utf8(value) || value.size() > 4096 || metadata_.size() >= 1024) return;
    if (size > memory_left_) return;
    memory_left_ -= size;
    metadata_.emplace(name, std::move(value));
  }

  bool wanted(const std::string& name) const {
    return only_.empty() || std::any_of(only_.begin(), only_.end(),
                                        [&](const std::string& start) { return name.starts_with(start); });
  }

  void add(const std::string& name, const Value& value) {
    if (!wanted(name)) return;
    if (entries_.size() == PtLimits::tensors) {
      fail<IoError>(file_.name(), ": more than ", PtLimits::tensors, " tensors");
    }
    if (!valid_utf8(name) || name.find('\0') != std::string::npos) {
      fail<IoError>(file_.name(), ": tensor ", in_quotes(name), ": the name is not UTF-8 text");
    }
    charge(name, name.size() + 4 * sizeof(TensorEntry));
    const PickleTensor& tensor = pickle_.tensors[static_cast<std::size_t>(value.payload)];
    const PickleStorage& storage = pickle_.storages[tensor.storage];
    entries_.push_back({name, storage.dtype, tensor.shape, elements(name, tensor, storage)});
  }

  /// Row-major bytes of a view: in place where the view is contiguous, else gathered.
  std::span<const std::byte> elements(const std::string& name, const PickleTensor& tensor,
                                      const PickleStorage& storage) {
    const std::size_t width = dtype_size(storage.dtype);
    const auto count = checked_product(std::span<const std::size_t>(tensor.shape));
    const auto size = count ? checked_mul(*count, width) : std::nullopt;
    if (!size) error(name, "shape " + shape_text(tensor.shape) + " overflows 64 bits");
    if (*count == 0) return {};
    const auto last = last_element(tensor);
    if (!last || *last >= storage.count) {
      error(name, "shape " + shape_text(tensor.shape) + " at offset " + std::to_string(tensor.offset) +
                      " reaches beyond its storage of " + std::to_string(storage.count) + " elements");
    }
    const std::span<const std::byte> all = storages_.bytes(storage);
    const std::size_t begin = static_cast<std::size_t>(tensor.offset) * width;
    if (contiguous(tensor)) return all.subspan(begin, static_cast<std::size_t>(*size));
    charge(name, *size);
    return gather(tensor, all.subspan(begin), static_cast<std::size_t>(*count), width);
  }

  /// Views that repeat elements may not need more memory than the file has bytes, and 1 MiB.
  void charge(const std::string& name, std::uint64_t size) {
    if (size > memory_left_) {
      error(name, "would need " + std::to_string(size) + " more bytes than a file of this size may ask for");
    }
    memory_left_ -= size;
  }

  static std::optional<std::uint64_t> last_element(const PickleTensor& tensor) noexcept {
    std::optional<std::uint64_t> last = tensor.offset;
    for (std::size_t d = 0; d < tensor.shape.size() && last; ++d) {
      const auto span = checked_mul(tensor.shape[d] - 1, tensor.strides[d]);
      last = span ? checked_add(*last, *span) : std::nullopt;
    }
    return last;
  }

  static bool contiguous(const PickleTensor& tensor) noexcept {
    std::uint64_t expected = 1;
    for (std::size_t d = tensor.shape.size(); d-- > 0;) {
      if (tensor.shape[d] != 1 && tensor.strides[d] != expected) return false;
      expected *= tensor.shape[d];  // the product of all was checked
    }
    return true;
  }

  std::span<const std::byte> gather(const PickleTensor& tensor, std::span<const std::byte> from,
                                    std::size_t count, std::size_t width) {
    auto copy = std::make_shared<std::vector<std::byte>>(count * width);
    const std::size_t rank = tensor.shape.size();
    std::array<std::size_t, 8> index{};
    std::size_t at = 0;
    for (std::size_t i = 0; i < count; ++i) {
      std::memcpy(copy->data() + i * width, from.data() + at * width, width);
      for (std::size_t d = rank; d-- > 0;) {
        const auto stride = static_cast<std::size_t>(tensor.strides[d]);
        at += stride;
        if (++index[d] < tensor.shape[d]) break;
        at -= stride * tensor.shape[d];
        index[d] = 0;
      }
    }
    copies_.push_back(copy);
    return *copy;
  }

  void reject_duplicates() {
    std::vector<std::string_view> names;
    names.reserve(entries_.size());
    for (const TensorEntry& entry : entries_) names.push_back(entry.name);
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice != names.end()) error(*twice, "duplicate name");
  }

  [[noreturn]] void error(std::string_view name, const std::string& what) const {
    fail<IoError>(file_.name(), ": tensor ", in_quotes(name), ": ", what);
  }

  const PickleResult& pickle_;
  PtStorages& storages_;
  const FileBytes& file_;
  std::span<const std::string> only_;
  std::size_t visits_left_;
  std::uint64_t memory_left_;
  std::vector<TensorEntry> entries_;
  Metadata metadata_;
  std::vector<std::shared_ptr<const std::vector<std::byte>>> copies_;
};

}  // namespace detail

}  // namespace gyrograd::io
