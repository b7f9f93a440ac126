// SPDX-License-Identifier: MIT
// The counting allocation functions behind alloc_counter.hpp, linked into every test program.
#include "support/alloc_counter.hpp"

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GYROGRAD_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GYROGRAD_TEST_SANITIZED 1
#endif
#endif

namespace {

std::atomic<std::uint64_t> allocations{0};

void count_one() noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

std::uint64_t gyrograd::testing::allocation_count() noexcept {
  return allocations.load(std::memory_order_relaxed);
}

#if defined(__GLIBC__) && !defined(GYROGRAD_TEST_SANITIZED)

// glibc lets a program replace its malloc; operator new ends here too.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t size) {
  count_one();
  return __libc_malloc(size);
}

void* calloc(std::size_t count, std::size_t size) {
  count_one();
  return __libc_calloc(count, size);
}

void* realloc(void* old, std::size_t size) {
  count_one();
  return __libc_realloc(old, size);
}

void* memalign(std::size_t alignment, std::size_t size) {
  count_one();
  return __libc_memalign(alignment, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) {
  count_one();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void** result, std::size_t alignment, std::size_t size) {
  count_one();
  *result = __libc_memalign(alignment, size);
  return *result ? 0 : ENOMEM;
}
}

#elif defined(GYROGRAD_TEST_SANITIZED)

// Every sanitizer has it; declared here because g++ 12 of Debian does not bring its header.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*on_allocation)(const volatile void*,
                                                                               std::size_t),
                                                         void (*on_free)(const volatile void*));

namespace {

void on_allocation(const volatile void*, std::size_t) {
  count_one();
}
void on_free(const volatile void*) {}
[[maybe_unused]] const int installed = __sanitizer_install_malloc_and_free_hooks(on_allocation, on_free);

}  // namespace

#else
#error "tests count allocations with glibc, or under a sanitizer"
#endif
