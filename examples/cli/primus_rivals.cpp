// SPDX-License-Identifier: MIT
// See primus_rivals.hpp.
#include "cli/primus_rivals.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <set>
#include <utility>
#include <vector>

#include "cli/paired_input.hpp"
#include "cli/pretrain_report.hpp"
#include "cli/primus_encoder_choice.hpp"
#include "cli/primus_settings.hpp"
#include "gyrograd/data/channel_scale.hpp"
#include "gyrograd/models/multitask_ssl.hpp"
#include "gyrograd/models/primus_classifier.hpp"
#include "gyrograd/models/simclr_har.hpp"
#include "gyrograd/models/simclr_primus.hpp"
#include "gyrograd/nn/glorot.hpp"
#include "gyrograd/train/fine_tuning.hpp"
#include "gyrograd/train/multitask.hpp"
#include "gyrograd/train/simclr.hpp"

namespace gyrograd::cli {
namespace {

constexpr const char* command = primus_pretrain_command;

/// What the recipes share: the input, the run on disk, what decides the result.
struct Rival {
  const Arguments& a;
  const RunOptions& run;
  std::string method, kind;
  PretrainPlace place;
  PairedInput in;
  Schedule schedule;
  Session& session;
  ThreadPool& pool;
  double rate = 0;
  train::RunIdentity identity;
};

/// Options that decide nothing for a method are refused: they would be silently without effect.
void refuse_options(const Arguments& a, const std::string& method) {
  std::set<std::string> taken = {"method",     "encoder", "width",   "model_file", "save_model",
                                 "epochs",     "batch",   "lr",      "split",      "patience",
                                 "save-every", "root",    "threads", "quiet",      "force",
                                 "dry-run",    "seed",    "resume",  "log-json",   "tensorboard"};
  if (method == "simclr") taken.insert({"augment", "augment-set", "temperature", "decay-steps"});
  if (method == "multitask") taken.insert("heads");
  for (const OptionSpec& spec : contrastive_option_specs()) {
    const std::string name = spec.names.substr(spec.names.find(',') + 1);
    if (a.has(name) && taken.count(name) == 0)
      fail<UsageError>(command, ": --", name, " means nothing with --method ", method, "; leave it out");
  }
}

/// Windows whose label is known, of some.
std::vector<Index> with_label(const data::PairedWindows& w, const std::vector<Index>& some) {
  std::vector<Index> out;
  for (const Index i : some)
    if (w.labels[static_cast<std::size_t>(i)] >= 0) out.push_back(i);
  return out;
}

/// Trains, restores the weights of the best epoch where that decides, writes everything. save(file, facts).
template <class Recipe, class Save>
int train_and_save(Rival& r, Recipe& recipe, const std::string& output, bool best_decides, Save&& save) {
  train::LoopState<float> state;
  const auto buffers = recipe.buffers();
  r.session.open();
  r.session.train<float>(
      recipe, state, r.schedule.epochs, r.identity, buffers,
      [](const train::EpochRecord& e) {
        std::string text = "loss " + train::fixed_number(e.train_loss, 4);
        if (std::isfinite(e.validation_loss))
          text += "  validation " + train::fixed_number(e.validation_loss, 4);
        if (std::isfinite(e.validation_accuracy))
          text += "  accuracy " + train::fixed_number(e.validation_accuracy, 4);
        return text;
      },
      r.schedule.patience);
  if (best_decides && !state.best_weights.empty())
    std::copy(state.best_weights.begin(), state.best_weights.end(), recipe.weights().begin());
  save(r.session.weights());

  train::Json report = train::report_head(command, r.run.seed, identity_json(r.identity));
  report["epochs"] = state.epoch;
  report["epochs_asked"] = r.schedule.epochs;
  report["best_epoch"] = state.best_epoch + 1;
  report["weights_of"] = best_decides ? "best epoch" : "last epoch";
  report["output"] = output;
  report["seconds"] = r.session.seconds();
  report["history"] = train::history_json(state.history);
  const Index used = best_decides ? state.best_epoch : state.epoch - 1;
  if (used >= 0) {
    const train::EpochRecord& e = state.history[static_cast<std::size_t>(used)];
    report["validation"] = {
        {"loss", e.validation_loss}, {"accuracy", e.validation_accuracy}, {"count", r.in.validation.size()}};
    report["train"] = {{"loss", e.train_loss}, {"count", r.in.train.size()}};
    result("epoch ", used + 1, " of ", state.epoch, ": validation ",
           std::isfinite(e.validation_accuracy) ? "accuracy " : "loss ",
           train::fixed_number(
               std::isfinite(e.validation_accuracy) ? e.validation_accuracy : e.validation_loss, 6));
  }
  train::write_json(r.session.report(), report);
  train::HtmlReport page(message("Rival of PRIMUS: ", r.method),
                         message("gyrograd ", GYROGRAD_VERSION, ", ", r.in.train.size(), " training and ",
                                 r.in.validation.size(), " validation windows (", r.in.split, ")"));
  add_loss_section(page, state.history,
                   message("Weights: of the ", best_decides ? "best" : "last",
                           " epoch. To be probed: output ", output, "."));
  add_settings_section(page, r.identity);
  io::atomic_write(fs::path(r.session.weights()).replace_extension(".html"), page.str());
  r.session.finish({{"best_epoch", state.best_epoch + 1}, {"epochs", state.epoch}});
  result(r.session.weights().string());
  return ExitCode::done;
}

io::Metadata facts_of(const Rival& r, const ImuEncoder& encoder) {
  return imu_encoder_facts(encoder, r.kind, r.method, r.place.set, r.rate);
}

train::SimclrOptions simclr_options(const Rival& r) {
  train::SimclrOptions o;
  o.views = data::TangOptions::tang();
  if (r.a.has("augment-set")) o.views = read_augmentation(r.a, false);
  o.views.chain = data::tang_chain(r.a.text("augment", "rotation"), message(command, ": --augment"));
  o.batch = r.a.integer("batch", 512, 2, 1000000);
  o.lr = r.a.real("lr", o.lr, 0, 1000);
  o.temperature = r.a.real("temperature", o.temperature, 0, 100);
  o.decay_steps = r.a.integer("decay-steps", o.decay_steps, 1, 1000000000);
  o.seed = r.run.seed;
  return o;
}

int simclr_in_primus(Rival& r) {
  std::string start;
  models::SimclrPrimus<float> model(starting_encoder(r.a, r.run, r.place.saved, r.kind, r.in.windows,
                                                     choose_width(r.a, r.in.windows, false), start));
  r.identity.emplace_back("initial weights", start);
  train::SimclrPretraining<float, models::SimclrPrimus<float>> recipe(
      model, r.in.windows.windows, r.in.train, r.in.validation, simclr_options(r), r.pool);
  return train_and_save(r, recipe, "ssl or emb", false, [&](const fs::path& file) {
    nn::save_parameters<float>(model.encoder(), file, facts_of(r, model.encoder()));
  });
}

/// The published network. It learns on standardised channels; what is saved takes the windows as they are.
int simclr_tpn(Rival& r) {
  if (r.a.has("width") || r.a.has("model_file"))
    fail<UsageError>(command, ": --", r.a.has("width") ? "width" : "model_file",
                     " means nothing with --encoder tpn; leave it out");
  data::Windows& windows = r.in.windows.windows;
  const std::vector<data::ChannelScale> scales = data::channel_scales(windows, r.in.train);
  data::apply_scales(windows, scales);
  models::SimclrHar<float> model(models::TpnConfig::original(windows.channels, windows.steps));
  nn::glorot_initialise<float>(model, r.run.seed);
  r.identity.emplace_back("initial weights", "seed");
  train::SimclrPretraining<float, models::SimclrHar<float>> recipe(
      model, windows, r.in.train, r.in.validation, simclr_options(r), r.pool);
  return train_and_save(r, recipe, "emb: 96 maxima over time", false, [&](const fs::path& file) {
    std::vector<double> means, factors;
    for (const data::ChannelScale& s : scales) means.push_back(s.mean), factors.push_back(s.factor);
    model.take_scales(means, factors);
    nn::save_parameters<float>(model, file,
                               {{"format", "pt"},
                                {"gyrograd.model", "simclr_har"},
                                {"gyrograd.version", GYROGRAD_VERSION},
                                {"gyrograd.method", r.method},
                                {"gyrograd.data", r.place.set},
                                {"gyrograd.rate_hz", std::to_string(r.rate)},
                                {"gyrograd.normalisation", "in the weights"}});
  });
}

int multitask(Rival& r) {
  using Model = models::MultitaskSsl<float>;
  std::string start;
  Model model(starting_encoder(r.a, r.run, r.place.saved, r.kind, r.in.windows,
                               choose_width(r.a, r.in.windows, false), start));
  model.initialise(r.run.seed);
  r.identity.emplace_back("initial weights", start);
  const std::string heads = r.a.choice("heads", {"balanced", "pooled"});
  r.identity.emplace_back("--heads", heads);
  train::MultitaskOptions o;
  o.batch = r.a.integer("batch", o.batch, 1, 1000000);
  o.lr = r.a.real("lr", o.lr, 0, 1000);
  o.seed = r.run.seed;
  if (heads == "pooled") o.heads = train::MultitaskHeads::pooled;
  train::MultitaskTraining<float, Model> recipe(model, r.in.windows.windows, r.in.train, r.in.validation, o,
                                                r.pool);
  return train_and_save(r, recipe, "emb", true, [&](const fs::path& file) {
    nn::save_parameters<float>(model.encoder(), file, facts_of(r, model.encoder()));
  });
}

/// Standard training from scratch, or with --model_file fine-tuning: all weights learn from labels.
int standard(Rival& r) {
  using Model = models::PrimusClassifier<float>;
  const data::PairedWindows& w = r.in.windows;
  if (static_cast<Index>(w.labels.size()) != w.count())
    fail<UsageError>(command, ": ", r.place.folder.string(), " has ", w.labels.size(), " labels for ",
                     w.count(), " windows; method standard learns from labels: prepare the set with them");
  r.in.train = with_label(w, r.in.train), r.in.validation = with_label(w, r.in.validation);
  if (r.in.train.empty())
    fail<UsageError>(command, ": no training window of ", r.place.folder.string(), " has a label");
  const Index classes = 1 + *std::max_element(w.labels.begin(), w.labels.end());
  std::string start;
  Model model(starting_encoder(r.a, r.run, r.place.saved, r.kind, w, choose_width(r.a, w, false), start),
              {classes, models::PrimusOutput::mmcl});
  model.initialise(r.run.seed);
  r.identity.emplace_back("initial weights", start);
  r.identity.emplace_back("labels", fingerprint(w.labels));
  train::FineTuningOptions o;
  o.batch = r.a.integer("batch", o.batch, 1, 1000000);
  o.lr = r.a.real("lr", o.lr, 0, 1000);
  o.epochs = r.schedule.epochs;
  o.seed = r.run.seed;
  train::FineTuning<float, Model> recipe(model, w.windows, w.labels, r.in.train, r.in.validation, o, r.pool);
  return train_and_save(r, recipe, "mmcl, or head.* for classes", true, [&](const fs::path& file) {
    nn::save_parameters<float>(model, file, facts_of(r, model.encoder()));
  });
}

Index epochs_of(const std::string& method) {
  return method == "simclr" ? 200 : method == "multitask" ? 30 : 20;
}

}  // namespace

bool is_rival(std::string_view method) {
  return method == "simclr" || method == "multitask" || method == "standard";
}

PretrainPlace find_pretrain_place(const RunOptions& run, const Arguments& a, const std::string& method) {
  PretrainPlace place;
  place.folder = find_paired_set(command, run.at, a.word(0));
  const fs::path full = fs::absolute(place.folder).lexically_normal();
  place.set = full.filename().string();
  if (place.set.empty()) place.set = full.parent_path().filename().string();
  std::string name = a.text("save_model", method);
  std::replace(name.begin(), name.end(), '+', '_');
  check_name(command, "--save_model", name);
  place.saved = run.at.root / "saved" / ("primus_" + place.set);
  place.weights = place.saved / (name + ".safetensors");
  return place;
}

int pretrain_rival(const Arguments& a, const RunOptions& run, const std::string& method) {
  refuse_options(a, method);
  std::string kind = a.choice("encoder", {"multi", "single", "imu2clip", "tpn"});
  if (method == "simclr" && !a.has("encoder")) kind = "tpn";
  if (kind == "tpn" && method != "simclr")
    fail<UsageError>(command, ": --encoder tpn goes with --method simclr, not with ", method);
  const Schedule schedule = read_schedule(a, epochs_of(method));
  const PretrainPlace place = find_pretrain_place(run, a, method);
  Session session(run, command, place.weights, schedule.save_every);
  if (session.start() == Session::Start::complete) {
    note(run, command, ": ", place.weights.string(), " is complete, nothing to resume");
    return ExitCode::done;
  }
  if (!run.resume) refuse_existing(fs::path(place.weights).replace_extension(".html"), run.force);
  ThreadPool pool(run.threads);
  Rival r{
      a,        run,     method,
      kind,     place,   read_paired_input(command, place.folder, schedule.split, a.has("split"), run.seed),
      schedule, session, pool,
      0,        {}};
  if (fs::exists(place.folder / "card.json")) r.rate = data::read_card(place.folder / "card.json").rate;
  r.identity = {{"command", command},
                {"data", r.in.fingerprint()},
                {"--method", method},
                {"--encoder", kind},
                {"--seed", std::to_string(run.seed)},
                {"--split", r.in.split},
                {"--batch", a.text("batch", "default")},
                {"--lr", a.text("lr", "default")},
                {"--augment", a.text("augment", "default") + " " + a.text("augment-set", "default")},
                {"--temperature", a.text("temperature", "default")},
                {"--decay-steps", a.text("decay-steps", "default")},
                {"--width", a.text("width", "default")}};
  if (method == "standard") r.identity.emplace_back("--epochs", std::to_string(schedule.epochs));
  if (run.dry_run) {
    note(run, command, ": would train ", method, " on ", r.in.train.size(), " windows and write ",
         place.weights.string());
    return ExitCode::done;
  }
  if (method == "multitask") return multitask(r);
  if (method == "standard") return standard(r);
  return kind == "tpn" ? simclr_tpn(r) : simclr_in_primus(r);
}

}  // namespace gyrograd::cli
