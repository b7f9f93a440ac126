// SPDX-License-Identifier: MIT
// See primus_study.hpp.
#include "cli/primus_study.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "cli/paired_input.hpp"
#include "cli/probe_grid.hpp"
#include "cli/session.hpp"
#include "cli/standard_training.hpp"
#include "gyrograd/models/multitask_ssl.hpp"
#include "gyrograd/train/contrastive_model.hpp"
#include "gyrograd/train/embed.hpp"
#include "gyrograd/train/multitask.hpp"
#include "gyrograd/train/pretrain_primus.hpp"
#include "gyrograd/train/probe.hpp"

namespace gyrograd::cli {
namespace {

using Encoder = models::PrimusEncoder<float>;
using models::PrimusOutput;

Encoder fresh_encoder(const StudySettings& s, Index seed) {
  models::PrimusConfig config;
  config.width = s.width;
  Encoder encoder(config);
  encoder.initialise(static_cast<std::uint32_t>(seed));
  return encoder;
}

const auto go_on = [](const train::LoopState<float>&) { return true; };

/// Trains to the end and takes the weights of the best epoch.
template <class Recipe>
void train_recipe(Recipe& recipe, Index epochs) {
  train::LoopState<float> state;
  train::run_epochs(recipe, state, epochs, go_on, go_on);
  std::copy(state.best_weights.begin(), state.best_weights.end(), recipe.weights().begin());
}

/// The chosen output for every window, (count, width).
std::vector<float> features_of(const Encoder& encoder, const data::Windows& windows, PrimusOutput output,
                               ThreadPool& pool) {
  const Index width = encoder.config().width;
  std::vector<float> out(static_cast<std::size_t>(windows.count * width));
  train::embed_rows(out.data(), windows, width, Encoder::micro_batch_for(windows.count, pool.size()), pool,
                    [&](Tape<float>& tape, Var<float, dyn, dyn, dyn> x) {
                      return models::primus_output(encoder, tape, encoder.embed(tape, x), output);
                    });
  return out;
}

/// The multimodal head gets no gradient from self-supervision alone (PRIMUS sheet §14.1).
PrimusOutput output_of(const std::string& method) {
  if (method == "multitask") return PrimusOutput::emb;
  return method == "ss" || method == "ss+nn" ? PrimusOutput::ssl : PrimusOutput::mmcl;
}

std::vector<float> contrastive_features(const StudyData& d, const StudySettings& s, const StudyUnit& unit,
                                        ThreadPool& pool) {
  train::PrimusPretrainOptions options = train::primus_method(unit.method);
  options.batch = s.batch;
  options.lr = s.lr;
  options.seed = static_cast<std::uint64_t>(unit.seed);
  const auto most = static_cast<Index>(d.pretrain.size());
  options.queue = std::max(s.batch, std::min(options.queue, most / 2));
  data::PairedWindows windows = d.windows;
  const auto alone = data::draw_imu_only(windows.takes, unit.fraction, static_cast<std::uint64_t>(unit.seed));
  for (std::size_t i = 0; i < alone.size(); ++i)
    if (alone[i] != 0)
      windows.flags[i] |= data::paired_imu_only | data::paired_no_text | data::paired_no_video;
  using Model = train::ContrastiveModel<float, Encoder>;
  const auto own = [&](Index vectors) { return options.uses_mm() && vectors != s.width ? vectors : 0; };
  Model model(fresh_encoder(s, unit.seed), options.start_temperature, true,
              {.text = own(d.windows.text_width),
               .video = own(d.windows.video_width),
               .seed = static_cast<std::uint32_t>(unit.seed)});
  train::PrimusPretraining<float, Model> recipe(model, windows, d.pretrain, d.pretrain_validation, options,
                                                pool);
  train_recipe(recipe, s.epochs);
  return features_of(model.encoder(), d.windows.windows, output_of(unit.method), pool);
}

std::vector<float> multitask_features(const StudyData& d, const StudySettings& s, const StudyUnit& unit,
                                      ThreadPool& pool) {
  using Model = models::MultitaskSsl<float>;
  Model model(fresh_encoder(s, unit.seed));
  model.initialise(static_cast<std::uint32_t>(unit.seed));
  train::MultitaskOptions options;
  options.batch = s.batch;
  options.seed = static_cast<std::uint64_t>(unit.seed);
  train::MultitaskTraining<float, Model> recipe(model, d.windows.windows, d.pretrain, d.pretrain_validation,
                                                options, pool);
  train_recipe(recipe, s.epochs);
  return features_of(model.encoder(), d.windows.windows, PrimusOutput::emb, pool);
}

/// Mean vector of the phrases of every class, each phrase once; empty where some class has none.
std::vector<float> phrase_vectors(const StudyData& d, Index width) {
  std::set<std::string> seen;
  std::vector<float> prompts;
  std::vector<Index> labels;
  for (const Index i : d.pretrain) {
    const auto at = static_cast<std::size_t>(i);
    const bool none = data::lacks_vectors(d.windows, i) || d.windows.labels[at] < 0;
    if (none || (!d.windows.texts.empty() && !seen.insert(d.windows.texts[at]).second)) continue;
    const auto from = d.windows.text.begin() + static_cast<std::ptrdiff_t>(i * width);
    prompts.insert(prompts.end(), from, from + static_cast<std::ptrdiff_t>(width));
    labels.push_back(d.windows.labels[at]);
  }
  if (std::set<Index>(labels.begin(), labels.end()).size() < static_cast<std::size_t>(d.classes)) return {};
  return train::class_vectors(train::FeatureRows<float>{prompts, width}, labels, d.classes);
}

/// Every class must be there to pre-train, to learn from, and to test on.
void check_parts(const StudyData& d) {
  for (const auto& [part, name] :
       {std::pair{&d.pretrain, "pre-training"}, {&d.labelled, "labelled"}, {&d.test, "test"}}) {
    std::set<Index> there;
    for (const Index i : *part) there.insert(d.windows.labels[static_cast<std::size_t>(i)]);
    there.erase(-1);
    const bool learned = part != &d.pretrain || d.text == "synthetic set";
    if (learned && static_cast<Index>(there.size()) < d.classes)
      fail<UsageError>("primus: the ", name, " users of the ", d.text, " show ", there.size(), " of ",
                       d.classes, " classes; give more ",
                       d.text == "synthetic set" ? "--windows or --users" : "people, or another --data-seed");
  }
}

}  // namespace

std::string StudyUnit::name() const {
  return method + '|' + exact(fraction) + '|' + std::to_string(seed);
}

std::vector<OptionSpec> study_specs() {
  return {
      {"set", "SET", "prepared set of paired windows, folder or name in dataset/ (default: synthetic)"},
      {"users", "N", "people of the synthetic set (default 20)"},
      {"windows", "N", "windows of the synthetic set (default 2400)"},
      {"data-seed", "N", "seed of the synthetic set and of its parts (default 3431)"},
      {"width", "N", "values of embeddings (default 128, or as the text vectors of --set)"},
      {"epochs", "N", "of every pre-training (default 10)"},
      {"batch", "N", "windows of a step (default 64)"},
      {"lr", "RATE", "of every contrastive pre-training (default 0.001)"},
      {"shots", "N,M,...", "labelled windows of each class (default 1,2,5,10,20,all)"},
      {"seeds", "N", "trials: weights and labels drawn anew (default 5)"},
      {"out", "DIR", "folder of cells.jsonl, table.json, report.html"},
      {"threads", "N", "worker threads (default: all cores); never changes the result"},
      {"quiet", "", "no progress and no notes"},
      {"force", "", "replace results that exist"},
      {"resume", "", "continue an interrupted run: finished encoders are kept"},
  };
}

StudySettings read_study_settings(const std::string& command, const Arguments& a) {
  StudySettings s;
  s.data.motion.users = a.integer("users", 20, 6, 10000);
  s.data.motion.windows = a.integer("windows", 2400, 60, 10000000);
  s.data.motion.seed = static_cast<std::uint64_t>(a.integer("data-seed", 3431, 0, 4294967295));
  if (a.has("set")) {
    for (const char* name : {"users", "windows"})
      if (a.has(name))
        fail<UsageError>(command, ": --", name, " makes the synthetic set; leave it out with --set");
    s.set = find_paired_set(command, Workspace{}, a.text("set")).string();
  }
  s.width_given = a.has("width");
  s.width = a.integer("width", 128, 2, 4096);
  s.data.width = s.width;
  s.epochs = a.integer("epochs", 10, 1, 100000);
  s.batch = a.integer("batch", 64, 2, 100000);
  s.lr = a.real("lr", 1e-3, 0, 1);
  s.shots = read_shots(command, a, "1,2,5,10,20,all");
  s.seeds = a.integer("seeds", 5, 1, 1000);
  return s;
}

train::Json study_identity(const StudySettings& s, const StudyData& d) {
  return {{"set", s.set.empty() ? "synthetic" : d.text + " " + fingerprint(d.windows.windows.values)},
          {"users", d.users},
          {"windows", d.windows.count()},
          {"data_seed", s.data.motion.seed},
          {"width", s.width},
          {"epochs", s.epochs},
          {"batch", s.batch},
          {"lr", s.lr},
          {"shots", s.shots},
          {"gyrograd", GYROGRAD_VERSION}};
}

namespace {

/// All parts of a prepared set.
void read_set(StudySettings& s, StudyData& d) {
  const fs::path folder = s.set;
  std::vector<fs::path> shards;
  for (const char* part : {"train", "val", "test"})
    if (fs::is_directory(folder / part))
      for (const fs::path& shard : data::shard_folders(folder / part)) shards.push_back(shard);
  d.windows = data::load_paired_shards(shards);
  data::PairedWindows& w = d.windows;
  d.text = "set " + folder.filename().string();
  if (w.users.empty() || *std::min_element(w.users.begin(), w.users.end()) < 0)
    fail<UsageError>("primus: ", s.set, " does not say who recorded a window; the study parts it by people");
  if (w.labels.empty() || *std::max_element(w.labels.begin(), w.labels.end()) < 1)
    fail<UsageError>("primus: ", s.set, " has no labels of two classes; the study probes activities");
  d.classes = 1 + *std::max_element(w.labels.begin(), w.labels.end());
  for (Index k = 0; k < d.classes; ++k) d.class_names.push_back(std::to_string(k));
  if (w.takes.empty())
    for (Index i = 0; i < w.count(); ++i) w.takes.push_back(i);
  if (w.windows.channels != models::PrimusConfig::channels ||
      w.windows.steps < models::PrimusConfig().shortest())
    fail<IoError>(s.set, ": windows of ", w.windows.steps, " x ", w.windows.channels, ", the encoder takes ",
                  models::PrimusConfig().shortest(), " samples or more of ", models::PrimusConfig::channels,
                  " channels");
  if (w.text_width == 0) return;
  if (s.width_given && s.width != w.text_width)
    fail<UsageError>("primus: --width is ", s.width, ", the text vectors of ", s.set, " have ", w.text_width,
                     " values, with which embeddings are compared; leave it out");
  s.width = w.text_width;
}

}  // namespace

StudyData make_study_data(StudySettings& s) {
  StudyData d;
  if (s.set.empty()) {
    d.text = "synthetic set";
    d.windows = data::synthesise_paired(s.data);
    d.classes = s.data.motion.activities;
    for (Index k = 0; k < d.classes; ++k)
      d.class_names.emplace_back(data::synth_activities[static_cast<std::size_t>(k)]);
  } else {
    read_set(s, d);
  }
  std::vector<Index> people(d.windows.users);
  std::sort(people.begin(), people.end());
  people.erase(std::unique(people.begin(), people.end()), people.end());
  const auto users = static_cast<Index>(people.size()), fifth = std::max<Index>(1, users / 5);
  d.users = users;
  Philox g(s.data.motion.seed, 0, 0, Purpose::split);
  const std::vector<Index> order = permutation(g, users);
  std::map<Index, Index> place;
  for (std::size_t i = 0; i < order.size(); ++i)
    place[people[static_cast<std::size_t>(order[i])]] = static_cast<Index>(i);
  for (Index i = 0; i < d.windows.count(); ++i) {
    const auto item = static_cast<std::size_t>(i);
    const Index at = place[d.windows.users[item]];
    if (d.windows.labels[item] < 0 && at < 2 * fifth) continue;  // nothing to learn from or to be judged by
    auto& part = at < fifth                                        ? d.test
                 : at < 2 * fifth                                  ? d.labelled
                 : at < 2 * fifth + std::max<Index>(1, users / 10) ? d.pretrain_validation
                                                                   : d.pretrain;
    part.push_back(i);
  }
  check_parts(d);
  if (d.windows.text_width == s.width) d.class_vectors = phrase_vectors(d, s.width);
  return d;
}

train::Json run_unit(const StudyData& d, const StudySettings& s, const StudyUnit& unit, ThreadPool& pool) {
  const bool standard = unit.method == "standard";
  std::vector<float> features;
  if (!standard)
    features = unit.method == "multitask" ? multitask_features(d, s, unit, pool)
                                          : contrastive_features(d, s, unit, pool);
  const train::ProbeTask task{{features, s.width}, d.windows.labels, d.classes, d.test, d.class_vectors};
  train::Json out;
  for (const std::string& probe : d.probes()) {
    const bool published = probe == "published";
    for (const Index n : s.shots) {
      const train::Shots shots = train::draw_shots(d.windows.labels, d.labelled, d.classes, n,
                                                   static_cast<std::uint64_t>(unit.seed), d.windows.takes);
      double accuracy = 0;
      if (standard) {
        accuracy =
            metrics::accuracy(standard_confusion({d.windows.windows, d.windows.labels, d.classes, s.width,
                                                  static_cast<std::uint64_t>(unit.seed), published},
                                                 shots.rows, d.test, pool));
      } else {
        const auto kind = published ? train::ProbeKind::published : train::ProbeKind::converged;
        accuracy = metrics::accuracy(
            train::run_probe(kind, task, shots.rows, {}, static_cast<std::uint64_t>(unit.seed), pool)
                .confusion);
      }
      out[probe][shots_text(n)] = accuracy;
    }
  }
  if (!standard && !d.class_vectors.empty())
    out["zero_shot"] = metrics::accuracy(train::zero_shot(task, pool));
  return out;
}

void run_units(const StudyData& d, const StudySettings& s, const std::vector<StudyUnit>& units,
               train::CellLog& cells, ThreadPool& pool,
               const std::function<void(Index, Index, const std::string&)>& before) {
  Index done = 0;
  for (const StudyUnit& unit : units) {
    before(done++, static_cast<Index>(units.size()), unit.name());
    if (cells.find(unit.name()) == nullptr) cells.add(unit.name(), run_unit(d, s, unit, pool));
  }
}

metrics::Summary study_summary(const train::CellLog& cells, const StudySettings& s, const std::string& method,
                               double fraction, const std::string& probe, Index shots) {
  std::vector<double> values;
  for (Index seed = 1; seed <= s.seeds; ++seed)
    if (const train::Json* cell = cells.find(StudyUnit{method, fraction, seed}.name()))
      values.push_back((*cell)[probe][shots_text(shots)].get<double>());
  return metrics::summarise(values);
}

}  // namespace gyrograd::cli
