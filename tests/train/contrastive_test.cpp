// SPDX-License-Identifier: MIT
// A contrastive step in micro-batches has the gradient of one tape, the same bits on any number of threads.
#include "gyrograd/train/contrastive.hpp"

#include <array>
#include <vector>

#include "gyrograd/autograd/ops/tanh.hpp"
#include "gyrograd/losses/primus.hpp"
#include "gyrograd/nn/linear.hpp"
#include "gyrograd/optim/adam.hpp"
#include "gyrograd/train/contrastive_model.hpp"
#include "support/reference.hpp"
#include "support/thread_team.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;
using namespace gyrograd::train;

namespace {

constexpr Index features = 7, width = 5;

/// Two heads on tanh of a dense layer: small, and no sample sees another.
template <class Real>
class SmallEncoder {
 public:
  SmallEncoder() : trunk_(features, width), ssl_(width, width), mmcl_(width, width) {
    store_.bind(*this);
    Mt19937 g(5);
    trunk_.initialise(g), ssl_.initialise(g), mmcl_.initialise(g);
  }
  ParameterStore<Real>& store() { return store_; }
  template <class F>
  void visit(F&& f) {
    visit_prefixed("trunk.", trunk_, f);
    visit_prefixed("ssl.", ssl_, f);
    visit_prefixed("mmcl.", mmcl_, f);
  }
  Embeddings<Real> operator()(Tape<Real>& tape, Tensor<Real, dyn, dyn> x0, Tensor<Real, dyn, dyn> x1) const {
    const auto h0 = ops::tanh(tape, trunk_(tape, tape.constant(x0)));
    const auto h1 = ops::tanh(tape, trunk_(tape, tape.constant(x1)));
    return {ssl_(tape, h0), ssl_(tape, h1), mmcl_(tape, h0)};
  }

 private:
  ParameterStore<Real> store_;
  nn::Linear<Real> trunk_, ssl_, mmcl_;
};

template <class Real>
using Model = ContrastiveModel<Real, SmallEncoder<Real>>;

/// A batch, and what a step needs of it.
template <class Real>
struct Task {
  Index batch;
  Model<Real> model{SmallEncoder<Real>()};
  std::vector<Real> x0, x1, text;

  explicit Task(Index n)
      : batch(n),
        x0(random_values<Real>(n * features, 1)),
        x1(random_values<Real>(n * features, 2)),
        text(random_values<Real>(n * width, 3)) {}

  auto forward() {
    return [this](Tape<Real>& tape, Index first, Index count, int) {
      const auto part = [&](const std::vector<Real>& x) {
        const auto out = tape.template saved<dyn, dyn>(count, features);
        for (Index i = 0; i < count; ++i)
          for (Index f = 0; f < features; ++f)
            out(i, f) = x[static_cast<std::size_t>((first + i) * features + f)];
        return out;
      };
      return model.encoder()(tape, part(x0), part(x1));
    };
  }
  auto loss() {
    return [this](Tape<Real>& tape, const Embeddings<Real>& e) {
      losses::PrimusInputs<Real> in;
      in.s0 = e[0], in.s1 = e[1], in.g0 = e[2];
      in.text = tape.constant(Tensor<const Real, dyn, dyn>(text.data(), batch, width));
      in.tau_mm = tape.parameter(model.tau_mm()).template reshape<>();
      in.tau_ss = tape.parameter(model.tau_ss()).template reshape<>();
      return losses::primus(tape, in, losses::PrimusWeights{1, 1, 0, 0}).total;
    };
  }
};

}  // namespace

TEST_CASE("the gradient of a batch in parts is that of one tape") {
  for (const Index batch : {2, 9, 64, 200}) {
    Task<double> task(batch);
    const auto size = task.model.store().size();
    AlignedVector<double> want(static_cast<std::size_t>(size));
    Tape<double> tape;
    tape.bind_gradients(want.data());
    const auto total = task.loss()(tape, task.forward()(tape, 0, batch, 0));
    const double loss = *total.value.data();
    tape.backward(total);
    for (const Index micro_batch : {1, 5, 32, 500}) {
      INFO("batch " << batch << " in parts of " << micro_batch);
      ThreadPool pool(2);
      ContrastiveStep<double> step(pool, size, {width, width, width});
      const auto direct = task.model.temperatures();
      CHECK(step.gradient(batch, micro_batch, task.forward(), task.loss(),
                          std::span<Parameter<double>* const>(direct)) == Approx(loss).epsilon(1e-13));
      check_close<double>(step.gradient(), want, 10);
      for (const Parameter<double>* p : direct)
        CHECK(step.gradient()[static_cast<std::size_t>(p->offset)] != 0);
      CHECK(step.evaluate(batch, micro_batch, task.forward(), task.loss()) == Approx(loss).epsilon(1e-13));
    }
  }
}

