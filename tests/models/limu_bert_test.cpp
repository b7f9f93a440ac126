// SPDX-License-Identifier: MIT
// LIMU-BERT: laws that need no reference. Numbers of the fact sheet:
// tests/golden/limu_bert_sheet_test.cpp; PyTorch's outputs and gradients: tests/golden.
#include "gyrograd/models/limu_bert.hpp"

#include <thread>

#include "gyrograd/autograd/gradcheck.hpp"
#include "gyrograd/losses/masked_mse.hpp"
#include "support/alloc_counter.hpp"
#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;
using models::LimuBert;
using models::LimuBertConfig;

namespace {

template <class Preset>
LimuBertConfig run_time(Preset = {}) {
  return {Preset::feature_num, Preset::hidden,   Preset::hidden_ff, Preset::n_layers, Preset::n_heads,
          Preset::seq_len,     Preset::emb_norm, Preset::block,     Preset::decoder};
}

/// Small enough for differences: width 8, two layers.
LimuBertConfig small() {
  return {.feature_num = 3, .hidden = 8, .hidden_ff = 12, .n_layers = 2, .n_heads = 2, .seq_len = 9};
}

template <class Preset>
void check_count(Index all, Index encoder = 0) {
  LimuBert<Preset> fixed;
  LimuBert<> free(run_time<Preset>());
  CHECK(fixed.store().size() == all);
  CHECK(free.store().size() == all);
  CHECK(parameter_count<float>(fixed) == all);
  if (encoder == 0) return;
  Index count = 0;
  fixed.visit([&](std::string_view name, Parameter<float>& p) {
    if (name.starts_with("transformer.")) count += p.size();
  });
  CHECK(count == encoder);
}

/// Loss, gradients and outputs of one training step and one inference.
template <class Model, class Real>
struct Step {
  std::vector<Real> embedding, reconstruction, gradients;
  Real loss;

  Step(Model& model, const std::vector<Real>& x, Index B, Index T)
      : gradients(static_cast<std::size_t>(model.store().size())) {
    const Index F = model.config().feature_num, M = 2;
    const Tensor<const Real, dyn, dyn, dyn> window(x.data(), B, T, F);
    const auto positions = random_indices(B * M, T, 3);
    const std::vector<Real> target = random_values<Real>(B * M * F, 4);
    Tape<Real> tape;
    tape.set_recording(false);
    const auto h = model.encode(tape, tape.constant(window));
    embedding.assign(h.value.begin(), h.value.end());
    tape.clear();
    tape.set_recording(true);
    tape.bind_gradients(gradients.data());
    const auto y = model.reconstruct(tape, tape.constant(window), positions.data(), M);
    reconstruction.assign(y.value.begin(), y.value.end());
    const auto l = losses::masked_mse(tape, y, target.data(), Real(0.1));
    loss = *l.value.data();
    tape.backward(l);
  }
};

}  // namespace

TEST_CASE("LIMU-BERT parameter counts of every published configuration") {
  check_count<models::LimuBertV1>(62646, 51552);
  check_count<models::LimuBertV2>(63081, 51768);
  check_count<models::LimuBertV3>(65241);
  check_count<models::LimuBertV4>(55446, 44352);
  check_count<models::LimuBertV5>(55011);
  check_count<models::LimuBertV6>(14766);
  check_count<models::LimuBertV7>(843846);
  check_count<models::LimuBertV8>(25446);
  check_count<models::LimuBertV9>(30102);
  check_count<models::LimuBertV10>(55446);
  check_count<models::LimuBertV11>(122046);
  check_count<models::LimuBertZjs>(61206);
}

TEST_CASE("LIMU-BERT stores the layer fc of the published files but does not train it") {
  LimuBert<> model;
  model.visit([](std::string_view name, Parameter<float>& p) {
    INFO(std::string(name));
    CHECK(p.trainable == !name.starts_with("fc."));
  });
}

