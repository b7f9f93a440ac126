// SPDX-License-Identifier: MIT
// See probe_grid.hpp.
#include "cli/probe_grid.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "cli/session.hpp"
#include "cli/standard_training.hpp"
#include "gyrograd/train/error_chart.hpp"
#include "gyrograd/train/svg.hpp"

namespace gyrograd::cli {

std::string shots_text(Index shots) {
  return shots == 0 ? "all" : std::to_string(shots);
}

std::vector<OptionSpec> probe_grid_specs() {
  return {
      {"probes", "A,B,...", "converged, published, knn (default: what the inputs allow)"},
      {"shots", "N,M,...", "labelled windows of each class (default 1,5,10,50,100,500,all)"},
      {"seeds", "N", "draws of each number of shots (default 5)"},
      {"shots-over", "KIND", "windows (default) or takes: from as many takes as there are"},
      {"inverse-penalty", "C", "of the converged probe (default 1)"},
      {"scale", "KIND", "converged probe reads standardised (default), unit or raw features"},
      {"neighbours", "N", "of the knn probe (default 5)"},
      {"epochs", "N", "of the published probe (default 20)"},
      {"schedule", "KIND", "its steps: real (default) or published"},
      {"class-vector-form", "KIND", "mean of the prompts: published (default) or unit length"},
      {"width", "N", "of the network of --standard (default 512)"},
  };
}

namespace {

std::vector<train::ProbeKind> read_probes(const std::string& command, const Arguments& a, bool text) {
  using train::ProbeKind;
  if (!a.has("probes"))
    return text ? std::vector{ProbeKind::converged, ProbeKind::published, ProbeKind::knn}
                : std::vector{ProbeKind::converged, ProbeKind::knn};
  std::vector<ProbeKind> out;
  for (const std::string& name : comma_list(command, "--probes", a.text("probes"))) {
    bool found = false;
    for (const ProbeKind kind : {ProbeKind::converged, ProbeKind::published, ProbeKind::knn}) {
      if (name != train::probe_name(kind)) continue;
      if (std::find(out.begin(), out.end(), kind) != out.end())
        fail<UsageError>(command, ": --probes names ", name, " twice");
      out.push_back(kind);
      found = true;
    }
    if (!found)
      fail<UsageError>(command, ": --probes holds '", name, "', expected converged, published or knn");
    if (out.back() == ProbeKind::published && !text)
      fail<UsageError>(command,
                       ": the published probe starts from text vectors of the classes; give "
                       "--class-vectors");
  }
  return out;
}

/// A cell that no draw can change needs one seed only.
Index seeds_of(const ProbeGrid& grid, train::ProbeKind probe, Index shots) {
  return shots == 0 && probe != train::ProbeKind::published ? 1 : grid.seeds;
}

std::string cell_name(const NamedFeatures& f, train::ProbeKind probe, Index shots, Index seed) {
  return message(f.name, "|", probe_name(probe), "|", shots_text(shots), "|", seed);
}

train::Json cell_json(const train::ProbeResult& result, const train::Shots& shots, Index classes_present) {
  return {{"accuracy", metrics::accuracy(result.confusion)},
          {"macro_f1", metrics::macro_f1(result.confusion)},
          {"balanced_accuracy", metrics::balanced_accuracy(result.confusion)},
          {"labelled", shots.rows.size()},
          {"classes", classes_present},
          {"takes", shots.takes},
          {"converged", result.converged},
          {"steps", result.steps}};
}

}  // namespace

std::vector<Index> read_shots(const std::string& command, const Arguments& a, const std::string& otherwise) {
  std::vector<Index> out;
  for (const std::string& word : comma_list(command, "--shots", a.text("shots", otherwise))) {
    Index n = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), n);
    const bool number = error == std::errc{} && end == word.data() + word.size() && n > 0;
    if (word != "all" && !number)
      fail<UsageError>(command, ": --shots holds '", word, "', expected whole numbers from 1 and 'all'");
    if (word == "all") n = 0;
    if (std::find(out.begin(), out.end(), n) != out.end())
      fail<UsageError>(command, ": --shots names ", word, " twice");
    out.push_back(n);
  }
  return out;
}

