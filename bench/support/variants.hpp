// SPDX-License-Identifier: MIT
// One kernel in three ways under kernel/<name>/<shape>/{naive,eigen,gyrograd}.
#pragma once

#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "gyrograd/core/aligned.hpp"
#include "support/entry.hpp"

namespace gyrograd::bench {

/// Normal numbers, the same for the same seed.
inline AlignedVector<float> random_values(Index count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  AlignedVector<float> values(static_cast<std::size_t>(count));
  for (float& v : values) v = normal(random);
  return values;
}

inline std::vector<double> widened(const AlignedVector<float>& values) {
  return {values.begin(), values.end()};
}

enum class Variant { naive, eigen, gyrograd };

/// One variant of a kernel. `Kernel` has naive(), eigen() and gyrograd(), each one measured call;
/// outputs(): the vectors that a call writes or adds to; reference(): those vectors after one call on zeros,
/// computed in double, one behind another; and the static constant `limit`, the largest relative error.
template <class Kernel>
class VariantSubject : public Subject {
 public:
  VariantSubject(const Kernel& kernel, Variant variant) : kernel_(kernel), variant_(variant) {}

  void run() override {
    switch (variant_) {
      case Variant::naive:
        return kernel_.naive();
      case Variant::eigen:
        return kernel_.eigen();
      case Variant::gyrograd:
        return kernel_.gyrograd();
    }
  }
  std::string check() override {
    for (AlignedVector<float>* output : kernel_.outputs()) std::fill(output->begin(), output->end(), 0.0F);
    restore();
    run();
    std::vector<double> got;
    for (const AlignedVector<float>* output : kernel_.outputs())
      got.insert(got.end(), output->begin(), output->end());
    return verdict("the result", relative_error(got, kernel_.reference()), Kernel::limit);
  }
  int calls_per_restore() const override {
    if constexpr (requires { Kernel::calls_per_restore; }) return Kernel::calls_per_restore;
    return 0;
  }
  void restore() override {
    if constexpr (requires { kernel_.restore(); }) kernel_.restore();
  }

 private:
  Kernel kernel_;
  Variant variant_;
};

/// Adds the entries of the given variants. `make()` returns the kernel with its operands.
template <class Make>
void add_kernel(const std::string& name, const std::string& shape, const Work& work, Make make,
                const std::vector<Variant>& variants = {Variant::naive, Variant::eigen, Variant::gyrograd}) {
  static constexpr const char* names[] = {"naive", "eigen", "gyrograd"};
  for (const Variant v : variants)
    add_entry("kernel/" + name + "/" + shape + "/" + names[static_cast<int>(v)], work,
              [make, v] { return std::make_unique<VariantSubject<decltype(make())>>(make(), v); });
}

/// "120x72x72".
template <class... Sizes>
std::string shape_text(Sizes... sizes) {
  std::string text;
  ((text += (text.empty() ? "" : "x") + std::to_string(sizes)), ...);
  return text;
}

/// Bytes of `values` floats.
template <class Count>
double float_bytes(Count values) {
  return static_cast<double>(values) * sizeof(float);
}

}  // namespace gyrograd::bench