TEMPLATE_TEST_CASE("LIMU-BERT initial values of seed 3431 are the published ones", "", float, double) {
  LimuBert<models::LimuBertV1, TestType> model;
  model.initialise(3431);
  struct Fingerprint {
    const char* name;
    double sum, first;
  };
  const Fingerprint want[] = {{"transformer.embed.lin.weight", -5.985311, -0.21334091},
                              {"transformer.embed.lin.bias", 2.462222, -0.34213284},
                              {"transformer.embed.pos_embed.weight", 152.696831, -0.39503080},
                              {"transformer.attn.proj_q.weight", 2.264785, -0.00391592},
                              {"transformer.attn.proj_k.weight", 1.716760, 0.09811712},
                              {"transformer.attn.proj_v.weight", -5.686553, -0.11571608},
                              {"transformer.proj.weight", -5.163283, -0.04023487},
                              {"transformer.pwff.fc1.weight", -8.865332, -0.04299722},
                              {"transformer.pwff.fc2.weight", -3.690698, -0.04539323},
                              {"fc.weight", 11.759356, -0.10137592},
                              {"linear.weight", 1.399592, -0.00515030},
                              {"decoder.weight", -0.728795, -0.08527998}};
  std::size_t found = 0;
  model.visit([&](std::string_view name, Parameter<TestType>& p) {
    double sum = 0;
    for (Index i = 0; i < p.size(); ++i) sum += static_cast<double>(p.value[i]);
    for (const Fingerprint& f : want) {
      if (name != f.name) continue;
      INFO(f.name);
      ++found;
      // Normal values differ by the logarithm and cosine of the machine: up to 1.2e-6 each, of either sign.
      CHECK(sum == Approx(f.sum).margin(name.find("pos_embed") != name.npos ? 5e-5 : 2e-6));
      CHECK(static_cast<double>(p.value[0]) ==
            Approx(f.first).margin(name.find("pos_embed") != name.npos ? 1e-6 : 1e-8));
    }
    if (name.ends_with("norm.gamma") || name.ends_with("norm1.gamma")) CHECK(sum == 72);
    if (name.ends_with(".beta")) CHECK(sum == 0);
  });
  CHECK(found == std::size(want));
}

TEMPLATE_TEST_CASE("LIMU-BERT preset and run-time configuration give the same bits", "", float, double) {
  using Real = TestType;
  LimuBert<models::LimuBertV6, Real> fixed;
  LimuBert<LimuBertConfig, Real> free(run_time<models::LimuBertV6>());
  fixed.initialise(5);
  free.initialise(5);
  for (Index B : {1, 2, 3}) {
    const std::vector<Real> x = random_values<Real>(B * 20 * 6, 1);
    const Step<decltype(fixed), Real> a(fixed, x, B, 20);
    const Step<decltype(free), Real> b(free, x, B, 20);
    CHECK(same_bits(std::span<const Real>(a.embedding), std::span<const Real>(b.embedding)));
    CHECK(same_bits(std::span<const Real>(a.reconstruction), std::span<const Real>(b.reconstruction)));
    CHECK(same_bits(std::span<const Real>(a.gradients), std::span<const Real>(b.gradients)));
    CHECK(a.loss == b.loss);
  }
}

TEMPLATE_TEST_CASE("LIMU-BERT gives a window the same bits alone and in any batch", "", float, double) {
  using Real = TestType;
  LimuBert<LimuBertConfig, Real> model(run_time<models::LimuBertV6>());
  model.initialise(7);
  Tape<Real> tape;
  tape.set_recording(false);
  for (Index B : {2, 4, 5})
    for (Index T : {20, 7}) {
      const std::vector<Real> x = random_values<Real>(B * T * 6, 1);
      const auto all =
          model.reconstruct(tape, tape.constant(Tensor<const Real, dyn, dyn, dyn>(x.data(), B, T, 6)));
      const std::vector<Real> together(all.value.begin(), all.value.end());
      for (Index b = 0; b < B; ++b) {
        std::vector<Real> one, want;
        for (Index i = 0; i < T * 6; ++i) {
          one.push_back(x[static_cast<std::size_t>(b + B * i)]);
          want.push_back(together[static_cast<std::size_t>(b + B * i)]);
        }
        const auto y =
            model.reconstruct(tape, tape.constant(Tensor<const Real, dyn, dyn, dyn>(one.data(), 1, T, 6)));
        CHECK(same_bits(std::span<const Real>(y.value.data(), want.size()), std::span<const Real>(want)));
      }
      tape.clear();
    }
}

TEMPLATE_TEST_CASE("LIMU-BERT decodes masked rows as if all rows were decoded", "", float, double) {
  using Real = TestType;
  LimuBert<LimuBertConfig, Real> model(run_time<models::LimuBertV6>());
  model.initialise(7);
  Tape<Real> tape;
  for (Index B : {1, 3, 4}) {
    const std::vector<Real> x = random_values<Real>(B * 20 * 6, 1);
    const auto positions = random_indices(B * 3, 20, 2);
    const auto window = tape.constant(Tensor<const Real, dyn, dyn, dyn>(x.data(), B, 20, 6));
    const auto all = model.reconstruct(tape, window);
    const auto rows = model.reconstruct(tape, window, positions.data(), 3);
    bool same = true;
    for (Index b = 0; b < B; ++b)
      for (Index m = 0; m < 3; ++m)
        for (Index c = 0; c < 6; ++c)
          same =
              same && rows.value(b, m, c) == all.value(b, positions[static_cast<std::size_t>(b * 3 + m)], c);
    CHECK(same);
    tape.clear();
  }
}

