// SPDX-License-Identifier: MIT
// Interpreter of the few pickle opcodes that PyTorch weight files consist of: builds plain data, runs
// nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyrograd/core/checked.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/io/file_bytes.hpp"
#include "gyrograd/io/pickle_objects.hpp"
#include "gyrograd/io/pickle_value.hpp"
#include "gyrograd/io/text.hpp"

namespace gyrograd::io {

namespace detail {

/// Stack machine over one pickle. Work and memory are bounded by `budget` values.
class PickleMachine : PickleObjects {
 public:
  PickleMachine(std::span<const std::byte> bytes, std::size_t budget, const std::string& file)
      : PickleObjects(bytes, budget, file), bytes_(bytes) {}

  PickleResult run() {
    for (;;) {
      opcode_at_ = at_;
      const auto opcode = std::to_integer<unsigned char>(take(1)[0]);
      if (opcode == '.') break;
      if (!atom(opcode) && !container(opcode) && !memo(opcode) && !object(opcode)) {
        error("opcode " + std::to_string(opcode) + " is not one that weight files need; " + advice);
      }
    }
    out_.root = pop();
    if (!stack_.empty() || !marks_.empty()) error("values are left over at the end");
    out_.consumed = at_;
    return std::move(out_);
  }

 private:
  std::span<const std::byte> take(std::uint64_t count) {
    if (count > bytes_.size() - at_) error("cut short: " + std::to_string(count) + " more bytes expected");
    const auto part = bytes_.subspan(at_, static_cast<std::size_t>(count));
    at_ += part.size();
    return part;
  }
  template <class Unsigned>
  Unsigned number() {
    return little_endian<Unsigned>(take(sizeof(Unsigned)), 0);
  }

  void push(Value value) {
    spend(1);
    stack_.push_back(value);
  }
  void push(Kind kind, std::uint64_t payload = 0) {
    Value value;
    value.kind = kind;
    value.payload = payload;
    push(value);
  }
  void push_text(std::uint64_t length) {
    const std::size_t start = at_;
    take(length);
    Value value;
    value.kind = Kind::text;
    value.payload = start;
    value.length = static_cast<std::uint32_t>(length);
    if (length > 0xFFFFFFFFu) error("text longer than 4 GB");
    push(value);
  }
  Value pop() {
    const std::size_t floor = marks_.empty() ? 0 : marks_.back();
    if (stack_.size() <= floor) error("stack underflow");
    const Value value = stack_.back();
    stack_.pop_back();
    return value;
  }
  Value& top() {
    const std::size_t floor = marks_.empty() ? 0 : marks_.back();
    if (stack_.size() <= floor) error("stack underflow");
    return stack_.back();
  }
  std::vector<Value> pop_to_mark() {
    if (marks_.empty()) error("no mark on the stack (underflow)");
    const auto from = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<Value> items(from, stack_.end());
    stack_.erase(from, stack_.end());
    marks_.pop_back();
    return items;
  }
  void push_node(Kind kind, std::vector<Value> items) { push(make_node(kind, std::move(items))); }

  bool atom(unsigned char opcode) {
    switch (opcode) {
      case 'N':
        push(Kind::none);
        return true;
      case 0x88:
        push(Kind::boolean, 1);
        return true;
      case 0x89:
        push(Kind::boolean, 0);
        return true;
      case 'K':
        push(Kind::integer, number<std::uint8_t>());
        return true;
      case 'M':
        push(Kind::integer, number<std::uint16_t>());
        return true;
      case 'J': {
        const auto value = static_cast<std::int32_t>(number<std::uint32_t>());
        push(Kind::integer, static_cast<std::uint64_t>(std::int64_t{value}));
        return true;
      }
      case 0x8A:
        long1();
        return true;
      case 'G': {  // the only big-endian number of the format
        std::uint64_t bits = 0;
        for (const std::byte b : take(8)) bits = bits << 8 | std::to_integer<std::uint64_t>(b);
        push(Kind::real, bits);
        return true;
      }
      case 'X':
      case 'T':
      case 'B':
        push_text(number<std::uint32_t>());
        return true;
      case 0x8C:
      case 'U':
      case 'C':
        push_text(number<std::uint8_t>());
        return true;
      default:
        return false;
    }
  }

  void long1() {
    const std::size_t length = number<std::uint8_t>();
    if (length > 8) {
      push_text(length);
      stack_.back().kind = Kind::big_integer;
      return;
    }
    std::uint64_t bits = 0;
    const auto bytes = take(length);
    for (std::size_t i = 0; i < length; ++i) bits |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
    const bool negative = length > 0 && (std::to_integer<unsigned>(bytes[length - 1]) & 0x80u) != 0;
    if (negative && length < 8) bits |= ~std::uint64_t{0} << (8 * length);
    push(Kind::integer, bits);
  }

