// SPDX-License-Identifier: MIT
// `gyrograd pretrain MODEL DATASET VERSION`: masked-reconstruction pre-training of LIMU-BERT.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/card.hpp"
#include "cli/doubts.hpp"
#include "cli/encoder.hpp"
#include "cli/recognition_report.hpp"
#include "cli/run_options.hpp"
#include "cli/session.hpp"
#include "cli/settings.hpp"
#include "cli/team.hpp"
#include "cli/window_input.hpp"
#include "gyrograd/core/suggest.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/train/pretrain_masked.hpp"
#include "gyrograd/train/svg.hpp"

namespace gyrograd::cli {
namespace {

/// Options that choose between published and other behaviour.
struct Behaviour {
  std::string masks, validation_masks, block, decoder, normalise, crop, augment;
};

/// Everything that decides the result, in the order in which a mismatch is reported.
train::RunIdentity identity_of(const TrainSettings& s, const io::EncoderConfig& c, const io::MaskConfig& mask,
                               const Behaviour& b, const std::string& data, const std::string& start,
                               Index slots) {
  train::RunIdentity identity = {{"command", "pretrain"},
                                 {"data", data},
                                 {"encoder", encoder_text(c)},
                                 {"--seed", std::to_string(s.seed)},
                                 {"--batch", std::to_string(s.batch)},
                                 {"--lr", exact(s.lr)},
                                 {"--patience", std::to_string(s.patience)},
                                 {"--split", s.split.text()},
                                 {"--masks", b.masks},
                                 {"--validation-masks", b.validation_masks},
                                 {"--block", b.block},
                                 {"--normalise", b.normalise},
                                 {"mask_ratio", exact(mask.mask_ratio)},
                                 {"max_gram", std::to_string(mask.max_gram)},
                                 {"mask_prob", exact(mask.mask_prob)},
                                 {"replace_prob", exact(mask.replace_prob)},
                                 {"initial weights", start},
                                 {"--slots", std::to_string(slots)}};
  if (b.decoder != "published") identity.emplace_back("--decoder", b.decoder);
  if (!b.crop.empty()) identity.emplace_back("--crop", b.crop);
  if (!b.augment.empty()) identity.emplace_back("--augment", b.augment);
  return identity;
}

train::PretrainOptions options_of(const TrainSettings& s, const io::MaskConfig& mask,
                                  const Behaviour& behaviour, Index slots) {
  train::PretrainOptions options;
  options.batch = s.batch;
  options.lr = s.lr;
  options.seed = s.seed;
  options.slots = slots;
  options.mask.mask_ratio = mask.mask_ratio;
  options.mask.max_gram = mask.max_gram;
  options.mask.mask_prob = mask.mask_prob;
  options.mask.replace_prob = mask.replace_prob;
  options.mask.end = behaviour.masks == "published" ? data::SpanEnd::published : data::SpanEnd::corrected;
  options.validation = behaviour.validation_masks == "published" ? train::ValidationMasks::published
                                                                 : train::ValidationMasks::corrected;
  return options;
}

/// "pace,rotate,scale,noise", any of them; "" for none.
train::AugmentConfig read_augment(const std::string& list) {
  constexpr std::array<std::string_view, 4> known{"pace", "rotate", "scale", "noise"};
  train::AugmentConfig config;
  const std::array<bool*, 4> chosen{&config.pace, &config.rotate, &config.scale, &config.noise};
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t comma = std::min(list.find(',', at), list.size());
    const std::string word = list.substr(at, comma - at);
    const auto found = std::find(known.begin(), known.end(), word);
    if (found == known.end())
      fail<UsageError>("pretrain: --augment: '", word, "', expected of pace, rotate, scale, noise",
                       did_you_mean(word, known));
    *chosen[static_cast<std::size_t>(found - known.begin())] = true;
    at = comma + 1;
  }
  return config;
}

/// The weights that -f names. They decide block, decoder and scaling unless an option does.
std::optional<io::TensorFile> read_start(const Arguments& arguments, const fs::path& saved,
                                         Behaviour& behaviour) {
  std::optional<io::TensorFile> file;
  if (arguments.has("model_file"))
    file = io::read_tensors(find_weights("pretrain", saved, arguments.text("model_file")));
  const auto otherwise = [&](const char* what) { return file ? said(*file, what) : "published"; };
  behaviour.block = read_block(arguments, otherwise("block"));
  behaviour.normalise = read_normalise(arguments, otherwise("normalise"));
  behaviour.decoder =
      arguments.has("decoder") ? arguments.choice("decoder", {"published", "paper"}) : otherwise("decoder");
  return file;
}

train::Json identity_json(const train::RunIdentity& identity) {
  train::Json json = train::Json::object();
  for (const auto& [name, value] : identity) json[name] = value;
  return json;
}

std::string describe(const train::EpochRecord& r) {
  return "loss " + train::fixed_number(r.train_loss, 5) + "  validation " +
         train::fixed_number(r.validation_loss, 5);
}

/// More slots than the usual ones only where there are more processes.
Index read_slots(const Arguments& arguments, const Team& team) {
  constexpr Index usual = train::Slots<float>::default_count;
  return arguments.integer("slots", std::max<Index>(usual, team.size()), 1, 4096);
}

int pretrain(int argc, char** argv, Team& team) {
  std::vector<OptionSpec> options = published_option_specs();
  for (auto& more :
       {training_option_specs(),
        std::vector<OptionSpec>{
            {"masks", "KIND", "published (default) or corrected: last step too, fixed for validation"},
            {"validation-masks", "KIND", "published: new ones each epoch; corrected: fixed"},
            {"crop", "KIND", "longer windows: published (default), corrected random crop; or none"},
            {"augment", "LIST", "change training windows: pace,rotate,scale,noise (default: none)"},
            block_option_spec("published, or what -f says"),
            {"decoder", "KIND", "published (default), or paper: layer norm after the last dense layer"},
            normalise_option_spec(),
            {"slots", "N", "gradient slots, shared by the processes of mpirun (default 8)"},
            max_memory_option_spec()},
        run_option_specs(true)}) {
    options.insert(options.end(), more.begin(), more.end());
  }
  Arguments arguments("pretrain",
                      "Pre-train a LIMU-BERT encoder by masked reconstruction. Writes\n"
                      "saved/pretrain_base_DATASET_VERSION/NAME.safetensors and NAME.report.json.",
                      {{"MODEL", "encoder version: v1, v2, ... of config/limu_bert.json"},
                       {"DATASET", "folder of dataset/: uci, hhar, motion, shoaib or your own"},
                       {"VERSION", "rate and window: 20_120"}},
                      options);
  if (!arguments.parse(argc, argv)) return ExitCode::done;
  RunOptions run = read_run_options(arguments, true);
  join(run, team, arguments);
  const std::string dataset = arguments.word(1), version = arguments.word(2);
  const std::string name = arguments.text("save_model", "model");
  check_name("pretrain", "--save_model", name);
  const TrainSettings settings = read_train_settings(arguments, run, io::published_pretrain, "pretrain.json");
  const io::MaskConfig mask = read_mask_settings(arguments, run);
  Behaviour behaviour;
  behaviour.masks = arguments.choice("masks", {"published", "corrected"});
  behaviour.validation_masks = arguments.has("validation-masks")
                                   ? arguments.choice("validation-masks", {"published", "corrected"})
                                   : behaviour.masks;
  behaviour.augment = arguments.text("augment");
  const train::AugmentConfig augment = read_augment(behaviour.augment);
  const std::string crop = arguments.choice("crop", {"published", "corrected", "none"});
  const io::EncoderConfig config = read_encoder_settings("pretrain", run, arguments.word(0));
  const fs::path folder = find_dataset("pretrain", run.at, dataset, version, true);
  const fs::path saved = run.at.saved("pretrain_base", dataset, version);
  Session session(run, "pretrain", saved / (name + ".safetensors"), settings.save_every);
  if (session.start() == Session::Start::complete) {
    note(run, "pretrain: ", session.weights().string(), " is complete, nothing to resume");
    return ExitCode::done;
  }

  const std::optional<io::TensorFile> first = read_start(arguments, saved, behaviour);
  const Card card = read_card(folder, dataset, version);
  const bool by_users = settings.split.kind != "random";
  const WindowInput input =
      open_windows(arguments, config, folder, version, card, behaviour.normalise, by_users, crop != "none");
  const WindowSources& sources = input.sources;
  Encoder model = make_encoder(config, behaviour.block, behaviour.decoder);
  model.initialise(settings.seed);
  std::string start = "seed";
  if (first) {
    nn::load_parameters<float>(model, *first);
    start = fingerprint(
        std::span<const float>(model.store().data(), static_cast<std::size_t>(model.store().size())));
  }
  const data::Split split =
      split_windows("pretrain", input.windows->count(), settings.split, settings.seed, card, sources);
  const data::LeakReport leaks = find_leaks(split, sources, input.windows->steps());
  ThreadPool pool(run.threads);
  const Index slots = read_slots(arguments, team);
  train::PretrainOptions recipe_options = options_of(settings, mask, behaviour, slots);
  recipe_options.augment = augment;
  if (input.windows->steps() > config.seq_len) {
    behaviour.crop = crop;
    recipe_options.crop = {config.seq_len,
                           crop == "published" ? data::CropStart::published : data::CropStart::corrected};
    note(run, "pretrain: the windows have ", input.windows->steps(), " steps, the model sees random ",
         config.seq_len, " of them");
  }
  train::MaskedPretraining<float, Encoder> recipe(model, input.windows, split.train, split.validation,
                                                  recipe_options, pool, &team.communicator());
  const Index epochs = epochs_within(run, "pretrain", settings, settings.epochs, recipe.batches());
  if (run.dry_run) {
    note(run, "pretrain: would train ", epochs, " epochs of ", recipe.batches(), " steps and write ",
         session.weights().string());
    return ExitCode::done;
  }
  session.open();
  note_leaks(run, "pretrain", leaks);
  note_doubts(run, "pretrain", input.doubts);
  if (first) note_rate(run, "pretrain", *first, card);
  note(run, "pretrain: ", split.train.size(), " training and ", split.validation.size(),
       " validation windows, ", epochs, " epochs of ", recipe.batches(), " steps, ", run.threads, " threads",
       team.size() > 1 ? message(" in each of ", team.size(), " processes") : "");

  const train::RunIdentity identity =
      identity_of(settings, config, mask, behaviour, input.fingerprint, start, slots);
  train::LoopState<float> state;
  const auto buffers = recipe.buffers();
  session.train<float>(recipe, state, epochs, identity, buffers, describe, settings.patience);
  if (!team.leader()) return ExitCode::done;

  if (!state.best_weights.empty())
    std::copy(state.best_weights.begin(), state.best_weights.end(), recipe.weights().begin());
  save_encoder(session.weights(), model, config, dataset, version, card, behaviour.normalise);
  train::Json report = train::report_head("pretrain", settings.seed, identity_json(identity));
  report["model"] = encoder_text(config);
  report["split"] = split_json(settings.split, split, leaks);
  add_training(report, state, epochs, session.seconds());
  if (state.best_epoch >= 0) {
    const train::EpochRecord& best = state.history[static_cast<std::size_t>(state.best_epoch)];
    report["validation"] = {{"loss", best.validation_loss}, {"count", split.validation.size()}};
    report["train"] = {{"loss", best.train_loss}, {"count", split.train.size()}};
    result("best epoch ", state.best_epoch + 1, " of ", state.epoch, ": validation loss ",
           train::fixed_number(best.validation_loss, 6), ", training loss ",
           train::fixed_number(best.train_loss, 6));
  }
  report["history"] = train::history_json(state.history);
  train::write_json(session.report(), report);
  session.finish({{"best_epoch", state.best_epoch + 1}, {"epochs", state.epoch}});
  result(session.weights().string());
  return ExitCode::done;
}

}  // namespace

int run_pretrain(int argc, char** argv) {
  return in_team([&](Team& team) { return pretrain(argc, argv, team); });
}

}  // namespace gyrograd::cli
