// SPDX-License-Identifier: MIT
// `gyrograd evaluate MODEL DATASET VERSION -f WEIGHTS`: how well saved weights do on a part of a data set.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/card.hpp"
#include "cli/doubts.hpp"
#include "cli/encoder.hpp"
#include "cli/labelled_parts.hpp"
#include "cli/recognition_report.hpp"
#include "cli/run_options.hpp"
#include "cli/saved_model.hpp"
#include "cli/session.hpp"
#include "cli/settings.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/io/npy.hpp"
#include "gyrograd/metrics/roc.hpp"
#include "gyrograd/models/joint.hpp"
#include "gyrograd/train/embed.hpp"
#include "gyrograd/train/reconstruct.hpp"
#include "gyrograd/train/supervised.hpp"

namespace gyrograd::cli {
namespace {

using Joint = models::JointClassifier<models::AnyClassifier<float>, float>;

/// What the command line says.
struct Request {
  RunOptions run;
  ModelWord model;
  std::string dataset, version, name, part;
  fs::path weights, report, folder;
  SplitChoice split;
  std::uint32_t seed = 3431;
  Index batch = 128;
  Card card;
};

/// The windows of the data set and those of the part.
struct Material {
  data::Windows windows;
  data::Labels labels;
  std::vector<Index> chosen;
  data::LeakReport leaks;
  data::Split split;
};

std::vector<OptionSpec> option_specs() {
  std::vector<OptionSpec> options = published_option_specs();
  const std::vector<OptionSpec> own = {
      {"part", "NAME", "test (default), validation, train or all"},
      {"input", "NAME", "of classifiers: windows, or the name of embeddings (default: what the weights say)"},
      {"encoder", "NAME", "of classifiers: embed with these LIMU-BERT weights"},
      {"encoder-model", "VERSION", "their version (default v1)"},
      {"normalise", "KIND", "published, x, paper or none (default: what the weights say)"},
      block_option_spec(),
      {"attention", "KIND", "attn: published or corrected (default: what the weights say)"},
      {"logits", "KIND", "cnn1: published or corrected (default: what the weights say)"},
      {"fft", "KIND", "deepsense: published or corrected (default: what the weights say)"},
      {"tpn", "KIND", "tpn: published or corrected (default: what the weights say)"},
      {"batch", "N", "pieces that attention over the batch sees together (default 128)"},
      {"scores", "", "write the logits of every piece: NAME.scores.npy"},
      {"reconstructions", "N", "of encoders: write the N liveliest windows (default 4)"},
      {"seed", "N", "seed of the split and the masks (default 3431)"}};
  for (const auto& group : {own, split_option_specs(), run_option_specs(false)})
    options.insert(options.end(), group.begin(), group.end());
  return options;
}

Request read_request(const Arguments& arguments) {
  Request r;
  r.run = read_run_options(arguments, false);
  r.model = read_model_word("evaluate", arguments.word(0));
  r.dataset = arguments.word(1), r.version = arguments.word(2);
  r.part = arguments.choice("part", {"test", "validation", "train", "all"});
  r.split = read_split(arguments);
  r.seed = static_cast<std::uint32_t>(arguments.integer("seed", 3431, 0, 4294967295));
  r.batch = arguments.integer("batch", 128, 1, 1000000);
  r.folder = find_dataset("evaluate", r.run.at, r.dataset, r.version);
  const std::string wanted = arguments.text("model_file", "model");
  r.weights = find_model("evaluate", r.run.at, r.model, r.dataset, r.version, wanted);
  r.name = arguments.text("save_model", model_name(wanted));
  check_name("evaluate", "--save_model", r.name);
  r.report = r.run.at.saved("evaluate_" + r.model.text, r.dataset, r.version) / (r.name + ".report.json");
  refuse_existing(r.report, r.run.force);
  r.card = read_card(r.folder, r.dataset, r.version);
  return r;
}

Material read_material(const Request& r) {
  Material m;
  m.windows = data::load_windows(data::windows_path(r.folder, r.version));
  const fs::path labels = data::labels_path(r.folder, r.version);
  const bool needed = r.model.kind != ModelWord::Kind::encoder || r.split.kind == "user";
  if (needed || fs::exists(labels)) {
    m.labels = data::load_labels(labels);
    data::check_pair(m.windows, m.labels, r.folder.string());
  }
  const WindowSources sources = read_sources(r.folder, r.version, r.card, m.labels, m.windows.count);
  m.split = split_windows("evaluate", m.windows.count, r.split, r.seed, r.card, sources);
  m.leaks = find_leaks(m.split, sources, m.windows.steps);
  if (r.part == "all") {
    m.chosen.resize(static_cast<std::size_t>(m.windows.count));
    std::iota(m.chosen.begin(), m.chosen.end(), Index{0});
  } else {
    m.chosen = r.part == "test" ? m.split.test : r.part == "train" ? m.split.train : m.split.validation;
  }
  if (m.chosen.empty())
    fail<ConfigError>("evaluate: the part ", r.part, " of ", m.windows.count,
                      " windows is empty; give --part all");
  return m;
}

train::Json report_of(const Request& r, const Material& m, const io::TensorFile& file) {
  train::Json options = {{"MODEL", r.model.text}, {"--part", r.part}, {"--split", r.split.text()}};
  train::Json report = train::report_head("evaluate", r.seed, std::move(options));
  report["weights"] = file.name();
  report["trained on"] = file.metadata_or("gyrograd.data", "not known");
  report["data"] = {{"name", r.dataset},        {"version", r.version},   {"windows", m.windows.count},
                    {"steps", m.windows.steps}, {"rate_hz", r.card.rate}, {"channels", r.card.channels}};
  report["split"] = split_json(r.split, m.split, m.leaks);
  return report;
}

/// Writes the report last: it says that everything beside it is complete.
void write_report(const Request& r, train::Json& report) {
  train::write_json(r.report, report);
  result(r.report.string());
}

/// What weakens the scores.
void note_weakness(const Request& r, const Material& m, const io::TensorFile& file) {
  if (r.part == "test") note_leaks(r.run, "evaluate", m.leaks);
  note_rate(r.run, "evaluate", file, r.card);
  note_doubts(r.run, "evaluate", window_doubts(m.windows, r.card, r.folder));
}

/// The windows of the part that move most.
std::vector<Index> liveliest(const data::Windows& w, std::vector<Index> chosen, Index count) {
  std::vector<std::pair<double, Index>> order;
  for (const Index i : chosen) {
    double moves = 0;
    const auto window = w.window(i);
    for (std::size_t k = static_cast<std::size_t>(w.channels); k < window.size(); ++k)
      moves -= std::abs(static_cast<double>(window[k] - window[k - static_cast<std::size_t>(w.channels)]));
    order.emplace_back(moves, i);
  }
  std::sort(order.begin(), order.end());
  order.resize(std::min(order.size(), static_cast<std::size_t>(count)));
  std::vector<Index> out;
  for (const auto& [moves, i] : order) out.push_back(i);
  return out;
}

/// Encoder weights with their configuration; `version`: base_<version>.
Encoder read_encoder(const Arguments& arguments, const RunOptions& run, const io::TensorFile& file,
                     const std::string& version, io::EncoderConfig& config) {
  config = read_encoder_settings("evaluate", run, version);
  return make_encoder(arguments, config, file);
}

/// Reconstruction error of a pre-trained encoder, of every sensor.
void evaluate_encoder(const Request& r, const Arguments& arguments, Material& m, const io::TensorFile& file) {
  io::EncoderConfig config;
  Encoder model = read_encoder(arguments, r.run, file, r.model.encoder_version, config);
  const std::string normalise =
      read_normalise(arguments, file.metadata_or("gyrograd.normalise", "published"));
  const data::Windows windows = normalised_for(config, m.windows, r.folder, normalise);
  const Index shown = arguments.integer("reconstructions", 4, 0, 100);
  const io::MaskConfig mask = read_mask_settings(arguments, r.run);
  if (r.run.dry_run) return note(r.run, "evaluate: would write ", r.report.string());
  note_weakness(r, m, file);
  data::SpanMaskConfig spans;
  spans.mask_ratio = mask.mask_ratio;
  spans.max_gram = mask.max_gram;
  ThreadPool pool(r.run.threads);
  const auto all = train::reconstruct_windows<float>(model, windows, m.chosen, spans, r.seed, pool);
  const train::ReconstructionError error = train::reconstruction_error(all);
  train::Json report = report_of(r, m, file);
  report["options"]["--normalise"] = normalise;
  report["options"]["mask_ratio"] = mask.mask_ratio;
  report["parameters"] = parameter_count<float>(model);
  report[r.part] = {{"loss", error.hidden_mean}, {"count", m.chosen.size()}};
  report["reconstruction"] = {{"unit", "mean squared error of the normalised signals"},
                              {"hidden", error.hidden},
                              {"shown", error.shown}};
  make_folder(r.report.parent_path());
  const io::DirectoryLock lock(r.report.parent_path());
  if (shown > 0) {
    const std::vector<Index> chosen = liveliest(windows, m.chosen, shown);
    const auto few = train::reconstruct_windows<float>(model, windows, chosen, spans, r.seed, pool);
    const std::string name = r.name + ".reconstructions.npy";
    io::write_npy(r.report.parent_path() / name, few.values,
                  {static_cast<std::size_t>(few.windows), 3, static_cast<std::size_t>(few.steps),
                   static_cast<std::size_t>(few.channels)});
    report["files"]["reconstructions"] = name;
  }
  result(r.part, ": mean squared error at hidden steps ", train::fixed_number(error.hidden_mean, 6), " (",
         m.chosen.size(), " windows)");
  for (std::size_t c = 0; c < error.hidden.size(); ++c)
    result("  ", c < r.card.channels.size() ? r.card.channels[c] : "channel " + std::to_string(c),
           ": hidden ", train::fixed_number(error.hidden[c], 6), "  shown ",
           train::fixed_number(error.shown[c], 6));
  write_report(r, report);
}

/// What a classifier reads, as windows of the data set's length: recordings, stored or fresh embeddings.
data::Windows read_input(const Request& r, const Arguments& arguments, const io::TensorFile& file,
                         Material& m, const io::ClassifierConfig& config, train::Json& options) {
  std::string input = arguments.text("input", file.metadata_or("gyrograd.input", ""));
  if (arguments.has("encoder")) {
    if (arguments.has("input")) fail<UsageError>("evaluate: --input and --encoder exclude each other");
    const fs::path folder = r.run.at.saved("pretrain_base", r.dataset, r.version);
    const io::TensorFile weights =
        io::read_tensors(find_weights("evaluate", folder, arguments.text("encoder")));
    io::EncoderConfig sizes;
    const Encoder encoder =
        read_encoder(arguments, r.run, weights, arguments.text("encoder-model", "v1"), sizes);
    const std::string normalise =
        read_normalise(arguments, weights.metadata_or("gyrograd.normalise", "published"));
    ThreadPool pool(r.run.threads);
    options["--encoder"] = weights.name();
    options["--normalise"] = normalise;
    return train::embed_windows<float>(encoder, normalised_for(sizes, m.windows, r.folder, normalise),
                                       sizes.hidden, pool);
  }
  if (input.empty())
    fail<UsageError>(
        "evaluate: ", file.name(),
        " does not say what it reads; give --input windows, --input NAME of embeddings, or --encoder NAME");
  options["--input"] = input;
  if (input != "windows") {
    const fs::path path = r.run.at.embed(input, r.dataset, r.version);
    if (!fs::exists(path))
      fail<IoError>(path.string(), ": no such embeddings",
                    did_you_mean(input, detail::names_in(r.run.at.root / "embed", "embed_",
                                                         '_' + r.dataset + '_' + r.version + ".npy", false)),
                    "; make them with 'gyrograd embedding', or give --encoder NAME");
    data::Windows embedded = data::load_windows(path);
    data::check_pair(embedded, m.labels, path.string());
    return embedded;
  }
  const std::string normalise =
      read_normalise(arguments, file.metadata_or("gyrograd.normalise", "published"));
  options["--normalise"] = normalise;
  if (m.windows.channels < config.input)
    fail<IoError>(r.folder.string(), ": the windows have ", m.windows.channels, " channels, ", r.model.text,
                  " takes ", config.input);
  return data::normalised(m.windows, config.input, normalisation(normalise));
}

/// (pieces, 4 + classes): window, piece, truth, prediction, logits.
void write_scores(const fs::path& path, const data::PieceSet& set, Index per_window,
                  const train::Scores& scores, const std::vector<Index>& predicted, Index classes) {
  std::vector<double> rows;
  for (std::size_t i = 0; i < predicted.size(); ++i) {
    rows.push_back(static_cast<double>(set.piece[i] / per_window));
    rows.push_back(static_cast<double>(set.piece[i] % per_window));
    rows.push_back(static_cast<double>(set.label[i]));
    rows.push_back(static_cast<double>(predicted[i]));
    for (Index c = 0; c < classes; ++c)
      rows.push_back(static_cast<double>(
          scores.logits[i * static_cast<std::size_t>(classes) + static_cast<std::size_t>(c)]));
  }
  io::write_npy(path, rows, {predicted.size(), static_cast<std::size_t>(classes) + 4});
}

/// Labelled pieces of the part.
struct Target {
  Index column = 0, classes = 0, per_window = 1;
  data::PieceSet set;
  std::vector<std::string> names;
};

/// Refuses labels other than those that the weights tell apart.
void check_classes(const Request& r, const io::TensorFile& file, const Target& t) {
  const std::string there = file.metadata_or("gyrograd.classes", ""), here = class_list(t.names);
  if (!there.empty() && there != here)
    fail<IoError>(file.name(), ": tells apart ", there, "; the classes of label ",
                  label_name(r.card, t.column), " of ", r.folder.string(), " are ", here,
                  "; choose the label and data that it was trained on");
}

Target read_target(const Request& r, const Arguments& arguments, const Material& m, Index length) {
  if (!arguments.has("label_index"))
    fail<UsageError>("evaluate: -l is missing: the label column that ", r.model.text,
                     " was trained on, by number or name (activity)");
  Target t;
  t.column = find_label("evaluate", r.card, arguments.text("label_index"));
  if (t.column >= m.labels.columns)
    fail<UsageError>("evaluate: -l is ", t.column, ", but the labels of ", r.folder.string(),
                     " have label column 0 to ", m.labels.columns - 1, " only");
  if (length < 1 || m.labels.steps % length != 0)
    fail<IoError>(r.folder.string(), ": windows of ", m.labels.steps, " steps cannot be cut into the ",
                  length, " steps of ", r.model.text);
  const std::vector<Index> steps = data::label_column(m.labels, t.column);
  t.classes =
      class_count(r.card, t.column, 1 + *std::max_element(steps.begin(), steps.end()), r.folder.string());
  t.per_window = m.labels.steps / length;
  t.set = data::label_pieces(steps, m.labels.steps, m.chosen, length, data::PieceLabel::all);
  t.names = class_names(r.card, t.column, t.classes);
  if (t.set.size() == 0) fail<ConfigError>("evaluate: no piece of the part ", r.part, " has a single label");
  return t;
}

/// Scores `model` and writes everything.
template <class Model>
void score_and_report(const Request& r, const Arguments& arguments, const data::Windows& pieces,
                      const Target& t, const Model& model, train::Json& report) {
  ThreadPool pool(r.run.threads);
  const train::Scores scores = train::score_pieces<float>(model, pieces, t.set, t.classes, pool, r.batch);
  const std::span<const float> logits(scores.logits);
  const std::vector<Index> predicted = metrics::predictions(logits, t.classes);
  const metrics::Confusion confusion(t.set.label, predicted, t.classes);
  const train::PartScore score = train::part_score(confusion, scores.loss);
  report["label"] = {{"column", t.column}, {"name", label_name(r.card, t.column)}, {"classes", t.names}};
  add_part(report, r.part, score, t.names);
  report["confusion"] = report[r.part]["confusion"];
  const metrics::RocReport roc = metrics::one_vs_rest(logits, std::span<const Index>(t.set.label), t.classes);
  train::Json areas = train::Json::array();
  for (const metrics::RocCurve& curve : roc.classes) areas.push_back(curve.area);
  report[r.part]["roc_auc"] = {{"macro", roc.macro.area}, {"classes", areas}};
  result("area under the ROC curve, mean of classes ", train::fixed_number(roc.macro.area, 4));
  make_folder(r.report.parent_path());
  const io::DirectoryLock lock(r.report.parent_path());
  if (arguments.flag("scores")) {
    const std::string name = r.name + ".scores.npy";
    write_scores(r.report.parent_path() / name, t.set, t.per_window, scores, predicted, t.classes);
    report["files"]["scores"] = name;
  }
  write_report(r, report);
}

void evaluate_classifier(const Request& r, const Arguments& arguments, Material& m,
                         const io::TensorFile& file) {
  const ModelChoice choice = saved_choice("evaluate", arguments, r.run, r.model, file);
  const Target t = read_target(r, arguments, m, choice.config.seq_len);
  check_classes(r, file, t);
  train::Json report = report_of(r, m, file);
  for (const auto& [option, value] : variant_values(choice)) report["options"][option] = value;
  if (r.model.kind == ModelWord::Kind::joint) {
    const io::EncoderConfig sizes = read_encoder_settings("evaluate", r.run, r.model.encoder_version);
    const std::string normalise =
        read_normalise(arguments, file.metadata_or("gyrograd.normalise", "published"));
    const std::string block = read_block(arguments, file.metadata_or("gyrograd.block", "published"));
    data::Windows pieces = data::cut_windows(
        normalised_for(sizes, m.windows, r.folder, normalise, choice.config.seq_len), choice.config.seq_len);
    Joint model(encoder_sizes(sizes, block), make_model("evaluate", choice, sizes.hidden, t.classes));
    nn::load_parameters<float>(model, file);
    if (r.run.dry_run) return note(r.run, "evaluate: would write ", r.report.string());
    note_weakness(r, m, file);
    return score_and_report(r, arguments, pieces, t, model, report);
  }
  data::Windows pieces = data::cut_windows(
      read_input(r, arguments, file, m, choice.config, report["options"]), choice.config.seq_len);
  if (choice.method == "deepsense") pieces = data::fft_features(pieces, choice.fft);
  models::AnyClassifier<float> model = make_model("evaluate", choice, pieces.channels, t.classes);
  nn::load_parameters<float>(model, file);
  if (r.run.dry_run) return note(r.run, "evaluate: would write ", r.report.string());
  note_weakness(r, m, file);
  score_and_report(r, arguments, pieces, t, model, report);
}

}  // namespace

int run_evaluate(int argc, char** argv) {
  Arguments arguments("evaluate",
                      "How well saved weights do: scores of a classifier, or the reconstruction error\n"
                      "of a pre-trained encoder, on one part of a data set. Writes\n"
                      "saved/evaluate_MODEL_DATASET_VERSION/NAME.report.json for 'gyrograd plot'.",
                      {{"MODEL", "base_v1 (encoder), gru_v2 (classifier), v1_v2 (both in one)"},
                       {"DATASET", "folder of dataset/: uci, hhar, motion, shoaib or your own"},
                       {"VERSION", "rate and window: 20_120"}},
                      option_specs());
  if (!arguments.parse(argc, argv)) return ExitCode::done;
  const Request r = read_request(arguments);
  const io::TensorFile file = io::read_tensors(r.weights);
  check_model_word(file, r.model);
  Material m = read_material(r);
  if (r.model.kind == ModelWord::Kind::encoder)
    evaluate_encoder(r, arguments, m, file);
  else
    evaluate_classifier(r, arguments, m, file);
  return ExitCode::done;
}

}  // namespace gyrograd::cli
