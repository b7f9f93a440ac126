// SPDX-License-Identifier: MIT
// Embeddings of every window of a data set, in parallel, without gradients.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/autograd/var.hpp"
#include "gyrograd/core/aligned.hpp"
#include "gyrograd/core/config.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/data/windows.hpp"
#include "gyrograd/tensor/tensor.hpp"

namespace gyrograd::train {

/// Windows that one inference call takes: they share the cache, and two sequences of 120 steps fill the
/// widest vectors.
inline constexpr Index windows_per_call = 2;

/// One tape per thread, for work without gradients.
template <Scalar Real>
class InferenceTapes {
 public:
  explicit InferenceTapes(int threads) {
    for (int i = 0; i < threads; ++i) {
      tapes_.push_back(std::make_unique<Tape<Real>>());
      tapes_.back()->set_recording(false);
    }
  }
  /// The tape of a thread, empty.
  Tape<Real>& operator[](int thread) {
    Tape<Real>& tape = *tapes_[static_cast<std::size_t>(thread)];
    tape.clear();
    return tape;
  }

 private:
  std::vector<std::unique_ptr<Tape<Real>>> tapes_;
};

/// Runs f(first, count, thread) over 0..total-1 in groups of `group`; which thread takes a group changes no
/// result.
template <class F>
void for_groups(ThreadPool& pool, Index total, Index group, F&& f) {
  pool.run((total + group - 1) / group, [&](Index task, int thread) {
    const Index first = task * group;
    f(first, std::min(group, total - first), thread);
  });
}

/// Encoder output of normalised windows (N, T, F): (N, T, hidden) row-major. `model.encode` as
/// models::LimuBert.
template <Scalar Real, class Model>
data::Windows embed_windows(const Model& model, const data::Windows& windows, Index hidden,
                            ThreadPool& pool) {
  data::Windows out(windows.count, windows.steps, hidden);
  InferenceTapes<Real> tapes(pool.size());
  for_groups(pool, windows.count, windows_per_call, [&](Index first, Index count, int thread) {
    Tape<Real>& tape = tapes[thread];
    auto x = tape.template saved<dyn, dyn, dyn>(count, windows.steps, windows.channels);
    const std::vector<Index> chosen = [&] {
      std::vector<Index> numbers;
      for (Index i = 0; i < count; ++i) numbers.push_back(first + i);
      return numbers;
    }();
    data::gather_windows(x.data(), windows, chosen);
    const auto h = model.encode(tape, tape.constant(x));
    for (Index b = 0; b < count; ++b) {
      float* to = out.window(first + b).data();
      for (Index t = 0; t < windows.steps; ++t) {
        for (Index c = 0; c < hidden; ++c) *to++ = static_cast<float>(h.value(b, t, c));
      }
    }
  });
  return out;
}

}  // namespace gyrograd::train
