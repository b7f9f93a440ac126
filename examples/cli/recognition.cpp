// SPDX-License-Identifier: MIT
// See recognition.hpp. The only file that compiles the training of all classifiers.
#include "cli/recognition.hpp"

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
#include "cli/loss_choice.hpp"
#include "cli/model_choice.hpp"
#include "cli/recognition_report.hpp"
#include "cli/run_options.hpp"
#include "cli/session.hpp"
#include "cli/settings.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/data/random_augment.hpp"
#include "gyrograd/models/joint.hpp"
#include "gyrograd/train/supervised.hpp"

namespace gyrograd::cli {
namespace {

using Joint = models::JointClassifier<models::AnyClassifier<float>, float>;

/// The encoder of a joint model.
struct EncoderChoice {
  io::EncoderConfig config;
  std::string version, block;
  bool frozen = false;
};

/// What the command line says.
struct Request {
  explicit Request(const RecognitionCommand& c) : command(c) {}

  const RecognitionCommand& command;
  RunOptions run;
  std::string dataset, version, name, source;  // source: what -f says
  TrainSettings settings;
  LabelChoice labels;
  ModelChoice model;
  LossChoice loss;
  std::string normalise;
  bool copies = false;
  std::optional<EncoderChoice> encoder;
  fs::path folder;
  Card card;
  Index column = 0;