TEST_CASE("LIMU-BERT gradients of the reconstruction loss along random directions") {
  for (const bool emb_norm : {true, false})
    for (const nn::BlockResidual block :
         {nn::BlockResidual::published, nn::BlockResidual::residual, nn::BlockResidual::paper})
      for (Index B : {1, 2, 3}) {
        LimuBertConfig config = small();
        config.emb_norm = emb_norm;
        config.block = block;
        LimuBert<LimuBertConfig, double> model(config);
        model.initialise(static_cast<std::uint32_t>(B));
        const std::vector<double> x = random_values<double>(B * 7 * 3, 1),
                                  target = random_values<double>(B * 2 * 3, 2);
        const auto positions = random_indices(B * 2, 7, 3);
        const auto loss = [&](Tape<double>& tape) {
          const auto window = tape.constant(Tensor<const double, dyn, dyn, dyn>(x.data(), B, 7, 3));
          return losses::masked_mse(tape, model.reconstruct(tape, window, positions.data(), 2), target.data(),
                                    0.1);
        };
        const GradcheckResult r = gradcheck_model(model, loss);
        INFO(r.text());
        CHECK(r.norm_error <= 1e-8);
        CHECK(r.analytic_norm > 1e-3);
      }
}

TEST_CASE("LIMU-BERT with the paper's decoder ends in a norm over the channels") {
  LimuBertConfig config = small();
  config.decoder = models::Decoder::paper;
  LimuBert<LimuBertConfig, double> model(config);
  model.initialise(3);
  const std::vector<double> x = random_values<double>(2 * 7 * 3, 1), target = random_values<double>(12, 2);
  const auto positions = random_indices(4, 7, 3);
  {
    Tape<double> tape;
    const auto y =
        model.reconstruct(tape, tape.constant(Tensor<const double, dyn, dyn, dyn>(x.data(), 2, 7, 3)));
    for (Index b = 0; b < 2; ++b)
      for (Index t = 0; t < 7; ++t) {  // gamma 1, beta 0: mean 0, variance 1 over the channels
        double sum = 0, squares = 0;
        for (Index c = 0; c < 3; ++c) sum += y.value(b, t, c), squares += y.value(b, t, c) * y.value(b, t, c);
        CHECK(std::abs(sum) < 1e-12);
        CHECK(std::abs(squares - 3) < 1e-6);
      }
  }
  const GradcheckResult r = gradcheck_model(model, [&](Tape<double>& tape) {
    const auto window = tape.constant(Tensor<const double, dyn, dyn, dyn>(x.data(), 2, 7, 3));
    return losses::masked_mse(tape, model.reconstruct(tape, window, positions.data(), 2), target.data(), 0.1);
  });
  INFO(r.text());
  CHECK(r.norm_error <= 1e-8);
}

TEST_CASE("LIMU-BERT gradients with parts of the model frozen") {
  LimuBert<LimuBertConfig, double> model(small());
  model.initialise(4);
  const std::vector<double> x = random_values<double>(2 * 7 * 3, 1);
  const Step<decltype(model), double> all(model, x, 2, 7);
  for (const std::string frozen :
       {"transformer.", "transformer.attn.", "transformer.embed.", "linear.", "decoder."}) {
    INFO(frozen);
    model.visit([&](std::string_view name, Parameter<double>& p) {
      p.trainable = !name.starts_with(frozen) && !name.starts_with("fc.");
    });
    const Step<decltype(model), double> part(model, x, 2, 7);
    CHECK(part.loss == all.loss);
    model.visit([&](std::string_view name, Parameter<double>& p) {
      INFO(std::string(name));
      const auto at = static_cast<std::size_t>(p.offset), n = static_cast<std::size_t>(p.size());
      const std::vector<double> zero(n, 0.0);
      CHECK(same_bits(std::span(part.gradients).subspan(at, n),
                      p.trainable ? std::span(all.gradients).subspan(at, n) : std::span<const double>(zero)));
    });
  }
}

