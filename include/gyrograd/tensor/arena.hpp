// SPDX-License-Identifier: MIT
// Arena: bump allocator that the caller can see and size; nothing is freed inside a step.
#pragma once

#include <algorithm>
#include <vector>

#include "gyrograd/core/aligned.hpp"
#include "gyrograd/core/config.hpp"

namespace gyrograd {

/// Hands out 64-byte aligned memory from blocks that double in size. rewind() keeps the blocks, so a
/// warmed-up user allocates nothing from the heap. Not thread-safe: one arena per thread. Runs no
/// destructors.
class Arena {
 public:
  /// Position that rewind() returns to.
  struct Mark {
    std::size_t block = 0;
    std::size_t used = 0;
  };

  /// `bytes` is the size of the first block; 0 allocates on first use.
  explicit Arena(std::size_t bytes = 0) {
    if (bytes > 0) add_block(bytes);
  }

  /// Uninitialised array of `count` values. Throws std::bad_alloc when the heap has no more.
  template <class T>
  T* allocate(Index count) {
    static_assert(alignof(T) <= alignment);
    return reinterpret_cast<T*>(raw(static_cast<std::size_t>(count) * sizeof(T)));
  }

  Mark mark() const { return at_; }
  void rewind(Mark mark) { at_ = mark; }
  void clear() { at_ = {}; }

  /// Bytes of all blocks: what the arena has taken from the heap so far.
  std::size_t capacity() const {
    std::size_t sum = 0;
    for (const auto& block : blocks_) sum += block.size();
    return sum;
  }

 private:
  std::byte* raw(std::size_t bytes) {
    bytes = (bytes + alignment - 1) / alignment * alignment;
    while (at_.block < blocks_.size()) {
      AlignedVector<std::byte>& block = blocks_[at_.block];
      if (block.size() - at_.used >= bytes) {
        std::byte* p = block.data() + at_.used;
        at_.used += bytes;
        return p;
      }
      ++at_.block;
      at_.used = 0;
    }
    add_block(std::max(bytes, blocks_.empty() ? std::size_t{1} << 16 : 2 * blocks_.back().size()));
    at_ = {blocks_.size() - 1, bytes};
    return blocks_.back().data();
  }
  void add_block(std::size_t bytes) {
    bytes = (bytes + alignment - 1) / alignment * alignment;
    blocks_.emplace_back(bytes);
  }

  std::vector<AlignedVector<std::byte>> blocks_;
  Mark at_;
};

}  // namespace gyrograd
