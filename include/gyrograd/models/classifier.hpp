// SPDX-License-Identifier: MIT
// Any classifier of LIMU-BERT by name: what the published fetch_classifier() chooses from, with one
// interface.
//
//   auto model = models::make_classifier<float>("lstm", io::classifier_config("lstm_v1"), 72, 6);
//   model.initialise(3431);
//   auto y = model.logits(tape, x, mask, nn::Statistics::batch_and_store);
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "gyrograd/core/suggest.hpp"
#include "gyrograd/io/configs.hpp"
#include "gyrograd/io/text.hpp"
#include "gyrograd/models/attention_classifier.hpp"
#include "gyrograd/models/cnn_classifier.hpp"
#include "gyrograd/models/dcnn.hpp"
#include "gyrograd/models/deepsense.hpp"
#include "gyrograd/models/gru_classifier.hpp"
#include "gyrograd/models/lstm_classifier.hpp"
#include "gyrograd/models/tpn.hpp"

namespace gyrograd::models {

/// Behaviours that change results; the published ones are the default.
struct ClassifierVariants {
  AttentionAxis attention = AttentionAxis::published;
  LogitActivation logits = LogitActivation::published;
  TpnBehaviour tpn = TpnBehaviour::published;
  Index feature_rows = 20;  ///< rows of DeepSense's input; other values rule over flat_num
};

/// One of the classifiers behind one interface. Movable; one object may serve many threads where
/// couples_batch() is false.
template <Scalar Real>
class AnyClassifier {
 public:
  using Model =
      std::variant<GruClassifier<GruClassifierConfig, Real>, LstmClassifier<Real>, AttentionClassifier<Real>,
                   CnnClassifier<Real>, Dcnn<Real>, DeepSense<Real>, TpnClassifier<Real>>;

  /// What a training loop asks for.
  struct Config {
    Index input = 0, classes = 0, seq_len = 0;
    bool dropout = false;
  };

  template <class M>
  explicit AnyClassifier(M model) : model_(std::move(model)) {
    const auto& c = std::get<M>(model_).config();
    config_ = {c.input, c.classes, 0, c.dropout};
    if constexpr (requires { c.rows; })
      config_.seq_len = c.rows;  // DeepSense: rows of its feature
    else
      config_.seq_len = c.seq_len;
  }

  const Config& config() const { return config_; }
  const Model& model() const { return model_; }
  ParameterStore<Real>& store() {
    return std::visit([](auto& m) -> ParameterStore<Real>& { return m.store(); }, model_);
  }
  const ParameterStore<Real>& store() const {
    return std::visit([](const auto& m) -> const ParameterStore<Real>& { return m.store(); }, model_);
  }
  Index dropout_width() const {
    return std::visit([](const auto& m) { return m.dropout_width(); }, model_);
  }
  /// Probability with which the published model drops a value.
  double dropout_rate() const {
    return std::visit(
        [](const auto& m) {
          if constexpr (requires { m.dropout_rate; }) return m.dropout_rate;
          return 0.5;
        },
        model_);
  }
  /// True when a training step must see its batch in one piece (batch norm, attention over the batch).
  bool couples_batch() const {
    return std::visit(
        [](const auto& m) {
          if constexpr (requires { m.couples_batch(); }) return m.couples_batch();
          return false;
        },
        model_);
  }

  /// True when logits depend on the other samples of the batch in evaluation, too.
  bool couples_evaluation() const {
    return std::visit(
        [](const auto& m) {
          if constexpr (requires { m.couples_evaluation(); }) return m.couples_evaluation();
          return false;
        },
        model_);
  }

  template <class F>
  void visit(F&& f) {
    std::visit([&](auto& m) { m.visit(f); }, model_);
  }
  template <class F>
  void visit_buffers(F&& f) {
    std::visit(
        [&](auto& m) {
          if constexpr (HasBuffers<std::remove_reference_t<decltype(m)>, Real>) m.visit_buffers(f);
        },
        model_);
  }
  void initialise(std::uint32_t seed) {
    std::visit([=](auto& m) { m.initialise(seed); }, model_);
  }
  template <WordGenerator Generator>
  void initialise(Generator& g) {
    std::visit([&](auto& m) { m.initialise(g); }, model_);
  }

  /// Logits (B, classes) of x: (B, T, input). mask: as the model says, or null. statistics: of models with
  /// batch norm; the others take no notice.
  template <Index B, Index T, Index C>
  Var<Real, dyn, dyn> logits(Tape<Real>& tape, Var<Real, B, T, C> x, const Real* mask = nullptr,
                             nn::Statistics statistics = nn::Statistics::stored) const {
    return std::visit(
        [&](const auto& m) -> Var<Real, dyn, dyn> {
          if constexpr (requires { m.logits(tape, x, mask, statistics); })
            return m.logits(tape, x, mask, statistics);
          else
            return m.logits(tape, x, mask);
        },
        model_);
  }

