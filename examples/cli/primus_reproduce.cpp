// SPDX-License-Identifier: MIT
// `gyrograd primus reproduce` and `efficiency`: the three figures of the PRIMUS paper from one's own run.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "cli/primus.hpp"
#include "cli/primus_study.hpp"
#include "cli/probe_grid.hpp"
#include "cli/run_options.hpp"
#include "cli/session.hpp"
#include "gyrograd/core/suggest.hpp"
#include "gyrograd/io/file.hpp"
#include "gyrograd/train/error_chart.hpp"
#include "gyrograd/train/html_report.hpp"
#include "gyrograd/train/progress.hpp"
#include "gyrograd/train/svg.hpp"

namespace gyrograd::cli {
namespace {

/// Methods of one figure and how they are called there.
struct Named {
  std::string method, title;
};
const std::vector<Named> rivals = {{"primus", "PRIMUS"},
                                   {"mm", "IMU2CLIP (MM)"},
                                   {"ss", "SimCLR (SS)"},
                                   {"multitask", "MultitaskSSL"},
                                   {"standard", "standard training"}};
const std::vector<Named> ablation = {{"ss", "SS"},         {"mm", "MM"},         {"ss+mm", "SS + MM"},
                                     {"mm+nn", "MM + NN"}, {"ss+nn", "SS + NN"}, {"primus", "PRIMUS"}};

/// Everything that a report is made of.
struct Study {
  StudySettings settings;
  std::vector<double> fractions;
  std::vector<std::string> methods;  ///< with all vectors; those of them with text and video: by their share
  train::CellLog* cells = nullptr;

  bool has(const std::string& method) const {
    return std::find(methods.begin(), methods.end(), method) != methods.end();
  }

