// SPDX-License-Identifier: MIT
// Classifiers and baselines against the numbers printed in the LIMU-BERT fact sheet (section 15.1): logits,
// loss, norm of the gradient, five steps of Adam, from closed-form weights.
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "golden/case.hpp"
#include "gyrograd/losses/cross_entropy.hpp"
#include "gyrograd/losses/tpn.hpp"
#include "gyrograd/models/attention_classifier.hpp"
#include "gyrograd/models/cnn_classifier.hpp"
#include "gyrograd/models/dcnn.hpp"
#include "gyrograd/models/deepsense.hpp"
#include "gyrograd/models/gru_classifier.hpp"
#include "gyrograd/models/joint.hpp"
#include "gyrograd/models/lstm_classifier.hpp"
#include "gyrograd/models/tpn.hpp"
#include "gyrograd/optim/adam.hpp"

using namespace gyrograd;
using namespace gyrograd::models;

namespace {

/// The numbers are printed with nine decimals.
Approx near(double want) {
  return Approx(want).margin(2e-9).epsilon(0);
}

constexpr Index B = 4, T = 20;
using Logits = std::array<double, 6>;

struct Sheet {
  Logits first, last;  ///< of samples 0 and 3, evaluation
  double loss, norm;
  std::array<double, 5> adam;  ///< loss before each step; the first is `loss`
};

/// The closed-form fill, position by position; stored estimates 0 and 1.
template <class Model>
void fill(Model& model) {
  Index position = 0;
  model.visit([&](std::string_view name, Parameter<double>& p) {
    const std::vector<Index> shape(p.shape.extents.begin(), p.shape.extents.begin() + p.shape.rank);
    const bool scale = name.ends_with("gamma") || (p.shape.rank == 1 && name.ends_with("weight"));
    // Rounded to float in the golden files, not in the sheet: hence in double here.
    for (Index i = 0; i < p.size(); ++i) {
      const double v =
          2 * golden::fill_unit(static_cast<std::uint32_t>(position), static_cast<std::uint32_t>(i)) - 1;
      p.value[i] = scale               ? 1 + 0.1 * v
                   : p.shape.rank >= 2 ? v / std::sqrt(static_cast<double>(p.size() / p.shape[0]))
                                       : 0.1 * v;
    }
    ++position;
  });
  if constexpr (HasBuffers<Model, double>)
    model.visit_buffers([](std::string_view name, Parameter<double>& p) {
      std::fill_n(p.value, p.size(), name.ends_with("running_var") ? 1.0 : 0.0);
    });
}

/// Input (B, T, F) of the sheet in activation layout.
std::vector<double> input(Index F) {
  std::vector<double> x(static_cast<std::size_t>(B * T * F));
  for (Index b = 0; b < B; ++b)
    for (Index t = 0; t < T; ++t)
      for (Index c = 0; c < F; ++c)
        x[static_cast<std::size_t>(b + B * (t + T * c))] =
            2 * golden::fill_unit(999, static_cast<std::uint32_t>((b * T + t) * F + c)) - 1;
  return x;
}

double norm_of(const std::vector<double>& g) {
  double sum = 0;
  for (const double v : g) sum += v * v;
  return std::sqrt(sum);
}

/// evaluate(tape, x), train(tape, x): logits.
template <class Model, class Evaluate, class Train>
void check(const Sheet& want, Model& model, Index F, Evaluate&& evaluate, Train&& train) {
  fill(model);
  std::vector<double> x = input(F);
  const std::array<std::int32_t, 4> labels{0, 1, 2, 3};
  Tape<double> tape;
  const auto window = [&] { return tape.constant(Tensor<double, dyn, dyn, dyn>(x.data(), B, T, F)); };
  tape.set_recording(false);
  const auto y = evaluate(tape, window());
  for (Index c = 0; c < 6; ++c) {
    const auto at = static_cast<std::size_t>(c);
    CHECK(y.value(0, c) == near(want.first[at]));
    CHECK(y.value(3, c) == near(want.last[at]));
  }
  tape.set_recording(true);
  std::vector<double> gradient(static_cast<std::size_t>(model.store().size()));
  optim::Adam<double> adam(model.store().size(), {.learning_rate = 1e-3});
  for (std::size_t step = 0; step < 5; ++step) {
    tape.clear();
    std::fill(gradient.begin(), gradient.end(), 0.0);
    tape.bind_gradients(gradient.data());
    const auto loss = losses::cross_entropy(tape, train(tape, window()), labels.data(), 0.25);
    INFO("step " << step);
    CHECK(*loss.value.data() == near(want.adam[step]));
    tape.backward(loss);
    if (step == 0) CHECK(norm_of(gradient) == near(want.norm));
    adam.begin_step();
    model.visit([&](std::string_view, Parameter<double>& p) {
      if (p.trainable) adam.update(model.store().data(), gradient.data(), p.offset, p.offset + p.size());
    });
  }
}
template <class Model>
void check(const Sheet& want, Model model, Index F) {
  const auto logits = [&](Tape<double>& tape, const auto& x) { return model.logits(tape, x); };
  check(want, model, F, logits, logits);
}
/// Batch norms: stored estimates in evaluation, those of the batch in training.
template <class Model>
void check_normed(const Sheet& want, Model model, Index F) {
  check(
      want, model, F, [&](Tape<double>& tape, const auto& x) { return model.logits(tape, x); },
      [&](Tape<double>& tape, const auto& x) {
        return model.logits(tape, x, nullptr, nn::Statistics::batch_and_store);
      });
}

GruClassifier<GruClassifierConfig, double> gru(Index input) {
  GruClassifierConfig c;
  c.input = input;
  return GruClassifier<GruClassifierConfig, double>(c);
}

AttentionClassifier<double> attention(AttentionAxis axis) {
  AttentionClassifierConfig c;
  c.axis = axis;
  return AttentionClassifier<double>(c);
}

}  // namespace

