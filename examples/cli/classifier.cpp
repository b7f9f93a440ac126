// SPDX-License-Identifier: MIT
// `gyrograd classifier MODEL DATASET VERSION`: a GRU on pieces of embeddings, trained on few labels.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/card.hpp"
#include "cli/recogniser.hpp"
#include "cli/run_options.hpp"
#include "cli/session.hpp"
#include "cli/settings.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/train/report.hpp"
#include "gyrograd/train/supervised.hpp"
#include "gyrograd/train/svg.hpp"

namespace gyrograd::cli {
namespace {

/// Embeddings that -f names; without -f those called "model", or the only ones of the data set.
std::pair<std::string, fs::path> find_embeddings(const Workspace& at, const std::string& wanted,
                                                 const std::string& dataset, const std::string& version) {
  const std::string tail = '_' + dataset + '_' + version + ".npy";
  const std::vector<std::string> there = detail::names_in(at.root / "embed", "embed_", tail, false);
  std::string name = wanted.empty() ? "model" : model_name(wanted);
  if (wanted.empty() && !fs::exists(at.embed(name, dataset, version)) && there.size() == 1)
    name = there.front();
  const fs::path path = at.embed(name, dataset, version);
  if (!fs::exists(path)) {
    fail<IoError>(path.string(), ": no such embeddings", did_you_mean(name, there),
                  "; make them with 'gyrograd embedding MODEL ", dataset, " ", version, " -f ", name, "'");
  }
  return {name, path};
}

train::RunIdentity identity_of(const TrainSettings& s, const std::string& model, const std::string& column,
                               double rate, bool balanced, const std::string& data,
                               const std::string& labels) {
  return {{"command", "classifier"},
          {"embeddings", data},
          {"labels", labels},
          {"model", model},
          {"-l", column},
          {"--seed", std::to_string(s.seed)},
          {"--batch", std::to_string(s.batch)},
          {"--lr", exact(s.lr)},
          {"--split", s.split},
          {"--label-rate", exact(rate)},
          {"balance", balanced ? "yes" : "no"}};
}

std::string describe(const train::EpochRecord& r) {
  return "loss " + train::fixed_number(r.train_loss, 4) + "  validation accuracy " +
         train::fixed_number(r.validation_accuracy, 4);
}

std::vector<OptionSpec> option_specs() {
  std::vector<OptionSpec> options = published_option_specs();
  const std::vector<OptionSpec> own = {
      {"label-rate", "R", "share of the training pieces that have labels (default 0.01)"},
      {"balance", "", "as many labels of each class (default)"},
      {"no-balance", "", "labels drawn from all pieces alike"}};
  for (const auto& more : {own, training_option_specs(), run_option_specs(true)}) {
    options.insert(options.end(), more.begin(), more.end());
  }
  return options;
}

void print_part(const char* name, const train::PartScore& part) {
  result(name, "accuracy ", train::fixed_number(part.accuracy, 4), "  macro F1 ",
         train::fixed_number(part.macro_f1, 4), "  (", part.confusion.total(), " pieces)");
}

}  // namespace

int run_classifier(int argc, char** argv) {
  Arguments arguments("classifier",
                      "Train a GRU classifier on embeddings with few labels and evaluate it. Writes\n"
                      "saved/classifier_base_gru_DATASET_VERSION/NAME.safetensors and\n"
                      "NAME.report.json.",
                      {{"MODEL", "classifier version: v1, v2, ... of config/classifier.json"},
                       {"DATASET", "folder of dataset/: uci, hhar, motion, shoaib or your own"},
                       {"VERSION", "rate and window: 20_120"}},
                      option_specs());
  if (!arguments.parse(argc, argv)) return ExitCode::done;
  const RunOptions run = read_run_options(arguments, true);
  const std::string version = arguments.word(2), dataset = arguments.word(1),
                    model_version = arguments.word(0);
  const std::string name = arguments.text("save_model", "model");
  check_name("classifier", "--save_model", name);
  if (!arguments.has("label_index")) {
    fail<UsageError>(
        "classifier: -l is missing: the label column to learn, by number or name (activity); "
        "see 'gyrograd classifier --help'");
  }
  if (arguments.flag("balance") && arguments.flag("no-balance")) {
    fail<UsageError>("classifier: --balance and --no-balance exclude each other");
  }
  const bool balanced = !arguments.flag("no-balance");
  const double rate = arguments.real("label-rate", 0.01, 0, 1);
  const TrainSettings settings = read_train_settings(arguments, run, io::published_train, "train.json");
  const io::ClassifierConfig config = read_classifier_settings("classifier", run, "gru", model_version);
  const fs::path folder = find_dataset("classifier", run.at, dataset, version);
  const Card card = read_card(folder, dataset);
  const Index column = find_label("classifier", card, arguments.text("label_index"));
  const auto [source, embeddings] = find_embeddings(run.at, arguments.text("model_file"), dataset, version);
  Session session(run, "classifier",
                  run.at.saved("classifier_base_gru", dataset, version) / (name + ".safetensors"),
                  settings.save_every);
  if (session.start() == Session::Start::complete) {
    note(run, "classifier: ", session.weights().string(), " is complete, nothing to resume");
    return ExitCode::done;
  }

  const data::Labels labels = data::load_labels(data::labels_path(folder, version));
  if (column >= labels.columns) {
    fail<UsageError>("classifier: -l is ", column, ", but the labels of ", folder.string(),
                     " have label column 0 to ", labels.columns - 1, " only");
  }
  data::Windows windows = data::load_windows(embeddings);
  data::check_pair(windows, labels, embeddings.string());
  const std::string data_mark = fingerprint(windows.values), label_mark = fingerprint(labels.values);
  const data::Split split = split_windows("classifier", windows.count, settings, card, labels);
  const LabelledParts parts =
      make_parts(labels, column, split, config.seq_len, rate, balanced, settings.seed);
  if (parts.labelled.exhausted)
    note(run, "classifier: a class has too few pieces; ", parts.labelled.per_class, " of each are used");
  const data::Windows pieces = data::cut_windows(std::move(windows), config.seq_len);
  Recogniser model = make_recogniser(config, pieces.channels, parts.classes);
  model.initialise(settings.seed);
  ThreadPool pool(run.threads);
  train::SupervisedOptions options;
  options.batch = settings.batch;
  options.lr = settings.lr;
  options.seed = settings.seed;
  train::SupervisedTraining<float, Recogniser> recipe(model, pieces, parts.labelled.pieces, parts.validation,
                                                      parts.classes, options, pool);
  if (run.dry_run) {
    note(run, "classifier: would train ", settings.epochs, " epochs on ", parts.labelled.pieces.size(),
         " labelled pieces and write ", session.weights().string());
    return ExitCode::done;
  }
  session.open();
  note(run, "classifier: ", parts.labelled.pieces.size(), " labelled of ", parts.train.size(),
       " training pieces, ", parts.validation.size(), " validation, ", parts.test.size(), " test, ",
       parts.classes, " classes");
  const train::RunIdentity identity = identity_of(settings, recogniser_text(config), std::to_string(column),
                                                  rate, balanced, data_mark, label_mark);
  train::LoopState<float> state;
  const auto buffers = recipe.buffers();
  session.train<float>(recipe, state, settings.epochs, identity, buffers, describe);

  if (!state.best_weights.empty())
    std::copy(state.best_weights.begin(), state.best_weights.end(), recipe.weights().begin());
  const std::vector<std::string> names = class_names(card, column, parts.classes);
  save_recogniser(session.weights(), model, config, names, dataset, version, source);
  train::Json report = train::report_head("classifier", settings.seed, train::Json::object());
  for (const auto& [option, value] : identity) report["options"][option] = value;
  report["epochs"] = state.epoch;
  report["best_epoch"] = state.best_epoch + 1;
  const std::vector<std::pair<std::string, const data::PieceSet*>> sets = {
      {"test", &parts.test}, {"validation", &parts.validation}, {"train", &parts.labelled.pieces}};
  result("best epoch ", state.best_epoch + 1, " of ", state.epoch);
  for (const auto& [part, set] : sets) {
    const train::Evaluation e = train::evaluate<float>(model, pieces, *set, parts.classes, pool);
    const train::PartScore score = train::part_score(e.confusion, e.loss);
    report[part] = train::part_json(score);
    print_part((part + std::string(12 - part.size(), ' ')).c_str(), score);
    if (part == "test") report["confusion"] = train::confusion_json(score.confusion, names);
  }
  train::write_json(session.report(), report);
  session.finish({{"best_epoch", state.best_epoch + 1}, {"test_accuracy", report["test"]["accuracy"]}});
  result(session.weights().string());
  return ExitCode::done;
}

}  // namespace gyrograd::cli
