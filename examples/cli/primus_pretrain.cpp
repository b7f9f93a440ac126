// SPDX-License-Identifier: MIT
// `gyrograd primus pretrain DATASET`: contrastive pre-training of an IMU encoder, PRIMUS and its rivals.
#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/paired_input.hpp"
#include "cli/pretrain_report.hpp"
#include "cli/primus.hpp"
#include "cli/primus_encoder_choice.hpp"
#include "cli/primus_rivals.hpp"
#include "cli/primus_settings.hpp"
#include "cli/session.hpp"
#include "cli/team.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/train/contrastive_model.hpp"
#include "gyrograd/train/pretrain_primus.hpp"

namespace gyrograd::cli {
namespace {

using Model = train::ContrastiveModel<float, ImuEncoder>;
using Pretraining = train::PrimusPretraining<float, Model>;

constexpr const char* command = primus_pretrain_command;

std::string chain_text(const data::TangOptions& o) {
  std::string text;
  for (const data::TangTransform t : o.chain)
    text += (text.empty() ? "" : ",") + std::string(data::tang_names[static_cast<std::size_t>(t)]);
  return text;
}

/// Everything that decides the result, in the order in which a mismatch is reported.
train::RunIdentity identity_of(const Arguments& a, const train::PrimusPretrainOptions& o,
                               const std::string& method, const std::string& kind, const PairedInput& in,
                               const std::string& start, const std::string& own_negatives, Index width) {
  const auto flag = [&](const char* name) { return std::string(a.flag(name) ? "yes" : "no"); };
  return {{"command", command},
          {"data", in.fingerprint()},
          {"--method", method},
          {"--encoder", kind},
          {"--width", std::to_string(width)},
          {"--seed", std::to_string(o.seed)},
          {"--batch", std::to_string(o.batch)},
          {"--lr", exact(o.lr)},
          {"--split", in.split},
          {"--published", flag("published")},
          {"--alpha", exact(o.weights.alpha)},
          {"--beta", exact(o.weights.beta)},
          {"--gamma", exact(o.weights.gamma_mm) + " " + exact(o.weights.gamma_ss)},
          {"--queue", std::to_string(o.uses_queue() ? o.queue : 0)},
          {"--queue-min", std::to_string(o.least_filled)},
          {"--mask-duplicates", flag("mask-duplicates")},
          {"--direction", a.choice("direction", {"both", "one-way", "mean"})},
          {"--temperature", exact(o.start_temperature)},
          {"--temperature-form", a.choice("temperature-form", {"raw", "log", "fixed"})},
          {"--floor", exact(o.temperature.floor)},
          {"--augment", chain_text(o.augmentation)},
          {"--augment-set", exact(o.augmentation.scaling) + " " + exact(o.augmentation.noise)},
          {"--augment-both", flag("augment-both")},
          {"--local-negatives", flag("local-negatives") + own_negatives},
          {"--slots", std::to_string(o.slots)},
          {"initial weights", start}};
}

train::Json terms_json(const std::array<double, 6>& terms) {
  train::Json json = train::Json::object();
  for (std::size_t t = 0; t < terms.size(); ++t)
    if (terms[t] != 0) json[std::string(losses::primus_term_names[t])] = terms[t];
  return json;
}

/// Loss of an encoder that knows nothing: 2 ln B for every term that is used, on a full batch.
double term_chance_level(const train::PrimusPretrainOptions& o) {
  return (o.direction == losses::Direction::both ? 2 : 1) * std::log(static_cast<double>(o.batch));
}
double chance_level(const train::PrimusPretrainOptions& o, const data::PairedWindows& w) {
  const double modalities = (w.text_width > 0 ? 1 : 0) + (w.video_width > 0 ? 1 : 0);
  return term_chance_level(o) *
         (o.weights.alpha + modalities * (o.weights.beta + o.weights.gamma_mm) + o.weights.gamma_ss);
}

std::string report_page(const train::LoopState<float>& state, const train::RunIdentity& identity,
                        const Pretraining& recipe, const PairedInput& in,
                        const train::PrimusPretrainOptions& options) {
  const double chance = chance_level(options, in.windows), term_chance = term_chance_level(options);
  train::HtmlReport page("Contrastive pre-training",
                         message("gyrograd ", GYROGRAD_VERSION, ", ", in.train.size(), " training and ",
                                 in.validation.size(), " validation windows (", in.split, ")"));
  const train::EpochRecord best = state.best_epoch >= 0
                                      ? state.history[static_cast<std::size_t>(state.best_epoch)]
                                      : train::EpochRecord{};
  const std::vector<train::HtmlReport::Figure> cards = {
      {train::fixed_number(best.validation_loss, 3), "validation loss of the best epoch"},
      {train::fixed_number(chance, 3), "chance level of a full batch"},
      {std::to_string(state.best_epoch + 1) + " of " + std::to_string(state.epoch), "best epoch"},
      {train::fixed_number(recipe.temperature_mm(), 4) + " / " +
           train::fixed_number(recipe.temperature_ss(), 4),
       "temperatures, multimodal and self-supervised"}};
  page.figures(cards);
  add_loss_section(
      page, state.history,
      "Weighted sum of the terms, mean over the batches. Validation draws its second views once, reads the "
      "feature queue and leaves it as it is. Losses depend on the batch: compare runs of equal batches "
      "only.");
  page.section("Terms of the validation loss");
  std::vector<std::vector<std::string>> rows = {{"term", "loss", "chance"}};
  for (std::size_t t = 0; t < recipe.terms().size(); ++t) {
    if (recipe.terms()[t] == 0) continue;
    rows.push_back({std::string(losses::primus_term_names[t]), train::fixed_number(recipe.terms()[t], 4),
                    train::fixed_number(term_chance, 4)});
  }
  page.table(rows);
  add_settings_section(page, identity);
  return page.str();
}

/// Encoder and projections under the names that embed looks for.
struct EncoderAndHeads {
  Model& model;
  template <class F>
  void visit(F&& f) {
    visit_prefixed("imu_encoder.", model.encoder(), f);
    model.visit_heads(f);
  }
};

/// The encoder with what is needed to use it; the temperatures as metadata.
void save_imu_encoder(const fs::path& file, Model& model, io::Metadata facts, const Pretraining& recipe) {
  facts["gyrograd.temperature_mm"] = exact(recipe.temperature_mm());
  facts["gyrograd.temperature_ss"] = exact(recipe.temperature_ss());
  bool heads = false;
  model.visit_heads([&](std::string_view, const Parameter<float>&) { heads = true; });
  if (!heads) return nn::save_parameters<float>(model.encoder(), file, facts);
  EncoderAndHeads both{model};
  nn::save_parameters<float>(both, file, facts);
}

/// What the leader writes after training.
void write_results(Session& session, train::LoopState<float>& state, Pretraining& recipe, Model& model,
                   const PairedInput& in, const train::RunIdentity& identity,
                   const train::PrimusPretrainOptions& options, Index epochs) {
  train::Json report = train::report_head("primus pretrain", static_cast<std::uint64_t>(options.seed),
                                          identity_json(identity));
  report["epochs"] = state.epoch;
  report["epochs_asked"] = epochs;
  report["best_epoch"] = state.best_epoch + 1;
  report["seconds"] = session.seconds();
  report["chance"] = chance_level(options, in.windows);
  report["temperature"] = {{"mm", recipe.temperature_mm()}, {"ss", recipe.temperature_ss()}};
  report["terms"] = terms_json(recipe.terms());
  report["queue_filled"] = options.uses_queue() ? recipe.queue().filled() : 0;
  report["parameters"] = parameter_count<float>(model.encoder());
  if (state.best_epoch >= 0) {
    const train::EpochRecord& best = state.history[static_cast<std::size_t>(state.best_epoch)];
    report["validation"] = {{"loss", best.validation_loss}, {"count", in.validation.size()}};
    report["train"] = {{"loss", best.train_loss}, {"count", in.train.size()}};
    result("best epoch ", state.best_epoch + 1, " of ", state.epoch, ": validation loss ",
           train::fixed_number(best.validation_loss, 6), ", training loss ",
           train::fixed_number(best.train_loss, 6), ", chance ",
           train::fixed_number(chance_level(options, in.windows), 4));
  }
  report["history"] = train::history_json(state.history);
  train::write_json(session.report(), report);
  io::atomic_write(fs::path(session.weights()).replace_extension(".html"),
                   report_page(state, identity, recipe, in, options));
}

int pretrain(int argc, char** argv, Team& team) {
  Arguments a(command,
              "Pre-train an IMU encoder with text, video and itself. Writes\n"
              "saved/primus_SET/NAME.safetensors, NAME.report.json and NAME.html.\n"
              "Transformations: noise, scaling, rotation, negate, time_flip, permutation,\n"
              "time_warp, channel_shuffle.",
              {{"SET", "folder of paired windows (train, val), or a name in dataset/"}},
              contrastive_option_specs());
  if (!a.parse(argc, argv)) return ExitCode::done;
  RunOptions run = read_run_options(a, true);
  join(run, team, a);
  const std::string method = a.text("method", "primus");
  if (is_rival(method)) {
    if (team.size() > 1)
      fail<UsageError>(command, ": --method ", method, " runs in one process; start it without mpirun");
    return pretrain_rival(a, run, method);
  }
  for (const char* name : {"heads", "decay-steps"})
    if (a.has(name))
      fail<UsageError>(command, ": --", name, " means nothing with --method ", method, "; leave it out");
  const std::string kind = method == "imu2clip" && !a.has("encoder")
                               ? "single"
                               : a.choice("encoder", {"multi", "single", "imu2clip"});
  const Schedule schedule = read_schedule(a);
  train::PrimusPretrainOptions options = read_contrastive_options(a, run.seed, method);
  const bool own_negatives = options.negatives == train::Negatives::local && team.size() > 1;
  const auto [folder, set, saved, weights] = find_pretrain_place(run, a, method);
  Session session(run, command, weights, schedule.save_every);
  if (session.start() == Session::Start::complete) {
    note(run, command, ": ", session.weights().string(), " is complete, nothing to resume");
    return ExitCode::done;
  }
  if (!run.resume) refuse_existing(fs::path(weights).replace_extension(".html"), run.force);

  const PairedInput in =
      a.has("max-memory")
          ? map_paired_input(
                command, folder, schedule.split, a.has("split"), run.seed,
                static_cast<std::size_t>(a.integer("max-memory", 0, 16, 1'000'000'000)) * 1'000'000)
          : read_paired_input(command, folder, schedule.split, a.has("split"), run.seed);
  choose_queue(a, static_cast<Index>(in.train.size()), options);
  const bool compares =
      options.uses_mm() || (options.uses_queue() && options.search != losses::Modality::imu);
  const Index width = choose_width(a, in.windows, compares);
  const auto own = [&](Index vectors) { return compares && vectors > 0 && vectors != width ? vectors : 0; };
  std::string start;
  ImuEncoder encoder = starting_encoder(a, run, saved, kind, in.windows, width, start);
  Model model(std::move(encoder), losses::stored_temperature(options.start_temperature, options.temperature),
              options.temperature.form != losses::TemperatureForm::fixed,
              {.text = own(in.windows.text_width), .video = own(in.windows.video_width), .seed = run.seed});
  ThreadPool pool(run.threads);
  const std::shared_ptr<data::PairedSource> source =
      in.mapped ? in.mapped : std::make_shared<data::MemoryPaired>(in.windows);
  Pretraining recipe(model, source, in.train, in.validation, options, pool, &team.communicator());
  if (run.dry_run) {
    note(run, command, ": would train ", schedule.epochs, " epochs of ", recipe.batches(),
         " steps and write ", session.weights().string());
    return ExitCode::done;
  }
  session.open();
  note(run, command, ": ", in.train.size(), " training and ", in.validation.size(), " validation windows (",
       in.split, "), ", schedule.epochs, " epochs of ", recipe.batches(), " steps, ", run.threads, " threads",
       team.size() > 1 ? message(" in each of ", team.size(), " processes") : "");

  const train::RunIdentity identity =
      identity_of(a, options, method, kind, in, start,
                  own_negatives ? message(" in ", team.size(), " processes") : "", width);
  train::LoopState<float> state;
  const auto buffers = recipe.buffers();
  session.add_figures([&] {
    return train::Json{{"temperature_mm", recipe.temperature_mm()},
                       {"temperature_ss", recipe.temperature_ss()},
                       {"terms", terms_json(recipe.terms())}};
  });
  session.train<float>(
      recipe, state, schedule.epochs, identity, buffers,
      [&](const train::EpochRecord& r) {
        return "loss " + train::fixed_number(r.train_loss, 4) + "  validation " +
               train::fixed_number(r.validation_loss, 4) + "  tau " +
               train::fixed_number(recipe.temperature_mm(), 4) + " " +
               train::fixed_number(recipe.temperature_ss(), 4);
      },
      schedule.patience);

  if (!state.best_weights.empty())
    std::copy(state.best_weights.begin(), state.best_weights.end(), recipe.weights().begin());
  team.work_together();
  (void)recipe.validate(state.epoch);  // terms of the best weights; all processes take part
  team.meet();
  if (!team.leader()) return ExitCode::done;
  const Card card = fs::exists(folder / "card.json") ? data::read_card(folder / "card.json") : Card{};
  save_imu_encoder(session.weights(), model, imu_encoder_facts(model.encoder(), kind, method, set, card.rate),
                   recipe);
  write_results(session, state, recipe, model, in, identity, options, schedule.epochs);
  session.finish({{"best_epoch", state.best_epoch + 1}, {"epochs", state.epoch}});
  result(session.weights().string());
  return ExitCode::done;
}

}  // namespace

int run_primus_pretrain(int argc, char** argv) {
  return in_team([&](Team& team) { return pretrain(argc, argv, team); });
}

}  // namespace gyrograd::cli