  metrics::Summary at(const std::string& method, double fraction, const std::string& probe,
                      Index shots) const {
    return study_summary(*cells, settings, method, fraction, probe, shots);
  }
  /// The most shots that are a number: few enough to be few-shot, many enough to be stable.
  Index reference_shots() const {
    Index most = 0;
    for (const Index n : settings.shots) most = std::max(most, n);
    return most;
  }
};

std::string plus_minus(const metrics::Summary& s) {
  std::string text = train::fixed_number(s.mean, 3);
  if (std::isfinite(s.standard_error)) text += " +- " + train::fixed_number(s.standard_error, 3);
  return text;
}

/// Accuracy by shots of several methods, chart and table.
void add_shots(train::HtmlReport& page, const Study& study, const std::vector<Named>& methods,
               const std::string& probe, const std::string& caption) {
  std::vector<std::string> places;
  std::vector<train::ErrorCurve> curves;
  std::vector<std::vector<std::string>> rows{{"method"}};
  for (const Index n : study.settings.shots) {
    places.push_back(shots_text(n));
    rows[0].push_back(places.back());
  }
  for (const Named& m : methods) {
    if (!study.has(m.method)) continue;
    curves.push_back({m.title, {}, m.method == "standard"});
    rows.push_back({m.title});
    for (const Index n : study.settings.shots) {
      curves.back().at.push_back(study.at(m.method, 1, probe, n));
      rows.back().push_back(plus_minus(curves.back().at.back()));
    }
  }
  page.chart(train::error_chart({caption, "labelled windows of each class", "test accuracy"}, places, curves),
             caption + " Bars: one standard error.");
  page.table(rows);
}

void add_fractions(train::HtmlReport& page, const Study& study, const std::string& probe) {
  const Index shots = study.reference_shots();
  std::vector<std::string> places;
  std::vector<train::ErrorCurve> curves;
  for (const double f : study.fractions) places.push_back(train::short_number(100 * f, 1) + " %");
  for (const Named& m : {rivals[0], rivals[1]}) {
    if (!study.has(m.method)) continue;
    curves.push_back({m.title, {}, false});
    for (const double f : study.fractions) curves.back().at.push_back(study.at(m.method, f, probe, shots));
  }
  const std::string caption =
      message("Accuracy with ", shots_text(shots),
              " labels of each class by the share of takes that have text and video; ", probe, " probe.");
  page.chart(train::error_chart({caption, "takes with vectors", "test accuracy"}, places, curves),
             caption + " Bars: one standard error.");
}

/// One qualitative claim of the paper (PRIMUS sheet §18.1) against this run.
struct Ordering {
  std::string claim, left, right;
  bool holds = false;
};

std::vector<Ordering> orderings(const Study& study, const std::string& probe) {
  const Index shots = study.reference_shots();
  const auto error = [](const metrics::Summary& a, const metrics::Summary& b) {
    return std::hypot(std::isfinite(a.standard_error) ? a.standard_error : 0,
                      std::isfinite(b.standard_error) ? b.standard_error : 0);
  };
  std::vector<Ordering> out;
  // A claim about standard errors needs two trials.
  const auto claim = [&](const std::string& text, const metrics::Summary& a, const metrics::Summary& b,
                         bool holds, bool needs_errors) {
    if (!std::isfinite(a.mean) || !std::isfinite(b.mean) || (needs_errors && study.settings.seeds < 2))
      return;
    out.push_back({text, plus_minus(a), plus_minus(b), holds});
  };
  const auto of = [&](const char* method) { return study.at(method, 1, probe, shots); };
  const metrics::Summary primus = of("primus"), mm = of("mm"), ss = of("ss"), ss_nn = of("ss+nn"),
                         mm_nn = of("mm+nn"), standard = of("standard");
  const metrics::Summary few = study.at("primus", 0.1, probe, shots);
  claim("PRIMUS is at least as good as MM (within one standard error)", primus, mm,
        primus.mean >= mm.mean - error(primus, mm), true);
  claim("MM is better than SS", mm, ss, mm.mean > ss.mean, false);
  claim("MM + NN is close to PRIMUS (within two standard errors)", mm_nn, primus,
        std::abs(mm_nn.mean - primus.mean) <= 2 * error(mm_nn, primus), true);
  claim("SS + NN without a frozen modality is worse than SS", ss_nn, ss, ss_nn.mean < ss.mean, false);
  claim("PRIMUS with 10 % of the pairs is as good as MM with all (within two standard errors)", few, mm,
        few.mean >= mm.mean - 2 * error(few, mm), true);
  claim("PRIMUS is better than standard training", primus, standard, primus.mean > standard.mean, false);
  return out;
}

void add_orderings(train::HtmlReport& page, const Study& study, const std::string& probe, train::Json& json) {
  std::vector<std::vector<std::string>> rows{{"claim of the paper", "left", "right", "here"}};
  for (const Ordering& o : orderings(study, probe)) {
    rows.push_back({o.claim, o.left, o.right, o.holds ? "holds" : "does not hold"});
    json[probe].push_back({{"claim", o.claim}, {"left", o.left}, {"right", o.right}, {"holds", o.holds}});
  }
  page.paragraph(
      message("With ", shots_text(study.reference_shots()), " labels of each class, ", probe, " probe:"));
  page.table(rows);
}

train::Json cells_json(const Study& study, const std::vector<StudyUnit>& units) {
  train::Json out = train::Json::object();
  for (const StudyUnit& unit : units) out[unit.name()] = *study.cells->find(unit.name());
  return out;
}

std::string subtitle(const Study& study, const StudyData& d) {
  return message("gyrograd ", GYROGRAD_VERSION, ", ", d.text, ": ", d.windows.count(), " windows of ",
                 d.users, " users; ", d.pretrain.size(), " pre-train, ", d.labelled.size(), " give labels, ",
                 d.test.size(), " of other users test; ", study.settings.seeds,
                 study.settings.seeds == 1 ? " seed" : " seeds");
}

std::string reproduce_page(const Study& study, const StudyData& d, train::Json& json) {
  train::HtmlReport page("The figures of the PRIMUS paper, on this machine", subtitle(study, d));
  const std::vector<std::string> probes = d.probes();
  const bool shares = study.has("primus") || study.has("mm");
  if (study.settings.set.empty())
    page.paragraph(
        "The set is synthetic: one latent activity drives motion, text vectors and video vectors, each with "
        "nuisance of its own. What holds here shows that the programs work; it says nothing about "
        "Ego-Exo4D.");
  if (study.settings.seeds < 5)
    page.paragraph(
        message("Warning: ", study.settings.seeds, " of the paper's 5 trials; standard errors are rough."));
  for (const std::string& probe : probes) {
    page.section(message("Few-shot accuracy (Figure 2), ", probe, " probe"));
    add_shots(page, study, rivals, probe,
              message("Accuracy on held-out users by number of labels, ", probe, " probe."));
  }
  for (const std::string& probe : probes) {
    if (!shares) break;
    page.section(message("Share of pairs (Figure 3), ", probe, " probe"));
    add_fractions(page, study, probe);
  }
  for (const std::string& probe : probes) {
    page.section(message("Terms of the loss (Figure 6), ", probe, " probe"));
    add_shots(page, study, ablation, probe,
              message("Accuracy by number of labels and terms, ", probe, " probe."));
  }
  page.section("Which orderings hold");
  for (const std::string& probe : probes) add_orderings(page, study, probe, json["orderings"]);
  return page.str();
}

std::string efficiency_page(const Study& study, const StudyData& d) {
  train::HtmlReport page("Accuracy by the share of windows with text and video", subtitle(study, d));
  for (const std::string& probe : d.probes()) {
    page.section(message(probe, " probe"));
    add_fractions(page, study, probe);
  }
  return page.str();
}

std::vector<double> read_fractions(const std::string& command, const Arguments& a) {
  std::vector<double> out;
  for (const std::string& word : comma_list(command, "--fractions", a.text("fractions", "0.1,0.25,0.5,1"))) {
    double value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || end != word.data() + word.size() || !(value > 0 && value <= 1))
      fail<UsageError>(command, ": --fractions holds '", word, "', expected numbers above 0 up to 1");
    if (std::find(out.begin(), out.end(), value) != out.end())
      fail<UsageError>(command, ": --fractions names ", word, " twice");
    out.push_back(value);
  }
  std::sort(out.begin(), out.end());
  return out;
}

/// Encoders of a study, seed by seed, so that an interrupted run has whole trials.
std::vector<StudyUnit> units_of(const Study& study, bool all) {
  std::vector<StudyUnit> out;
  for (Index seed = 1; seed <= study.settings.seeds; ++seed) {
    for (const std::string& method : study.methods)
      if (all) out.push_back({method, 1, seed});
    for (const double f : study.fractions)
      for (const char* method : {"primus", "mm"})
        if (study.has(method) && (f < 1 || !all)) out.push_back({method, f, seed});
  }
  return out;
}

/// Methods of --methods, or all that the set allows: without vectors those that need none.
std::vector<std::string> read_methods(const std::string& command, const Arguments& a, const StudyData& d,
                                      const std::vector<std::string>& known) {
  const auto possible = [&](const std::string& m) {
    return d.has_vectors() || m == "ss" || m == "ss+nn" || m == "multitask" || m == "standard";
  };
  std::vector<std::string> out;
  if (!a.has("methods")) {
    std::copy_if(known.begin(), known.end(), std::back_inserter(out), possible);
  } else {
    for (const std::string& m : comma_list(command, "--methods", a.text("methods"))) {
      if (std::find(known.begin(), known.end(), m) == known.end())
        fail<UsageError>(command, ": --methods holds '", m, "'", did_you_mean(m, known));
      if (!possible(m))
        fail<UsageError>(command, ": method ", m, " needs text or video vectors, the ", d.text, " has none");
      if (std::find(out.begin(), out.end(), m) != out.end())
        fail<UsageError>(command, ": --methods names ", m, " twice");
      out.push_back(m);
    }
  }
  if (out.empty())
    fail<UsageError>(command, ": the ", d.text, " has neither text nor video vectors to share out");
  return out;
}

int run_study(const std::string& command, const Arguments& arguments, const std::vector<std::string>& known,
              const std::string& folder) {
  const RunOptions run = read_run_options(arguments, true);
  Study study{read_study_settings(command, arguments), read_fractions(command, arguments), {}, nullptr};
  const fs::path out = arguments.text("out", folder);
  if (!run.resume)
    for (const char* name : {"cells.jsonl", "table.json", "report.html"})
      refuse_existing(out / name, run.force);
  const StudyData data = make_study_data(study.settings);
  study.methods = read_methods(command, arguments, data, known);
  make_folder(out);
  const io::DirectoryLock lock(out);
  train::CellLog cells(out / "cells.jsonl", study_identity(study.settings, data), run.resume);
  study.cells = &cells;
  const std::vector<StudyUnit> units = units_of(study, command == "primus reproduce");
  ThreadPool pool(run.threads);
  std::optional<train::Progress> progress;
  run_units(data, study.settings, units, cells, pool, [&](Index done, Index total, const std::string& unit) {
    if (!progress) progress.emplace(command, "encoders", total, run.style());
    progress->update(done, unit);
  });
  if (progress) progress->close_line();
  train::Json json = train::report_head(command, static_cast<std::uint64_t>(study.settings.seeds),
                                        study_identity(study.settings, data));
  const std::string page =
      command == "primus reproduce" ? reproduce_page(study, data, json) : efficiency_page(study, data);
  json["cells"] = cells_json(study, units);
  train::write_json(out / "table.json", json);
  io::atomic_write(out / "report.html", std::string_view(page));
  if (command == "primus reproduce")
    for (const std::string& probe : data.probes())
      for (const Ordering& o : orderings(study, probe))
        result(probe, ": ", o.claim, ": ", o.left, " against ", o.right, ": ",
               o.holds ? "holds" : "does not hold");
  result((out / "report.html").string());
  return ExitCode::done;
}

std::vector<OptionSpec> option_specs() {
  std::vector<OptionSpec> options = study_specs();
  options.insert(options.begin(),
                 {"fractions", "A,B,...", "shares of takes with vectors (default 0.1,0.25,0.5,1)"});
  options.insert(options.begin(),
                 {"methods", "A,B,...", "train only these (default: all that the set allows)"});
  return options;
}

}  // namespace

int run_primus_reproduce(int argc, char** argv) {
  Arguments arguments("primus reproduce",
                      "Redraw the three figures of the PRIMUS paper on a synthetic set or on --set:\n"
                      "few-shot accuracy of five methods, share of pairs, terms of the loss. Writes\n"
                      "cells.jsonl, table.json and report.html into --out (default reproduce_primus).",
                      {}, option_specs());
  if (!arguments.parse(argc, argv)) return ExitCode::done;
  return run_study("primus reproduce", arguments,
                   {"primus", "mm", "ss", "ss+mm", "mm+nn", "ss+nn", "multitask", "standard"},
                   "reproduce_primus");
}

int run_primus_efficiency(int argc, char** argv) {
  Arguments arguments("primus efficiency",
                      "How few takes need text and video vectors: PRIMUS and IMU2CLIP by the share of\n"
                      "takes that have them, on a synthetic set or --set. Writes cells.jsonl,\n"
                      "table.json and report.html into --out (default efficiency).",
                      {}, option_specs());
  if (!arguments.parse(argc, argv)) return ExitCode::done;
  return run_study("primus efficiency", arguments, {"primus", "mm"}, "efficiency");
}

}  // namespace gyrograd::cli