  bool container(unsigned char opcode) {
    switch (opcode) {
      case '(':
        spend(1);
        marks_.push_back(stack_.size());
        return true;
      case '0':
        (void)pop();
        return true;
      case '1':
        (void)pop_to_mark();
        return true;
      case ')':
        push_node(Kind::tuple, {});
        return true;
      case 't':
        push_node(Kind::tuple, pop_to_mark());
        return true;
      case 0x85:
      case 0x86:
      case 0x87: {
        std::vector<Value> items(opcode - 0x84u);
        for (std::size_t i = items.size(); i-- > 0;) items[i] = pop();
        push_node(Kind::tuple, std::move(items));
        return true;
      }
      case ']':
        push_node(Kind::list, {});
        return true;
      case '}':
        push_node(Kind::dict, {});
        return true;
      case 'a':
        extend(Kind::list, {pop()});
        return true;
      case 'e':
        extend(Kind::list, pop_to_mark());
        return true;
      case 's': {
        const Value value = pop(), key = pop();
        extend(Kind::dict, {key, value});
        return true;
      }
      case 'u':
        extend(Kind::dict, pop_to_mark());
        return true;
      default:
        return false;
    }
  }

  void extend(Kind kind, const std::vector<Value>& items) {
    auto& target = node(top(), kind, kind == Kind::list ? "list" : "dictionary");
    if (kind == Kind::dict && items.size() % 2 != 0) error("a key without a value");
    spend(items.size());
    target.insert(target.end(), items.begin(), items.end());
  }

  bool memo(unsigned char opcode) {
    switch (opcode) {
      case 'q':
        remember(number<std::uint8_t>());
        return true;
      case 'r':
        remember(number<std::uint32_t>());
        return true;
      case 0x94:
        remember(memo_.size());
        return true;
      case 'h':
        recall(number<std::uint8_t>());
        return true;
      case 'j':
        recall(number<std::uint32_t>());
        return true;
      default:
        return false;
    }
  }
  void remember(std::size_t slot) {
    if (slot > memo_.size() + 1) error("memo slot " + std::to_string(slot) + " is out of sequence");
    spend(2);
    if (slot >= memo_.size()) memo_.resize(slot + 1);
    memo_[slot] = top();
  }
  void recall(std::size_t slot) {
    if (slot >= memo_.size() || memo_[slot].kind == Kind::unset) {
      error("memo slot " + std::to_string(slot) + " was never set");
    }
    push(memo_[slot]);
  }

  bool object(unsigned char opcode) {
    switch (opcode) {
      case 0x80:
        if (number<std::uint8_t>() > 5) error("pickle protocol above 5");
        return true;
      case 0x95: {
        const auto length = number<std::uint64_t>();
        if (length > bytes_.size() - at_) error("frame is cut short");
        return true;
      }
      case 'c': {
        const std::string_view module = line(), name = line();
        push_global(module, name);
        return true;
      }
      case 0x93: {
        const Value name = pop(), module = pop();
        if (name.kind != Kind::text || module.kind != Kind::text) error("expected a name");
        push_global(out_.text_of(module), out_.text_of(name));
        return true;
      }
      case 'R': {
        const Value arguments = pop(), callee = pop();
        push(call(callee, arguments));
        return true;
      }
      case 'b': {
        const Value state = pop();
        const bool harmless =
            top().kind == Kind::dict && (state.kind == Kind::dict || state.kind == Kind::none);
        if (!harmless)
          error(std::string("state for an object, expected only the attributes of a dictionary; ") + advice);
        return true;
      }
      case 'Q':
        push(storage(pop()));
        return true;
      default:
        return false;
    }
  }

  std::string_view line() {
    const std::size_t end = out_.text.find('\n', at_);
    if (end == std::string_view::npos || end - at_ > 256) error("name without an end");
    const std::string_view text = out_.text.substr(at_, end - at_);
    at_ = end + 1;
    return text;
  }

  void push_global(std::string_view module, std::string_view name) {
    if (const auto value = pickle_global(module, name)) return push(*value);
    error("refers to " + in_quotes(std::string(module) + "." + std::string(name)) +
          (module.starts_with("torch.nn") ? ": the file holds a whole Python object, expected a state dict; "
                                          : ", which is not on the list of names that weight files need; ") +
          advice);
  }

  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
  std::vector<Value> stack_, memo_;
  std::vector<std::size_t> marks_;
};

}  // namespace detail

/// Interprets the pickle at the start of `bytes`, which must outlive the result. budget: number of values
/// that may be built; file: name for messages.
inline PickleResult read_pickle(std::span<const std::byte> bytes, std::size_t budget,
                                const std::string& file) {
  return detail::PickleMachine(bytes, budget, file).run();
}

}  // namespace gyrograd::io
