// SPDX-License-Identifier: MIT
// The experiments of the PRIMUS paper in one process: encoders by method, share of pairs and seed, probed
// few-shot on users that no training saw.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cli/arguments.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/data/paired.hpp"
#include "gyrograd/data/synth_paired.hpp"
#include "gyrograd/metrics/summary.hpp"
#include "gyrograd/train/cell_log.hpp"

namespace gyrograd::cli {

/// What the cells depend on.
struct StudySettings {
  data::SynthPairedConfig data;  ///< its seed also draws the parts of a prepared set
  std::string set;               ///< folder of a prepared set of paired windows; empty: the synthetic one
  Index width = 128;             ///< of the encoder and of all vectors
  Index epochs = 10, batch = 64;
  double lr = 1e-3;
  bool width_given = false;  ///< else that of the text vectors of a prepared set
  std::vector<Index> shots;  ///< windows of each class; 0: all
  Index seeds = 5;
};

/// Windows by what they are for; users are in one part only.
struct StudyData {
  data::PairedWindows windows;
  std::vector<Index> pretrain, pretrain_validation, labelled, test;
  Index classes = 0;
  std::vector<std::string> class_names;
  std::vector<float> class_vectors;  ///< (classes, width): mean of the phrases; empty: no text vectors
  Index users = 0;
  std::string text;  ///< "synthetic set" or "set NAME"

  bool has_vectors() const { return windows.text_width > 0 || windows.video_width > 0; }
  /// Those that the vectors allow, in the order of the reports.
  std::vector<std::string> probes() const {
    if (class_vectors.empty()) return {"converged"};
    return {"converged", "published"};
  }
};

/// One encoder to be trained.
struct StudyUnit {
  std::string method;   ///< primus, mm, ss, ss+mm, mm+nn, ss+nn, multitask or standard
  double fraction = 1;  ///< of takes with vectors
  Index seed = 1;

  std::string name() const;
};

std::vector<OptionSpec> study_specs();
StudySettings read_study_settings(const std::string& command, const Arguments& arguments);
train::Json study_identity(const StudySettings& settings, const StudyData& data);

/// Synthesises or reads the set and parts it by users: 60 % pre-train (one of them validates), 20 % give
/// labels, 20 % test. settings.width becomes that of the text vectors of a set that has them. UsageError when
/// users or labels are not known, or a part lacks a class.
StudyData make_study_data(StudySettings& settings);

/// Trains one encoder and probes it: {"converged": {"5": accuracy, ...}, "published": ..., "zero_shot": ...}.
train::Json run_unit(const StudyData& data, const StudySettings& settings, const StudyUnit& unit,
                     ThreadPool& pool);

/// Runs the units that are missing; `before` is told of progress.
void run_units(const StudyData& data, const StudySettings& settings, const std::vector<StudyUnit>& units,
               train::CellLog& cells, ThreadPool& pool,
               const std::function<void(Index, Index, const std::string&)>& before);

/// Mean over the seeds of a method.
metrics::Summary study_summary(const train::CellLog& cells, const StudySettings& settings,
                               const std::string& method, double fraction, const std::string& probe,
                               Index shots);

}  // namespace gyrograd::cli
