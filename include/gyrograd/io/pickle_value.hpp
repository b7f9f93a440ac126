// SPDX-License-Identifier: MIT
// Plain data that a PyTorch pickle may describe, and the fixed list of names it may refer to.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "gyrograd/io/dtype.hpp"

namespace gyrograd::io {

/// What a global name of a weight file may stand for; every other name is refused.
enum class PickleGlobal : std::uint8_t {
  ordered_dict,
  rebuild_tensor,
  rebuild_parameter,
  size,
  device,
  storage,
  inert
};

/// A value of 16 bytes: a number, a text inside the pickle, or the index of a node, storage or tensor.
struct PickleValue {
  enum class Kind : std::uint8_t {
    unset,
    none,
    boolean,
    integer,
    real,
    text,
    big_integer,
    tuple,
    list,
    dict,
    global,
    storage,
    tensor
  };
  Kind kind = Kind::unset;
  PickleGlobal global = PickleGlobal::inert;
  Dtype dtype = Dtype::f32;   ///< of a storage class
  std::uint32_t length = 0;   ///< of a text
  std::uint64_t payload = 0;  ///< bits of the number, offset of the text, or index

  std::int64_t integer() const noexcept { return static_cast<std::int64_t>(payload); }
  double real() const noexcept { return std::bit_cast<double>(payload); }
};

/// A block of elements that tensors view into.
struct PickleStorage {
  std::string_view key;
  Dtype dtype = Dtype::f32;
  std::uint64_t count = 0;
};

/// A view into a storage, in elements.
struct PickleTensor {
  std::uint32_t storage = 0;
  std::uint64_t offset = 0;
  std::vector<std::size_t> shape;
  std::vector<std::uint64_t> strides;
};

/// What interpreting one pickle gave.
struct PickleResult {
  std::string_view text;  ///< the pickle itself: texts are ranges of it
  PickleValue root;
  std::vector<std::vector<PickleValue>>
      nodes;  ///< items of tuples and lists; keys and values of dicts in turn
  std::vector<PickleStorage> storages;
  std::vector<PickleTensor> tensors;
  std::size_t consumed = 0;  ///< bytes up to and including STOP

  std::string_view text_of(const PickleValue& value) const noexcept {
    return text.substr(static_cast<std::size_t>(value.payload), value.length);
  }
  const std::vector<PickleValue>& items(const PickleValue& value) const noexcept {
    return nodes[static_cast<std::size_t>(value.payload)];
  }
};

/// The value that "module.name" stands for, or nothing: the name is not on the list.
inline std::optional<PickleValue> pickle_global(std::string_view module, std::string_view name) noexcept {
  struct Call {
    std::string_view module, name;
    PickleGlobal global;
  };
  static constexpr std::array<Call, 6> calls{
      {{"collections", "OrderedDict", PickleGlobal::ordered_dict},
       {"torch._utils", "_rebuild_tensor_v2", PickleGlobal::rebuild_tensor},
       {"torch._utils", "_rebuild_tensor", PickleGlobal::rebuild_tensor},
       {"torch._utils", "_rebuild_parameter", PickleGlobal::rebuild_parameter},
       {"torch", "Size", PickleGlobal::size},
       {"torch", "device", PickleGlobal::device}}};
  struct Storage {
    std::string_view name;
    Dtype dtype;
  };
  static constexpr std::array<Storage, 10> storages{{{"FloatStorage", Dtype::f32},
                                                     {"DoubleStorage", Dtype::f64},
                                                     {"HalfStorage", Dtype::f16},
                                                     {"BFloat16Storage", Dtype::bf16},
                                                     {"LongStorage", Dtype::i64},
                                                     {"IntStorage", Dtype::i32},
                                                     {"ShortStorage", Dtype::i16},
                                                     {"CharStorage", Dtype::i8},
                                                     {"ByteStorage", Dtype::u8},
                                                     {"BoolStorage", Dtype::boolean}}};
  PickleValue value;
  value.kind = PickleValue::Kind::global;
  for (const Call& call : calls) {
    value.global = call.global;
    if (call.module == module && call.name == name) return value;
  }
  if (module != "torch") return std::nullopt;
  for (const Storage& storage : storages) {
    value.global = PickleGlobal::storage;
    value.dtype = storage.dtype;
    if (storage.name == name) return value;
  }
  value.global = PickleGlobal::inert;  // torch.float32 and the like, in settings
  for (const auto& row : detail::dtype_rows) {
    if (row.description == name) return value;
  }
  return std::nullopt;
}

}  // namespace gyrograd::io
