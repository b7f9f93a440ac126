// SPDX-License-Identifier: MIT
// `gyrograd prepare DATASET RAW`: raw recordings to windows.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/card.hpp"
#include "cli/prepare_generic.hpp"
#include "cli/prepare_labelled.hpp"
#include "cli/prepare_paired.hpp"
#include "cli/prepare_report.hpp"
#include "cli/prepare_sets.hpp"
#include "cli/run_options.hpp"
#include "gyrograd/data/windows_file.hpp"
#include "gyrograd/io/file.hpp"

namespace gyrograd::cli {
namespace {

std::vector<OptionSpec> option_specs() {
  std::vector<OptionSpec> options = {
      {"o,output", "DIR", "folder to write (default ROOT/dataset/DATASET)"},
      {"published", "", "cut as the published scripts do, quirks included"},
      {"rate", "HZ", "rate of the windows, whole Hz (default 20)"},
      {"window", "STEPS", "steps of a window (default 120)"},
      {"stride", "STEPS", "steps from one window to the next (default: the window)"},
      {"paired", "", "write train, val and test, by user, as a set for primus pretrain"},
  };
  for (OptionSpec& more : generic_option_specs()) options.push_back(std::move(more));
  for (OptionSpec& more : run_option_specs(false)) options.push_back(std::move(more));
  return options;
}

constexpr std::array<std::string_view, 3> generic_words = {"csv", "arrays", "merge"};

/// The set called `name`; none for the generic words.
const ReadableSet* find_set(const std::string& name) {
  if (std::find(generic_words.begin(), generic_words.end(), name) != generic_words.end()) return nullptr;
  std::vector<std::string_view> names(generic_words.begin(), generic_words.end());
  std::string list;
  for (const ReadableSet& set : readable_sets) {
    if (set.name == name) return &set;
    names.push_back(set.name);
    list += std::string(set.name) + ", ";
  }
  for (const PairedWord& word : paired_words) {
    if (word.name == name)
      fail<UsageError>("prepare: '", name, "' must stand right behind prepare: it has options of its own");
    names.push_back(word.name);
    list += std::string(word.name) + ", ";
  }
  fail<UsageError>("prepare: cannot read recordings of '", name, "'", did_you_mean(name, names),
                   ", expected ", list, "csv, arrays or merge");
}

/// Rate and window of the line; the published recipe has its own.
data::WindowRule read_rule(const Arguments& arguments, const data::WindowRule& published,
                           std::string_view name) {
  data::WindowRule rule;
  if (arguments.flag("published")) {
    if (published.rate == 0) {
      fail<UsageError>("prepare: no published recipe is known for '", name, "'; leave out --published");
    }
    rule = published;
  }
  rule.rate = arguments.integer("rate", rule.rate, 1, 10'000);
  rule.steps = arguments.integer("window", rule.steps, 2, 1'000'000);
  rule.stride = arguments.integer("stride", rule.stride, 1, rule.steps);
  return rule;
}

data::WindowRule published_rule(const ReadableSet* set, const std::string& word) {
  if (set != nullptr) return set->published;
  return word == "merge" ? published_20_120 : data::WindowRule{data::Recipe::published, 0, 0, 0};
}

void complete_card(Prepared& p, const data::WindowRule& rule) {
  const bool published = rule.recipe == data::Recipe::published;
  p.card.rate = static_cast<double>(rule.rate);
  p.card.steps = rule.steps;
  p.card.stride = rule.hop();
  p.card.recipe = published ? "published" : "corrected";
  if (p.card.resampling.empty())
    p.card.resampling = published ? "as published" : "windowed sinc, cut-off at 99 % of half the lower rate";
  p.card.findings = p.findings.total();
}

/// The published huawei windows are rows at 100 Hz in spite of their name.
void correct_huawei_rate(Card& card) {
  card.rate = static_cast<double>(data::Huawei::rate);
  card.resampling = "none; published as 50_300, the rows come at 100 Hz";
}

void print_summary(const Prepared& p) {
  result("windows ", p.set.windows.count, " x ", p.set.windows.steps, " steps x ", p.set.windows.channels,
         " channels");
  for (std::size_t k = 0; k < p.card.labels.size(); ++k) {
    const LabelColumn& label = p.card.labels[k];
    const std::vector<Index> first =
        data::first_of_windows(data::label_column(p.set.labels, static_cast<Index>(k)), p.set.labels.steps);
    if (label.classes.empty()) {
      result(label.name, ": ", *std::max_element(first.begin(), first.end()) + 1);
      continue;
    }
    result(label.name, ":");
    std::vector<Index> counts(label.classes.size());
    for (Index i = 0; i < p.set.labels.count; ++i) {
      const auto at = static_cast<std::size_t>(p.set.labels.at(i, 0, static_cast<Index>(k)));
      if (at < counts.size()) ++counts[at];
    }
    for (std::size_t c = 0; c < counts.size(); ++c) result("  ", label.classes[c], " ", counts[c]);
  }
}

void write(const RunOptions& run, const fs::path& folder, const std::string& version, const Prepared& p) {
  make_folder(folder);
  const io::DirectoryLock lock(folder);
  data::save_data_set(folder, version, p.set);
  write_card(card_path(folder, version), p.card);
  if (run.force || !fs::exists(folder / "card.json")) write_card(folder / "card.json", p.card);
  const fs::path findings = folder / ("findings_" + version + ".txt");
  io::atomic_write(findings, std::string_view(p.findings.text()));
  note(run, "prepare: wrote ", data::windows_path(folder, version).string(), ", labels, origins and card");
  if (p.findings.total() > 0)
    note(run, "prepare: ", p.findings.total(), " findings are listed in ", findings.string());
}

}  // namespace

int run_prepare(int argc, char** argv) {
  if (argc > 1 && is_paired_word(argv[1])) return run_prepare_paired(argc, argv);
  std::string purpose = "Turn raw recordings into windows. DATASET and its recordings:\n";
  for (const ReadableSet& set : readable_sets)
    purpose += "  " + std::string(set.name) + ": " + std::string(set.recordings) + '\n';
  for (const PairedWord& word : paired_words)
    purpose += "  " + std::string(word.name) + ": " + std::string(word.recordings) + " (own --help)\n";
  purpose += "  csv: text files that the options or a JSON file describe\n";
  purpose += "  arrays: data_RATE_WINDOW.npy and label_RATE_WINDOW.npy\n";
  purpose += "  merge: prepared sets of dataset/ as one, such as hhar,uci,motion,shoaib";
  Arguments arguments(
      "prepare", purpose,
      {{"DATASET", "one of the words above"}, {"RAW", "folder of the recordings; merge: names"}},
      option_specs());
  if (!arguments.parse(argc, argv)) return ExitCode::done;
  const RunOptions run = read_run_options(arguments, false);
  const std::string word = arguments.word(0), name = arguments.text("name", word);
  check_name("prepare", "--name", name);
  const ReadableSet* set = find_set(word);
  const data::WindowRule rule = read_rule(arguments, published_rule(set, word), word);
  const std::string version = std::to_string(rule.rate) + '_' + std::to_string(rule.steps);
  const fs::path folder = arguments.has("output")
                              ? fs::path(arguments.text("output"))
                              : run.at.dataset(arguments.flag("paired") ? name + "_paired" : name);
  const bool paired = arguments.flag("paired");
  if (paired) {
    refuse_existing(folder, run.force);
  } else {
    for (const fs::path& path : {data::windows_path(folder, version), data::labels_path(folder, version),
                                 card_path(folder, version)}) {
      refuse_existing(path, run.force);
    }
  }
  Prepared p;
  if (word == "csv") {
    prepare_csv(arguments, rule, p);
  } else if (word == "merge") {
    prepare_merge(arguments, rule, run.at, p);
  } else {
    const fs::path raw = arguments.word(1);
    if (!fs::is_directory(raw)) fail<IoError>(raw.string(), ": no such folder of recordings");
    if (set == nullptr) {
      prepare_arrays(arguments, rule, name, p);
    } else {
      p.card = set->card();
      p.set = set->read(raw, rule, p.findings);
    }
  }
  complete_card(p, rule);
  if (word == "huawei" && rule.recipe == data::Recipe::published) correct_huawei_rate(p.card);
  if (paired) (void)paired_rule(rule, p.card);
  print_summary(p);
  report_findings(run, p.findings);
  if (rule.hop() < rule.steps)
    note(run,
         "prepare: windows overlap: a random split puts the same samples into several parts; split by user "
         "or session");
  if (paired) {
    write_labelled(run, folder, name, rule,
                   static_cast<std::uint64_t>(arguments.integer("seed", 3431, 0, 4294967295)), p);
  } else if (!run.dry_run) {
    write(run, folder, version, p);
  }
  return ExitCode::done;
}

}  // namespace gyrograd::cli
