// SPDX-License-Identifier: MIT
// `gyrograd prepare ego-exo4d | ego4d | realworld | manifest`: recordings and what is said in them to shards.
#include "cli/prepare_paired.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/prepare_labelled.hpp"
#include "cli/prepare_report.hpp"
#include "cli/run_options.hpp"
#include "gyrograd/data/paired_set.hpp"
#include "gyrograd/data/readers/ego4d.hpp"
#include "gyrograd/data/readers/ego_exo4d.hpp"
#include "gyrograd/data/readers/manifest.hpp"
#include "gyrograd/data/take_parts.hpp"
#include "gyrograd/io/staged_folder.hpp"
#ifdef GYROGRAD_HAVE_ZLIB
#include "gyrograd/data/readers/realworld.hpp"
#endif

namespace gyrograd::cli {
namespace {

std::vector<OptionSpec> option_specs() {
  std::vector<OptionSpec> options = {
      {"o,output", "DIR", "folder to write (default ROOT/dataset/NAME)"},
      {"name", "NAME", "name of the set (default: the word)"},
      {"published", "", "windows and texts as the published code makes them"},
      {"rate", "HZ", "rate of the windows, whole Hz (default 50)"},
      {"window", "SECONDS", "length of a window, whole seconds (default 5)"},
      {"apart", "SECONDS", "least distance of windows of a take (default 0: no two alike)"},
      {"text-vectors", "BASE", "BASE.npy: a vector for each line of BASE.txt, cleaned texts"},
      {"video-vectors", "BASE", "BASE.npy: a vector for each line of BASE.txt, TAKE START_MS"},
      {"all-annotators", "", "ego-exo4d: narrations of all annotators, not of the first"},
      {"split-by", "WORD", "take (default) or user: what is never in two parts"},
      {"parts", "FILE", "parts.tsv of another preparation: take these parts"},
      {"position", "WORD", "realworld: head (default), chest, forearm, shin, thigh, upperarm, waist"},
      {"test-users", "LIST", "realworld: users of the test part (default 13,14,15)"},
      {"val-users", "LIST", "realworld: users of the validation part (default 11,12)"},
      {"fold", "K", "realworld: the lists moved on by 3 K users, 0 to 4 (default 0)"},
      {"shard-rows", "N", "windows of a shard (default 16384)"},
      {"seed", "N", "seed of the parts (default 3431)"},
  };
  for (OptionSpec& more : run_option_specs(false)) options.push_back(std::move(more));
  return options;
}

/// One run: what the line says and what is collected.
struct PairedRun {
  const Arguments& arguments;
  RunOptions run;
  std::string word;
  fs::path raw;
  data::PairedRule rule;
  std::uint64_t seed = 3431;
  bool by_user = false;  // parts by user, not by take
  data::PairedVectors vectors{};
  data::Findings findings{};
  std::map<std::string, std::vector<std::string>> listed{};  // parts of takes by --parts
  nlohmann::ordered_json notes{};                            // further keys of set.json
};

data::PairedRule read_rule(const Arguments& arguments) {
  data::PairedRule rule;
  if (arguments.flag("published")) {
    for (const char* option : {"rate", "window", "apart", "all-annotators"}) {
      if (arguments.has(option))
        fail<UsageError>("prepare: --published and --", option,
                         " exclude each other: the published windows are 5 s at 50 Hz");
    }
    rule.recipe = data::Recipe::published;
  }
  rule.rate = arguments.integer("rate", rule.rate, 1, 10'000);
  rule.seconds = arguments.integer("window", rule.seconds, 1, 3600);
  if (arguments.has("apart")) rule.apart = arguments.real("apart", 0, 0, 3600);
  return rule;
}

/// Numbers between commas.
std::vector<Index> number_list(const Arguments& arguments, const std::string& option, const char* otherwise) {
  const std::string text = arguments.text(option, otherwise);
  std::vector<Index> out;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    Index value = 0;
    const auto [stop, error] = std::from_chars(at, end, value);
    if (error != std::errc{} || value < 1 || value > 15 || (stop != end && *stop != ','))
      fail<UsageError>("prepare: --", option, " is '", text, "', expected users such as 13,14,15");
    out.push_back(value);
    if (stop == end) return out;
    at = stop + 1;
  }
}

/// The parts of each take.
using Parts = std::vector<std::vector<std::string>>;

/// Parts of takes, drawn by take or by user; without a user a take stands for itself.
std::vector<std::string> draw_parts(const PairedRun& r, const std::vector<data::Take>& takes, double train,
                                    double validation, const std::string& prefix = {}) {
  std::vector<Index> groups(takes.size());
  std::iota(groups.begin(), groups.end(), Index{0});
  if (r.by_user) {
    data::NameList users;
    for (std::size_t i = 0; i < takes.size(); ++i)
      groups[i] = users.number(takes[i].user.empty() ? "take " + takes[i].name : "user " + takes[i].user);
  }
  return data::group_parts(groups, r.seed, train, validation, r.by_user ? "user" : "take", prefix);
}

/// Parts as the file of --parts lists them, else one each as draw() gives them.
template <class Draw>
Parts choose_parts(PairedRun& r, const std::vector<data::Take>& takes, Draw&& draw) {
  Parts out(takes.size());
  if (!r.arguments.has("parts")) {
    const std::vector<std::string> drawn = takes.empty() ? std::vector<std::string>{} : draw();
    for (std::size_t i = 0; i < drawn.size(); ++i) out[i] = {drawn[i]};
    return out;
  }
  const fs::path file = r.arguments.text("parts");
  if (r.listed.empty()) r.listed = data::read_parts(file);
  for (std::size_t i = 0; i < takes.size(); ++i) {
    const auto at = r.listed.find(takes[i].name);
    if (at == r.listed.end()) {
      r.findings.add(data::FindingKind::annotation, file.string(), "lists no part of take " + takes[i].name);
      continue;
    }
    for (const std::string& part : at->second) check_name("prepare", "part of take " + takes[i].name, part);
    out[i] = at->second;
  }
  return out;
}

/// Reads the rows of one take and cuts its windows into every part that it belongs to.
template <class Read>
void add_take(PairedRun& r, data::PairedSetWriter& out, const data::Take& take, const data::Card& card,
              const std::vector<std::string>& parts, Read&& read, const std::set<std::string>& bad = {}) {
  if (parts.empty()) return;
  data::cut_take(take, read(), card, r.rule, bad, r.findings, [&](data::CutWindow&& w) {
    for (const std::string& part : parts) out.add(part, take, w);
  });
}

/// The takes of a list of files.
std::vector<data::Take> takes_of(const std::vector<data::EgoTake>& list) {
  std::vector<data::Take> takes;
  for (const data::EgoTake& t : list) takes.push_back(t.take);
  return takes;
}

data::Card prepare_ego_exo4d(PairedRun& r, data::PairedSetWriter& out) {
  const data::Card card = data::ego_exo4d_card();
  const data::NarrationFilter filter{r.rule.recipe, r.arguments.flag("all-annotators")};
  const bool published = r.rule.recipe == data::Recipe::published;
  const auto bad = published ? data::read_bad_windows(r.raw / "bad_imu.txt") : std::set<std::string>{};
  // Both lists first: what is wrong with them shows before hours of cutting.
  const std::vector<data::EgoTake> pools[] = {data::read_ego_exo4d(r.raw, "train", filter, r.findings),
                                              data::read_ego_exo4d(r.raw, "val", filter, r.findings)};
  for (const bool probed : {false, true}) {
    const std::vector<data::EgoTake>& list = pools[probed ? 1 : 0];
    const std::vector<data::Take> takes = takes_of(list);
    Parts parts = choose_parts(r, takes, [&] {
      if (probed) return draw_parts(r, takes, 0.5, 0.25, "probe_");
      if (published) return std::vector<std::string>(takes.size(), "train");
      // Corrected: validation of pre-training out of the training takes, so that no downstream take is seen.
      std::vector<std::string> drawn = draw_parts(r, takes, 0.9, 0.05);
      std::replace(drawn.begin(), drawn.end(), std::string("test"), std::string("val"));
      return drawn;
    });
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (probed && published && !r.arguments.has("parts")) parts[i].emplace_back("val");
      add_take(
          r, out, takes[i], card, parts[i], [&] { return data::read_aria_imu(list[i].imu, r.findings); },
          bad);
    }
  }
  r.notes["pools"] = published ? "train: official train; val: official val; probe: takes of official val"
                               : "train, val: takes of official train; probe: takes of official val";
  return card;
}

data::Card prepare_ego4d(PairedRun& r, data::PairedSetWriter& out) {
  const data::Card card = data::ego4d_card();
  const std::vector<data::EgoTake> list = data::read_ego4d(r.raw, r.findings);
  const std::vector<data::Take> takes = takes_of(list);
  const Parts parts = choose_parts(r, takes, [&] {
    if (r.by_user) return draw_parts(r, takes, 0.8, 0.1);
    std::vector<Index> labels;
    for (const data::Take& t : takes) labels.push_back(t.label);
    return data::stratified_parts(labels, r.seed, 0.8, 0.1);
  });
  for (std::size_t i = 0; i < list.size(); ++i)
    add_take(r, out, takes[i], card, parts[i], [&] { return data::read_ego4d_imu(list[i].imu, r.findings); });
  return card;
}

#ifdef GYROGRAD_HAVE_ZLIB
data::Card prepare_realworld(PairedRun& r, data::PairedSetWriter& out) {
  if (r.arguments.has("parts"))
    fail<UsageError>("prepare: realworld takes users by --test-users, not --parts");
  const std::string position = r.arguments.text("position", "head");
  const Index fold = r.arguments.integer("fold", 0, 0, 4);
  const auto moved = [&](std::vector<Index> users) {
    for (Index& u : users) u = (u - 1 + 3 * fold) % data::RealWorld::users + 1;
    return users;
  };
  const std::vector<Index> test = moved(number_list(r.arguments, "test-users", "13,14,15"));
  const std::vector<Index> held = moved(number_list(r.arguments, "val-users", "11,12"));
  const auto in = [](const std::vector<Index>& list, Index user) {
    return std::find(list.begin(), list.end(), user) != list.end();
  };
  for (const Index u : held) {
    if (in(test, u)) fail<UsageError>("prepare: user ", u, " stands in --test-users and --val-users");
  }
  const data::WindowRule rule{r.rule.recipe, r.rule.rate, r.rule.steps(), r.rule.steps()};
  const data::DataSet set = data::read_realworld(r.raw, position, rule, r.findings);
  const data::Card card = data::realworld_card(position);
  add_labelled(out, set, card, r.rule.rate, [&](Index i) {
    const Index user = static_cast<Index>(set.labels.at(i, 0, 1)) + 1;
    return std::string(in(test, user) ? "test" : in(held, user) ? "val" : "train");
  });
  r.notes["test_users"] = test;
  r.notes["val_users"] = held;
  r.notes["position"] = position;
  return card;
}
#else
data::Card prepare_realworld(PairedRun&, data::PairedSetWriter&) {
  fail<UsageError>("prepare: realworld needs zlib, which this tool was built without");
}
#endif

/// The manifest of a run, and its rate and window where the line does not say others.
std::optional<data::Manifest> read_manifest(PairedRun& r) {
  if (r.word != "manifest") return std::nullopt;
  if (r.rule.recipe == data::Recipe::published)
    fail<UsageError>("prepare: no published recipe is known for 'manifest'; leave out --published");
  data::Manifest m = data::read_manifest(fs::is_directory(r.raw) ? r.raw / "manifest.json" : r.raw);
  for (const auto& [name, value, top] :
       {std::tuple("rate_hz", m.rate, 10'000.0), {"window_s", m.seconds, 3600.0}}) {
    if (!(value >= 1 && value <= top && value == std::floor(value)))
      fail<ConfigError>(m.where, ": ", name, " is ", value, ", expected a whole number from 1");
  }
  if (!r.arguments.has("rate")) r.rule.rate = static_cast<Index>(m.rate);
  if (!r.arguments.has("window")) r.rule.seconds = static_cast<Index>(m.seconds);
  r.rule.gap = m.format.gap;
  return m;
}

data::Card prepare_manifest(PairedRun& r, const data::Manifest& m, data::PairedSetWriter& out) {
  const data::Card card = data::manifest_card(m);
  std::vector<data::Take> takes;
  Index named = 0;
  for (const data::ManifestRecording& one : m.recordings) {
    takes.push_back(one.take);
    named += one.split.empty() ? 0 : 1;
  }
  if (named > 0 && named < static_cast<Index>(takes.size())) {
    fail<ConfigError>(m.where, ": ", named, " of ", takes.size(),
                      " recordings name their split; name it for all of them, or for none");
  }
  const Parts parts = choose_parts(r, takes, [&] {
    if (named == 0) return draw_parts(r, takes, 0.8, 0.1);
    std::vector<std::string> splits;
    for (const data::ManifestRecording& one : m.recordings) {
      check_name("prepare", "split of take " + one.take.name, one.split);
      splits.push_back(one.split);
    }
    return splits;
  });
  for (std::size_t i = 0; i < takes.size(); ++i) {
    add_take(r, out, takes[i], card, parts[i],
             [&] { return data::read_manifest_imu(m, m.recordings[i], r.findings); });
  }
  return card;
}

void read_vectors(PairedRun& r, const std::optional<data::Manifest>& m) {
  const auto table = [&](const char* option, const fs::path& named) {
    if (r.arguments.has(option)) return data::VectorTable(r.arguments.text(option));
    if (!named.empty()) return data::VectorTable(named, false);
    return data::VectorTable();
  };
  const bool by_row = m && (!m->text_vectors.empty() || !m->video_vectors.empty());
  if (by_row && (r.arguments.has("text-vectors") || r.arguments.has("video-vectors")))
    fail<UsageError>("prepare: the manifest names its vectors; leave out --text-vectors and --video-vectors");
  r.vectors.text = table("text-vectors", m ? m->text_vectors : fs::path());
  r.vectors.video = table("video-vectors", m ? m->video_vectors : fs::path());
  r.vectors.by_row = by_row;
  if (r.vectors.text.width() > 0 && r.vectors.video.width() > 0 &&
      r.vectors.text.width() != r.vectors.video.width()) {
    fail<ConfigError>(r.vectors.video.name(), ": vectors of width ", r.vectors.video.width(), ", those of ",
                      r.vectors.text.name(), " have ", r.vectors.text.width(),
                      "; both must come from the same model");
  }
}

void print_summary(const PairedRun& r, const data::PairedSetWriter& out, const data::Card& card) {
  for (const data::PartSummary& s : out.summary()) {
    result(s.name, ": ", s.windows, " windows of ", r.rule.steps(), " steps, ", s.takes, " takes, ", s.users,
           " users, without text vector ", s.without_text, ", without video vector ", s.without_video);
  }
  std::string classes;
  for (const std::string& name : card.labels.front().classes) classes += (classes.empty() ? "" : ", ") + name;
  if (!classes.empty()) result("classes: ", classes);
  for (const std::string& line : out.leaks()) note(r.run, "prepare: ", line);
}

}  // namespace

int run_prepare_paired(int argc, char** argv) {
  Arguments arguments(
      "prepare", "Turn recordings and what is said in them into shards of paired windows.",
      {{"DATASET", "ego-exo4d, ego4d, realworld or manifest"}, {"RAW", "folder, or manifest.json"}},
      option_specs());
  if (!arguments.parse(argc, argv)) return ExitCode::done;
  PairedRun r{arguments, read_run_options(arguments, false), arguments.word(0), arguments.word(1),
              read_rule(arguments)};
  r.seed = static_cast<std::uint64_t>(arguments.integer("seed", 3431, 0, 4294967295));
  r.by_user = r.word == "realworld" || arguments.choice("split-by", {"take", "user"}) == "user";
  const std::string name = arguments.text("name", r.word);
  check_name("prepare", "--name", name);
  const fs::path folder =
      arguments.has("output") ? fs::path(arguments.text("output")) : r.run.at.dataset(name);
  refuse_existing(folder, r.run.force);
  if (!fs::exists(r.raw)) fail<IoError>(r.raw.string(), ": no such folder of recordings");
  const std::optional<data::Manifest> manifest = read_manifest(r);
  read_vectors(r, manifest);
  std::optional<io::StagedFolder> staged;
  if (!r.run.dry_run) {
    if (folder.has_parent_path()) make_folder(folder.parent_path());
    staged.emplace(folder, "set.json");
  }
  data::PairedSetWriter out(staged ? staged->path() : fs::path(), r.rule, r.vectors, r.findings,
                            arguments.integer("shard-rows", 16'384, 1, 10'000'000));
  data::Card card = r.word == "ego-exo4d"   ? prepare_ego_exo4d(r, out)
                    : r.word == "ego4d"     ? prepare_ego4d(r, out)
                    : r.word == "realworld" ? prepare_realworld(r, out)
                                            : prepare_manifest(r, *manifest, out);
  const bool published = r.rule.recipe == data::Recipe::published;
  card.recipe = published ? "published" : "corrected";
  card.resampling = published && r.word != "realworld"
                        ? "window by window, windowed sinc, zeros outside"
                        : "interpolated on true stamps, then windowed sinc over the whole recording";
  r.notes["seed"] = r.seed;
  r.notes["split_by"] = arguments.has("parts") ? arguments.text("parts") : r.by_user ? "user" : "take";
  out.finish(card, name, r.notes);
  print_summary(r, out, card);
  report_findings(r.run, r.findings);
  if (!staged) return ExitCode::done;
  staged->commit();
  note(r.run, "prepare: wrote ", folder.string(), ": shards, card.json, set.json, findings.txt");
  if (r.vectors.text.width() == 0)
    note(r.run,
         "prepare: to pair them, embed texts.txt and clips.txt of that folder line by line, then prepare "
         "again with --text-vectors and --video-vectors; see docs/data.md");
  return ExitCode::done;
}

}  // namespace gyrograd::cli
