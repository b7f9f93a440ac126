// SPDX-License-Identifier: MIT
// `gyrograd plot REPORT`: the charts of a run as SVG files, and one page that shows all of it.
#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/card.hpp"
#include "cli/plot_page.hpp"
#include "cli/run_options.hpp"
#include "gyrograd/core/random.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/data/windows_file.hpp"
#include "gyrograd/io/file.hpp"
#include "gyrograd/train/pca.hpp"
#include "gyrograd/train/report.hpp"
#include "gyrograd/train/tsne.hpp"

namespace gyrograd::cli {
namespace {

/// Charts in the order in which they are shown.
constexpr std::array<std::string_view, 6> chart_names = {"confusion",      "roc", "curves",
                                                         "reconstruction", "pca", "tsne"};

/// Rows to map onto the plane and their classes.
struct MapRows {
  std::vector<float> means, windows;  // time means (count, channels), whole windows (count, steps channels)
  Index count = 0, channels = 0, steps = 0;
  std::vector<Index> labels;
  std::vector<std::string> names;
};

std::vector<std::string> read_charts(const Arguments& arguments) {
  std::vector<std::string> wanted;
  std::string word;
  for (const char c : arguments.text("charts", "all") + ',') {
    if (c != ',') {
      word += c;
      continue;
    }
    if (word == "all") {
      wanted.assign(chart_names.begin(), chart_names.end());
    } else if (std::find(chart_names.begin(), chart_names.end(), word) == chart_names.end()) {
      fail<UsageError>("plot: --charts: no chart '", word,
                       "', expected confusion, roc, curves, reconstruction, pca, tsne or all",
                       did_you_mean(word, chart_names));
    } else {
      wanted.push_back(word);
    }
    word.clear();
  }
  return wanted;
}

/// The report that the word names: itself, or that of a weight file.
fs::path find_report(const std::string& word) {
  fs::path path = word;
  const std::string extension = path.extension().string();
  if (extension == ".safetensors" || extension == ".pt") path = train::report_path(path);
  if (fs::is_regular_file(path)) return path;
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::vector<std::string> there = detail::names_in(folder, "", ".report.json", false);
  for (std::string& name : there) name += ".report.json";
  fail<IoError>(path.string(), ": no such report", did_you_mean(path.filename().string(), there),
                "; classifier, benchmark, tpn, pretrain and evaluate write NAME.report.json");
}

/// "NAME" of NAME.report.json.
std::string stem_of(const fs::path& report) {
  const std::string name = report.filename().string();
  const std::string_view tail = ".report.json";
  return name.ends_with(tail) ? name.substr(0, name.size() - tail.size()) : report.stem().string();
}

/// File that an option names, else the one that the report names beside itself, else nothing.
std::optional<fs::path> find_file(const Arguments& arguments, const std::string& option,
                                  const io::JsonValue& report, const fs::path& report_path) {
  if (arguments.has(option)) return fs::path(arguments.text(option));
  const io::JsonValue* files = report.find("files");
  const io::JsonValue* name = files == nullptr ? nullptr : files->find(option);
  if (name == nullptr || name->text.empty()) return std::nullopt;
  return report_path.parent_path() / name->text;
}

/// Data set of an embedding file: what the options say, else its card beside it.
std::pair<std::string, std::string> data_set_of(const Arguments& arguments, const fs::path& embeddings) {
  std::string dataset = arguments.text("dataset"), version = arguments.text("version");
  const fs::path card = fs::path(embeddings).replace_extension(".json");
  if ((dataset.empty() || version.empty()) && fs::exists(card)) {
    const io::JsonValue json = io::read_json(card);
    const io::JsonValue* data = json.find("data");
    const std::size_t blank = data == nullptr ? std::string::npos : data->text.find(' ');
    if (blank != std::string::npos) {
      if (dataset.empty()) dataset = data->text.substr(0, blank);
      if (version.empty()) version = data->text.substr(blank + 1);
    }
  }
  if (dataset.empty() || version.empty())
    fail<UsageError>("plot: ", embeddings.string(),
                     " does not say which data set it is of; give --dataset and --version");
  return {dataset, version};
}

/// Columns that -l names; several make one composite label.
std::vector<Index> label_columns(const Card& card, const std::string& wanted) {
  std::vector<Index> columns;
  std::string word;
  for (const char c : wanted + ',') {
    if (c != ',') {
      word += c;
      continue;
    }
    columns.push_back(find_label("plot", card, word));
    word.clear();
  }
  return columns;
}

/// A random subset of the windows with their label of the first step, as published.
MapRows read_map(const Arguments& arguments, const RunOptions& run, const fs::path& file, Index points,
                 std::uint32_t seed) {
  const data::Windows all = data::load_windows(file);
  const auto [dataset, version] = data_set_of(arguments, file);
  const fs::path folder = find_dataset("plot", run.at, dataset, version);
  const Card card = read_card(folder, dataset, version);
  const data::Labels labels = data::load_labels(data::labels_path(folder, version));
  data::check_pair(all, labels, file.string());
  const std::string wanted = arguments.text("label_index", card.labels.empty() ? "0" : "activity");
  const std::vector<Index> columns = label_columns(card, wanted);
  for (const Index column : columns)
    if (column >= labels.columns)
      fail<UsageError>("plot: -l is ", column, ", but the labels of ", folder.string(),
                       " have label column 0 to ", labels.columns - 1, " only");

  Philox random(seed, 0, 0, Purpose::subset);
  std::vector<Index> chosen = permutation(random, all.count);
  chosen.resize(static_cast<std::size_t>(std::min(points, all.count)));
  std::sort(chosen.begin(), chosen.end());
  MapRows map;
  map.count = static_cast<Index>(chosen.size());
  map.channels = all.channels;
  map.steps = all.steps;
  std::map<std::vector<Index>, Index> codes;
  std::vector<std::vector<Index>> rows;
  for (const Index w : chosen) {
    std::vector<Index> code;
    for (const Index column : columns) code.push_back(static_cast<Index>(labels.at(w, 0, column)));
    codes.emplace(code, 0);
    rows.push_back(std::move(code));
    const auto window = all.window(w);
    map.windows.insert(map.windows.end(), window.begin(), window.end());
    for (Index c = 0; c < all.channels; ++c) {
      double sum = 0;
      for (Index t = 0; t < all.steps; ++t)
        sum += static_cast<double>(window[static_cast<std::size_t>(t * all.channels + c)]);
      map.means.push_back(static_cast<float>(sum / static_cast<double>(all.steps)));
    }
  }
  for (auto& [code, number] : codes) {
    number = static_cast<Index>(map.names.size());
    std::string name;
    for (std::size_t k = 0; k < code.size(); ++k) {
      const std::vector<std::string> names = class_names(card, columns[k], code[k] + 1);
      name += (name.empty() ? "" : ", ") + (code[k] >= 0 ? names.back() : std::to_string(code[k]));
    }
    map.names.push_back(name);
  }
  for (const std::vector<Index>& row : rows) map.labels.push_back(codes[row]);
  return map;
}

Chart scatter(const std::string& file, const train::ChartText& words, const std::vector<double>& coordinates,
              const MapRows& map, const std::string& caption) {
  std::vector<train::Point> points;
  for (std::size_t i = 0; i + 1 < coordinates.size(); i += 2)
    points.push_back({coordinates[i], coordinates[i + 1]});
  return {file, train::scatter_map(words, points, map.labels, map.names), caption};
}

Chart pca_chart(const MapRows& map) {
  const train::Components c = train::principal_components(map.means, map.count, map.channels);
  return scatter("pca", {"Principal components", "first principal component", "second principal component"},
                 c.coordinates, map,
                 message("Principal components of the time means of ", map.count, " windows; the two hold ",
                         train::fixed_number(100 * (c.share[0] + c.share[1]), 1), " % of the variance."));
}

Chart tsne_chart(const Arguments& arguments, const RunOptions& run, const MapRows& map, std::uint32_t seed) {
  const bool whole = arguments.choice("map-of", {"windows", "means"}) == "windows";
  train::TsneOptions options;
  options.seed = seed;
  options.iterations = arguments.integer("iterations", options.iterations, 1, 1000000);
  const double most = static_cast<double>(map.count - 1) / 3;
  options.perplexity = arguments.real("perplexity", std::max(1.0, std::min(30.0, most)), 0, 1e6);
  ThreadPool pool(run.threads);
  const std::vector<float>& rows = whole ? map.windows : map.means;
  const train::TsneMap result =
      train::tsne(rows, map.count, whole ? map.steps * map.channels : map.channels, options, pool);
  return scatter(
      "tsne", {"t-SNE", "", ""}, result.coordinates, map,
      message("t-SNE of ", map.count, whole ? " whole windows" : " time means", ", perplexity ",
              train::short_number(options.perplexity), ", seed ", seed, ", divergence ",
              train::fixed_number(result.divergence, 3), ". Distances between clusters mean nothing."));
}

std::vector<OptionSpec> option_specs() {
  std::vector<OptionSpec> options = {
      {"out", "DIR", "folder to write (default: NAME_plots beside the report)"},
      {"charts", "LIST", "some of confusion,roc,curves,reconstruction,pca,tsne (default all)"},
      {"log", "FILE", "JSON lines of --log-json: learning curves"},
      {"scores", "FILE", "scores of evaluate --scores: ROC (default: those of the report)"},
      {"reconstructions", "FILE", "windows of evaluate --reconstructions (default: the report's)"},
      {"embeddings", "FILE", "embed/*.npy or data_*.npy: maps by PCA and t-SNE"},
      {"dataset", "NAME", "data set of the embeddings (default: what their card says)"},
      {"version", "VERSION", "its version (default: what their card says)"},
      {"l,label_index", "N", "label that colours the maps, by number or name; several as a,b"},
      {"points", "N", "windows on a map, drawn at random (default 1000)"},
      {"map-of", "KIND", "t-SNE of whole windows (default, as published) or of time means"},
      {"perplexity", "R", "t-SNE: effective number of neighbours (default 30)"},
      {"iterations", "N", "t-SNE: steps (default 1000)"},
      {"seed", "N", "seed of the subset and of t-SNE (default 3431)"}};
  for (OptionSpec& more : run_option_specs(false)) options.push_back(std::move(more));
  return options;
}

/// Everything that is drawn.
struct Drawing {
  std::vector<Chart> charts;
  std::optional<NamedConfusion> confusion;
  std::optional<metrics::RocReport> roc;
  std::vector<std::string> notes;
};

void draw_scores(const Arguments& arguments, const io::JsonValue& report, const fs::path& path,
                 const std::function<bool(std::string_view)>& wanted, Drawing& d) {
  const io::JsonValue* test = report.find("test");
  const io::JsonValue* confusion = report.find("confusion");
  if (confusion == nullptr && test != nullptr) confusion = test->find("confusion");
  if (confusion != nullptr) d.confusion = read_confusion(*confusion, path.string());
  if (d.confusion && wanted("confusion")) d.charts.push_back(confusion_chart(*d.confusion));
  const std::optional<fs::path> scores = find_file(arguments, "scores", report, path);
  if (!scores || !wanted("roc")) return;
  if (!d.confusion)
    fail<UsageError>("plot: --scores: ", path.string(), " has no confusion matrix, so no classes to score");
  const ScoreTable table = read_scores(*scores, d.confusion->counts.classes());
  d.roc = metrics::one_vs_rest(std::span<const double>(table.logits), std::span<const Index>(table.truth),
                               table.classes);
  d.charts.push_back(roc_chart(*d.roc, d.confusion->names));
}

void draw_curves(const Arguments& arguments, const io::JsonValue& report, Drawing& d) {
  std::vector<LearningCurves> all;
  if (arguments.has("log"))
    all = read_log(arguments.text("log"));
  else
    all.push_back(read_history(report));
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (Chart& chart : curve_charts(all[i], i == 0 ? "" : "_" + std::to_string(i + 1)))
      d.charts.push_back(std::move(chart));
  }
}

void draw_reconstructions(const Arguments& arguments, const io::JsonValue& report, const fs::path& path,
                          Drawing& d) {
  const std::optional<fs::path> file = find_file(arguments, "reconstructions", report, path);
  if (!file) return;
  std::vector<std::string> names;
  double rate = 20;
  if (const io::JsonValue* data = report.find("data")) {
    if (const io::JsonValue* list = data->find("channels"))
      for (const io::JsonValue& name : list->items) names.push_back(detail::cell_text(name));
    const double known = detail::number_or_nan(data->find("rate_hz"));
    if (known > 0) rate = known;
  }
  const std::vector<train::Waveform> waves = read_reconstructions(*file, rate, names);
  for (std::size_t i = 0; i < waves.size(); ++i)
    d.charts.push_back(
        {"reconstruction_" + std::to_string(i + 1),
         train::waveform_chart({"A reconstructed window", "seconds", ""}, waves[i]),
         "One panel for each sensor: recorded (solid) and reconstructed (dashed); grey time was hidden."});
}

}  // namespace

