// SPDX-License-Identifier: MIT
// Malformed files as code: a table of builders with the words that the error must contain; sweeps over
// prefixes and bit flips; a limit on the memory that a reader may ask for.
#pragma once

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyrograd/core/error.hpp"
#include "gyrograd/io/file_bytes.hpp"
#include "support/catch.hpp"

namespace gyrograd::testing {

/// Message of the gyrograd error that `work` throws; "" when it throws nothing. Other exceptions pass.
template <class Work>
std::string error_of(Work&& work) {
  try {
    std::forward<Work>(work)();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

inline std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  return {bytes.begin(), bytes.end()};
}

/// `value` as sizeof(Number) little-endian characters.
template <class Number>
std::string little(Number value) {
  std::string out(sizeof(Number), '\0');
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    out[i] =
        static_cast<char>(static_cast<unsigned char>(static_cast<std::uint64_t>(value) >> (8 * i) & 255u));
  }
  return out;
}

/// One file that must be refused.
struct MalformedCase {
  std::string name;  ///< with the number of the known bug, if any
  std::function<std::string()> build;
  std::vector<std::string> words;  ///< all must occur in the message
};

/// Runs read(FileBytes) on every case: one line, with the file's name and the expected words.
template <class Read>
void check_malformed(const std::vector<MalformedCase>& cases, Read&& read) {
  for (const MalformedCase& c : cases) {
    INFO(c.name);
    const auto file = io::FileBytes::own(bytes_of(c.build()), "some/bad.file");
    const std::string message = error_of([&] { read(file); });
    CAPTURE(message);
    CHECK_FALSE(message.empty());
    CHECK(message.starts_with("some/bad.file: "));
    for (const std::string& word : c.words) CHECK(message.find(word) != std::string::npos);
    for (const char byte : message) CHECK(static_cast<unsigned char>(byte) >= 0x20u);
    CHECK(message.size() < 1000);
  }
}

/// Runs read on every prefix of `whole`: each must be refused with an error, unless accept(length) says
/// otherwise; and on every single-bit flip: any result but a crash. Returns how many flips were refused.
template <class Read>
std::size_t sweep(std::string_view whole, Read&& read) {
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto file = io::FileBytes::own(bytes_of(whole.substr(0, length)), "prefix");
    if (error_of([&] { read(file); }).empty())
      FAIL("accepted a prefix of " << length << " of " << whole.size());
  }
  std::size_t refused = 0;
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string flipped(whole);
    flipped[bit / 8] = static_cast<char>(static_cast<unsigned char>(flipped[bit / 8]) ^ (1u << (bit % 8)));
    const auto file = io::FileBytes::own(bytes_of(flipped), "flip");
    refused += error_of([&] { read(file); }).empty() ? 0u : 1u;
  }
  return refused;
}

/// Runs read(file) in a child process that may allocate twice the file's size and 1 MiB (plus 256 KiB for the
/// allocator itself). True when it ended with or without a gyrograd error, false when memory ran out.
/// Nothing under sanitizers, which need address space of their own.
template <class Read>
std::optional<bool> within_memory(const std::shared_ptr<const io::FileBytes>& file, Read&& read) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  (void)file;
  (void)read;
  return std::nullopt;
#else
  const ::pid_t child = ::fork();
  if (child < 0) return std::nullopt;
  if (child == 0) {
    unsigned long pages = 0;
    if (std::FILE* statm = std::fopen("/proc/self/statm", "r")) {
      if (std::fscanf(statm, "%lu", &pages) != 1) pages = 0;
      (void)std::fclose(statm);
    }
    if (pages == 0) ::_exit(0);
    const ::rlim_t now = static_cast<::rlim_t>(pages) * static_cast<::rlim_t>(::sysconf(_SC_PAGESIZE));
    const ::rlimit limit{now + 2 * file->size() + (5u << 18), RLIM_INFINITY};
    (void)::setrlimit(RLIMIT_AS, &limit);
    try {
      read(file);
    } catch (const Error&) {
    } catch (const std::bad_alloc&) {
      ::_exit(3);
    }
    ::_exit(0);
  }
  int status = 0;
  (void)::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
#endif
}

}  // namespace gyrograd::testing