TEST_CASE("contrastive steps give the same bits on any number of threads and processes") {
  const auto train = [](int threads, distributed::Communicator* team = nullptr,
                        std::size_t tape_bytes = std::size_t{1} << 30) {
    Task<float> task(150);
    ThreadPool pool(threads);
    ContrastiveStep<float> step(pool, task.model.store().size(), {width, width, width}, team,
                                Negatives::global, tape_bytes);
    optim::Adam<float> adam(task.model.store().size());
    const auto direct = task.model.temperatures();
    std::vector<float> out;
    for (int i = 0; i < 3; ++i)
      out.push_back(step.step(task.model, adam, 150, 8, task.forward(), task.loss(),
                              std::span<Parameter<float>* const>(direct)));
    out.insert(out.end(), task.model.store().data(), task.model.store().data() + task.model.store().size());
    return out;
  };
  const auto one = train(1);
  CHECK(train(2) == one);
  CHECK(train(3) == one);
  CHECK(train(2, nullptr, 0) == one);
  CHECK(one[2] < one[0]);  // it learns
  for (const int processes : {2, 3}) {
    std::vector<std::vector<float>> results(static_cast<std::size_t>(processes));
    run_team(processes, [&](distributed::Communicator& team) {
      results[static_cast<std::size_t>(team.rank())] = train(1, &team);
    });
    for (const std::vector<float>& result : results) CHECK(result == one);
  }
}

TEST_CASE("local negatives: the mean of what each process computes for its own batch") {
  const std::array<Index, 2> sizes = {20, 33};
  Task<double> first(sizes[0]), second(sizes[1]);
  const auto size = first.model.store().size();
  ThreadPool pool(1);
  ContrastiveStep<double> one(pool, size, {width, width, width}), two(pool, size, {width, width, width});
  const auto gradient = [](ContrastiveStep<double>& step, Task<double>& task) {
    const auto direct = task.model.temperatures();
    return step.gradient(task.batch, 8, task.forward(), task.loss(),
                         std::span<Parameter<double>* const>(direct));
  };
  const double want_loss = (gradient(one, first) + gradient(two, second)) / 2;
  AlignedVector<double> want(static_cast<std::size_t>(size));
  for (std::size_t i = 0; i < want.size(); ++i) want[i] = (one.gradient()[i] + two.gradient()[i]) / 2;
  std::vector<double> losses(2);
  std::vector<AlignedVector<double>> got(2);
  run_team(2, [&](distributed::Communicator& team) {
    const auto me = static_cast<std::size_t>(team.rank());
    Task<double> task(sizes[me]);
    ThreadPool own_pool(1);
    ContrastiveStep<double> step(own_pool, size, {width, width, width}, &team, Negatives::local);
    losses[me] = gradient(step, task);
    got[me].assign(step.gradient().begin(), step.gradient().begin() + size);
  });
  for (std::size_t r = 0; r < 2; ++r) {
    CHECK(losses[r] == Approx(want_loss).epsilon(1e-13));
    check_close<double>(got[r], want, 10);
  }
}

TEST_CASE("tapes are kept only where they fit") {
  Task<float> task(600);
  ThreadPool pool(1);
  const auto bytes = [&](std::size_t tape_bytes) {
    ContrastiveStep<float> step(pool, task.model.store().size(), {width, width, width}, nullptr,
                                Negatives::global, tape_bytes);
    int forwards = 0;
    const auto counted = [&](Tape<float>& tape, Index first, Index count, int thread) {
      ++forwards;
      return task.forward()(tape, first, count, thread);
    };
    for (int i = 0; i < 3; ++i) step.gradient(600, 10, counted, task.loss());
    return std::pair{step.capacity(), forwards};
  };
  const auto [small, twice] = bytes(0);
  const auto [large, once] = bytes(std::size_t{1} << 30);
  CHECK(twice == 3 * 2 * 60);
  CHECK(once == 2 * 60 + 2 * 60);  // the first step does not know yet how large a tape is
  CHECK(large > 2 * small);
}

TEST_CASE("an embedding that the loss does not look at gets no gradient") {
  Task<double> task(12);
  ThreadPool pool(1);
  ContrastiveStep<double> step(pool, task.model.store().size(), {width, width, width});
  const auto only_text = [&](Tape<double>& tape, const Embeddings<double>& e) {
    losses::PrimusInputs<double> in;
    in.g0 = e[2];
    in.text = tape.constant(Tensor<const double, dyn, dyn>(task.text.data(), 12, width));
    in.tau_mm = in.tau_ss = tape.parameter(task.model.tau_mm()).reshape<>();
    return losses::primus(tape, in, losses::PrimusWeights{0, 1, 0, 0}).total;
  };
  step.gradient(12, 5, task.forward(), only_text);
  task.model.visit([&](std::string_view name, Parameter<double>& p) {
    double norm = 0;
    for (Index i = 0; i < p.size(); ++i)
      norm += std::abs(step.gradient()[static_cast<std::size_t>(p.offset + i)]);
    INFO(std::string(name));
    const bool used = name.starts_with("imu_encoder.trunk") || name.starts_with("imu_encoder.mmcl");
    CHECK((norm > 0) == used);  // the temperature was not named as a direct parameter
  });
}
