// SPDX-License-Identifier: MIT
// Tape: a list of closures in an arena, replayed backwards.
#pragma once

#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

#include "gyrograd/autograd/derived.hpp"
#include "gyrograd/autograd/parameter.hpp"
#include "gyrograd/autograd/var.hpp"

namespace gyrograd {

/// Records one closure per operation. One tape per thread.
///
///   Tape<float> tape;
///   tape.bind_gradients(gradients);          // flat buffer, one value per parameter, added to
///   auto loss = ...ops on tape...;
///   tape.backward(loss);
///   tape.clear();                            // rewinds; the next step reuses the memory and allocates
///   nothing
template <Scalar Real>
class Tape {
 public:
  /// `bytes`: first size of the memory for activations; it grows by itself.
  explicit Tape(std::size_t bytes = 0) : memory_(bytes), pool_(memory_) {}
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// With recording off (inference) nothing is stored for a backward pass and no Var has a gradient.
  void set_recording(bool on) { recording_ = on; }
  bool recording() const { return recording_; }

  /// Buffer that gradients of parameters are added to: as long as the model's ParameterStore. Null: none
  /// wanted.
  void bind_gradients(Real* flat) { parameter_gradients_ = flat; }

  /// New value of the given extents, uninitialised; with a gradient when recording.
  template <Index... Dims, class... Sizes>
  Var<Real, Dims...> make(Sizes... sizes) {
    return make_like(Tensor<Real, Dims...>(nullptr, sizes...));
  }
  /// New value with the extents of x.
  template <Index... Dims>
  Var<Real, Dims...> like(const Var<Real, Dims...>& x) {
    return make_like(x.value);
  }
  /// Memory that lives as long as the recorded step: statistics, slopes, attention weights.
  template <Index... Dims, class... Sizes>
  Tensor<Real, Dims...> saved(Sizes... sizes) {
    Tensor<Real, Dims...> shape(nullptr, sizes...);
    return Tensor<Real, Dims...>(memory_.template allocate<Real>(shape.size()), sizes...);
  }
  template <Index... Dims>
  Tensor<Real, Dims...> saved_like(const Var<Real, Dims...>& x) {
    return Tensor<Real, Dims...>(memory_.template allocate<Real>(x.value.size()), x.value.extents());
  }

  /// A value that no gradient flows to. It is only read, so const data is welcome.
  template <class Value, Index... Dims>
  requires std::same_as<std::remove_const_t<Value>, Real> Var<Real, Dims...> constant(
      Tensor<Value, Dims...> x) {
    return {Tensor<Real, Dims...>(const_cast<Real*>(x.data()), x.extents()), nullptr};
  }
  /// A value whose gradient is wanted: read it from grad() after backward().
  template <Index... Dims>
  Var<Real, Dims...> input(Tensor<Real, Dims...> x) {
    return {x, recording_ ? new_gradient(x.size()) : nullptr};
  }
  /// A parameter as flat vector of its row-major values.
  Var<Real, dyn> parameter(const Parameter<Real>& p) {
    Var<Real, dyn> v{Tensor<Real, dyn>(p.value, p.size()), nullptr};
    if (recording_ && p.trainable && parameter_gradients_ != nullptr) {
      v.gradient = new (memory_.template allocate<Gradient<Real>>(1))
          Gradient<Real>{parameter_gradients_ + p.offset, p.size(), nullptr, true};
    }
    return v;
  }

  /// Records what to do when the gradient of `y` is complete. Skipped when nothing was added to that
  /// gradient; its memory is reused afterwards. Does nothing when recording is off.
  template <Index... Dims, class F>
  void record(const Var<Real, Dims...>& y, F&& closure) {
    if (recording_) append(std::forward<F>(closure), y.gradient);
  }
  /// The same for operations with several outputs: always replayed.
  template <class F>
  void record(F&& closure) {
    if (recording_) append(std::forward<F>(closure), nullptr);
  }

  /// Makes the memory of the gradient of y that of x, where x has none yet and it may move; else false.
  /// To be called last in the closure of y, or before its gradient is overwritten as that of x.
  template <Index... Dims, Index... Others>
  static bool hand_over(const Var<Real, Dims...>& y, const Var<Real, Others...>& x) {
    if (x.gradient->written || x.gradient->data != nullptr || y.gradient->pool == nullptr) return false;
    x.gradient->data = std::exchange(y.gradient->data, nullptr);
    x.gradient->written = true;
    return true;
  }

  /// Adds the gradient of y to x unchanged (a residual): by handing the memory over where x has none yet.
  /// To be called last in the closure of y.
  template <Index... Dims, Index... Others>
  static void pass_gradient(const Var<Real, Dims...>& y, const Var<Real, Others...>& x) {
    if (!x.needs_gradient() || hand_over(y, x)) return;
    const auto dx = x.accumulator();
    const Real* dy = y.gradient->data;
    Real* to = dx.into.data();
    const Index n = dx.into.size();
    if (dx.residual == nullptr)
      std::memcpy(to, dy, static_cast<std::size_t>(n) * sizeof(Real));
    else
      for (Index i = 0; i < n; ++i) to[i] += dy[i];
  }

