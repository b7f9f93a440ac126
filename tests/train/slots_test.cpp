// SPDX-License-Identifier: MIT
#include "gyrograd/train/slots.hpp"

#include <stdexcept>
#include <vector>

#include "gyrograd/losses/masked_mse.hpp"
#include "gyrograd/models/limu_bert.hpp"
#include "gyrograd/optim/adam.hpp"
#include "gyrograd/optim/sgd.hpp"
#include "support/alloc_counter.hpp"
#include "support/reference.hpp"
#include "support/thread_team.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

namespace {

constexpr Index B = 13, T = 7, F = 3, M = 2;
using Model = models::LimuBert<models::LimuBertConfig, double>;

Model make_model() {
  Model model({.feature_num = F, .hidden = 8, .hidden_ff = 12, .n_layers = 2, .n_heads = 2, .seq_len = 9});
  model.initialise(3);
  return model;
}

/// Windows as one contiguous block per sample, so that any range of samples can be taken.
struct Data {
  std::vector<double> x = random_values<double>(B * T * F, 1), target = random_values<double>(B * M * F, 2);
  std::vector<std::int32_t> positions = random_indices(B * M, T, 3);
};

/// Loss of samples first .. first + count - 1 for a step over the whole batch. The micro-batch is copied to
/// memory that belongs to the thread.
struct LossOf {
  const Model& model;
  const Data& data;
  mutable std::vector<std::vector<double>> memory;

  Var<double> operator()(Tape<double>& tape, Index first, Index count, int thread) const {
    std::vector<double>& own = memory[static_cast<std::size_t>(thread)];
    own.resize(static_cast<std::size_t>(count * (T + M) * F));
    double* target = own.data() + count * T * F;
    for (Index b = 0; b < count; ++b) {
      for (Index i = 0; i < T * F; ++i)
        own[static_cast<std::size_t>(b + count * i)] =
            data.x[static_cast<std::size_t>((first + b) * T * F + i)];
      for (Index i = 0; i < M * F; ++i)
        target[b + count * i] = data.target[static_cast<std::size_t>((first + b) * M * F + i)];
    }
    const auto x = tape.constant(Tensor<const double, dyn, dyn, dyn>(own.data(), count, T, F));
    const auto y = model.reconstruct(tape, x, data.positions.data() + first * M, M);
    return losses::masked_mse(tape, y, static_cast<const double*>(target), 1.0 / (B * M * F));
  }
};

/// Losses and weights after three steps.
template <class Optimiser>
std::vector<double> run_training(int threads, Index micro_batch, Optimiser optimiser,
                                 distributed::Communicator* team = nullptr,
                                 Index count = train::Slots<double>::default_count) {
  Model model = make_model();
  const Data data;
  ThreadPool pool(threads);
  train::Slots<double> slots(pool, model.store().size(), count, team);
  const LossOf loss{model, data, std::vector<std::vector<double>>(static_cast<std::size_t>(threads))};
  std::vector<double> out;
  for (int step = 0; step < 3; ++step) out.push_back(slots.step(model, optimiser, B, micro_batch, loss));
  out.push_back(slots.gradient(B, micro_batch, loss));
  out.push_back(slots.evaluate(B, micro_batch, loss, 0.5));
  out.insert(out.end(), model.store().data(), model.store().data() + model.store().size());
  return out;
}

}  // namespace

TEST_CASE("slots: the same bits for any number of threads") {
  const auto size = make_model().store().size();
  for (Index micro_batch : {1, 2, 5}) {
    const auto one = run_training(1, micro_batch, optim::Adam<double>(size));
    for (int threads : {2, 3}) CHECK(run_training(threads, micro_batch, optim::Adam<double>(size)) == one);
  }
  // Few slots with many micro-batches: they pass from thread to thread.
  const auto two = run_training(1, 1, optim::Adam<double>(size), nullptr, 2);
  for (int threads : {2, 3}) CHECK(run_training(threads, 1, optim::Adam<double>(size), nullptr, 2) == two);
  const auto one = run_training(1, 2, optim::Sgd<double>(size, {.learning_rate = 0.1, .momentum = 0.9}));
  CHECK(run_training(3, 2, optim::Sgd<double>(size, {.learning_rate = 0.1, .momentum = 0.9})) == one);
}

TEST_CASE("slots: the same bits for any number of processes") {
  const auto size = make_model().store().size();
  const auto alone = run_training(1, 2, optim::Adam<double>(size));
  for (const int processes : {2, 3, 8}) {
    std::vector<std::vector<double>> results(static_cast<std::size_t>(processes));
    run_team(processes, [&](distributed::Communicator& team) {
      results[static_cast<std::size_t>(team.rank())] =
          run_training(team.rank() == 0 ? 2 : 1, 2, optim::Adam<double>(size), &team);
    });
    for (const std::vector<double>& result : results) CHECK(result == alone);
  }
}

