// SPDX-License-Identifier: MIT
// What the calls in a PyTorch pickle stand for: ordered dictionaries, storages, tensors; checked, never
// executed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyrograd/core/checked.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/io/pickle_value.hpp"
#include "gyrograd/io/text.hpp"

namespace gyrograd::io::detail {

/// The result under construction. Work and memory are bounded by `budget` values.
class PickleObjects {
 protected:
  using Value = PickleValue;
  using Kind = PickleValue::Kind;
  static constexpr const char* advice =
      "nothing was executed; if you trust the file, load it in PyTorch and save model.state_dict()";
  static constexpr std::size_t max_storages = 16'384;

  PickleObjects(std::span<const std::byte> bytes, std::size_t budget, const std::string& file)
      : budget_(budget), file_(file) {
    out_.text = {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  [[noreturn]] void error(const std::string& what) const {
    fail<IoError>(file_, ": pickle, byte ", opcode_at_, ": ", what);
  }

  void spend(std::size_t amount) {
    if (amount > budget_) error("more values than a file of this size may hold");
    budget_ -= amount;
  }

  static Value indexed(Kind kind, std::uint64_t index) noexcept {
    Value value;
    value.kind = kind;
    value.payload = index;
    return value;
  }

  Value make_node(Kind kind, std::vector<Value> items) {
    spend(items.size() + 2);
    out_.nodes.push_back(std::move(items));
    return indexed(kind, out_.nodes.size() - 1);
  }

  std::vector<Value>& node(const Value& value, Kind kind, const char* what) {
    if (value.kind != kind) error(std::string("expected a ") + what);
    return out_.nodes[static_cast<std::size_t>(value.payload)];
  }

  /// Value that callee(*arguments) stands for.
  Value call(const Value& callee, const Value& arguments) {
    if (callee.kind != Kind::global)
      error(std::string("call of something that is not a known name; ") + advice);
    // A copy: nodes may move while the result is built.
    const std::vector<Value> args = node(arguments, Kind::tuple, "tuple of arguments");
    spend(args.size());
    switch (callee.global) {
      case PickleGlobal::ordered_dict:
        return ordered_dict(args);
      case PickleGlobal::rebuild_tensor:
        return rebuild_tensor(args);
      case PickleGlobal::rebuild_parameter:
        if (args.empty() || args[0].kind != Kind::tensor) error("_rebuild_parameter: expected a tensor");
        return args[0];
      case PickleGlobal::size:
        if (args.size() != 1 || args[0].kind != Kind::tuple) error("torch.Size: expected a tuple");
        return args[0];
      case PickleGlobal::device:
        return Value{Kind::none};
      default:
        error(std::string("call of a name that is not callable here; ") + advice);
    }
  }

  /// ('storage', class, key, location, count[, None])
  Value storage(const Value& id) {
    const auto& parts = node(id, Kind::tuple, "storage description");
    const bool fits = (parts.size() == 5 || (parts.size() == 6 && parts[5].kind == Kind::none)) &&
                      parts[0].kind == Kind::text && out_.text_of(parts[0]) == "storage" &&
                      parts[1].kind == Kind::global && parts[1].global == PickleGlobal::storage &&
                      parts[2].kind == Kind::text && parts[4].kind == Kind::integer &&
                      parts[4].integer() >= 0;
    if (!fits) error("storage description is not ('storage', class, key, location, count)");
    const PickleStorage block{out_.text_of(parts[2]), parts[1].dtype, parts[4].payload};
    const auto known = storage_of_key_.find(block.key);
    if (known != storage_of_key_.end()) {
      const PickleStorage& first = out_.storages[known->second];
      if (first.dtype != block.dtype || first.count != block.count) {
        error("storage " + in_quotes(block.key) + " is described in two ways");
      }
      return indexed(Kind::storage, known->second);
    }
    if (out_.storages.size() == max_storages) error("more than 16384 storages");
    spend(4);
    storage_of_key_.emplace(block.key, out_.storages.size());
    out_.storages.push_back(block);
    return indexed(Kind::storage, out_.storages.size() - 1);
  }

 private:
  Value ordered_dict(const std::vector<Value>& args) {
    std::vector<Value> items;
    if (args.size() > 1) error("OrderedDict: expected at most one argument");
    if (args.size() == 1) {
      for (const Value& pair : node(args[0], Kind::list, "list of pairs")) {
        if (pair.kind != Kind::tuple && pair.kind != Kind::list) error("OrderedDict: expected pairs");
        const auto& two = out_.nodes[static_cast<std::size_t>(pair.payload)];
        if (two.size() != 2) error("OrderedDict: expected pairs");
        items.insert(items.end(), two.begin(), two.end());
        spend(2);
      }
    }
    return make_node(Kind::dict, std::move(items));
  }

  /// (storage, offset, shape, strides, ...)
  Value rebuild_tensor(const std::vector<Value>& args) {
    if (args.size() < 4 || args[0].kind != Kind::storage || args[1].kind != Kind::integer ||
        args[1].integer() < 0) {
      error("tensor is not (storage, offset, shape, strides)");
    }
    PickleTensor tensor;
    tensor.storage = static_cast<std::uint32_t>(args[0].payload);
    tensor.offset = args[1].payload;
    for (const std::uint64_t extent : naturals(args[2], "shape")) {
      const auto size = to_size(extent);
      if (!size) error("tensor extent too large for this machine");
      tensor.shape.push_back(*size);
    }
    tensor.strides = naturals(args[3], "strides");
    if (tensor.strides.size() != tensor.shape.size())
      error("tensor has different numbers of extents and strides");
    spend(8);
    out_.tensors.push_back(std::move(tensor));
    return indexed(Kind::tensor, out_.tensors.size() - 1);
  }

  std::vector<std::uint64_t> naturals(const Value& value, const char* what) {
    const auto& items = node(value, Kind::tuple, what);
    if (items.size() > 8) error(std::string(what) + " with more than 8 dimensions");
    std::vector<std::uint64_t> out;
    for (const Value& item : items) {
      if (item.kind != Kind::integer || item.integer() < 0)
        error(std::string(what) + ": expected integers >= 0");
      out.push_back(item.payload);
    }
    return out;
  }

 protected:
  std::size_t budget_;
  const std::string& file_;
  std::size_t opcode_at_ = 0;
  PickleResult out_;

 private:
  std::map<std::string_view, std::size_t> storage_of_key_;
};

}  // namespace gyrograd::io::detail
