// SPDX-License-Identifier: MIT
// Windows that exist as .npy arrays already (as the eleme sets do): checked against their card, bad windows
// left out.
#pragma once

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/data/card.hpp"
#include "gyrograd/data/findings.hpp"
#include "gyrograd/data/readers/folder.hpp"
#include "gyrograd/data/recording.hpp"
#include "gyrograd/data/windows.hpp"
#include "gyrograd/data/windows_file.hpp"
#include "gyrograd/io/npy.hpp"

namespace gyrograd::data {

namespace detail {

/// Labels (N, T, K), (N, K) or (N), whole numbers, for `steps` steps each.
inline Labels read_label_array(const std::filesystem::path& path, Index count, Index steps) {
  const io::NpyFile file = io::read_npy(path);
  const io::Shape& shape = file.shape();
  const auto extent = [&](std::size_t axis) { return static_cast<Index>(shape[axis]); };
  const bool fits = !shape.empty() && shape.size() <= 3 && extent(0) == count &&
                    (shape.size() < 3 || extent(1) == steps) && file.count() > 0;
  if (!fits) {
    fail<IoError>(file.name(), ": array of shape ", io::shape_text(shape), ", expected (", count, ", ", steps,
                  ", columns), (", count, ", columns) or (", count, ")");
  }
  if (shape.size() == 3) return load_labels(path);
  const Index columns = shape.size() == 2 ? extent(1) : 1;
  const std::vector<double> values = file.values<double>();
  Labels labels(count, steps, columns);
  for (Index i = 0; i < count; ++i) {
    for (Index k = 0; k < columns; ++k) {
      const double v = values[static_cast<std::size_t>(i * columns + k)];
      if (!(v == std::floor(v) && std::fabs(v) < 1e9))
        fail<IoError>(file.name(), ": window ", i, " label column ", k, " is ", v,
                      ", expected a whole number");
      for (Index t = 0; t < steps; ++t) labels.at(i, t, k) = v;
    }
  }
  return labels;
}

}  // namespace detail

/// Reads data_<version>.npy (N, T, F) and label_<version>.npy of a folder, in the units of the card, into
/// ours. Windows with values that are not finite, a constant channel or magnitudes that contradict the unit
/// are left out and reported; when most are doubtful the set is refused.
inline DataSet read_arrays(const std::filesystem::path& folder, const std::string& version, Card& card,
                           Findings& findings) {
  const auto path = windows_path(folder, version);
  Index shape[3];
  AlignedVector<double> values = detail::load_3d<double>(path, shape, "(windows, steps, channels)");
  const std::string file = path_text(path);
  if (shape[2] != static_cast<Index>(card.units.size()))
    fail<IoError>(file, ": ", shape[2], " channels, the card names ", card.units.size());
  if (card.steps > 0 && card.steps != shape[1])
    fail<IoError>(file, ": windows of ", shape[1], " steps, the card says ", card.steps);
  const Labels labels = detail::read_label_array(labels_path(folder, version), shape[0], shape[1]);
  if (card.labels.empty()) {
    for (Index k = 0; k < labels.columns; ++k) card.labels.push_back({"label" + std::to_string(k), {}});
  }
  if (static_cast<Index>(card.labels.size()) != labels.columns) {
    fail<IoError>(path_text(labels_path(folder, version)), ": ", labels.columns,
                  " label columns, the card names ", card.labels.size());
  }
  const auto size = static_cast<std::size_t>(shape[1] * shape[2]);
  const auto row = static_cast<std::size_t>(shape[1] * labels.columns);
  DataSet set;
  Index doubtful = 0;
  std::string first_doubt;
  for (Index i = 0; i < shape[0]; ++i) {
    const auto at = static_cast<std::size_t>(i);
    Recording r;
    r.where = file + " window " + std::to_string(i);
    r.channels = shape[2];
    r.values.assign(values.begin() + static_cast<Index>(at * size),
                    values.begin() + static_cast<Index>((at + 1) * size));
    const Index before = findings.count(FindingKind::unit);
    if (!usable(r, card, findings)) {
      if (findings.count(FindingKind::unit) > before && doubtful++ == 0)
        first_doubt = findings.list().back().what;
      continue;
    }
    for (std::size_t v = 0; v < size; ++v) {
      const auto c = static_cast<Index>(v % static_cast<std::size_t>(shape[2]));
      set.windows.values.push_back(static_cast<float>(r.values[v] * unit_size(card, c, card.source)));
    }
    set.labels.values.insert(set.labels.values.end(), labels.values.begin() + static_cast<Index>(at * row),
                             labels.values.begin() + static_cast<Index>((at + 1) * row));
    ++set.windows.count;
  }
  if (doubtful > set.windows.count)
    fail<IoError>(file, ": ", doubtful, " of ", shape[0], " windows contradict the card: ", first_doubt);
  if (set.windows.count == 0) {
    fail<IoError>(file, ": no usable window of ", shape[0], "; first: ", findings.list().front().where, ": ",
                  findings.list().front().what);
  }
  set.windows.steps = shape[1], set.windows.channels = shape[2];
  set.labels.count = set.windows.count, set.labels.steps = shape[1], set.labels.columns = labels.columns;
  for (std::size_t c = 0; c < card.units.size(); ++c) {
    const Quantity q = find_unit(card.units[c], card.source).quantity;
    card.units[c] = q == Quantity::acceleration ? "m/s2" : q == Quantity::rotation ? "rad/s" : "uT";
  }
  return set;
}

}  // namespace gyrograd::data
