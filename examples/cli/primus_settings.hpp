// SPDX-License-Identifier: MIT
// Options of `gyrograd primus pretrain`: the method, its weights, views and queue, and how long to train.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/run_options.hpp"
#include "gyrograd/distributed/launcher.hpp"
#include "gyrograd/train/primus_options.hpp"

namespace gyrograd::cli {

inline constexpr const char* primus_pretrain_command = "primus pretrain";

inline std::vector<OptionSpec> contrastive_option_specs() {
  std::vector<OptionSpec> options = {
      {"method", "NAME",
       "primus (default), mm, ss, ss+mm, mm+nn, ss+nn; rivals: imu2clip, simclr, multitask, standard "
       "(labels; with -f fine-tuning)"},
      {"encoder", "KIND",
       "multi (default), single: one output; imu2clip; tpn: of simclr, whose default it is"},
      {"width", "N",
       "values of an embedding (default: as the vectors, or 512); vectors of another width get a projection"},
      {"f,model_file", "FILE", "start from these weights, not from the seed"},
      {"s,save_model", "NAME", "name of the results (default: the method)"},
      {"published", "", "search, masks, floor and views of the released code"},
      {"alpha", "R", "weight of the self-supervised term (default 1)"},
      {"beta", "R", "weight of the multimodal terms (default 1)"},
      {"gamma", "R", "weight of the neighbour terms (default 1)"},
      {"ssl-coeff", "C", "alpha = C, beta = 1 - C, the released code's form"},
      {"queue", "N", "rows of the feature queue (default 8192, or fewer)"},
      {"queue-min", "N", "rows before neighbours count (default 1)"},
      {"mask-duplicates", "", "equal neighbours are no negatives of each other"},
      {"direction", "KIND", "both (default), one-way, mean"},
      {"temperature", "R", "first temperature (default 0.1)"},
      {"temperature-form", "F", "raw (default), log, fixed"},
      {"floor", "R", "of a raw temperature (default 0.01)"},
      {"augment", "LIST", "transformations, joined by commas (default scaling,time_flip)"},
      {"augment-set", "NAME", "paper (default), tang, released: parameters"},
      {"augment-both", "", "augment both views"},
      {"heads", "KIND", "multitask: balanced (default) or pooled"},
      {"decay-steps", "N", "simclr: steps until the rate is 0 (default 1000)"},
      {"local-negatives", "", "mpirun: each process contrasts its own share only"},
      {"slots", "N", "gradient slots, shared by the processes of mpirun (default 8)"},
      {"max-memory", "MB", "leave windows in their files; memory for them"},
      {"epochs", "N", "number of epochs (default 15; simclr 200, multitask 30, standard 20)"},
      {"batch", "N", "windows per step (default 16; simclr 512, multitask 32, standard 256)"},
      {"lr", "R", "learning rate (default 0.0002; simclr 0.1, multitask 0.0003, standard 0.0001)"},
      {"patience", "N", "stop after N epochs without a better one (default 0: never)"},
      {"split", "KIND", "random (default) or user, where the set has no part val"},
      {"save-every", "SECONDS", "time between checkpoints (default 30; 0: every step)"}};
  for (OptionSpec& more : run_option_specs(true)) options.push_back(std::move(more));
  return options;
}

/// 0 where the option is 0, which real() does not take.
inline double weight_of(const Arguments& a, const std::string& option, double otherwise) {
  if (a.has(option) && (a.text(option) == "0" || a.text(option) == "0.0")) return 0;
  return a.real(option, otherwise, 0, 1e6);
}

/// How long to train, and what decides.
struct Schedule {
  Index epochs = 15, patience = 0;
  std::string split;
  double save_every = 30;
};

inline Schedule read_schedule(const Arguments& a, Index epochs = 15) {
  Schedule s;
  s.epochs = epochs;
  s.epochs = a.integer("epochs", s.epochs, 0, 10000000);
  s.patience = a.integer("patience", 0, 0, 10000000);
  s.split = a.choice("split", {"random", "user"});
  s.save_every = weight_of(a, "save-every", s.save_every);
  return s;
}

inline data::TangOptions read_augmentation(const Arguments& a, bool published) {
  const std::string set = a.has("augment-set") ? a.choice("augment-set", {"paper", "tang", "released"})
                          : published          ? "released"
                                               : "paper";
  data::TangOptions o = set == "tang"       ? data::TangOptions::tang()
                        : set == "released" ? data::TangOptions::released()
                                            : data::TangOptions();
  if (a.has("augment"))
    o.chain = data::tang_chain(a.text("augment"), message(primus_pretrain_command, ": --augment"));
  return o;
}

inline losses::PrimusWeights read_weights(const Arguments& a, const losses::PrimusWeights& method) {
  losses::PrimusWeights w = method;
  if (a.has("ssl-coeff")) {
    if (a.has("alpha") || a.has("beta") || a.has("gamma"))
      fail<UsageError>(primus_pretrain_command,
                       ": --ssl-coeff and --alpha, --beta, --gamma exclude each other");
    return losses::PrimusWeights::c_form(std::min(weight_of(a, "ssl-coeff", 0.5), 1.0), method.neighbours());
  }
  if (w.alpha > 0) w.alpha = weight_of(a, "alpha", 1);
  if (w.beta > 0) w.beta = weight_of(a, "beta", 1);
  if (w.gamma_mm > 0) w.gamma_mm = weight_of(a, "gamma", 1);
  if (w.gamma_ss > 0) w.gamma_ss = weight_of(a, "gamma", 1);
  return w;
}

inline train::PrimusPretrainOptions read_contrastive_options(const Arguments& a, std::uint32_t seed,
                                                             const std::string& method) {
  train::PrimusPretrainOptions o;
  try {
    o = train::primus_method(method);
    const bool published = a.flag("published");
    if (published) o.be_published();
    o.augmentation = read_augmentation(a, published);
  } catch (const UsageError&) {
    throw;
  } catch (const ConfigError& error) {
    fail<UsageError>(std::string(error.what()).starts_with(primus_pretrain_command)
                         ? ""
                         : message(primus_pretrain_command, ": "),
                     error.what());
  }
  o.weights = read_weights(a, o.weights);
  o.batch = a.integer("batch", o.batch, 1, 1000000);
  o.slots = a.integer("slots", std::max<Index>(o.slots, distributed::launched_processes()), 1, 4096);
  o.lr = a.real("lr", o.lr, 0, 1000);
  o.seed = seed;
  o.least_filled = a.integer("queue-min", 1, 0, 1 << 24);
  o.mask_duplicates = a.flag("mask-duplicates");
  const std::string direction = a.choice("direction", {"both", "one-way", "mean"});
  o.direction = direction == "both"      ? losses::Direction::both
                : direction == "one-way" ? losses::Direction::one_way
                                         : losses::Direction::mean_of_two;
  const std::string form = a.choice("temperature-form", {"raw", "log", "fixed"});
  o.temperature.form = form == "raw"   ? losses::TemperatureForm::raw
                       : form == "log" ? losses::TemperatureForm::log
                                       : losses::TemperatureForm::fixed;
  o.temperature.floor = weight_of(a, "floor", o.temperature.floor == 0 ? 1e-300 : o.temperature.floor);
  if (o.temperature.floor < 1e-30) o.temperature.floor = 0;
  o.start_temperature = a.real("temperature", 0.1, 0, 100);
  o.augment_both = a.flag("augment-both");
  if (a.flag("local-negatives")) o.negatives = train::Negatives::local;
  return o;
}

/// The queue asked for; without --queue 8192 rows, or as many as leave a window unable to find itself.
inline void choose_queue(const Arguments& a, Index windows, train::PrimusPretrainOptions& o) {
  o.queue = a.has("queue")
                ? a.integer("queue", o.queue, 1, 1 << 24)
                : std::max<Index>(std::min<Index>(o.queue, windows / 2), std::min(o.batch, windows));
}

}  // namespace gyrograd::cli
