// SPDX-License-Identifier: MIT
// `gyrograd classifier`, `classifier_bert`, `bert_classifier` and `benchmark`: the published programs of
// these names.
#include <array>
#include <string_view>

#include "cli/recognition.hpp"

namespace gyrograd::cli {
namespace {

constexpr std::array<std::string_view, 5> heads{"gru", "lstm", "attn", "cnn1", "cnn2"};
constexpr std::array<std::string_view, 7> baselines{"gru",  "dcnn", "deepsense", "lstm",
                                                    "attn", "cnn1", "cnn2"};

constexpr RecognitionCommand classifier{
    "classifier",
    "Train a classifier on embeddings with few labels and evaluate it. Writes\n"
    "saved/classifier_base_METHOD_DATASET_VERSION/NAME.safetensors and\n"
    "NAME.report.json.",
    "classifier version: v1, v2, ... of config/classifier.json",
    "classifier_base_",
    "train.json",
    RecognitionInput::embeddings,
    heads};

constexpr RecognitionCommand classifier_bert{
    "classifier_bert",
    "Train encoder and classifier in one on windows of the recordings, and evaluate\n"
    "them. Writes saved/bert_classifier_base_METHOD_DATASET_VERSION/NAME.safetensors\n"
    "and NAME.report.json.",
    "encoder and classifier version: v1_v2",
    "bert_classifier_base_",
    "bert_classifier_train.json",
    RecognitionInput::encoder,
    heads};

constexpr RecognitionCommand bert_classifier{
    "bert_classifier",
    "LIMU-BERT-X's name of classifier_bert, with all labels (--label-rate 1\n"
    "--no-balance). Writes saved/bert_classifier_base_METHOD_DATASET_VERSION/\n"
    "NAME.safetensors and NAME.report.json.",
    classifier_bert.model_help,
    classifier_bert.target,
    classifier_bert.settings,
    classifier_bert.input,
    heads,
    true};

constexpr RecognitionCommand benchmark{
    "benchmark",
    "Train a baseline on windows of the recordings with few labels and evaluate it.\n"
    "Writes saved/bench_METHOD_DATASET_VERSION/NAME.safetensors and\n"
    "NAME.report.json.",
    "model version: v1, v2, ... of config/classifier.json",
    "bench_",
    "train.json",
    RecognitionInput::windows,
    baselines};

}  // namespace

int run_classifier(int argc, char** argv) {
  return run_recognition(classifier, argc, argv);
}
int run_classifier_bert(int argc, char** argv) {
  return run_recognition(classifier_bert, argc, argv);
}
int run_bert_classifier(int argc, char** argv) {
  return run_recognition(bert_classifier, argc, argv);
}
int run_benchmark(int argc, char** argv) {
  return run_recognition(benchmark, argc, argv);
}

}  // namespace gyrograd::cli
