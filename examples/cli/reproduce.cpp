// SPDX-License-Identifier: MIT
// `gyrograd reproduce limu-bert`: the tables of the paper by the commands of this tool, paper beside
// measured.
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/child.hpp"
#include "cli/reproduce_jobs.hpp"
#include "cli/reproduce_report.hpp"
#include "cli/run_options.hpp"
#include "gyrograd/data/windows_file.hpp"
#include "gyrograd/io/file.hpp"
#include "gyrograd/train/progress.hpp"
#include "gyrograd/train/signals.hpp"

namespace gyrograd::cli {
namespace {

/// Parts of "a,b,c", none empty.
std::vector<std::string> parts_of(const std::string& list, const char* option) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t comma = std::min(list.find(',', at), list.size());
    parts.push_back(list.substr(at, comma - at));
    if (parts.back().empty())
      fail<UsageError>("reproduce: --", option, " is '", list, "', one part is empty");
    at = comma + 1;
  }
  return parts;
}

/// Seconds of "90s", "30m", "2h"; a bare number means minutes.
double seconds_of(const std::string& text) {
  std::size_t used = 0;
  double value = -1;
  try {
    value = std::stod(text, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  const std::string unit = text.substr(used);
  const double factor = unit == "s" ? 1 : unit == "m" || unit.empty() ? 60 : unit == "h" ? 3600 : -1;
  if (used == 0 || !(value > 0 && value < 1e6) || factor < 0)
    fail<UsageError>("reproduce: --budget is '", text, "', expected a time such as 90s, 30m or 2h");
  return value * factor;
}

/// First and last seed of "7" or "1-29".
std::pair<std::uint32_t, std::uint32_t> seed_range(const std::string& word) {
  const char* const end = word.data() + word.size();
  std::uint32_t first = 0, last = 0;
  auto read = std::from_chars(word.data(), end, first);
  last = first;
  if (read.ec == std::errc{} && read.ptr != end && *read.ptr == '-')
    read = std::from_chars(read.ptr + 1, end, last);
  if (read.ec != std::errc{} || read.ptr != end || last < first || last - first >= 1000)
    fail<UsageError>("reproduce: --seeds: '", word,
                     "', expected a whole number below 2^32, or a range of at most 1000 such as 1-29");
  return {first, last};
}

std::vector<std::uint32_t> read_seeds(const Arguments& arguments) {
  std::vector<std::uint32_t> seeds;
  for (const std::string& word : parts_of(arguments.text("seeds", "3431,1,2"), "seeds")) {
    const auto [first, last] = seed_range(word);
    for (std::uint32_t k = 0; k <= last - first; ++k) {
      if (std::find(seeds.begin(), seeds.end(), first + k) != seeds.end())
        fail<UsageError>("reproduce: --seeds names ", first + k, " twice, which would count it twice");
      seeds.push_back(first + k);
    }
  }
  return seeds;
}

/// Raw folders by data set: "uci=DIR,motion=DIR".
std::map<std::string, fs::path> read_raw(const Arguments& arguments) {
  std::map<std::string, fs::path> raw;
  if (!arguments.has("raw")) return raw;
  for (const std::string& part : parts_of(arguments.text("raw"), "raw")) {
    const std::size_t equal = part.find('=');
    if (equal == std::string::npos || equal == 0 || equal + 1 == part.size())
      fail<UsageError>("reproduce: --raw: '", part, "', expected DATASET=FOLDER");
    raw[part.substr(0, equal)] = part.substr(equal + 1);
  }
  return raw;
}

/// A published encoder of `set` below a folder: as the authors lay them out, or with flat names.
fs::path published_encoder(const fs::path& folder, const std::string& set, const std::string& version) {
  const std::string name = "pretrain_base_" + set + '_' + version;
  for (const fs::path& path :
       {folder / (name + ".pt"), folder / name / (set + ".pt"), folder / "saved" / name / (set + ".pt"),
        folder / "limu-bert" / (name + ".pt")})
    if (fs::is_regular_file(path)) return path;
  fail<IoError>(folder.string(), ": no published encoder of ", set, ", expected ", name, ".pt or ", name, "/",
                set, ".pt");
}

/// Prepares the published windows of sets that are not there yet.
void prepare_sets(const ReproducePlan& p, const std::map<std::string, fs::path>& raw, const RunOptions& run) {
  std::set<std::string> needed;
  for (const PaperCell& cell : p.cells) {
    needed.insert(cell.dataset);
    if (cell.model.uses_encoder() && p.weights.empty()) needed.insert(cell.encoder);
  }
  for (const std::string& set : needed) {
    const fs::path folder = p.at.dataset(set);
    if (fs::exists(data::windows_path(folder, p.version))) continue;
    const auto found = raw.find(set);
    if (found == raw.end())
      fail<IoError>(folder.string(), ": no windows of ", set, " yet; give its recordings: --raw ", set,
                    "=FOLDER");
    note(run, "reproduce: preparing ", set);
    const int code = run_child(
        {"prepare", set, found->second.string(), "--published", "--root", p.at.root.string(), "--quiet"});
    if (code != 0) fail<Error>("reproduce: prepare ", set, " ended with exit code ", code);
  }
}

/// Runs one job; stops everything when it fails.
double run_job(const Job& job, const train::StopOnSignal& stop) {
  const auto start = std::chrono::steady_clock::now();
  const int code = run_child(job.words);
  if (stop.requested())
    fail<Error>("reproduce: stopped by signal ", stop.number(), " in ", job.title,
                "; the same command goes on from there");
  if (code != 0) fail<Error>("reproduce: ", job.title, " ended with exit code ", code);
  if (!fs::exists(job.done))
    fail<Error>("reproduce: ", job.title, " is complete, but ", job.done.string(),
                " is missing; remove its weights to train it again");
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Seconds by kind of job, as far as known.
class Clock {
 public:
  void add(const Job& job, double seconds) {
    auto& [sum, count] = known_[job.kind];
    sum += seconds, ++count;
  }
  /// Time of the jobs from `next` on; `complete` says whether every kind is known.
  double left(const std::vector<Job>& jobs, std::size_t next, bool& complete) const {
    double seconds = 0;
    complete = true;
    for (std::size_t i = next; i < jobs.size(); ++i) {
      if (fs::exists(jobs[i].done)) continue;
      const auto at = known_.find(jobs[i].kind);
      complete = complete && at != known_.end();
      if (at != known_.end()) seconds += at->second.first / at->second.second;
    }
    return seconds;
  }

 private:
  std::map<std::string, std::pair<double, double>> known_;
};

/// Runs what is missing, telling how long the rest will take.
void run_jobs(const std::vector<Job>& jobs, const RunOptions& run) {
  const train::StopOnSignal stop;
  Clock clock;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const Job& job = jobs[i];
    if (fs::exists(job.done)) continue;
    const double seconds = run_job(job, stop);
    clock.add(job, seconds);
    bool complete = false;
    const double left = clock.left(jobs, i + 1, complete);
    note(run, "reproduce: ", i + 1, "/", jobs.size(), " ", job.title, ": ", train::format_duration(seconds),
         ", ", complete ? "" : "more than ", train::format_duration(left), " left");
  }
}

/// Seconds of a kind of job: once, and for each epoch.
struct Cost {
  double fixed = 0, epoch = 0;
};

/// Removes what a trial run has written.
void forget(const Job& job) {
  std::error_code ignored;
  const std::string path = job.done.string();
  const std::string stem =
      path.substr(0, path.size() - std::string(job.epochs > 0 ? ".report.json" : ".json").size());
  for (const char* tail : {".report.json", ".safetensors", ".json", ".npy"}) fs::remove(stem + tail, ignored);
}

/// Runs every kind of job once with two epochs and throws the results away.
std::map<std::string, Cost> try_out(ReproducePlan plan, const RunOptions& run) {
  plan.seeds.resize(1);
  plan.pretrain_epochs = plan.epochs = 2;
  std::map<std::string, Cost> costs;
  const train::StopOnSignal stop;
  std::vector<Job> made;
  for (Job& job : jobs_of(plan)) {
    if (costs.count(job.kind) > 0) continue;
    std::replace(job.words.begin(), job.words.end(), std::string("--resume"), std::string("--force"));
    const double wall = run_job(job, stop);
    Cost cost{wall, 0};
    if (job.epochs > 0) {
      std::ifstream in(job.done);
      const double training = train::Json::parse(in).value("seconds", 0.0);
      cost = {wall - training, training / 2};
    }
    costs[job.kind] = cost;
    made.push_back(job);
  }
  for (const Job& job : made) forget(job);
  note(run, "reproduce: measured ", costs.size(), " kinds of runs for the budget");
  return costs;
}

/// Shortens the plan to a budget in seconds. Measured once: the same budget again takes the same epochs.
void fit_budget(ReproducePlan& plan, double budget, const fs::path& memory, const RunOptions& run) {
  train::Json key = {{"budget", budget},
                     {"datasets", plan.datasets},
                     {"models", plan.models},
                     {"seeds", plan.seeds},
                     {"split", plan.split}};
  if (std::ifstream in(memory); in) {
    const train::Json known = train::Json::parse(in, nullptr, false);
    if (!known.is_discarded() && known.value("key", train::Json()) == key) {
      plan.pretrain_epochs = known.value("pretrain_epochs", Index{1});
      plan.epochs = known.value("epochs", Index{1});
      return;
    }
  }
  const std::map<std::string, Cost> costs = try_out(plan, run);
  double fixed = 0, epochs = 0;
  for (const Job& job : jobs_of(plan)) {
    const auto at = costs.find(job.kind);
    if (at == costs.end()) continue;
    fixed += at->second.fixed;
    epochs += at->second.epoch * static_cast<double>(job.epochs);
  }
  const double share = epochs > 0 ? std::clamp((budget - fixed) / epochs, 0.0, 1.0) : 1.0;
  const auto shortened = [&](Index n) {
    return std::max<Index>(1, static_cast<Index>(static_cast<double>(n) * share));
  };
  plan.pretrain_epochs = shortened(plan.pretrain_epochs);
  plan.epochs = shortened(plan.epochs);
  note(run, "reproduce: all epochs would take ", train::format_duration(fixed + epochs),
       ", the budget leaves ", plan.pretrain_epochs, " of pre-training and ", plan.epochs, " of the others");
  train::write_json(memory,
                    {{"key", key}, {"pretrain_epochs", plan.pretrain_epochs}, {"epochs", plan.epochs}});
}

std::vector<OptionSpec> option_specs() {
  std::vector<OptionSpec> options = {
      {"table", "NAME", "har (default), dpc, classifiers, cross, window or rate"},
      {"datasets", "LIST", "such as uci,motion (default: those that are prepared)"},
      {"models", "LIST", "only these of the table: dcnn,r-gru,limu-gru"},
      {"raw", "LIST", "recordings of sets to prepare: uci=DIR,motion=DIR"},
      {"published-weights", "DIR", "take the published encoders below DIR"},
      {"seeds", "LIST", "of split, start and draws: 3431,1-29 (default 3431,1,2)"},
      {"encoder", "KIND", "each (default): one pre-training for each seed, or first"},
      {"split", "KIND", "random (published), user or session"},
      {"epochs", "N", "shortened run: at most N epochs of anything"},
      {"pretrain-epochs", "N", "epochs of pre-training (default 3200)"},
      {"budget", "TIME", "shortened run of about this time: 30m, 2h"},
      {"show", "", "run nothing, show what is there"}};
  for (const OptionSpec& spec : run_option_specs(false)) options.push_back(spec);
  return options;
}

/// Sets of the paper that are prepared, or whose recordings are given.
std::vector<std::string> default_sets(const RunOptions& run, const std::map<std::string, fs::path>& raw,
                                      const std::string& version) {
  std::vector<std::string> sets;
  for (const std::string_view name : paper::sets) {
    const std::string set(name);
    if (raw.count(set) > 0 || fs::exists(data::windows_path(run.at.dataset(set), version)))
      sets.push_back(set);
  }
  if (sets.empty())
    fail<UsageError>(
        "reproduce: no data set is prepared; give --datasets and --raw, such as --datasets uci --raw "
        "uci=HAPT");
  return sets;
}

ReproducePlan read_plan(const Arguments& arguments, const RunOptions& run,
                        const std::map<std::string, fs::path>& raw) {
  ReproducePlan plan;
  plan.at = run.at;
  plan.threads = run.threads;
  plan.table = arguments.text("table", "har");
  paper_table(plan.table, {});
  plan.split = arguments.choice("split", {"random", "user", "session"});
  plan.seeds = read_seeds(arguments);
  plan.one_encoder = arguments.choice("encoder", {"each", "first"}) == "first";
  plan.datasets = arguments.has("datasets") ? parts_of(arguments.text("datasets"), "datasets")
                  : plan.table == "dpc"     ? std::vector<std::string>{"shoaib"}
                                            : default_sets(run, raw, plan.version);
  for (const std::string& set : plan.datasets) {
    check_name("reproduce", "--datasets", set);
    if (paper::place(set) == paper::sets.size() && !fs::is_directory(run.at.dataset(set)))
      fail<UsageError>("reproduce: --datasets: unknown data set '", set,
                       "', expected hhar, uci, motion, shoaib or ", "a prepared one",
                       did_you_mean(set, paper::sets));
  }
  if (plan.table == "dpc" && plan.datasets != std::vector<std::string>{"shoaib"})
    fail<UsageError>("reproduce: table dpc is about where phones are worn: only shoaib says so");
  plan.cells = paper_table(plan.table, plan.datasets);
  if (arguments.has("models")) {
    plan.models = parts_of(arguments.text("models"), "models");
    plan.cells = cells_of_models(plan.cells, plan.table, plan.models);
  }
  const Index most = arguments.integer("epochs", 10000000, 1, 10000000);
  plan.pretrain_epochs = std::min(most, arguments.integer("pretrain-epochs", 3200, 1, 10000000));
  plan.epochs = std::min(most, Index{700});
  if (arguments.has("published-weights"))
    for (const PaperCell& cell : plan.cells)
      if (cell.model.uses_encoder() && plan.weights.count(cell.encoder) == 0)
        plan.weights[cell.encoder] =
            fs::absolute(published_encoder(arguments.text("published-weights"), cell.encoder, plan.version));
  return plan;
}

/// Text on the screen; text, JSON and page in the folder of reproductions.
void write_table(const ReproducePlan& plan, const std::vector<Job>& jobs, const fs::path& stem) {
  const std::vector<Measured> measured = read_results(plan);
  std::string text =
      "LIMU-BERT, table " + plan.table + ", split " + plan.split + ": test part, mean ± sd over seeds\n";
  if (!shortened_text(plan).empty()) text += shortened_text(plan) + '\n';
  text += aligned_text(table_rows(plan, measured));
  io::atomic_write(stem.string() + ".txt", std::string_view(text));
  io::atomic_write(stem.string() + ".html", std::string_view(reproduce_page(plan, measured, jobs)));
  train::write_json(stem.string() + ".json", reproduce_json(plan, measured, jobs));
  text.pop_back();
  result(text);
  result(stem.string() + ".html");
}

}  // namespace

int run_reproduce(int argc, char** argv) {
  Arguments arguments("reproduce",
                      "Train what a table of the LIMU-BERT paper needs; print paper beside measured.\n"
                      "Goes on where it was interrupted, and trains nothing twice. Writes\n"
                      "reproduce/limu-bert_TABLE_SPLIT.txt, .json and .html.",
                      {{"PAPER", "limu-bert"}}, option_specs());
  if (!arguments.parse(argc, argv)) return ExitCode::done;
  const RunOptions run = read_run_options(arguments, false);
  if (arguments.word(0) != "limu-bert")
    fail<UsageError>("reproduce: PAPER is '", arguments.word(0), "', expected limu-bert",
                     did_you_mean(arguments.word(0), std::array<std::string_view, 1>{"limu-bert"}));
  const std::map<std::string, fs::path> raw = read_raw(arguments);
  ReproducePlan plan = read_plan(arguments, run, raw);
  const fs::path folder = run.at.root / "reproduce";
  const fs::path stem = folder / ("limu-bert_" + plan.table + '_' + plan.split);
  const double budget = arguments.has("budget") ? seconds_of(arguments.text("budget")) : 0;
  if (run.dry_run) {
    for (const Job& job : jobs_of(plan))
      note(run, "reproduce: ", fs::exists(job.done) ? "done: " : "to run: ", job.title);
    return ExitCode::done;
  }
  make_folder(folder);
  const io::DirectoryLock lock(folder);
  if (!arguments.flag("show")) prepare_sets(plan, raw, run);
  if (budget > 0) fit_budget(plan, budget, stem.string() + ".budget.json", run);
  const std::vector<Job> jobs = jobs_of(plan);
  if (!arguments.flag("show")) run_jobs(jobs, run);
  write_table(plan, jobs, stem);
  return ExitCode::done;
}

}  // namespace gyrograd::cli
