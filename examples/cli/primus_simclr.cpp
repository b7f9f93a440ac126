// SPDX-License-Identifier: MIT
// `gyrograd primus simclr RAW`: SimCLR on the recordings of MotionSense by its published protocol.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/primus.hpp"
#include "cli/run_options.hpp"
#include "cli/session.hpp"
#include "gyrograd/data/readers/motion_sense_accelerometer.hpp"
#include "gyrograd/io/tensors.hpp"
#include "gyrograd/metrics/summary.hpp"
#include "gyrograd/models/simclr_har.hpp"
#include "gyrograd/nn/glorot.hpp"
#include "gyrograd/nn/state_dict.hpp"
#include "gyrograd/train/cell_log.hpp"
#include "gyrograd/train/simclr.hpp"
#include "gyrograd/train/simclr_evaluation.hpp"
#include "gyrograd/train/supervised.hpp"
#include "gyrograd/train/svg.hpp"

namespace gyrograd::cli {
namespace {

constexpr const char* command = "primus simclr";

using Model = models::SimclrHar<float>;

/// Windows, activities and parts of the protocol.
struct Material {
  data::Windows windows;
  std::vector<Index> labels;
  Index classes = 0;
  data::Split split;
};

/// Test users as published; a fifth of the other windows, drawn by the seed, validates.
Material read_material(const fs::path& root) {
  data::DataSet set = data::read_motion_accelerometer(root);
  Material m;
  m.labels = data::first_of_windows(data::label_column(set.labels, 0), set.labels.steps);
  m.classes = 1 + *std::max_element(m.labels.begin(), m.labels.end());
  const std::vector<Index> users =
      data::first_of_windows(data::label_column(set.labels, 1), set.labels.steps);
  for (Index i = 0; i < set.windows.count; ++i) {
    const Index user = users[static_cast<std::size_t>(i)];
    const bool test = std::count(data::simclr_test_users.begin(), data::simclr_test_users.end(), user) > 0;
    (test ? m.split.test : m.split.train).push_back(i);
  }
  data::standardise_channels(set.windows, m.split.train);
  m.windows = std::move(set.windows);
  return m;
}

/// A fifth, rounded up: 1,043 of 5,211.
std::size_t validation_size(const Material& m) {
  return (m.split.train.size() + 4) / 5;
}

data::Split split_of(const Material& m, std::uint64_t seed) {
  data::Split out;
  out.test = m.split.test;
  std::vector<Index> order = m.split.train;
  Philox g(seed, 0, 0, Purpose::split);
  shuffle(g, std::span(order));
  const auto held = order.begin() + static_cast<std::ptrdiff_t>(validation_size(m));
  out.validation.assign(order.begin(), held);
  out.train.assign(held, order.end());
  return out;
}

train::Json scores(const metrics::Confusion& c) {
  return {{"accuracy", metrics::accuracy(c)},
          {"macro_f1", metrics::macro_f1(c)},
          {"weighted_f1", metrics::average_score(c, metrics::Average::weighted).f1}};
}

struct Settings {
  train::SimclrOptions simclr;
  Index epochs = 200, evaluation_epochs = 50;
  std::string views;
  double save_every = 60;
};

/// Pre-trains one seed, or continues, or loads what is complete.
double pretrain(Model& model, const Material& m, const data::Split& split, const Settings& s,
                const RunOptions& run, const fs::path& weights, ThreadPool& pool) {
  Session session(run, command, weights, s.save_every);
  if (session.start() == Session::Start::complete) {
    nn::load_parameters<float>(model, io::read_tensors(weights));
    return 0;
  }
  train::SimclrPretraining<float, Model> recipe(model, m.windows, split.train, split.validation, s.simclr,
                                                pool);
  session.open();
  const train::RunIdentity identity = {{"command", command},
                                       {"data", fingerprint(m.windows.values)},
                                       {"views", s.views},
                                       {"--batch", std::to_string(s.simclr.batch)},
                                       {"--lr", exact(s.simclr.lr)},
                                       {"--decay-steps", std::to_string(s.simclr.decay_steps)},
                                       {"seed", std::to_string(s.simclr.seed)}};
  train::LoopState<float> state;
  const auto buffers = recipe.buffers();
  session.train<float>(recipe, state, s.epochs, identity, buffers, [](const train::EpochRecord& r) {
    return "NT-Xent " + train::fixed_number(r.train_loss, 3) + "  validation " +
           train::fixed_number(r.validation_loss, 3);
  });
  const double loss = state.history.empty() ? 0 : state.history.back().train_loss;
  nn::save_parameters<float>(model, weights,
                             {{"format", "pt"},
                              {"gyrograd.model", "simclr_har"},
                              {"gyrograd.version", GYROGRAD_VERSION},
                              {"gyrograd.views", s.views},
                              {"gyrograd.loss", train::fixed_number(loss, 4)}});
  session.finish({{"loss", loss}});
  return loss;
}

metrics::Confusion fine_tune(Model& pretrained, const Material& m, const data::Split& split,
                             const Settings& s, ThreadPool& pool) {
  auto model = train::fine_tuning_model(pretrained, m.classes, static_cast<std::uint32_t>(s.simclr.seed));
  const auto part = [&](const std::vector<Index>& windows) {
    data::PieceSet set;
    for (const Index i : windows) {
      set.piece.push_back(i);
      set.label.push_back(m.labels[static_cast<std::size_t>(i)]);
    }
    return set;
  };
  train::SupervisedOptions options;
  options.batch = 200;
  options.lr = 1e-3;
  options.seed = s.simclr.seed;
  options.dropout = 0.1;
  train::SupervisedTraining<float, models::TpnClassifier<float>> recipe(
      model, m.windows, part(split.train), part(split.validation), m.classes, options, pool);
  train::LoopState<float> state;
  const auto go_on = [](const train::LoopState<float>&) { return true; };
  train::run_epochs(recipe, state, s.evaluation_epochs, go_on, go_on);
  std::copy(state.best_weights.begin(), state.best_weights.end(), recipe.weights().begin());
  return train::evaluate<float>(model, m.windows, part(split.test), m.classes, pool).confusion;
}

void print_row(const std::string& name, const std::vector<train::Json>& runs, const char* key) {
  std::string line = name;
  for (const char* score : {"accuracy", "macro_f1", "weighted_f1"}) {
    std::vector<double> values;
    for (const train::Json& run : runs) values.push_back(run[key][score].get<double>());
    const metrics::Summary s = metrics::summarise(values);
    line += message("  ", score, " ", train::fixed_number(s.mean, 4), " +- ",
                    train::fixed_number(s.standard_error, 4));
  }
  result(line);
}

std::vector<OptionSpec> option_specs() {
  return {
      {"views", "A,B,...", "transformations of both views (default rotation)"},
      {"epochs", "N", "of pre-training (default 200)"},
      {"batch", "N", "windows of a step (default 512)"},
      {"lr", "RATE", "first rate of the cosine (default 0.1)"},
      {"decay-steps", "N", "steps until the rate is 0 (default 1000)"},
      {"evaluation-epochs", "N", "of linear layer and fine-tuning (default 50)"},
      {"seeds", "N", "runs: weights, validation part, views (default 3)"},
      {"out", "DIR", "folder of the results (default simclr)"},
      {"threads", "N", "worker threads (default: all cores); never changes the result"},
      {"quiet", "", "no progress and no notes"},
      {"force", "", "replace results that exist"},
      {"resume", "", "continue an interrupted run"},
  };
}

Settings read_settings(const Arguments& a) {
  Settings s;
  s.views = a.text("views", "rotation");
  s.simclr.views = data::TangOptions::tang();
  s.simclr.views.chain = data::tang_chain(s.views, command);
  s.simclr.batch = a.integer("batch", 512, 2, 1000000);
  s.simclr.lr = a.real("lr", 0.1, 0, 100);
  s.simclr.decay_steps = a.integer("decay-steps", 1000, 1, 1000000000);
  s.epochs = a.integer("epochs", 200, 1, 1000000);
  s.evaluation_epochs = a.integer("evaluation-epochs", 50, 1, 1000000);
  return s;
}

}  // namespace

int run_primus_simclr(int argc, char** argv) {
  Arguments arguments(command,
                      "SimCLR on the accelerometer of MotionSense by its published protocol: windows\n"
                      "of 8 s, five held-out users, linear layer on the frozen trunk, fine-tuning.\n"
                      "Writes cells.jsonl, table.json and the weights of every seed into --out.",
                      {{"RAW", "folder of the unpacked recordings of MotionSense"}}, option_specs());
  if (!arguments.parse(argc, argv)) return ExitCode::done;
  const RunOptions run = read_run_options(arguments, true);
  Settings s = read_settings(arguments);
  const Index seeds = arguments.integer("seeds", 3, 1, 1000);
  const fs::path out = arguments.text("out", "simclr");
  if (!run.resume)
    for (const char* name : {"cells.jsonl", "table.json"}) refuse_existing(out / name, run.force);
  const Material m = read_material(arguments.word(0));
  note(run, command, ": ", m.split.train.size() - validation_size(m), " training, ", validation_size(m),
       " validation, ", m.split.test.size(), " test windows");
  make_folder(out);
  const train::Json identity = {{"data", fingerprint(m.windows.values)},
                                {"views", s.views},
                                {"epochs", s.epochs},
                                {"batch", s.simclr.batch},
                                {"lr", s.simclr.lr},
                                {"decay_steps", s.simclr.decay_steps},
                                {"evaluation_epochs", s.evaluation_epochs}};
  train::CellLog cells(out / "cells.jsonl", identity, run.resume);
  ThreadPool pool(run.threads);
  std::vector<train::Json> runs;
  for (Index seed = 1; seed <= seeds; ++seed) {
    const std::string cell = "seed " + std::to_string(seed);
    if (cells.find(cell) == nullptr) {
      s.simclr.seed = static_cast<std::uint64_t>(seed);
      const data::Split split = split_of(m, s.simclr.seed);
      Model model;
      nn::glorot_initialise<float>(model, static_cast<std::uint32_t>(seed));
      const fs::path folder = out / ("seed_" + std::to_string(seed));
      pretrain(model, m, split, s, run, folder / "encoder.safetensors", pool);
      const Index width = model.config().channels[2];
      const std::vector<float> features = train::trunk_features<float>(model, m.windows, width, pool);
      train::LinearEvaluationOptions linear;
      linear.epochs = s.evaluation_epochs;
      linear.seed = s.simclr.seed;
      const train::LinearEvaluation frozen =
          train::linear_evaluation({features, width}, m.labels, m.classes, split, linear, pool);
      cells.add(cell, {{"linear", scores(frozen.test)},
                       {"fine_tuned", scores(fine_tune(model, m, split, s, pool))}});
    }
    runs.push_back(*cells.find(cell));
    note(run, command, ": ", cell, ": linear ", train::fixed_number(runs.back()["linear"]["accuracy"], 4),
         ", fine-tuned ", train::fixed_number(runs.back()["fine_tuned"]["accuracy"], 4));
  }
  train::Json json = train::report_head(command, static_cast<std::uint64_t>(seeds), identity);
  json["published"] = {{"linear", {{"accuracy", 0.8443}, {"macro_f1", 0.8149}, {"weighted_f1", 0.8387}}},
                       {"fine_tuned", {{"accuracy", 0.9422}, {"macro_f1", 0.9192}, {"weighted_f1", 0.9444}}}};
  json["runs"] = runs;
  train::write_json(out / "table.json", json);
  print_row("linear     ", runs, "linear");
  result("  published: accuracy 0.8443  macro_f1 0.8149  weighted_f1 0.8387");
  print_row("fine-tuned ", runs, "fine_tuned");
  result("  published: accuracy 0.9422  macro_f1 0.9192  weighted_f1 0.9444");
  return ExitCode::done;
}

}  // namespace gyrograd::cli
