// SPDX-License-Identifier: MIT
// `gyrograd tpn MODEL DATASET VERSION`: self-training on transformations, then a classifier on its trunk
// (LIMU-BERT sheet §3.7, §9).
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/card.hpp"
#include "cli/doubts.hpp"
#include "cli/encoder.hpp"
#include "cli/labelled_parts.hpp"
#include "cli/model_choice.hpp"
#include "cli/recognition_report.hpp"
#include "cli/run_options.hpp"
#include "cli/session.hpp"
#include "cli/settings.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/models/tpn.hpp"
#include "gyrograd/train/supervised.hpp"
#include "gyrograd/train/tpn.hpp"

namespace gyrograd::cli {
namespace {

using SelfModel = models::TpnPretrain<float>;
using Model = models::TpnClassifier<float>;

/// The behaviours of the published program that have a corrected form (LIMU-BERT sheet §13.32).
struct TpnChoice {
  std::string transforms, shuffle, loss, pieces, classifier, normalise;
};

/// What the command line says.
struct Request {
  RunOptions run;
  std::string model_version, dataset, version, name;
  TrainSettings settings;
  Index self_epochs = 0;
  double weight_decay = 0;
  LabelChoice labels;
  TpnChoice choice;
  io::ClassifierConfig config;
  fs::path folder;
  Card card;
  Index column = 0;
};

/// What both phases learn from.
struct Material {
  data::Windows pieces;
  LabelledParts parts;                             // of the label that -l names
  std::vector<Index> self_train, self_validation;  // pieces of the self-training
  data::Split split;
  data::LeakReport leaks;
  std::string data_mark, label_mark, doubts;
};

std::vector<OptionSpec> option_specs() {
  std::vector<OptionSpec> options = published_option_specs();
  const std::vector<OptionSpec> own = {
      {"recipe", "KIND", "published (default) or corrected: default of the next five"},
      {"shuffle", "KIND", "axes: published copies the first sensor, corrected does not"},
      {"loss", "KIND", "published: unlimited logarithms, or corrected: log-odds"},
      {"pieces", "KIND", "self-training on labelled (published) or all training pieces"},
      {"normalise", "KIND", "none (published: raw units), published (acc / 9.8), or x"},
      {"tpn", "KIND", "classifier: published (frozen trunk, ReLU), or corrected"},
      {"transforms", "KIND", "published (default): five, or original: eight"},
      {"self-epochs", "N", "epochs of the self-training (default: those of --epochs)"},
      {"weight-decay", "R", "of the self-training (default: lambda2 of the training options)"}};
  for (const auto& group : {own, label_option_specs(), training_option_specs(), run_option_specs(true)})
    options.insert(options.end(), group.begin(), group.end());
  return options;
}

TpnChoice read_choice(const Arguments& arguments) {
  const bool corrected = arguments.choice("recipe", {"published", "corrected"}) == "corrected";
  const auto pick = [&](const char* option, std::string_view published, std::string_view repaired) {
    if (!arguments.has(option)) return std::string(corrected ? repaired : published);
    return arguments.choice(option, {published, repaired});
  };
  TpnChoice c;
  c.transforms = arguments.choice("transforms", {"published", "original"});
  c.shuffle = pick("shuffle", "published", "corrected");
  c.loss = pick("loss", "published", "corrected");
  c.pieces = pick("pieces", "labelled", "training");
  c.classifier = pick("tpn", "published", "corrected");
  c.normalise = arguments.has("normalise") ? arguments.choice("normalise", {"none", "published", "x"})
                                           : std::string(corrected ? "published" : "none");
  return c;
}

/// lambda2 of the training options, or --weight-decay.
double read_weight_decay(const Arguments& arguments, const RunOptions& run) {
  const fs::path usual = run.at.config("train_tpn.json");
  io::TrainConfig config = io::published_train_tpn;
  if (arguments.has("train_cfg"))
    config = io::read_train_config(arguments.text("train_cfg"));
  else if (fs::exists(usual))
    config = io::read_train_config(usual);
  if (arguments.has("weight-decay") && arguments.text("weight-decay") == "0") return 0;
  return arguments.real("weight-decay", config.lambda2, 0, 1000);
}

Request read_request(const Arguments& arguments) {
  Request r;
  r.run = read_run_options(arguments, true);
  r.model_version = arguments.word(0), r.dataset = arguments.word(1), r.version = arguments.word(2);
  r.name = arguments.text("save_model", "model");
  check_name("tpn", "--save_model", r.name);
  if (!arguments.has("label_index"))
    fail<UsageError>(
        "tpn: -l is missing: the label column to learn, by number or name (activity); see 'gyrograd tpn "
        "--help'");
  r.labels = read_label_choice("tpn", arguments);
  r.choice = read_choice(arguments);
  r.settings = read_train_settings(arguments, r.run, io::published_train_tpn, "train_tpn.json");
  r.self_epochs = arguments.integer("self-epochs", r.settings.epochs, 0, 10000000);
  r.weight_decay = read_weight_decay(arguments, r.run);
  r.config = read_classifier_settings("tpn", r.run, "tpn", r.model_version);
  r.folder = find_dataset("tpn", r.run.at, r.dataset, r.version);
  r.card = read_card(r.folder, r.dataset, r.version);
  r.column = find_label("tpn", r.card, arguments.text("label_index"));
  return r;
}

Material read_material(const Request& r) {
  Material m;
  const data::Labels labels = data::load_labels(data::labels_path(r.folder, r.version));
  if (r.column >= labels.columns)
    fail<UsageError>("tpn: -l is ", r.column, ", but the labels of ", r.folder.string(),
                     " have label column 0 to ", labels.columns - 1, " only");
  data::Windows windows = data::load_windows(data::windows_path(r.folder, r.version));
  data::check_pair(windows, labels, r.folder.string());
  if (windows.channels < r.config.input || r.config.input < 3 || r.config.input % 3 != 0)
    fail<IoError>(r.folder.string(), ": the windows have ", windows.channels, " channels, tpn_",
                  r.model_version, " takes ", r.config.input,
                  " (threes: accelerometer, gyroscope, ...); choose another MODEL version");
  if (windows.steps % r.config.seq_len != 0)
    fail<IoError>(r.folder.string(), ": windows of ", windows.steps, " steps cannot be cut into the ",
                  r.config.seq_len, " steps of tpn_", r.model_version,
                  "; choose another MODEL version or prepare other windows");
  m.doubts = window_doubts(windows, r.card, r.folder);
  windows = data::normalised(windows, r.config.input, normalisation(r.choice.normalise));
  m.data_mark = fingerprint(windows.values), m.label_mark = fingerprint(labels.values);
  const WindowSources sources = read_sources(r.folder, r.version, r.card, labels, windows.count);
  m.split = split_windows("tpn", windows.count, r.settings.split, r.settings.seed, r.card, sources);
  m.leaks = find_leaks(m.split, sources, windows.steps);
  m.parts = make_parts(labels, r.column, m.split, r.config.seq_len, r.labels, r.settings.seed);
  m.parts.classes = class_count(r.card, r.column, m.parts.classes, r.folder.string());
  // As published the self-training draws its pieces by the first label column, whatever is learned later.
  const LabelledParts first = make_parts(labels, 0, m.split, r.config.seq_len, r.labels, r.settings.seed);
  const bool all = r.choice.pieces == "training";
  m.self_train = all ? first.train.piece : first.labelled.pieces.piece;
  m.self_validation = first.validation.piece;
  m.pieces = data::cut_windows(std::move(windows), r.config.seq_len);
  return m;
}

models::TpnConfig sizes_of(const Request& r, Index classes) {
  models::TpnConfig sizes;
  sizes.input = r.config.input;
  sizes.seq_len = r.config.seq_len;
  sizes.classes = classes;
  sizes.tasks = r.choice.transforms == "original" ? 8 : 5;
  sizes.behaviour =
      r.choice.classifier == "corrected" ? models::TpnBehaviour::corrected : models::TpnBehaviour::published;
  return sizes;
}

/// What decides the result of both phases.
train::RunIdentity shared_identity(const Request& r, const Material& m, const std::string& command) {
  train::RunIdentity identity = {{"command", command},
                                 {"data", m.data_mark},
                                 {"labels", m.label_mark},
                                 {"model", "tpn_" + r.model_version},
                                 {"--seed", std::to_string(r.settings.seed)},
                                 {"--batch", std::to_string(r.settings.batch)},
                                 {"--lr", exact(r.settings.lr)},
                                 {"--patience", std::to_string(r.settings.patience)},
                                 {"--split", r.settings.split.text()},
                                 {"--normalise", r.choice.normalise}};
  for (auto& value : label_choice_values(r.labels, exact(r.labels.rate))) identity.push_back(value);
  return identity;
}

std::string describe(const train::EpochRecord& r) {
  return "loss " + train::fixed_number(r.train_loss, 4) + "  validation accuracy " +
         train::fixed_number(r.validation_accuracy, 4);
}

train::Json report_of(const Request& r, const Material& m, std::string_view kind,
                      const train::RunIdentity& identity) {
  train::Json report = train::report_head(kind, r.settings.seed, train::Json::object());
  for (const auto& [option, value] : identity) report["options"][option] = value;
  report["method"] = "tpn";
  report["configuration"] = "tpn_" + r.model_version;
  report["data"] = {{"name", r.dataset}, {"version", r.version}, {"rate_hz", r.card.rate}};
  report["split"] = split_json(r.settings.split, m.split, m.leaks);
  return report;
}

io::Metadata metadata_of(const Request& r, const std::string& model) {
  return {{"format", "pt"},
          {"gyrograd.model", model},
          {"gyrograd.version", GYROGRAD_VERSION},
          {"gyrograd.command", "tpn"},
          {"gyrograd.method", "tpn"},
          {"gyrograd.configuration", "tpn_" + r.model_version},
          {"gyrograd.config", classifier_config_json(r.config).dump()},
          {"gyrograd.data", r.dataset + " " + r.version},
          {"gyrograd.input", "windows"},
          {"gyrograd.normalise", r.choice.normalise},
          {"gyrograd.transforms", r.choice.transforms},
          {"gyrograd.tpn", r.choice.classifier}};
}

void keep_best(train::LoopState<float>& state, std::span<float> weights) {
  if (!state.best_weights.empty())
    std::copy(state.best_weights.begin(), state.best_weights.end(), weights.begin());
}

/// First phase: which transformation was applied? Leaves the best weights in the session's file.
void train_self(const Request& r, const Material& m, Session& session, ThreadPool& pool) {
  SelfModel model(sizes_of(r, m.parts.classes));
  model.initialise(r.settings.seed);
  train::TpnOptions options;
  options.batch = r.settings.batch;
  options.lr = r.settings.lr;
  options.weight_decay = r.weight_decay;
  options.seed = r.settings.seed;
  options.tasks = r.choice.transforms == "original" ? data::TpnTasks::original : data::TpnTasks::published;
  options.shuffle =
      r.choice.shuffle == "corrected" ? data::TpnShuffle::corrected : data::TpnShuffle::published;
  options.loss = r.choice.loss == "corrected" ? train::TpnLoss::corrected : train::TpnLoss::published;
  train::TpnSelfTraining<float, SelfModel> recipe(model, m.pieces, m.self_train, m.self_validation, options,
                                                  pool);
  note(r.run, "tpn: self-training on ", m.self_train.size(), " pieces, ", recipe.items(), " items, ",
       model.config().tasks, " transformations");
  if (r.run.dry_run) return;
  session.open();
  const Index epochs = epochs_within(r.run, "tpn", r.settings, r.self_epochs, recipe.batches());
  train::RunIdentity identity = shared_identity(r, m, "tpn self-training");
  for (const auto& value : train::RunIdentity{{"--transforms", r.choice.transforms},
                                              {"--shuffle", r.choice.shuffle},
                                              {"--loss", r.choice.loss},
                                              {"--pieces", r.choice.pieces},
                                              {"--weight-decay", exact(r.weight_decay)}})
    identity.push_back(value);
  train::LoopState<float> state;
  const auto buffers = recipe.buffers();
  session.train<float>(recipe, state, epochs, identity, buffers, describe, r.settings.patience);
  keep_best(state, recipe.weights());
  nn::save_parameters<float>(model, session.weights(), metadata_of(r, "tpn_pretrain"));
  train::Json report = report_of(r, m, "tpn self-training", identity);
  add_training(report, state, epochs, session.seconds());
  const train::EpochRecord best = recipe.validate(state.epoch);
  add_part(report, "validation", train::part_score(recipe.confusion(), best.validation_loss),
           {"original", "transformed"});
  report["history"] = train::history_json(state.history);
  train::write_json(session.report(), report);
  session.finish({{"best_epoch", state.best_epoch + 1}});
  result(session.weights().string());
}

/// Second phase: a classifier on the trunk that `weights` holds.
void train_classifier(const Request& r, const Material& m, const fs::path& weights, Session& session,
                      ThreadPool& pool, bool after_self) {
  Model model(sizes_of(r, m.parts.classes));
  model.initialise(r.settings.seed);
  std::string start = "seed";
  if (!r.run.dry_run || !after_self) {
    nn::load_matching<float>(model, io::read_tensors(weights));
    start = fingerprint(
        std::span<const float>(model.store().data(), static_cast<std::size_t>(model.store().size())));
  }
  train::SupervisedOptions options;
  options.batch = r.settings.batch;
  options.lr = r.settings.lr;
  options.seed = r.settings.seed;
  train::SupervisedTraining<float, Model> recipe(model, m.pieces, m.parts.labelled.pieces, m.parts.validation,
                                                 m.parts.classes, options, pool);
  note_leaks(r.run, "tpn", m.leaks);
  note_doubts(r.run, "tpn", m.doubts);
  note(r.run, "tpn: ", m.parts.labelled.pieces.size(), " labelled of ", m.parts.train.size(),
       " training pieces, ", m.parts.validation.size(), " validation, ", m.parts.test.size(), " test, ",
       m.parts.classes, " classes");
  const Index epochs = epochs_within(r.run, "tpn", r.settings, r.settings.epochs, recipe.batches());
  if (r.run.dry_run) {
    note(r.run, "tpn: would train ", epochs, " epochs and write ", session.weights().string());
    return;
  }
  session.open(after_self);
  train::RunIdentity identity = shared_identity(r, m, "tpn");
  identity.emplace_back("-l", std::to_string(r.column));
  identity.emplace_back("--tpn", r.choice.classifier);
  identity.emplace_back("initial weights", start);
  train::LoopState<float> state;
  const auto buffers = recipe.buffers();
  session.train<float>(recipe, state, epochs, identity, buffers, describe, r.settings.patience);
  keep_best(state, recipe.weights());
  const std::vector<std::string> names = class_names(r.card, r.column, m.parts.classes);
  io::Metadata metadata = metadata_of(r, "tpn_classifier");
  metadata["gyrograd.classes"] = class_list(names);
  nn::save_parameters<float>(model, session.weights(), metadata);
  train::Json report = report_of(r, m, "tpn", identity);
  report["label"] = {{"column", r.column}, {"name", label_name(r.card, r.column)}, {"classes", names}};
  report["labelled"] = {{"rate", r.labels.rate},
                        {"pieces", m.parts.labelled.pieces.size()},
                        {"of", m.parts.train.size()},
                        {"per_class", m.parts.labelled.per_class}};
  report["trunk"] = weights.string();
  add_training(report, state, epochs, session.seconds());
  result("best epoch ", state.best_epoch + 1, " of ", state.epoch);
  const std::vector<std::pair<std::string, const data::PieceSet*>> sets = {
      {"test", &m.parts.test}, {"validation", &m.parts.validation}, {"train", &m.parts.labelled.pieces}};
  for (const auto& [part, set] : sets) {
    const train::Evaluation e = train::evaluate<float>(model, m.pieces, *set, m.parts.classes, pool);
    add_part(report, part, train::part_score(e.confusion, e.loss), names);
  }
  report["history"] = train::history_json(state.history);
  train::write_json(session.report(), report);
  session.finish({{"best_epoch", state.best_epoch + 1}, {"test_accuracy", report["test"]["accuracy"]}});
  result(session.weights().string());
}

}  // namespace

int run_tpn(int argc, char** argv) {
  Arguments arguments("tpn",
                      "TPN: learn to recognise transformations of windows, then a classifier on top of\n"
                      "it. Writes saved/bench_tpn_pre_DATASET_VERSION/NAME.safetensors (unless -f\n"
                      "names one) and saved/bench_tpn_classifier_DATASET_VERSION/NAME.safetensors,\n"
                      "each with its NAME.report.json.",
                      {{"MODEL", "version: v1, v2, ... of tpn in config/classifier.json"},
                       {"DATASET", "folder of dataset/: uci, hhar, motion, shoaib or your own"},
                       {"VERSION", "rate and window: 20_120"}},
                      option_specs());
  if (!arguments.parse(argc, argv)) return ExitCode::done;
  const Request r = read_request(arguments);
  const fs::path self_folder = r.run.at.saved("bench_tpn_pre", r.dataset, r.version);
  fs::path trunk = self_folder / (r.name + ".safetensors");
  std::optional<Session> self;
  if (arguments.has("model_file"))
    trunk = find_weights("tpn", self_folder, arguments.text("model_file"));
  else
    self.emplace(r.run, "tpn self-training", trunk, r.settings.save_every);
  Session session(r.run, "tpn",
                  r.run.at.saved("bench_tpn_classifier", r.dataset, r.version) / (r.name + ".safetensors"),
                  r.settings.save_every);
  if (session.start() == Session::Start::complete) {
    note(r.run, "tpn: ", session.weights().string(), " is complete, nothing to resume");
    return ExitCode::done;
  }
  const Material m = read_material(r);
  ThreadPool pool(r.run.threads);
  if (self && self->start() != Session::Start::complete) train_self(r, m, *self, pool);
  train_classifier(r, m, trunk, session, pool, self.has_value());
  return ExitCode::done;
}

}  // namespace gyrograd::cli
