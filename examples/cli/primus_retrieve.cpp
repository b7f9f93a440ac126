// SPDX-License-Identifier: MIT
// `gyrograd primus retrieve SOURCE TARGET`: how well rows of one space find their partners in another.
#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/primus.hpp"
#include "cli/run_options.hpp"
#include "gyrograd/core/random.hpp"
#include "gyrograd/data/features.hpp"
#include "gyrograd/metrics/retrieval.hpp"
#include "gyrograd/train/report.hpp"
#include "gyrograd/train/svg.hpp"

namespace gyrograd::cli {
namespace {

constexpr const char* command = "primus retrieve";

/// Rows of both sides that take part.
struct Pairs {
  std::vector<float> source, target;
  Index width = 0, count = 0;
};

Pairs read_pairs(const Arguments& a) {
  const data::Features source = data::load_features(a.word(0)), target = data::load_features(a.word(1));
  if (source.width != target.width)
    fail<IoError>(a.word(1), ": width ", target.width, ", but ", a.word(0), " has ", source.width,
                  "; both must come from one space");
  if (source.count != target.count)
    fail<IoError>(a.word(1), ": ", target.count, " rows, but ", a.word(0), " has ", source.count,
                  "; row i of one must belong to row i of the other");
  Pairs all{source.values, target.values, source.width, source.count};
  const Index wanted = a.integer("candidates", 0, 0, 1000000000);
  if (wanted > source.count)
    fail<UsageError>(command, ": --candidates is ", wanted, ", but there are ", source.count, " pairs");
  if (wanted == 0) return all;
  Philox g(static_cast<std::uint64_t>(a.integer("seed", 1, 0, 4294967295)), 0, 0, Purpose::subset);
  std::vector<Index> order = permutation(g, source.count);
  order.resize(static_cast<std::size_t>(wanted));
  std::sort(order.begin(), order.end());
  Pairs some{{}, {}, source.width, wanted};
  for (const Index i : order) {
    const auto from = static_cast<std::ptrdiff_t>(i * source.width);
    some.source.insert(some.source.end(), source.values.begin() + from,
                       source.values.begin() + from + source.width);
    some.target.insert(some.target.end(), target.values.begin() + from,
                       target.values.begin() + from + source.width);
  }
  return some;
}

train::Json score_json(const metrics::RetrievalScore& s) {
  return {{"queries", s.queries},     {"candidates", s.candidates},
          {"accuracy", s.accuracy},   {"mrr", s.mrr},
          {"recall_1", s.recall_1},   {"recall_10", s.recall_10},
          {"recall_50", s.recall_50}, {"median_rank", s.median_rank},
          {"tied_queries", s.tied}};
}

void print_score(const std::string& name, const metrics::RetrievalScore& s) {
  const auto number = [](double v) { return train::fixed_number(v, 4); };
  result(name, "  accuracy ", number(s.accuracy), "  MRR ", number(s.mrr), "  recall@1 ", number(s.recall_1),
         "  @10 ", number(s.recall_10), "  @50 ", number(s.recall_50), "  median rank ",
         train::fixed_number(s.median_rank, 1));
}

}  // namespace

int run_primus_retrieve(int argc, char** argv) {
  Arguments arguments(
      command,
      "Search the partner of every row by cosine, in both directions. Scores depend\n"
      "on the number of candidates, which is printed with them.",
      {{"SOURCE", "FILE.npy: embeddings of the windows (rows x width)"},
       {"TARGET", "FILE.npy: text or video vectors, row i for row i"}},
      {{"candidates", "N", "draw N pairs (default: all)"},
       {"seed", "N", "seed of that draw (default 1)"},
       {"ties", "KIND",
        "equal candidates rank before the partner: pessimistic (default), or behind: optimistic"},
       {"out", "FILE", "write the scores as JSON"},
       {"force", "", "replace FILE if it exists"},
       {"quiet", "", "no notes"}});
  if (!arguments.parse(argc, argv)) return ExitCode::done;
  const RunOptions run = read_run_options(arguments, false);
  const std::string ties = arguments.choice("ties", {"pessimistic", "optimistic"});
  const metrics::Ties policy = ties == "optimistic" ? metrics::Ties::optimistic : metrics::Ties::pessimistic;
  const fs::path out = arguments.text("out");
  if (!out.empty()) refuse_existing(out, run.force);
  const Pairs pairs = read_pairs(arguments);
  const std::span<const float> source = pairs.source, target = pairs.target;
  const auto forth = metrics::retrieval_score(metrics::retrieval_ranks(source, target, pairs.width), policy);
  const auto back = metrics::retrieval_score(metrics::retrieval_ranks(target, source, pairs.width), policy);
  result(pairs.count, " pairs, so ", pairs.count,
         " candidates for each query; chance MRR falls with them; ties ", ties);
  print_score("source -> target", forth);
  print_score("target -> source", back);
  if (forth.tied + back.tied > 0)
    note(run, command, ": warning: ", forth.tied, " and ", back.tied,
         " queries have another candidate exactly as near as their partner (repeated vectors?)");
  if (out.empty()) return ExitCode::done;
  train::Json json = train::report_head(
      "primus retrieve", static_cast<std::uint64_t>(arguments.integer("seed", 1, 0, 4294967295)),
      {{"source", arguments.word(0)}, {"target", arguments.word(1)}, {"ties", ties}});
  json["source_to_target"] = score_json(forth);
  json["target_to_source"] = score_json(back);
  train::write_json(out, json);
  return ExitCode::done;
}

}  // namespace gyrograd::cli
