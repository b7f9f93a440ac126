// SPDX-License-Identifier: MIT
// The runs that a table of the paper needs, in order, each with its command line and the file that proves it
// done.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cli/reproduce_tables.hpp"
#include "cli/session.hpp"
#include "cli/workspace.hpp"

namespace gyrograd::cli {

/// What all runs of a reproduction share.
struct ReproducePlan {
  Workspace at;
  std::string table, split = "random", version = "20_120";
  std::vector<std::string> datasets, models;  ///< no models: all of the table
  std::vector<std::uint32_t> seeds;
  std::vector<PaperCell> cells;
  Index pretrain_epochs = 3200, epochs = 700;
  bool one_encoder = false;                 ///< trained with the first seed, for all
  std::map<std::string, fs::path> weights;  ///< published encoders by data set; empty: own ones
  int threads = 1;

  std::uint32_t encoder_seed(std::uint32_t seed) const { return one_encoder ? seeds.front() : seed; }
};

/// One command to run.
struct Job {
  std::string title;
  std::vector<std::string> words;
  fs::path done;     ///< is there when the command has succeeded
  std::string kind;  ///< jobs of a kind take about the same time
  Index epochs = 0;  ///< of training; 0: no training
};

/// Name of results: everything in it that tells runs apart and is no folder.
inline std::string run_name(const ReproducePlan& p, const std::string& what, std::uint32_t seed,
                            Index epochs) {
  return "r-" + what + '-' + p.split + "-s" + std::to_string(seed) + "-e" + std::to_string(epochs);
}

/// Weights of the encoder trained on `set`, and the name of embeddings made with them.
inline fs::path encoder_file(const ReproducePlan& p, const std::string& set, std::uint32_t seed) {
  const auto published = p.weights.find(set);
  if (published != p.weights.end()) return published->second;
  return p.at.saved("pretrain_base", set, p.version) /
         (run_name(p, set, p.encoder_seed(seed), p.pretrain_epochs) + ".safetensors");
}

/// Report of one figure.
inline fs::path cell_report(const ReproducePlan& p, const PaperCell& c, std::uint32_t seed) {
  std::string what = std::string(c.model.version) + '-' + c.label + '-' + exact(c.rate);
  if (c.model.uses_encoder()) what += '-' + model_name(encoder_file(p, c.encoder, seed).string());
  if (!c.model.recipe.empty()) what += '-' + std::string(c.model.recipe);
  return p.at.saved(c.model.folder(), c.dataset, p.version) /
         (run_name(p, what, seed, p.epochs) + ".report.json");
}

namespace detail {

inline std::vector<std::string> common_words(const ReproducePlan& p, const std::string& name,
                                             std::uint32_t seed, Index epochs) {
  return {"-s",      name,      "--seed",    std::to_string(seed),      "--epochs", std::to_string(epochs),
          "--split", p.split,   "--threads", std::to_string(p.threads), "--root",   p.at.root.string(),
          "--quiet", "--resume"};
}

inline Job pretrain_job(const ReproducePlan& p, const std::string& set, std::uint32_t seed) {
  const fs::path file = encoder_file(p, set, seed);
  Job job{"pre-training " + set,
          {"pretrain", "v1", set, p.version},
          train::report_path(file),
          "pretrain " + set,
          p.pretrain_epochs};
  for (const std::string& word :
       common_words(p, model_name(file.string()), p.encoder_seed(seed), p.pretrain_epochs))
    job.words.push_back(word);
  return job;
}

inline Job embedding_job(const ReproducePlan& p, const fs::path& weights, const std::string& set) {
  fs::path done = p.at.embed(model_name(weights.string()), set, p.version);
  done.replace_extension(".json");
  return {"embeddings of " + set,
          {"embedding", "v1", set, p.version, "-f", weights.string(), "--threads", std::to_string(p.threads),
           "--root", p.at.root.string(), "--quiet", "--force"},
          done,
          "embedding " + set};
}

inline Job cell_job(const ReproducePlan& p, const PaperCell& c, std::uint32_t seed) {
  const fs::path report = cell_report(p, c, seed);
  const std::string file = report.filename().string(), name = file.substr(0, file.size() - 12);
  const std::string model(c.model.command);
  Job job{c.row + ", " + c.column,
          {model, std::string(c.model.version), c.dataset, p.version, "-l", c.label, "--label-rate",
           exact(c.rate)},
          report,
          model + ' ' + std::string(c.model.method) + ' ' + std::string(c.model.version) + ' ' + c.dataset +
              ' ' + exact(c.rate) + std::string(c.model.recipe),
          p.epochs};
  const auto option = [&](const char* name_of, std::string_view value) {
    if (!value.empty()) job.words.insert(job.words.end(), {name_of, std::string(value)});
  };
  if (c.model.command != "tpn") option("--method", c.model.method);
  option("--recipe", c.model.recipe);
  if (c.model.uses_encoder()) {
    job.words.emplace_back("-f");
    job.words.push_back(encoder_file(p, c.encoder, seed).string());
  }
  for (const std::string& word : common_words(p, name, seed, p.epochs)) job.words.push_back(word);
  return job;
}

}  // namespace detail

/// Every job once, seed after seed, so that an interrupted table has whole columns for the first seeds.
inline std::vector<Job> jobs_of(const ReproducePlan& p) {
  std::vector<Job> jobs;
  std::set<std::string> known;
  const auto add = [&](Job job, std::uint32_t seed) {
    if (!known.insert(job.done.string()).second) return;
    job.title += ", seed " + std::to_string(seed);
    jobs.push_back(std::move(job));
  };
  for (const std::uint32_t seed : p.seeds)
    for (const PaperCell& cell : p.cells) {
      if (cell.model.uses_encoder()) {
        if (p.weights.count(cell.encoder) == 0)
          add(detail::pretrain_job(p, cell.encoder, seed), p.encoder_seed(seed));
        add(detail::embedding_job(p, encoder_file(p, cell.encoder, seed), cell.dataset),
            p.encoder_seed(seed));
      }
      add(detail::cell_job(p, cell, seed), seed);
    }
  return jobs;
}

}  // namespace gyrograd::cli