TEST_CASE("fact sheet: GRU classifier on raw windows and on embeddings") {
  check({{0.040899117, 0.006741971, 0.074191652, 0.012274015, -0.003615196, 0.048609823},
         {0.001953960, -0.001692686, 0.027573977, 0.019532876, -0.044271301, 0.038677404},
         1.782708327,
         0.403078178,
         {1.782708327, 1.775681635, 1.768609402, 1.761475280, 1.754264030}},
        gru(6), 6);
  check({{0.045419069, 0.004469017, -0.002933130, -0.020496846, -0.016882580, 0.045359700},
         {-0.021356320, -0.022386512, 0.030740602, -0.011346007, 0.006221581, 0.016700491},
         1.769133311,
         0.433434805,
         {1.769133311, 1.757095329, 1.744844515, 1.732332169, 1.719513420}},
        gru(72), 72);
}

TEST_CASE("fact sheet: LSTM classifier") {
  check({{0.087035245, 0.091881741, 0.067361394, 0.057140373, 0.066388374, -0.082191667},
         {0.082100163, 0.079074918, 0.055822163, 0.053562496, 0.065243385, -0.070583780},
         1.768510636,
         0.314159003,
         {1.768510636, 1.765372120, 1.762262287, 1.759163387, 1.756056877}},
        LstmClassifier<double>(lstm_v1()), 72);
}

TEST_CASE("fact sheet: CNN classifiers") {
  check({{0, 0, 0, 0.044216005, 0.014567882, 0},
         {0, 0, 0, 0.049721761, 0.013851374, 0},
         1.789281431,
         0.231074642,
         {1.789281431, 1.784197820, 1.780067512, 1.774512476, 1.769027766}},
        CnnClassifier<double>(cnn1_v1()), 72);
  check_normed({{-0.173915173, -0.052862297, 0.097958588, -0.158864852, -0.099976354, 0.203355957},
                {-0.210297523, -0.047074344, 0.121950147, -0.172558768, -0.094964315, 0.229051434},
                1.956720478,
                7.619958352,
                {1.956720478, 1.634134369, 1.360815231, 1.133586938, 0.947464066}},
               CnnClassifier<double>(cnn2_v1()), 72);
}

TEST_CASE("fact sheet: attention classifier over the batch as published") {
  check({{-0.022810881, 0.029426956, 0.009244556, -0.032746946, 0.021629680, 0.026819431},
         {-0.020428744, 0.026935396, 0.009565451, -0.031354759, 0.022817630, 0.026191613},
         1.801578436,
         0.793231745,
         {1.801578436, 1.754030696, 1.710978189, 1.671524002, 1.635027594}},
        attention(AttentionAxis::published), 72);
}