TEST_CASE("a warmed-up LIMU-BERT step and encode() allocate nothing") {
  LimuBert<models::LimuBertV6> model;
  model.initialise(1);
  for (Index B : {2, 3}) {
    const std::vector<float> x = random_values<float>(B * 20 * 6, 1),
                             target = random_values<float>(B * 3 * 6, 2);
    const auto positions = random_indices(B * 3, 20, 3);
    std::vector<float> gradients(static_cast<std::size_t>(model.store().size()));
    const Tensor<const float, dyn, dyn, dyn> window(x.data(), B, 20, 6);
    Tape<float> tape, inference;
    tape.bind_gradients(gradients.data());
    inference.set_recording(false);
    const auto step = [&] {
      const auto y = model.reconstruct(tape, tape.constant(window), positions.data(), 3);
      tape.backward(losses::masked_mse(tape, y, target.data(), 0.1F));
      tape.clear();
    };
    const auto encode = [&] {
      model.encode(inference, inference.constant(window));
      inference.clear();
    };
    for (int i = 0; i < 3; ++i) {
      step();
      encode();
    }
    const std::size_t capacity = tape.capacity();
    const AllocationScope scope;
    for (int i = 0; i < 3; ++i) {
      step();
      encode();
    }
    const auto allocations = scope.count();
    CHECK(allocations == 0);
    CHECK(tape.capacity() == capacity);
  }
}

TEST_CASE("one const model serves several threads") {
  LimuBert<models::LimuBertV6> model;
  model.initialise(1);
  const auto& shared = model;
  const std::vector<float> x = random_values<float>(2 * 20 * 6, 1);
  const auto encode = [&] {
    Tape<float> tape;
    tape.set_recording(false);
    const auto h = shared.encode(tape, tape.constant(Tensor<const float, dyn, dyn, dyn>(x.data(), 2, 20, 6)));
    return std::vector<float>(h.value.begin(), h.value.end());
  };
  const std::vector<float> want = encode();
  std::vector<float> other;
  std::thread worker([&] { other = encode(); });
  const std::vector<float> here = encode();
  worker.join();
  CHECK(here == want);
  CHECK(other == want);
}

TEST_CASE("LIMU-BERT survives a move") {
  LimuBert<> model(small());
  model.initialise(3);
  const std::vector<float> x = random_values<float>(7 * 3, 1);
  const auto encode = [&](const LimuBert<>& m) {
    Tape<float> tape;
    tape.set_recording(false);
    const auto h = m.encode(tape, tape.constant(Tensor<const float, dyn, dyn, dyn>(x.data(), 1, 7, 3)));
    return std::vector<float>(h.value.begin(), h.value.end());
  };
  const auto want = encode(model);
  LimuBert<> moved(std::move(model));
  CHECK(encode(moved) == want);
}

TEST_CASE("LIMU-BERT refuses windows and configurations that do not fit") {
  LimuBert<> model(small());
  Tape<float> tape;
  const std::vector<float> x(100);
  const auto window = [&](Index T, Index F) {
    return tape.constant(Tensor<const float, dyn, dyn, dyn>(x.data(), 1, T, F));
  };
  CHECK_THROWS_WITH(model.encode(tape, window(5, 4)),
                    "LIMU-BERT: the window has 4 channels, the model expects 3");
  CHECK_THROWS_WITH(model.encode(tape, window(10, 3)),
                    "LIMU-BERT: the window has 10 steps, the position table 1 to 9");
  CHECK_THROWS_AS(model.encode(tape, window(0, 3)), ShapeError);
  const std::int32_t outside[] = {5};
  CHECK_THROWS_AS(model.reconstruct(tape, window(5, 3), outside, 1), ShapeError);

  const auto make = [](auto change) {
    LimuBertConfig config = small();
    change(config);
    return LimuBert<>(config);
  };
  CHECK_THROWS_WITH(make([](auto& c) { c.n_heads = 3; }), "LIMU-BERT: n_heads 3 does not divide hidden 8");
  CHECK_THROWS_AS(make([](auto& c) { c.n_heads = 0; }), ConfigError);
  CHECK_THROWS_AS(make([](auto& c) { c.hidden = 0; }), ConfigError);
  CHECK_THROWS_AS(make([](auto& c) { c.hidden_ff = -1; }), ConfigError);
  CHECK_THROWS_AS(make([](auto& c) { c.feature_num = 0; }), ConfigError);
  CHECK_THROWS_AS(make([](auto& c) { c.seq_len = 0; }), ConfigError);
  CHECK_THROWS_AS(make([](auto& c) { c.n_layers = -1; }), ConfigError);
}