ProbeGrid read_probe_grid(const std::string& command, const Arguments& a, const ProbeInput& input) {
  ProbeGrid grid;
  grid.probes = read_probes(command, a, input.prompts.count > 0);
  grid.shots = read_shots(command, a, "1,5,10,50,100,500,all");
  grid.seeds = a.integer("seeds", 5, 1, 1000);
  if (a.choice("shots-over", {"windows", "takes"}) == "takes") {
    if (input.takes.empty()) fail<UsageError>(command, ": --shots-over takes needs --takes");
    grid.over = train::ShotsOver::takes;
  }
  if (a.choice("class-vector-form", {"published", "unit"}) == "unit")
    grid.vectors = train::ClassVectors::unit;
  grid.options.logistic.c = a.real("inverse-penalty", 1, 0, 1e9);
  const std::string scale = a.choice("scale", {"standardised", "unit", "raw"});
  grid.options.logistic.scale = scale == "raw"    ? train::FeatureScale::raw
                                : scale == "unit" ? train::FeatureScale::unit
                                                  : train::FeatureScale::standardised;
  grid.options.knn.neighbours = a.integer("neighbours", 5, 1, 1000000);
  grid.options.text.epochs = a.integer("epochs", 20, 1, 100000);
  grid.width = a.integer("width", 512, 2, 65536);
  if (a.choice("schedule", {"real", "published"}) == "published")
    grid.options.text.schedule = optim::ScheduleLength::published;
  return grid;
}

train::Json grid_identity(const ProbeInput& input, const ProbeGrid& grid) {
  train::Json files = train::Json::object();
  for (const NamedFeatures& f : input.features)
    files[f.name] = fingerprint(std::span<const float>(f.features.values));
  return {{"embeddings", files},
          {"labels", fingerprint(input.labels)},
          {"takes", fingerprint(input.takes)},
          {"train", fingerprint(input.split.train)},
          {"test", fingerprint(input.split.test)},
          {"class_vectors", fingerprint(input.prompts.values) + fingerprint(input.prompt_labels)},
          {"class_vector_form", grid.vectors == train::ClassVectors::unit ? "unit" : "published"},
          {"shots_over", grid.over == train::ShotsOver::takes ? "takes" : "windows"},
          {"c", grid.options.logistic.c},
          {"scale", static_cast<int>(grid.options.logistic.scale)},
          {"neighbours", grid.options.knn.neighbours},
          {"epochs", grid.options.text.epochs},
          {"standard", fingerprint(input.windows.values)},
          {"width", grid.width},
          {"schedule", static_cast<int>(grid.options.text.schedule)},
          {"gyrograd", GYROGRAD_VERSION}};
}

namespace {

/// Fills cells and collects their summaries.
class GridRun {
 public:
  GridRun(const ProbeInput& input, const ProbeGrid& grid, train::CellLog& cells, ThreadPool& pool)
      : input_(input), grid_(grid), cells_(cells), pool_(pool) {}

  ProbeTable run(const std::function<void(Index, Index)>& before_cell) {
    for (const Index n : grid_.shots) table_.places.push_back(shots_text(n));
    table_.warnings = input_.warnings;
    for (const train::ProbeKind probe : grid_.probes)
      for (const Index shots : grid_.shots)
        total_ += seeds_of(grid_, probe, shots) * static_cast<Index>(input_.features.size());
    if (input_.windows.count > 0) total_ += grid_.seeds * static_cast<Index>(grid_.shots.size());
    for (const NamedFeatures& f : input_.features) {
      vectors_.clear();
      if (input_.prompts.count > 0)
        vectors_ =
            train::class_vectors(train::FeatureRows<float>{input_.prompts.values, input_.prompts.width},
                                 input_.prompt_labels, input_.classes, grid_.vectors);
      const double zero = vectors_.empty() ? std::numeric_limits<double>::quiet_NaN()
                                           : metrics::accuracy(train::zero_shot(task_of(f), pool_));
      for (const train::ProbeKind probe : grid_.probes) add_encoder(f, probe, zero, before_cell);
    }
    if (input_.windows.count > 0) add_standard(before_cell);
    summarise();
    return std::move(table_);
  }

 private:
  struct Runs {
    std::vector<std::vector<double>> accuracy, macro_f1;  // by shots
    std::vector<double> zero;

    void add(std::size_t place, const train::Json& cell) {
      accuracy[place].push_back(cell["accuracy"].get<double>());
      macro_f1[place].push_back(cell["macro_f1"].get<double>());
    }
  };

