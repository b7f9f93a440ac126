// SPDX-License-Identifier: MIT
// What the processes of one run ask of each other, and the answer of a process that is alone.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <span>

#include "gyrograd/core/config.hpp"

namespace gyrograd::distributed {

/// Items begin .. end - 1.
struct Share {
  Index begin = 0, end = 0;
  Index size() const { return end - begin; }
  bool operator==(const Share&) const = default;
};

/// Part of `count` items that process `rank` of `size` owns: neighbours, in rank order, sizes that differ by
/// at most one.
inline Share share(Index count, int rank, int size) {
  return {count * rank / size, count * (rank + 1) / size};
}

/// A group of processes that run the same program in step. Calls are made by all of them, in the same order,
/// from one thread. The class is abstract so that programs choose at run time whether MPI is started; a
/// training step makes two calls.
class Communicator {
 public:
  Communicator() = default;
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;
  virtual ~Communicator() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;
  /// Processes on this machine: they share its cores.
  virtual int local_size() const = 0;

  /// Block r of `all`, which process r has filled, reaches every process. ends[r]: where block r ends, bytes.
  virtual void all_gather(std::span<std::byte> all, std::span<const std::size_t> ends) = 0;

  /// Block q of `send` goes to process q; block q of `receive` comes from it. Blocks as above; the sizes on
  /// both sides agree.
  virtual void all_to_all(std::span<const std::byte> send, std::span<const std::size_t> send_ends,
                          std::span<std::byte> receive, std::span<const std::size_t> receive_ends) = 0;

  /// Ends all processes at once, without waiting for them.
  [[noreturn]] virtual void abort(int code) = 0;
};

/// A process that is alone.
class SingleProcess final : public Communicator {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  int local_size() const override { return 1; }
  void all_gather(std::span<std::byte>, std::span<const std::size_t>) override {}
  void all_to_all(std::span<const std::byte> send, std::span<const std::size_t>, std::span<std::byte> receive,
                  std::span<const std::size_t>) override {
    std::copy(send.begin(), send.end(), receive.begin());
  }
  [[noreturn]] void abort(int code) override { std::_Exit(code); }
};

}  // namespace gyrograd::distributed