  std::string word() const { return std::string(command.name); }
  fs::path saved() const {
    return run.at.saved(std::string(command.target) + model.method, dataset, version);
  }
};

std::vector<OptionSpec> option_specs(const RecognitionCommand& command) {
  std::vector<OptionSpec> options = published_option_specs();
  std::vector<std::vector<OptionSpec>> groups = {model_option_specs(command.methods), label_option_specs(),
                                                 loss_option_specs()};
  if (command.input != RecognitionInput::embeddings)
    groups.push_back(
        {normalise_option_spec(), {"copies", "", "fill small classes up with changed copies (LIMU-BERT-X)"}});
  if (command.input == RecognitionInput::encoder)
    groups.push_back({{"frozen-bert", "", "do not train the encoder"}, block_option_spec()});
  groups.push_back(training_option_specs());
  groups.push_back(run_option_specs(true));
  for (const auto& group : groups) options.insert(options.end(), group.begin(), group.end());
  return options;
}

/// Versions of encoder and classifier from "v1_v2".
std::pair<std::string, std::string> joint_versions(const Request& r, const std::string& word) {
  const std::size_t at = word.find('_');
  if (at == std::string::npos || at == 0 || at + 1 == word.size())
    fail<UsageError>(r.command.name, ": MODEL is ", word,
                     ", expected the versions of encoder and classifier, such as v1_v2");
  return {word.substr(0, at), word.substr(at + 1)};
}

Request read_request(const RecognitionCommand& command, const Arguments& arguments) {
  Request r(command);
  r.run = read_run_options(arguments, true);
  r.dataset = arguments.word(1), r.version = arguments.word(2);
  r.name = arguments.text("save_model", "model");
  r.source = arguments.text("model_file");
  check_name(command.name, "--save_model", r.name);
  if (!arguments.has("label_index")) {
    fail<UsageError>(
        command.name,
        ": -l is missing: the label column to learn, by number or name (activity); see 'gyrograd ",
        command.name, " --help'");
  }
  r.labels = read_label_choice(command.name, arguments);
  if (command.all_labels && !arguments.has("label-rate")) r.labels.rate = 1;
  if (command.all_labels && !arguments.flag("balance")) r.labels.balanced = false;
  r.settings = read_train_settings(arguments, r.run, io::published_train, std::string(command.settings));
  r.loss = read_loss_choice(command.name, arguments);
  std::string version = arguments.word(0);
  if (command.input == RecognitionInput::encoder) {
    EncoderChoice encoder;
    std::tie(encoder.version, version) = joint_versions(r, version);
    encoder.config = read_encoder_settings(command.name, r.run, encoder.version);
    encoder.block = read_block(arguments, "");  // empty: what -f says
    encoder.frozen = arguments.flag("frozen-bert");
    r.encoder = encoder;
  }
  if (command.input != RecognitionInput::embeddings) {
    if (arguments.has("normalise")) r.normalise = read_normalise(arguments);
    r.copies = arguments.flag("copies");
  }
  r.model = read_model_choice(command.name, arguments, r.run, command.methods, version);
  r.folder = find_dataset(command.name, r.run.at, r.dataset, r.version);
  r.card = read_card(r.folder, r.dataset, r.version);
  r.column = find_label(command.name, r.card, arguments.text("label_index"));
  return r;
}

/// Values that go into the model, in pieces, and what they are.
struct Material {
  data::Windows pieces;
  data::Labels labels;
  data::Split split;
  data::LeakReport leaks;
  LabelledParts parts;
  std::string input;         // name of the embeddings, or "windows"
  fs::path encoder_weights;  // of a joint model
  std::string data_mark, label_mark, doubts;
};

/// Windows of recordings with the channels that the model takes, and what is doubtful about them.
data::Windows read_windows(const Request& r, std::string& doubts) {
  const data::Windows windows = data::load_windows(data::windows_path(r.folder, r.version));
  doubts = window_doubts(windows, r.card, r.folder);
  if (r.encoder)
    return normalised_for(r.encoder->config, windows, r.folder, r.normalise, r.model.config.seq_len);
  if (windows.channels < r.model.config.input) {
    fail<IoError>(r.folder.string(), ": the windows have ", windows.channels, " channels, ",
                  r.model.configuration(), " takes ", r.model.config.input,
                  "; choose another MODEL version, or a configuration of your own in config/classifier.json");
  }
  return data::normalised(windows, r.model.config.input, normalisation(r.normalise));
}

/// Refuses pieces that do not divide the windows.
void check_pieces(const Request& r, Index steps) {
  const Index length = r.model.config.seq_len;
  if (steps % length == 0) return;
  fail<IoError>(r.folder.string(), ": windows of ", steps, " steps cannot be cut into the ", length,
                " steps of ", r.model.configuration(),
                "; choose another MODEL version or prepare other windows");
}

Material read_material(const Request& r) {
  Material m;
  m.labels = data::load_labels(data::labels_path(r.folder, r.version));
  if (r.column >= m.labels.columns) {
    fail<UsageError>(r.command.name, ": -l is ", r.column, ", but the labels of ", r.folder.string(),
                     " have label column 0 to ", m.labels.columns - 1, " only");
  }
  data::Windows windows;
  std::string where = r.folder.string();
  if (r.command.input == RecognitionInput::embeddings) {
    const auto [name, path] = find_embeddings(r.run.at, r.source, r.dataset, r.version);
    m.input = name, where = path.string();
    windows = data::load_windows(path);
  } else {
    m.input = "windows";
    windows = read_windows(r, m.doubts);
  }
  data::check_pair(windows, m.labels, where);
  check_pieces(r, windows.steps);
  m.data_mark = fingerprint(windows.values), m.label_mark = fingerprint(m.labels.values);
  const WindowSources sources = read_sources(r.folder, r.version, r.card, m.labels, windows.count);
  m.split = split_windows(r.command.name, windows.count, r.settings.split, r.settings.seed, r.card, sources);
  m.leaks = find_leaks(m.split, sources, windows.steps);
  m.parts = make_parts(m.labels, r.column, m.split, r.model.config.seq_len, r.labels, r.settings.seed);
  m.parts.classes = class_count(r.card, r.column, m.parts.classes, r.folder.string());
  m.pieces = data::cut_windows(std::move(windows), r.model.config.seq_len);
  if (r.copies) data::add_balanced_copies(m.pieces, m.parts.labelled.pieces, r.settings.seed);
  if (r.model.method == "deepsense") m.pieces = data::fft_features(m.pieces, r.model.fft);
  return m;
}

/// Everything that decides the result, in the order in which a mismatch is reported.
train::RunIdentity identity_of(const Request& r, const Material& m, const std::string& start) {
  train::RunIdentity identity = {
      {"command", r.word()},
      {r.command.input == RecognitionInput::embeddings ? "embeddings" : "data", m.data_mark},
      {"labels", m.label_mark},
      {"--method", r.model.method},
      {"model", classifier_config_json(r.model.config).dump()},
      {"-l", std::to_string(r.column)},
      {"--seed", std::to_string(r.settings.seed)},
      {"--batch", std::to_string(r.settings.batch)},
      {"--lr", exact(r.settings.lr)},
      {"--patience", std::to_string(r.settings.patience)},
      {"--split", r.settings.split.text()}};
  const auto add = [&](const auto& values) { identity.insert(identity.end(), values.begin(), values.end()); };
  add(label_choice_values(r.labels, exact(r.labels.rate)));
  add(variant_values(r.model));
  add(loss_values(r.loss));
  if (!r.normalise.empty()) identity.emplace_back("--normalise", r.normalise);
  if (r.copies) identity.emplace_back("--copies", "yes");
  if (r.encoder) {
    identity.emplace_back("encoder", encoder_text(r.encoder->config));
    identity.emplace_back("--block", r.encoder->block);
    identity.emplace_back("--frozen-bert", r.encoder->frozen ? "yes" : "no");
  }
  identity.emplace_back("initial weights", start);
  return identity;
}

train::SupervisedOptions options_of(const Request& r, const Material& m) {
  train::SupervisedOptions options;
  options.batch = r.settings.batch;
  options.lr = r.settings.lr;
  options.seed = r.settings.seed;
  options.focal_gamma = r.loss.gamma;
  options.class_weights =
      class_weights_of(r.command.name, r.loss, m.parts.labelled.pieces.label, m.parts.classes);
  return options;
}

std::string describe(const train::EpochRecord& r) {
  return "loss " + train::fixed_number(r.train_loss, 4) + "  validation accuracy " +
         train::fixed_number(r.validation_accuracy, 4);
}

io::Metadata metadata_of(const Request& r, const Material& m, const std::vector<std::string>& names) {
  io::Metadata data = {{"format", "pt"},
                       {"gyrograd.model", r.encoder ? "joint" : r.model.method + "_classifier"},
                       {"gyrograd.version", GYROGRAD_VERSION},
                       {"gyrograd.command", r.word()},
                       {"gyrograd.method", r.model.method},
                       {"gyrograd.configuration", r.model.configuration()},
                       {"gyrograd.config", classifier_config_json(r.model.config).dump()},
                       {"gyrograd.data", r.dataset + " " + r.version},
                       {"gyrograd.input", m.input},
                       {"gyrograd.rate_hz", std::to_string(r.card.rate)},
                       {"gyrograd.classes", class_list(names)}};
  for (const auto& [option, value] : variant_values(r.model))
    data.emplace("gyrograd." + option.substr(2), value);
  if (!r.normalise.empty()) data.emplace("gyrograd.normalise", r.normalise);
  if (r.encoder) {
    data.emplace("gyrograd.encoder", "base_" + r.encoder->version);
    data.emplace("gyrograd.block", r.encoder->block);
  }
  return data;
}

/// What the report says besides the scores.
train::Json describe_run(const Request& r, const Material& m, const train::RunIdentity& identity,
                         const std::vector<std::string>& names, Index parameters) {
  train::Json report = train::report_head(r.command.name, r.settings.seed, train::Json::object());
  for (const auto& [option, value] : identity) report["options"][option] = value;
  report["method"] = r.model.method;
  report["configuration"] = r.model.configuration();
  report["parameters"] = parameters;
  report["data"] = {{"name", r.dataset},
                    {"version", r.version},
                    {"windows", m.labels.count},
                    {"steps", m.labels.steps},
                    {"rate_hz", r.card.rate}};
  report["input"] = {{"source", m.input}, {"steps", m.pieces.steps}, {"channels", m.pieces.channels}};
  report["label"] = {{"column", r.column}, {"name", label_name(r.card, r.column)}, {"classes", names}};
  report["split"] = split_json(r.settings.split, m.split, m.leaks);
  report["labelled"] = {{"rate", r.labels.rate},
                        {"pieces", m.parts.labelled.pieces.size()},
                        {"of", m.parts.train.size()},
                        {"per_class", m.parts.labelled.per_class}};
  return report;
}

/// Trains, writes the best weights and the report.
template <class Model>
int train_and_report(const Request& r, const Material& m, Session& session, Model& model,
                     const std::string& start) {
  ThreadPool pool(r.run.threads);
  train::SupervisedTraining<float, Model> recipe(model, m.pieces, m.parts.labelled.pieces, m.parts.validation,
                                                 m.parts.classes, options_of(r, m), pool);
  const Index epochs = epochs_within(r.run, r.command.name, r.settings, r.settings.epochs, recipe.batches());
  if (r.run.dry_run) {
    note(r.run, r.command.name, ": would train ", epochs, " epochs on ", m.parts.labelled.pieces.size(),
         " labelled pieces and write ", session.weights().string());
    return ExitCode::done;
  }
  session.open();
  note_leaks(r.run, r.command.name, m.leaks);
  note_doubts(r.run, r.command.name, m.doubts);
  if (r.encoder && r.source.empty()) note(r.run, r.command.name, ": no -f, so the encoder starts untrained");
  if (m.parts.labelled.exhausted)
    note(r.run, r.command.name, ": a class has too few pieces; ", m.parts.labelled.per_class,
         " of each are used");
  note(r.run, r.command.name, ": ", m.parts.labelled.pieces.size(), " labelled of ", m.parts.train.size(),
       " training pieces, ", m.parts.validation.size(), " validation, ", m.parts.test.size(), " test, ",
       m.parts.classes, " classes");
  const train::RunIdentity identity = identity_of(r, m, start);
  train::LoopState<float> state;
  const auto buffers = recipe.buffers();
  session.train<float>(recipe, state, epochs, identity, buffers, describe, r.settings.patience);
  if (!state.best_weights.empty())
    std::copy(state.best_weights.begin(), state.best_weights.end(), recipe.weights().begin());

  const std::vector<std::string> names = class_names(r.card, r.column, m.parts.classes);
  nn::save_parameters<float>(model, session.weights(), metadata_of(r, m, names));
  train::Json report = describe_run(r, m, identity, names, parameter_count<float>(model));
  add_training(report, state, epochs, session.seconds());
  result("best epoch ", state.best_epoch + 1, " of ", state.epoch);
  const std::vector<std::pair<std::string, const data::PieceSet*>> sets = {
      {"test", &m.parts.test}, {"validation", &m.parts.validation}, {"train", &m.parts.labelled.pieces}};
  for (const auto& [part, set] : sets) {
    const train::Evaluation e =
        train::evaluate<float>(model, m.pieces, *set, m.parts.classes, pool, r.settings.batch);
    add_part(report, part, train::part_score(e.confusion, e.loss), names);
  }
  report["history"] = train::history_json(state.history);
  train::write_json(session.report(), report);
  session.finish({{"best_epoch", state.best_epoch + 1}, {"test_accuracy", report["test"]["accuracy"]}});
  result(session.weights().string());
  return ExitCode::done;
}

/// Weights that training starts from: a pre-trained encoder, a joint model or, of benchmark, a classifier.
/// They decide block and scaling unless an option does; another behaviour of the classifier is refused.
std::optional<io::TensorFile> read_start(Request& r) {
  std::optional<io::TensorFile> file;
  if (r.command.input != RecognitionInput::embeddings && !r.source.empty()) {
    const fs::path folder = r.encoder ? r.run.at.saved("pretrain_base", r.dataset, r.version) : r.saved();
    file = io::read_tensors(find_weights(r.command.name, folder, r.source));
    for (const auto& [option, value] : variant_values(r.model))
      if (const std::string there = file->metadata_or("gyrograd." + option.substr(2), value); there != value)
        fail<UsageError>(r.command.name, ": ", option, " is ", value, ", but ", file->name(),
                         " was trained with ", there, "; give ", option, " ", there);
  }
  const auto otherwise = [&](const char* what) { return file ? said(*file, what) : "published"; };
  if (r.encoder && r.encoder->block.empty()) r.encoder->block = otherwise("block");
  if (r.command.input != RecognitionInput::embeddings && r.normalise.empty())
    r.normalise = otherwise("normalise");
  return file;
}

template <class Model>
std::string weights_mark(Model& model) {
  return fingerprint(
      std::span<const float>(model.store().data(), static_cast<std::size_t>(model.store().size())));
}

/// Encoder and classifier in one.
int run_joint(const Request& r, const Material& m, Session& session,
              const std::optional<io::TensorFile>& start) {
  const EncoderChoice& encoder = *r.encoder;
  Joint model(encoder_sizes(encoder.config, encoder.block),
              make_model(r.command.name, r.model, encoder.config.hidden, m.parts.classes), encoder.frozen);
  model.initialise(r.settings.seed);
  if (start) load_joint(model, *start);
  if (start) note_rate(r.run, r.command.name, *start, r.card);
  return train_and_report(r, m, session, model, start ? weights_mark(model) : "seed");
}

/// A classifier on embeddings or windows.
int run_single(const Request& r, const Material& m, Session& session,
               const std::optional<io::TensorFile>& start) {
  models::AnyClassifier<float> model =
      make_model(r.command.name, r.model, m.pieces.channels, m.parts.classes);
  model.initialise(r.settings.seed);
  if (start) nn::load_parameters<float>(model, *start);
  if (start) note_rate(r.run, r.command.name, *start, r.card);
  return train_and_report(r, m, session, model, start ? weights_mark(model) : "seed");
}

}  // namespace

int run_recognition(const RecognitionCommand& command, int argc, char** argv) {
  Arguments arguments(command.name, command.purpose,
                      {{"MODEL", std::string(command.model_help)},
                       {"DATASET", "folder of dataset/: uci, hhar, motion, shoaib or your own"},
                       {"VERSION", "rate and window: 20_120"}},
                      option_specs(command));
  if (!arguments.parse(argc, argv)) return ExitCode::done;
  Request r = read_request(command, arguments);
  Session session(r.run, r.word(), r.saved() / (r.name + ".safetensors"), r.settings.save_every);
  if (session.start() == Session::Start::complete) {
    note(r.run, command.name, ": ", session.weights().string(), " is complete, nothing to resume");
    return ExitCode::done;
  }
  const std::optional<io::TensorFile> start = read_start(r);
  const Material m = read_material(r);
  return r.encoder ? run_joint(r, m, session, start) : run_single(r, m, session, start);
}

}  // namespace gyrograd::cli