int run_plot(int argc, char** argv) {
  Arguments arguments("plot",
                      "Draw a run: confusion matrix, ROC with AUC, learning curves, reconstructed\n"
                      "windows, and maps of embeddings by PCA and t-SNE. Writes SVG files and one\n"
                      "self-contained page report.html into one folder.",
                      {{"REPORT", "NAME.report.json of a run, or the weights beside it"}}, option_specs());
  if (!arguments.parse(argc, argv)) return ExitCode::done;
  const RunOptions run = read_run_options(arguments, false);
  const auto seed = static_cast<std::uint32_t>(arguments.integer("seed", 3431, 0, 4294967295));
  const Index points = arguments.integer("points", 1000, 3, 5000);
  const std::vector<std::string> charts = read_charts(arguments);
  const auto wanted = [&](std::string_view name) {
    return std::find(charts.begin(), charts.end(), name) != charts.end();
  };
  const fs::path path = find_report(arguments.word(0));
  const fs::path folder = arguments.has("out") ? fs::path(arguments.text("out"))
                                               : path.parent_path() / (stem_of(path) + "_plots");
  const fs::path page = folder / "report.html";
  refuse_existing(page, run.force);
  const io::JsonValue report = io::read_json(path);
  const io::JsonValue* kind = report.find("kind");
  if (kind == nullptr || kind->text.empty())
    fail<IoError>(path.string(), ": no field \"kind\", expected a report that gyrograd wrote");

  Drawing d;
  draw_scores(arguments, report, path, wanted, d);
  if (wanted("curves")) draw_curves(arguments, report, d);
  if (wanted("reconstruction")) draw_reconstructions(arguments, report, path, d);
  if (arguments.has("embeddings") && (wanted("pca") || wanted("tsne"))) {
    const MapRows map = read_map(arguments, run, arguments.text("embeddings"), points, seed);
    if (map.count < 3)
      fail<IoError>(arguments.text("embeddings"), ": ", map.count, " windows, a map needs at least 3");
    if (wanted("pca")) d.charts.push_back(pca_chart(map));
    if (wanted("tsne")) d.charts.push_back(tsne_chart(arguments, run, map, seed));
  }
  if (d.charts.empty())
    d.notes.push_back(
        "No chart: the report has no confusion matrix or history, and no further file was given.");
  for (const Chart& chart : d.charts) refuse_existing(folder / (chart.file + ".svg"), run.force);
  if (run.dry_run) {
    note(run, "plot: would write ", d.charts.size(), " charts and ", page.string());
    return ExitCode::done;
  }
  make_folder(folder);
  const io::DirectoryLock lock(folder);
  for (const Chart& chart : d.charts) {
    io::atomic_write(folder / (chart.file + ".svg"), std::string_view(chart.svg));
    result((folder / (chart.file + ".svg")).string());
  }
  const std::string text =
      run_page(kind->text + ' ' + stem_of(path), report, d.confusion ? &*d.confusion : nullptr,
               d.roc ? &*d.roc : nullptr, d.charts, d.notes);
  io::atomic_write(page, std::string_view(text));
  result(page.string());
  return ExitCode::done;
}

}  // namespace gyrograd::cli
