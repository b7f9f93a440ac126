// SPDX-License-Identifier: MIT
// The commands of the `gyrograd` tool and what they share: usage errors and the table of names.
#pragma once

#include <array>
#include <string_view>

#include "gyrograd/core/error.hpp"

namespace gyrograd::cli {

/// The command line itself is wrong: exit code 2.
struct UsageError : ConfigError {
  using ConfigError::ConfigError;
};

/// Exit codes of the tool.
enum ExitCode : int { done = 0, failed = 1, wrong_usage = 2 };

// Each runs one command; argv[0] is the command's name.
int run_demo(int argc, char** argv);
int run_synth(int argc, char** argv);
int run_prepare(int argc, char** argv);
int run_statistic(int argc, char** argv);
int run_pretrain(int argc, char** argv);
int run_embedding(int argc, char** argv);
int run_classifier(int argc, char** argv);
int run_classifier_bert(int argc, char** argv);
int run_bert_classifier(int argc, char** argv);
int run_benchmark(int argc, char** argv);
int run_reproduce(int argc, char** argv);
int run_tpn(int argc, char** argv);
int run_evaluate(int argc, char** argv);
int run_plot(int argc, char** argv);
int run_inspect(int argc, char** argv);
int run_convert(int argc, char** argv);
int run_primus(int argc, char** argv);

/// One row of `gyrograd --help`.
struct Command {
  std::string_view name;
  std::string_view purpose;
  int (*run)(int argc, char** argv);
};

inline constexpr auto commands = std::to_array<Command>({
    {"demo", "the whole story on a synthetic data set: an HTML report", run_demo},
    {"synth", "make a synthetic data set", run_synth},
    {"prepare", "turn raw recordings into windows", run_prepare},
    {"statistic", "describe a prepared set: counts, ranges, spectra, leaks", run_statistic},
    {"pretrain", "pre-train LIMU-BERT by masked reconstruction", run_pretrain},
    {"embedding", "write the embeddings of every window", run_embedding},
    {"classifier", "train a classifier on embeddings and evaluate it", run_classifier},
    {"classifier_bert", "train encoder and classifier in one and evaluate them", run_classifier_bert},
    {"bert_classifier", "the same by LIMU-BERT-X's name, with all labels", run_bert_classifier},
    {"benchmark", "train a baseline on the recordings and evaluate it", run_benchmark},
    {"reproduce", "a table of the paper: train all of it, paper beside measured", run_reproduce},
    {"primus", "encoders learned with text and video: train, probe, compare", run_primus},
    {"tpn", "train TPN: transformations first, then a classifier", run_tpn},
    {"evaluate", "score saved weights on a part of a data set", run_evaluate},
    {"plot", "draw a run: charts as SVG and one page", run_plot},
    {"inspect", "list what a weight, array or checkpoint file holds", run_inspect},
    {"convert", "convert weights between .pt and .safetensors", run_convert},
});

}  // namespace gyrograd::cli
