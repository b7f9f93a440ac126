// SPDX-License-Identifier: MIT
// `gyrograd demo`: synthesise, pre-train, embed, classify with few labels on unseen users, and report.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/card.hpp"
#include "cli/demo_report.hpp"
#include "cli/encoder.hpp"
#include "cli/recogniser.hpp"
#include "cli/run_options.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/data/split.hpp"
#include "gyrograd/data/synth.hpp"
#include "gyrograd/data/windows_file.hpp"
#include "gyrograd/io/file.hpp"
#include "gyrograd/train/embed.hpp"
#include "gyrograd/train/loop.hpp"
#include "gyrograd/train/pca.hpp"
#include "gyrograd/train/pretrain_masked.hpp"
#include "gyrograd/train/progress.hpp"
#include "gyrograd/train/signals.hpp"
#include "gyrograd/train/supervised.hpp"

namespace gyrograd::cli {
namespace {

/// Sizes of the demonstration.
struct Plan {
  Index users = 40;
  Index windows = 1600;
  Index epochs = 20;
  Index batch = 32;   // small steps: many of them fit into the time
  Index labels = 12;  // labelled pieces (1 s) per activity
  Index seeds = 3;
  Index classifier_epochs = 100;
  std::string block = "published";
};

/// What the steps hand on.
struct Material {
  Card card;
  data::DataSet set;
  data::Windows windows;  // normalised
  data::Split split;
  io::EncoderConfig encoder = io::encoder_config("base_v1");
  io::ClassifierConfig recogniser = io::classifier_config("gru_v2");
};

Material make_material(const RunOptions& run, const Plan& plan, const std::string& dataset,
                       const std::string& version) {
  Material m;
  if (dataset.empty()) {
    data::SynthConfig config;
    config.seed = run.seed;
    config.users = plan.users;
    config.windows = plan.windows;
    m.set = data::synthesise(config);
    m.card = synth_card();
  } else {
    const fs::path folder = find_dataset("demo", run.at, dataset, version);
    m.set = data::load_data_set(folder, version);
    m.card = read_card(folder, dataset);
  }
  m.windows = normalised_for(m.encoder, m.set.windows, dataset.empty() ? "synthetic data" : dataset);
  const Index user = find_label("demo", m.card, "user");
  m.split =
      data::split_by_user(data::first_of_windows(data::label_column(m.set.labels, user), m.set.labels.steps),
                          run.seed, 0.6, 0.15);
  return m;
}

/// Trains and leaves the best weights in the model.
template <class R>
train::LoopState<float> train_best(const RunOptions& run, R& recipe, Index epochs, const std::string& title,
                                   std::string (*describe)(const train::EpochRecord&)) {
  train::LoopState<float> state;
  const train::StopOnSignal stop;
  train::Progress progress(title, "epochs", epochs, run.style());
  const auto after_batch = [&](const auto&) { return !stop.requested(); };
  const auto after_epoch = [&](const train::LoopState<float>& s) {
    progress.update(s.epoch, describe(s.history.back()));
    return true;
  };
  if (!train::run_epochs(recipe, state, epochs, after_batch, after_epoch)) {
    progress.close_line();
    fail<Error>("demo: stopped by signal ", stop.number(), "; nothing was written");
  }
  std::copy(state.best_weights.begin(), state.best_weights.end(), recipe.weights().begin());
  return state;
}

std::string describe_loss(const train::EpochRecord& r) {
  return "loss " + train::fixed_number(r.train_loss, 4) + "  validation " +
         train::fixed_number(r.validation_loss, 4);
}
std::string describe_accuracy(const train::EpochRecord& r) {
  return "validation accuracy " + train::fixed_number(r.validation_accuracy, 3);
}

/// One classifier on one kind of input, one draw of the labels.
ClassifierRun classify(const RunOptions& run, const Material& m, const Plan& plan, const data::Windows& input,
                       Index steps, const LabelledParts& parts, std::uint32_t seed, const std::string& title,
                       ThreadPool& pool) {
  const data::Windows pieces = data::cut_windows(input, steps);
  Recogniser model = make_recogniser(m.recogniser, input.channels, parts.classes);
  model.initialise(seed);
  train::SupervisedOptions options;
  options.seed = seed;
  options.batch = 8;  // few labels: several steps an epoch, for both kinds of input
  options.lr = 2e-3;
  train::SupervisedTraining<float, Recogniser> recipe(model, pieces, parts.labelled.pieces, parts.validation,
                                                      parts.classes, options, pool);
  ClassifierRun out;
  out.history = train_best(run, recipe, plan.classifier_epochs, title, describe_accuracy).history;
  const train::Evaluation e = train::evaluate<float>(model, pieces, parts.test, parts.classes, pool);
  out.test = train::part_score(e.confusion, e.loss);
  return out;
}

/// Recorded and reconstructed signals of the liveliest window of an unseen user.
train::Waveform reconstruct_one(const Material& m, const Encoder& model) {
  Index chosen = m.split.test.front();
  double liveliest = -1;
  for (const Index w : m.split.test) {
    double energy = 0;
    const auto window = m.windows.window(w);
    for (std::size_t i = 6; i < window.size(); ++i)
      energy += std::abs(static_cast<double>(window[i] - window[i - 6]));
    if (energy > liveliest) liveliest = energy, chosen = w;
  }
  const Index steps = m.windows.steps, channels = m.windows.channels;
  train::Waveform wave;
  wave.steps = steps;
  wave.channels = channels;
  wave.rate = m.card.rate;
  wave.channel_names = m.card.channels;
  wave.channel_names.resize(static_cast<std::size_t>(channels));
  const auto window = m.windows.window(chosen);
  wave.original.assign(window.begin(), window.end());
  // Three masked spans of half a second to a second.
  std::vector<float> masked = wave.original;
  std::vector<Index> positions;
  for (const auto& [from, count] : {std::pair<Index, Index>{18, 10}, {55, 12}, {92, 14}}) {
    for (Index t = from; t < std::min(from + count, steps); ++t) positions.push_back(t);
  }
  for (const Index t : positions) std::fill_n(masked.begin() + t * channels, channels, 0.0F);
  wave.masked = train::spans_of(positions);
  Tape<float> tape;
  tape.set_recording(false);
  const auto x = tape.saved<dyn, dyn, dyn>(Index{1}, steps, channels);
  for (Index t = 0; t < steps; ++t) {
    for (Index c = 0; c < channels; ++c) x(0, t, c) = masked[static_cast<std::size_t>(t * channels + c)];
  }
  const auto y = model.reconstruct(tape, tape.constant(x));
  for (Index t = 0; t < steps; ++t) {
    for (Index c = 0; c < channels; ++c) wave.reconstruction.push_back(y.value(0, t, c));
  }
  return wave;
}

/// Map of the windows of unseen users: mean embedding over time, two principal components.
void map_embeddings(const Material& m, const data::Windows& embedded, Index column, Story& story) {
  const std::vector<Index> labels = data::label_column(m.set.labels, column);
  const Index steps = m.windows.steps, hidden = embedded.channels;
  std::vector<float> rows;
  for (const Index w : m.split.test) {
    const auto first = labels.begin() + w * steps;
    if (!std::all_of(first, first + steps, [&](Index l) { return l == *first; })) continue;
    story.map_labels.push_back(*first);
    const auto window = embedded.window(w);
    for (Index c = 0; c < hidden; ++c) {
      float sum = 0;
      for (Index t = 0; t < steps; ++t) sum += window[static_cast<std::size_t>(t * hidden + c)];
      rows.push_back(sum / static_cast<float>(steps));
    }
  }
  const auto count = static_cast<Index>(story.map_labels.size());
  if (count < 3) return;
  const train::Components map = train::principal_components(rows, count, hidden);
  for (std::size_t i = 0; i < story.map_labels.size(); ++i) {
    story.map.push_back({map.coordinates[2 * i], map.coordinates[2 * i + 1]});
  }
  story.map_share = map.share[0] + map.share[1];
}

void compare_classifiers(const RunOptions& run, const Material& m, const Plan& plan,
                         const data::Windows& embedded, Index column, ThreadPool& pool, Story& story) {
  const Index piece = m.recogniser.seq_len;
  for (Index k = 0; k < plan.seeds; ++k) {
    const std::uint32_t seed = run.seed + static_cast<std::uint32_t>(k);
    LabelledParts parts = make_parts(m.set.labels, column, m.split, piece, {.rate = 1.0}, seed);
    const double wanted = static_cast<double>(plan.labels * parts.classes) + 0.5;
    const double rate = std::min(1.0, wanted / static_cast<double>(parts.train.size()));
    parts = make_parts(m.set.labels, column, m.split, piece, {.rate = rate}, seed);
    story.labelled = parts.labelled.pieces.size();
    story.training_pieces = parts.train.size();
    story.test_pieces = parts.test.size();
    const std::string tag = " " + std::to_string(k + 1) + "/" + std::to_string(plan.seeds);
    story.limu.push_back(classify(run, m, plan, embedded, piece, parts, seed, "LIMU-GRU" + tag, pool));
    story.raw.push_back(classify(run, m, plan, m.windows, piece, parts, seed, "raw GRU" + tag, pool));
  }
}

/// A page that an earlier demo wrote may be replaced without --force; nothing else.
bool is_demo_page(const fs::path& page) {
  std::ifstream in(page);
  std::string start(400, '\0');
  in.read(start.data(), static_cast<std::streamsize>(start.size()));
  return start.find(demo_mark) != std::string::npos;
}

Plan read_plan(const Arguments& arguments) {
  Plan plan;
  plan.users = arguments.integer("users", plan.users, 4, 10000);
  plan.windows = arguments.integer("windows", plan.windows, 100, 1000000);
  plan.epochs = arguments.integer("epochs", plan.epochs, 1, 1000000);
  plan.batch = arguments.integer("batch", plan.batch, 1, 1000000);
  plan.labels = arguments.integer("labels", plan.labels, 1, 100000);
  plan.seeds = arguments.integer("runs", plan.seeds, 1, 1000);
  plan.block = arguments.choice("block", {"published", "residual"});
  plan.classifier_epochs = arguments.integer("classifier-epochs", plan.classifier_epochs, 1, 1000000);
  return plan;
}

}  // namespace

int run_demo(int argc, char** argv) {
  std::vector<OptionSpec> options = {
      {"out", "DIR", "folder of the report (default ROOT/demo)"},
      {"dataset", "NAME", "use this data set of dataset/ instead of a synthetic one"},
      {"version", "VERSION", "its version (default 20_120)"},
      {"users", "N", "synthetic people (default 40)"},
      {"windows", "N", "synthetic windows of 6 s (default 1600)"},
      {"epochs", "N", "epochs of pre-training (default 20)"},
      {"batch", "N", "windows per step of pre-training (default 32)"},
      {"block", "KIND", "published (default) or residual: the usual BERT block"},
      {"labels", "N", "labelled seconds per activity (default 12)"},
      {"runs", "N", "draws of the labels (default 3)"},
      {"classifier-epochs", "N", "epochs of every classifier (default 100)"},
      {"seed", "N", "seed of everything random (default 3431)"}};
  const std::vector<OptionSpec> shared = run_option_specs(false);
  options.insert(options.end(), shared.begin(), shared.end());
  Arguments arguments("demo",
                      "The whole story in about two minutes: pre-train LIMU-BERT without labels, learn\n"
                      "activities from a few labelled seconds, test on people never seen, and compare\n"
                      "with the same classifier on raw signals. Writes demo/report.html.",
                      {}, options);
  if (!arguments.parse(argc, argv)) return ExitCode::done;
  RunOptions run = read_run_options(arguments, false);
  run.seed = static_cast<std::uint32_t>(arguments.integer("seed", 3431, 0, 4294967295));
  const Plan plan = read_plan(arguments);
  const std::string dataset = arguments.text("dataset"), version = arguments.text("version", "20_120");
  const fs::path folder = arguments.has("out") ? fs::path(arguments.text("out")) : run.at.root / "demo";
  const fs::path page = folder / "report.html", summary = folder / "demo.report.json";
  const bool replaces = is_demo_page(page);
  if (!replaces) {
    refuse_existing(page, run.force);
    refuse_existing(summary, run.force);
  }

  const train::Progress clock("demo", "", 1, train::ProgressStyle::quiet);
  if (replaces) note(run, "demo: the report of an earlier demo will be replaced: ", page.string());
  note(run, "demo: ", dataset.empty() ? "synthesising recordings" : "reading " + dataset);
  const Material m = make_material(run, plan, dataset, version);
  if (run.dry_run) {
    note(run, "demo: would write ", page.string());
    return ExitCode::done;
  }
  make_folder(folder);
  const io::DirectoryLock lock(folder);
  ThreadPool pool(run.threads);
  Story story;
  story.source = m.card.source;
  story.users_train = distinct_users(m.set.labels, find_label("demo", m.card, "user"), m.split.train);
  story.users_test = distinct_users(m.set.labels, find_label("demo", m.card, "user"), m.split.test);
  story.windows_train = static_cast<Index>(m.split.train.size());
  story.windows_test = static_cast<Index>(m.split.test.size());

  Encoder encoder = make_encoder(m.encoder, plan.block);
  encoder.initialise(run.seed);
  train::PretrainOptions pretrain;
  pretrain.seed = run.seed;
  pretrain.batch = plan.batch;
  pretrain.validation = train::ValidationMasks::corrected;
  {
    train::MaskedPretraining<float, Encoder> recipe(encoder, m.windows, m.split.train, m.split.validation,
                                                    pretrain, pool);
    story.pretrain = train_best(run, recipe, plan.epochs, "pre-training", describe_loss).history;
  }
  story.pretrain_seconds = clock.elapsed();
  story.wave = reconstruct_one(m, encoder);
  const data::Windows embedded = train::embed_windows<float>(encoder, m.windows, m.encoder.hidden, pool);
  const Index column = find_label("demo", m.card, "activity");
  map_embeddings(m, embedded, column, story);
  compare_classifiers(run, m, plan, embedded, column, pool, story);
  story.class_names = class_names(m.card, column, story.limu.front().test.confusion.classes());
  story.seconds = clock.elapsed();
  story.threads = run.threads;
  story.seed = run.seed;
  story.classifier_epochs = plan.classifier_epochs;
  story.block = plan.block;

  io::atomic_write(page, demo_page(story), {.follow_symlink = run.force});
  train::write_json(summary, demo_json(story));
  print_story(story);
  result("report: ", page.string());
  return ExitCode::done;
}

}  // namespace gyrograd::cli
