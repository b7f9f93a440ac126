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
  data::SynthPairedConfig data;
  Index width = 128;  ///< of the encoder and of all vectors
  Index epochs = 10, batch = 64;
  double lr = 1e-3;
  std::vector<Index> shots;  ///< windows of each class; 0: all
  Index seeds = 5;
};

/// Windows by what they are for; users are in one part only.
struct StudyData {
  data::PairedWindows windows;
  std::vector<Index> pretrain, pretrain_validation, labelled, test;
  Index classes = 0;
  std::vector<std::string> class_names;
  std::vector<float> class_vectors;  ///< (classes, width): mean of the phrases
};

/// One encoder to be trained.
struct StudyUnit {
  std::string method;   ///< primus, mm, ss, ss+mm, mm+nn, ss+nn, multitask or standard
  double fraction = 1;  ///< of takes with vectors
  Index seed = 1;

  std::string name() const;
};

/// Probes in the order of the reports.
inline const std::vector<std::string> study_probes = {"converged", "published"};

std::vector<OptionSpec> study_specs();
StudySettings read_study_settings(const std::string& command, const Arguments& arguments);
train::Json study_identity(const StudySettings& settings);

/// Synthesises the set and parts it by users: 60 % pre-train (one of them validates), 20 % give labels, 20 %
/// test.
StudyData make_study_data(const StudySettings& settings);

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