TEST_CASE("fact sheet: attention classifier over time, corrected") {
  auto model = attention(AttentionAxis::corrected);
  fill(model);
  std::vector<double> x = input(72);
  Tape<double> tape;
  const auto y = model.logits(tape, tape.constant(Tensor<double, dyn, dyn, dyn>(x.data(), B, T, 72)));
  const Logits first{-0.014517739, 0.023413497, -0.033149558, -0.046313465, 0.004690703, -0.016897185};
  const Logits last{-0.018939965, 0.043084115, -0.033675873, -0.045223794, 0.007660939, -0.009630619};
  for (Index c = 0; c < 6; ++c) {
    CHECK(y.value(0, c) == near(first[static_cast<std::size_t>(c)]));
    CHECK(y.value(3, c) == near(last[static_cast<std::size_t>(c)]));
  }
}

TEST_CASE("fact sheet: DCNN and DeepSense") {
  check_normed({{0.204864179, -0.635729371, -0.857452868, -0.284505059, 0.089670782, 0.155982978},
                {0.164995540, -0.628200924, -0.840789384, -0.309304956, 0.105581650, 0.151022062},
                2.022086616,
                5.581905393,
                {2.022086616, 1.753665009, 1.584905182, 1.453106059, 1.339324713}},
               Dcnn<double>(), 6);
  check_normed({{0.016758393, -0.163098630, -0.071995756, -0.018577057, 0.147483808, 0.026749862},
                {0.016593582, -0.164035179, -0.072619604, -0.019802201, 0.148087115, 0.027252729},
                1.979672023,
                8.030098384,
                {1.979672023, 1.545508443, 1.387099438, 1.294002558, 1.219278155}},
               DeepSense<double>(), 6);
}

TEST_CASE("fact sheet: TPN classifier with frozen trunk, and joint model") {
  check({{0, 0, 0.010171894, 0, 0.135985570, 0},
         {0, 0, 0.021353263, 0, 0.133886581, 0},
         1.813522361,
         0.434384667,
         {1.813522361, 1.793281963, 1.779219348, 1.773956583, 1.769002753}},
        TpnClassifier<double>(), 6);
  using Head = GruClassifier<GruClassifierConfig, double>;
  check({{-0.010969539, -0.006824828, 0.063912758, -0.024875738, 0.040897275, 0.083898905},
         {0.068766650, -0.121270266, 0.042553465, -0.129452105, 0.119590686, 0.084916530},
         1.848831570,
         1.220033366,
         {1.848831570, 1.753788913, 1.704229029, 1.662437304, 1.615742474}},
        JointClassifier<Head, double>(LimuBertConfig{}, gru(72)), 6);
}

TEST_CASE("fact sheet: TPN self-training") {
  TpnPretrain<double> model;
  fill(model);
  std::vector<double> x = input(6), gradient(static_cast<std::size_t>(model.store().size()));
  Tape<double> tape;
  tape.bind_gradients(gradient.data());
  const auto window = tape.constant(Tensor<double, dyn, dyn, dyn>(x.data(), B, T, 6));
  const auto p = model.probabilities(tape, window);
  const std::array<double, 5> first{0.463805879, 0.514818347, 0.518260598, 0.490503565, 0.520977058};
  const std::array<double, 5> last{0.464905008, 0.516127845, 0.517284039, 0.491320364, 0.521093358};
  for (Index j = 0; j < 5; ++j) {
    CHECK(p.value(0, j) == near(first[static_cast<std::size_t>(j)]));
    CHECK(p.value(3, j) == near(last[static_cast<std::size_t>(j)]));
  }
  // Loss over samples 0 (original) and 1 (third transformation).
  std::vector<double> two;
  for (Index i = 0; i < T * 6; ++i)
    for (Index b = 0; b < 2; ++b) two.push_back(x[static_cast<std::size_t>(b + B * i)]);
  const std::array<std::int32_t, 2> labels{0, 3};
  const auto pair = tape.constant(Tensor<double, dyn, dyn, dyn>(two.data(), 2, T, 6));
  const auto loss = losses::tpn(tape, model.probabilities(tape, pair), labels.data(), 1.0 / 6);
  CHECK(*loss.value.data() == near(0.691505443));
  tape.backward(loss);
  CHECK(norm_of(gradient) == near(0.250547016));
}