TEST_CASE("slots: the shares of processes cover a batch once") {
  for (const Index batch : {1, 2, 13, 128}) {
    std::vector<distributed::Share> own(3), evaluated(3);
    run_team(3, [&](distributed::Communicator& team) {
      ThreadPool pool(1);
      const train::Slots<double> slots(pool, 10, 8, &team);
      own[static_cast<std::size_t>(team.rank())] = slots.own_samples(batch, 2);
      evaluated[static_cast<std::size_t>(team.rank())] = slots.own_evaluated(batch, 2);
    });
    for (const auto& shares : {own, evaluated}) {
      CHECK(shares[0].begin == 0);
      CHECK(shares[0].end == shares[1].begin);
      CHECK(shares[1].end == shares[2].begin);
      CHECK(shares[2].end == batch);
    }
  }
}

TEST_CASE("slots: batches of their own are summed over the processes") {
  const Model model = make_model();
  const Data data;
  const LossOf loss{model, data, std::vector<std::vector<double>>(1)};
  ThreadPool pool(1);
  train::Slots<double> whole(pool, model.store().size());
  const double want = whole.gradient(B, 2, loss);
  std::vector<AlignedVector<double>> got(2);
  std::vector<double> losses(2);
  run_team(2, [&](distributed::Communicator& team) {
    const LossOf own_loss{model, data, std::vector<std::vector<double>>(1)};
    ThreadPool own_pool(1);
    train::Slots<double> slots(own_pool, model.store().size(), 8, &team);
    slots.use_own_batches();
    const distributed::Share own = distributed::share(B, team.rank(), 2);
    if (slots.own_samples(own.size(), 2) != distributed::Share{0, own.size()})
      throw std::logic_error("share");
    const auto me = static_cast<std::size_t>(team.rank());
    losses[me] = slots.gradient(own.size(), 2, [&](Tape<double>& tape, Index first, Index count, int thread) {
      return own_loss(tape, own.begin + first, count, thread);
    });
    got[me].assign(slots.gradient().begin(), slots.gradient().begin() + model.store().size());
  });
  for (std::size_t r = 0; r < 2; ++r) {
    CHECK(losses[r] == Approx(want).epsilon(1e-12));
    check_close<double>(got[r], whole.gradient(), 10);
  }
}

TEST_CASE("slots: all processes learn at the same step that one wants to stop") {
  const Model model = make_model();
  const Data data;
  std::vector<std::vector<bool>> told(3);
  run_team(3, [&](distributed::Communicator& team) {
    const LossOf loss{model, data, std::vector<std::vector<double>>(1)};
    ThreadPool pool(1);
    train::Slots<double> slots(pool, model.store().size(), 8, &team);
    for (int step = 0; step < 3; ++step) {
      if (step == 1 && team.rank() == 2) slots.request_stop();
      slots.gradient(B, 2, loss);
      told[static_cast<std::size_t>(team.rank())].push_back(slots.stop_agreed());
    }
  });
  for (const auto& one : told) CHECK(one == std::vector<bool>{false, true, true});
  ThreadPool pool(1);
  train::Slots<double> alone(pool, 3);
  CHECK_FALSE(alone.stop_agreed());
  alone.request_stop();
  CHECK(alone.stop_agreed());
}

TEST_CASE("slots: gradient and loss of any cut into micro-batches are those of the whole batch") {
  const Model model = make_model();
  const Data data;
  const LossOf loss{model, data, std::vector<std::vector<double>>(2)};
  AlignedVector<double> want(static_cast<std::size_t>(model.store().size()));
  Tape<double> tape;
  tape.bind_gradients(want.data());
  const auto l = loss(tape, 0, B, 0);
  const double want_loss = *l.value.data();
  tape.backward(l);
  ThreadPool pool(2);
  for (Index micro_batch : {1, 2, 4, 20})
    for (Index count : {1, 3, 8, 16}) {
      INFO("micro-batch " << micro_batch << ", slots " << count);
      train::Slots<double> slots(pool, model.store().size(), count);
      CHECK(slots.gradient(B, micro_batch, loss) == Approx(want_loss).epsilon(1e-12));
      check_close<double>(slots.gradient(), want, 10);
    }
}