  train::ProbeTask task_of(const NamedFeatures& f) const {
    return {f.rows(), input_.labels, input_.classes, input_.split.test, vectors_};
  }

  void add_encoder(const NamedFeatures& f, train::ProbeKind probe, double zero,
                   const std::function<void(Index, Index)>& before_cell) {
    Runs& runs = row(f.method(), std::string(probe_name(probe)));
    runs.zero.push_back(zero);
    for (std::size_t s = 0; s < grid_.shots.size(); ++s) {
      for (Index seed = 1; seed <= seeds_of(grid_, probe, grid_.shots[s]); ++seed) {
        before_cell(done_++, total_);
        runs.add(s, cell_of(f, probe, grid_.shots[s], seed));
      }
    }
  }
  /// The network that learns from the same windows without pre-training; its weights differ with the seed.
  void add_standard(const std::function<void(Index, Index)>& before_cell) {
    Runs& runs = row("standard", "trained");
    runs.zero.push_back(std::numeric_limits<double>::quiet_NaN());
    for (std::size_t s = 0; s < grid_.shots.size(); ++s) {
      for (Index seed = 1; seed <= grid_.seeds; ++seed) {
        before_cell(done_++, total_);
        runs.add(s, standard_cell(grid_.shots[s], seed));
      }
    }
  }
  Runs& row(const std::string& method, const std::string& probe) {
    const std::pair<std::string, std::string> key{method, probe};
    if (runs_.find(key) == runs_.end()) {
      order_.push_back(key);
      runs_[key].accuracy.resize(grid_.shots.size());
      runs_[key].macro_f1.resize(grid_.shots.size());
    }
    return runs_[key];
  }

  train::Shots draw(Index shots, Index seed) {
    train::Shots drawn = train::draw_shots(input_.labels, input_.split.train, input_.classes, shots,
                                           static_cast<std::uint64_t>(seed), input_.takes, grid_.over);
    warn(train::shots_warning(drawn, shots, input_.class_names));
    if (shots > 0 && drawn.takes > 0)
      table_.takes_least = table_.takes_least == 0 ? drawn.takes : std::min(table_.takes_least, drawn.takes);
    return drawn;
  }
  static Index present(const train::Shots& drawn) {
    return std::count_if(drawn.taken.begin(), drawn.taken.end(), [](Index n) { return n > 0; });
  }

  train::Json standard_cell(Index shots, Index seed) {
    const train::Shots drawn = draw(shots, seed);
    const std::string name = message("standard|trained|", shots_text(shots), "|", seed);
    if (const train::Json* known = cells_.find(name)) return *known;
    train::ProbeResult result;
    result.confusion = standard_confusion(
        {input_.windows, input_.labels, input_.classes, grid_.width, static_cast<std::uint64_t>(seed), false},
        drawn.rows, input_.split.test, pool_);
    const train::Json cell = cell_json(result, drawn, present(drawn));
    cells_.add(name, cell);
    return cell;
  }

  train::Json cell_of(const NamedFeatures& f, train::ProbeKind probe, Index shots, Index seed) {
    const train::Shots drawn = draw(shots, seed);
    const std::string name = cell_name(f, probe, shots, seed);
    train::Json cell;
    if (const train::Json* known = cells_.find(name)) {
      cell = *known;
    } else {
      const train::ProbeResult result = train::run_probe(probe, task_of(f), drawn.rows, grid_.options,
                                                         static_cast<std::uint64_t>(seed), pool_);
      cell = cell_json(result, drawn, present(drawn));
      cells_.add(name, cell);
    }
    if (!cell["converged"].get<bool>())
      warn(message(f.name, ", ", probe_name(probe), ", ", shots_text(shots),
                   " shots: the solver stopped before it converged; its score may still change"));
    return cell;
  }

  void warn(const std::string& line) {
    if (line.empty()) return;
    if (std::find(table_.warnings.begin(), table_.warnings.end(), line) == table_.warnings.end())
      table_.warnings.push_back(line);
  }

  void summarise() {
    for (const auto& key : order_) {
      const Runs& runs = runs_[key];
      ProbeRow row{key.first, key.second, {}, {}, metrics::summarise(runs.zero).mean};
      for (std::size_t s = 0; s < grid_.shots.size(); ++s) {
        row.accuracy.push_back(metrics::summarise(runs.accuracy[s]));
        row.macro_f1.push_back(metrics::summarise(runs.macro_f1[s]));
      }
      table_.rows.push_back(std::move(row));
    }
  }