 private:
  Model model_;
  Config config_;
};

/// Names that make_classifier() knows.
inline constexpr std::array<std::string_view, 8> classifier_names{"gru",  "lstm", "attn",      "cnn1",
                                                                  "cnn2", "dcnn", "deepsense", "tpn"};

namespace detail {

/// Recurrent modules and dense layers of a configuration: Module {hidden, layers}.
template <class Config>
Config recurrent_sizes(const char* method, const io::ClassifierConfig& c, Index input, Index classes) {
  if (c.rnn_io.empty() || c.num_layers.size() != c.rnn_io.size() || c.linear_io.empty())
    fail<ConfigError>(method, " configuration: rnn_io has ", c.rnn_io.size(), " and num_layers ",
                      c.num_layers.size(), " entries, linear_io ", c.linear_io.size(),
                      "; expected as many modules as layer counts, and a dense layer");
  Config out;
  out.input = input;
  out.classes = classes;
  out.seq_len = c.seq_len;
  out.activ = c.activ;
  out.dropout = c.dropout;
  out.modules.clear();
  for (std::size_t i = 0; i < c.rnn_io.size(); ++i) out.modules.push_back({c.rnn_io[i].out, c.num_layers[i]});
  return out;
}

/// Widths of the dense layers before the last one.
inline std::vector<Index> inner_dense(const io::ClassifierConfig& c) {
  std::vector<Index> widths;
  for (std::size_t i = 0; i + 1 < c.linear_io.size(); ++i) widths.push_back(c.linear_io[i].out);
  return widths;
}

inline CnnClassifierConfig cnn_sizes(const io::ClassifierConfig& c, bool two, Index input, Index classes,
                                     LogitActivation logits) {
  CnnClassifierConfig out;
  out.two_dimensional = two;
  out.input = input;
  out.classes = classes;
  out.seq_len = c.seq_len;
  out.conv.clear();
  for (const io::ConvSize& layer : c.conv_io) out.conv.push_back({layer.out, layer.kernel, layer.padding});
  out.pool = {c.pool.kernel.first,  c.pool.kernel.second, c.pool.stride.first,
              c.pool.stride.second, c.pool.padding.first, c.pool.padding.second};
  out.flat = c.flat_num;
  out.dense = inner_dense(c);
  out.activ = c.activ;
  out.dropout = c.dropout;
  out.logits = logits;
  return out;
}

}  // namespace detail

/// The classifier called `method` (classifier_names) with the sizes of `c`, for windows of `input` channels.
/// Throws ConfigError for an unknown name, with the nearest one (the published code silently takes
/// attention), and where the sizes make no model.
template <Scalar Real>
AnyClassifier<Real> make_classifier(std::string_view method, const io::ClassifierConfig& c, Index input,
                                    Index classes, const ClassifierVariants& variants = {}) {
  if (method == "gru") {
    auto sizes = detail::recurrent_sizes<GruClassifierConfig>("gru", c, input, classes);
    sizes.dense = detail::inner_dense(c);
    return AnyClassifier<Real>(GruClassifier<GruClassifierConfig, Real>(sizes));
  }
  if (method == "lstm") {
    auto sizes = detail::recurrent_sizes<LstmClassifierConfig>("lstm", c, input, classes);
    sizes.dense = detail::inner_dense(c);
    return AnyClassifier<Real>(LstmClassifier<Real>(sizes));
  }
  if (method == "attn")
    return AnyClassifier<Real>(AttentionClassifier<Real>(
        AttentionClassifierConfig{input, classes, c.seq_len, c.num_head, c.atten_hidden,
                                  detail::inner_dense(c), c.activ, c.dropout, variants.attention}));
  if (method == "cnn1" || method == "cnn2")
    return AnyClassifier<Real>(
        CnnClassifier<Real>(detail::cnn_sizes(c, method == "cnn2", input, classes, variants.logits)));
  if (method == "dcnn")
    return AnyClassifier<Real>(Dcnn<Real>(DcnnConfig{input, classes, c.seq_len, c.flat_num, false}));
  if (method == "deepsense") {
    DeepSenseConfig sizes;
    sizes.input = input;
    sizes.classes = classes;
    sizes.rows = variants.feature_rows;
    sizes.flat = sizes.rows == 20 ? c.flat_num : sizes.left();
    return AnyClassifier<Real>(DeepSense<Real>(sizes));
  }
  if (method == "tpn") {
    TpnConfig sizes;
    sizes.input = input;
    sizes.classes = classes;
    sizes.seq_len = c.seq_len;
    sizes.behaviour = variants.tpn;
    return AnyClassifier<Real>(TpnClassifier<Real>(sizes));
  }
  const std::string_view near = nearest(method, classifier_names);
  std::string all;
  for (const std::string_view name : classifier_names) all += (all.empty() ? "" : " ") + std::string(name);
  fail<ConfigError>("unknown classifier ", io::in_quotes(method), ", expected one of: ", all,
                    near.empty() ? "" : "; did you mean " + io::in_quotes(near) + "?");
}

}  // namespace gyrograd::models
