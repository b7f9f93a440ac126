// SPDX-License-Identifier: MIT
// The few-shot table: encoders x probes x shots x seeds, cell by cell, resumable, as text, JSON and HTML.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/probe_input.hpp"
#include "cli/run_options.hpp"
#include "gyrograd/metrics/summary.hpp"
#include "gyrograd/train/cell_log.hpp"
#include "gyrograd/train/html_report.hpp"
#include "gyrograd/train/probe.hpp"
#include "gyrograd/train/report.hpp"

namespace gyrograd::cli {

/// Axes and settings of the table.
struct ProbeGrid {
  std::vector<train::ProbeKind> probes;
  std::vector<Index> shots;  ///< windows of each class; 0: all
  Index seeds = 5;
  Index width = 512;  ///< of the network of standard training
  train::ShotsOver over = train::ShotsOver::windows;
  train::ClassVectors vectors = train::ClassVectors::published;
  train::ProbeOptions options;
};

/// One row of the table: a method under a probe, one summary for each number of shots.
struct ProbeRow {
  std::string method;
  std::string probe;
  std::vector<metrics::Summary> accuracy, macro_f1;
  double zero_shot = 0;  ///< mean over the encoders of the method; NaN without class vectors
};

/// A finished table.
struct ProbeTable {
  std::vector<std::string> places;  ///< "1", "5", ..., "all"
  std::vector<ProbeRow> rows;
  std::vector<std::string> warnings;
  Index takes_least = 0;  ///< fewest distinct takes behind a cell with shots; 0: not known
};

/// "5", or "all" for 0.
std::string shots_text(Index shots);

/// Numbers of --shots; "all" is 0. UsageError for other words and for a number that is given twice.
std::vector<Index> read_shots(const std::string& command, const Arguments& arguments,
                              const std::string& otherwise);

/// Options of the axes, and their values.
std::vector<OptionSpec> probe_grid_specs();
ProbeGrid read_probe_grid(const std::string& command, const Arguments& arguments, const ProbeInput& input);

/// What the cells depend on: a resumed grid must have the same.
train::Json grid_identity(const ProbeInput& input, const ProbeGrid& grid);

/// Computes the cells that are missing. `before_cell(done, total)` is told of progress.
ProbeTable fill_grid(const ProbeInput& input, const ProbeGrid& grid, train::CellLog& cells, ThreadPool& pool,
                     const std::function<void(Index, Index)>& before_cell);

/// The table as lines of text, as JSON, and as a section with the figure of an HTML page.
std::vector<std::string> table_lines(const ProbeTable& table);
train::Json table_json(const ProbeTable& table);
void add_table(train::HtmlReport& page, const ProbeTable& table, const std::string& caption);

}  // namespace gyrograd::cli