  const ProbeInput& input_;
  const ProbeGrid& grid_;
  train::CellLog& cells_;
  ThreadPool& pool_;
  ProbeTable table_;
  std::vector<float> vectors_;
  std::map<std::pair<std::string, std::string>, Runs> runs_;
  std::vector<std::pair<std::string, std::string>> order_;
  Index done_ = 0, total_ = 0;
};

std::string cell_text(const metrics::Summary& s) {
  std::string text = train::fixed_number(s.mean, 3);
  if (std::isfinite(s.standard_error)) text += " +- " + train::fixed_number(s.standard_error, 3);
  return text;
}

/// Head and rows, of equal length.
std::vector<std::vector<std::string>> table_cells(const ProbeTable& table) {
  const bool text = std::any_of(table.rows.begin(), table.rows.end(),
                                [](const ProbeRow& r) { return std::isfinite(r.zero_shot); });
  std::vector<std::vector<std::string>> out{{"method", "probe"}};
  if (text) out[0].emplace_back("zero-shot");
  for (const std::string& place : table.places) out[0].push_back(place);
  for (const ProbeRow& row : table.rows) {
    out.push_back({row.method, row.probe});
    if (text) out.back().push_back(train::fixed_number(row.zero_shot, 3));
    for (const metrics::Summary& s : row.accuracy) out.back().push_back(cell_text(s));
  }
  return out;
}

}  // namespace

ProbeTable fill_grid(const ProbeInput& input, const ProbeGrid& grid, train::CellLog& cells, ThreadPool& pool,
                     const std::function<void(Index, Index)>& before_cell) {
  return GridRun(input, grid, cells, pool).run(before_cell);
}

std::vector<std::string> table_lines(const ProbeTable& table) {
  const std::vector<std::vector<std::string>> cells = table_cells(table);
  std::vector<std::size_t> width(cells[0].size(), 0);
  for (const auto& row : cells)
    for (std::size_t c = 0; c < row.size(); ++c) width[c] = std::max(width[c], row[c].size());
  std::vector<std::string> lines;
  for (const auto& row : cells) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c)
      line += row[c] + std::string(c + 1 < row.size() ? width[c] - row[c].size() + 2 : 0, ' ');
    lines.push_back(line);
  }
  return lines;
}

train::Json table_json(const ProbeTable& table) {
  const auto summary = [](const metrics::Summary& s) {
    return train::Json{{"mean", s.mean}, {"standard_error", s.standard_error}, {"runs", s.runs}};
  };
  train::Json rows = train::Json::array();
  for (const ProbeRow& row : table.rows) {
    train::Json places = train::Json::array();
    for (std::size_t i = 0; i < table.places.size(); ++i)
      places.push_back({{"shots", table.places[i]},
                        {"accuracy", summary(row.accuracy[i])},
                        {"macro_f1", summary(row.macro_f1[i])}});
    rows.push_back({{"method", row.method},
                    {"probe", row.probe},
                    {"zero_shot", row.zero_shot},
                    {"cells", std::move(places)}});
  }
  return {{"rows", std::move(rows)}, {"warnings", table.warnings}, {"fewest_takes", table.takes_least}};
}

void add_table(train::HtmlReport& page, const ProbeTable& table, const std::string& caption) {
  for (const std::string& line : table.warnings) page.paragraph("Warning: " + line + ".");
  std::vector<std::string> probes;
  for (const ProbeRow& row : table.rows)
    if (std::find(probes.begin(), probes.end(), row.probe) == probes.end()) probes.push_back(row.probe);
  for (const std::string& probe : probes) {
    std::vector<train::ErrorCurve> curves;
    for (const ProbeRow& row : table.rows)
      if (row.probe == probe) curves.push_back({row.method, row.accuracy, false});
    page.chart(train::error_chart({message("Accuracy by shots, ", probe, " probe"),
                                   "labelled windows of each class", "test accuracy"},
                                  table.places, curves),
               message(caption, " Probe: ", probe, "."));
  }
  const std::vector<std::vector<std::string>> cells = table_cells(table);
  page.table(cells);
  if (table.takes_least > 0)
    page.paragraph(message("The fewest takes behind a cell: ", table.takes_least, "."));
}

}  // namespace gyrograd::cli