TEST_CASE("slots: frozen parameters keep their values") {
  Model model = make_model();
  model.visit([](std::string_view name, Parameter<double>& p) {
    p.trainable = p.trainable && !name.starts_with("transformer.attn.");
  });
  const std::vector<double> before(model.store().data(), model.store().data() + model.store().size());
  const Data data;
  ThreadPool pool(2);
  train::Slots<double> slots(pool, model.store().size());
  optim::Adam<double> adam(model.store().size(), {.weight_decay = 0.1, .decay = optim::Decay::decoupled});
  const LossOf loss{model, data, std::vector<std::vector<double>>(2)};
  slots.step(model, adam, B, 2, loss);
  const auto count_changed = [&](const Parameter<double>& p) {
    Index changed = 0;
    for (Index i = 0; i < p.size(); ++i)
      changed += p.value[i] != before[static_cast<std::size_t>(p.offset + i)];
    return changed;
  };
  model.visit([&](std::string_view name, Parameter<double>& p) {
    INFO(std::string(name));
    CHECK((count_changed(p) > 0) == p.trainable);
  });
  model.visit([](std::string_view name, Parameter<double>& p) { p.trainable = name == "decoder.bias"; });
  slots.forget_ranges();
  const std::vector<double> now(model.store().data(), model.store().data() + model.store().size());
  slots.step(model, adam, B, 2, loss);
  model.visit([&](std::string_view name, Parameter<double>& p) {
    INFO(std::string(name));
    CHECK((std::equal(p.value, p.value + p.size(), now.begin() + p.offset)) == !p.trainable);
  });
}

TEST_CASE("slots: forward visits every sample once, without gradients") {
  ThreadPool pool(3);
  train::Slots<float> slots(pool, 0);
  std::vector<int> visits(29);
  std::vector<char> recording(29);
  slots.forward(29, 4, [&](Tape<float>& tape, Index first, Index count, int) {
    for (Index i = first; i < first + count; ++i) {
      ++visits[static_cast<std::size_t>(i)];
      recording[static_cast<std::size_t>(i)] = tape.recording();
    }
  });
  CHECK(visits == std::vector<int>(29, 1));
  CHECK(recording == std::vector<char>(29, 0));
}

TEST_CASE("slots: without gradients, too, nothing derived from older parameters is used") {
  Model model = make_model();
  ThreadPool pool(1);
  train::Slots<double> slots(pool, 0);
  const std::vector<double> x = random_values<double>(B * T * F, 5);
  const auto encoded = [&](Tape<double>& tape) {
    return model.encode(tape, tape.constant(Tensor<const double, dyn, dyn, dyn>(x.data(), B, T, F)));
  };
  const auto check = [&] {
    Tape<double> plain;
    plain.set_recording(false);
    const auto want = encoded(plain);
    const std::vector<double> wanted(want.value.begin(), want.value.end());
    const auto same = [&](Tape<double>& tape) {
      const auto h = encoded(tape);
      return wanted == std::vector<double>(h.value.begin(), h.value.end());
    };
    slots.forward(B, B, [&](Tape<double>& tape, Index, Index, int) { CHECK(same(tape)); });
    slots.evaluate(B, B, [&](Tape<double>& tape, Index, Index, int) {
      CHECK(same(tape));
      auto loss = tape.make();
      *loss.value.data() = 0;
      return loss;
    });
  };
  check();
  model.initialise(4);
  slots.evaluate(0, B, [](Tape<double>& tape, Index, Index, int) { return tape.make(); });
  check();
}

TEST_CASE("slots: a warmed-up step allocates nothing") {
  Model model = make_model();
  const Data data;
  ThreadPool pool(1);
  train::Slots<double> slots(pool, model.store().size());
  optim::Adam<double> adam(model.store().size());
  const LossOf loss{model, data, std::vector<std::vector<double>>(1)};
  for (int i = 0; i < 3; ++i) slots.step(model, adam, B, 4, loss);
  const std::size_t capacity = slots.capacity();
  const AllocationScope scope;
  for (int i = 0; i < 3; ++i) slots.step(model, adam, B, 4, loss);
  const auto allocations = scope.count();
  CHECK(allocations == 0);
  CHECK(slots.capacity() == capacity);
}

TEST_CASE("slots: micro-batches of attention models fill whole vectors") {
  for (Index steps : {20, 120, 7}) {
    const Index n = train::attention_micro_batch<float>(steps);
    CHECK((n == 1 || n == 2 || n == 4));
    bool fills = false;
    for (Index s : {1, 2, 4}) fills = fills || s * steps % kernels::lanes<float> == 0;
    if (fills) CHECK(n * steps % kernels::lanes<float> == 0);
  }
}