  /// Gradients of everything that the scalar `loss` depends on, times `scale`.
  void backward(const Var<Real>& loss, Real scale = Real(1)) {
    *loss.grad().data() += scale;
    backward();
  }
  /// Replays the closures; gradients of the results must have been written through grad().
  void backward() {
    for (Node* node = last_; node != nullptr; node = node->previous) {
      Gradient<Real>* g = node->output;
      if (g != nullptr && !g->written) continue;
      node->run(node + 1);
      if (g != nullptr && g->pool != nullptr && g->data != nullptr) {
        g->pool->give_back(g->data, g->size);
        g->data = nullptr;
      }
    }
    last_ = nullptr;
  }

  /// Forgets all values and closures; memory is kept for the next step.
  void clear() {
    last_ = nullptr;
    pool_.clear();
    memory_.clear();
  }

  /// Says that x is not read any more. Without recording its memory serves the next value of the same size,
  /// so that a deep model runs in the memory of one layer; when recording, the backward pass still needs it:
  /// no effect.
  template <Index... Dims>
  void release(const Var<Real, Dims...>& x) {
    if (!recording_) pool_.give_back(x.value.data(), x.value.size());
  }

  /// Scratch memory of a kernel call: valid until the Workspace goes out of scope.
  class Workspace {
   public:
    explicit Workspace(Arena& arena) : arena_(arena), mark_(arena.mark()) {}
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;
    ~Workspace() { arena_.rewind(mark_); }
    Real* operator()(Index count) { return arena_.template allocate<Real>(count); }

   private:
    Arena& arena_;
    Arena::Mark mark_;
  };
  Workspace workspace() { return Workspace(*scratch_); }

  /// From now on scratch memory and what is derived from parameters are those of `other`, which must live
  /// longer: tapes that one thread runs one after the other.
  void share(Tape& other) {
    scratch_ = other.scratch_;
    derived_ = other.derived_;
  }
  /// Where to keep what is derived from parameters; null, as at first: nowhere. Whoever gives it forgets its
  /// values when parameters change.
  void keep_derived(Derived<Real>* derived) { derived_ = derived; }
  /// `size` values that fill(values) computes from `sources`: kept where all of these are parameters or
  /// derived themselves, else in scratch.
  template <class F, class... Sources>
  Real* derived(Workspace& scratch, Arrangement what, Index size, F&& fill, const Sources&... sources) {
    return derived(scratch, what, size, fill, {static_cast<const Real*>(sources.value.data())...},
                   (... && settled(sources)));
  }
  /// The same where the caller knows whether the memory that it is computed from is that of parameters;
  /// without recording nobody else does.
  template <class F>
  Real* derived(Workspace& scratch, Arrangement what, Index size, F&& fill,
                const typename Derived<Real>::Sources& from, bool parameters) {
    if (derived_ != nullptr && parameters) return derived_->get(from, what, size, fill);
    Real* values = scratch(size);
    fill(values);
    return values;
  }
  /// The same as a value with a gradient.
  template <class F>
  Var<Real, dyn> derived(Arrangement what, Index size, F&& fill, const Var<Real, dyn>& source) {
    if (derived_ != nullptr && settled(source)) {
      Real* values = derived_->get({static_cast<const Real*>(source.value.data())}, what, size, fill);
      return {Tensor<Real, dyn>(values, size), recording_ ? new_gradient(size) : nullptr};
    }
    const auto y = make<dyn>(size);
    fill(y.value.data());
    return y;
  }

  /// Bytes taken from the heap for activations, gradients and scratch.
  std::size_t capacity() const { return memory_.capacity() + workspace_.capacity(); }

 private:
  struct alignas(16) Node {
    void (*run)(void*);
    Node* previous;
    Gradient<Real>* output;
  };

  /// A parameter whose gradient is wanted, or what was derived from some: the same in all micro-batches.
  bool settled(const Var<Real, dyn>& v) const {
    return derived_ != nullptr &&
           ((v.gradient != nullptr && v.gradient->pool == nullptr) || derived_->owns(v.value.data()));
  }
  Gradient<Real>* new_gradient(Index size) {
    return new (memory_.template allocate<Gradient<Real>>(1)) Gradient<Real>{nullptr, size, &pool_, false};
  }
  template <Index... Dims>
  Var<Real, Dims...> make_like(const Tensor<Real, Dims...>& shape) {
    if (!recording_) return {Tensor<Real, Dims...>(pool_.take(shape.size()), shape.extents()), nullptr};
    Tensor<Real, Dims...> value(memory_.template allocate<Real>(shape.size()), shape.extents());
    return {value, new_gradient(shape.size())};
  }
  template <class F>
  void append(F&& closure, Gradient<Real>* output) {
    using Closure = std::decay_t<F>;
    static_assert(std::is_trivially_destructible_v<Closure>,
                  "Tape::record: capture views and numbers only; the arena runs no destructors");
    static_assert(alignof(Closure) <= 16);
    auto* memory = memory_.template allocate<std::byte>(static_cast<Index>(sizeof(Node) + sizeof(Closure)));
    auto* node = new (memory) Node{[](void* c) { (*static_cast<Closure*>(c))(); }, last_, output};
    new (node + 1) Closure(std::forward<F>(closure));
    last_ = node;
  }

  Arena memory_;
  Arena workspace_;
  Arena* scratch_ = &workspace_;
  Derived<Real>* derived_ = nullptr;
  BufferPool<Real> pool_;
  Node* last_ = nullptr;
  Real* parameter_gradients_ = nullptr;
  bool recording_ = true;
};

}  // namespace gyrograd
