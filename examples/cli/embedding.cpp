// SPDX-License-Identifier: MIT
// `gyrograd embedding MODEL DATASET VERSION`: encoder outputs of every window of a data set.
#include <string>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/card.hpp"
#include "cli/doubts.hpp"
#include "cli/encoder.hpp"
#include "cli/run_options.hpp"
#include "cli/session.hpp"
#include "cli/settings.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/data/windows_file.hpp"
#include "gyrograd/io/npy.hpp"
#include "gyrograd/train/embed.hpp"
#include "gyrograd/train/report.hpp"
#include "gyrograd/train/svg.hpp"

namespace gyrograd::cli {

int run_embedding(int argc, char** argv) {
  std::vector<OptionSpec> options = published_option_specs();
  options.push_back(block_option_spec());
  options.push_back({"normalise", "KIND", "published, x, paper or none (default: what the weights say)"});
  const std::vector<OptionSpec> shared = run_option_specs(false);
  options.insert(options.end(), shared.begin(), shared.end());
  Arguments arguments("embedding",
                      "Write the embeddings of every window of a data set to\n"
                      "embed/embed_NAME_DATASET_VERSION.npy, for the weights that -f names.",
                      {{"MODEL", "encoder version: v1, v2, ... of config/limu_bert.json"},
                       {"DATASET", "folder of dataset/: uci, hhar, motion, shoaib or your own"},
                       {"VERSION", "rate and window: 20_120"}},
                      options);
  if (!arguments.parse(argc, argv)) return ExitCode::done;
  const RunOptions run = read_run_options(arguments, false);
  const std::string dataset = arguments.word(1), version = arguments.word(2);
  const std::string wanted = arguments.text("model_file", "model");
  const std::string name = model_name(wanted);
  const io::EncoderConfig config = read_encoder_settings("embedding", run, arguments.word(0));
  const fs::path folder = find_dataset("embedding", run.at, dataset, version);
  const fs::path weights = find_weights("embedding", run.at.saved("pretrain_base", dataset, version), wanted);
  const fs::path target = run.at.embed(name, dataset, version);
  const fs::path card_path = fs::path(target).replace_extension(".json");
  refuse_existing(target, run.force);
  refuse_existing(card_path, run.force);

  const io::TensorFile file = io::read_tensors(weights);
  Encoder model = make_encoder(arguments, config, file);
  data::Windows windows = data::load_windows(data::windows_path(folder, version));
  const std::string normalise =
      read_normalise(arguments, file.metadata_or("gyrograd.normalise", "published"));
  const Card card = read_card(folder, dataset, version);
  const std::string doubts = window_doubts(windows, card, folder);
  windows = normalised_for(config, windows, folder, normalise);
  if (run.dry_run) {
    note(run, "embedding: would write ", target.string(), " (", windows.count, " x ", windows.steps, " x ",
         config.hidden, ")");
    return ExitCode::done;
  }
  note_rate(run, "embedding", file, card);
  note_doubts(run, "embedding", doubts);
  make_folder(target.parent_path());
  const io::DirectoryLock lock(target.parent_path());
  ThreadPool pool(run.threads);
  const train::Progress clock("embedding", "windows", windows.count, train::ProgressStyle::quiet);
  const data::Windows embedded = train::embed_windows<float>(model, windows, config.hidden, pool);
  const double seconds = clock.elapsed();
  io::write_npy(target, std::span<const float>(embedded.values),
                std::vector<std::size_t>{static_cast<std::size_t>(embedded.count),
                                         static_cast<std::size_t>(embedded.steps),
                                         static_cast<std::size_t>(embedded.channels)});
  train::write_json(card_path, {{"encoder", weights.filename().string()},
                                {"encoder_fingerprint",
                                 fingerprint(std::span<const float>(
                                     model.store().data(), static_cast<std::size_t>(model.store().size())))},
                                {"block", block_word(model.config())},
                                {"data", dataset + " " + version},
                                {"normalise", normalise},
                                {"gyrograd", GYROGRAD_VERSION}});
  note(run, "embedding: ", windows.count, " windows in ", train::fixed_number(seconds, 1), " s (",
       weights.string(), ")");
  result(target.string());
  return ExitCode::done;
}

}  // namespace gyrograd::cli
