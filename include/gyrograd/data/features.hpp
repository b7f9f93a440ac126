// SPDX-License-Identifier: MIT
// Embeddings and labels as files of one row per window, whichever encoder wrote them.
#pragma once

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/data/windows.hpp"
#include "gyrograd/data/windows_file.hpp"
#include "gyrograd/io/npy.hpp"

namespace gyrograd::data {

/// Feature vectors (count, width), row-major.
struct Features {
  Index count = 0, width = 0;
  std::vector<float> values;
};

/// Reads (N, width), or (N, steps, width) as `gyrograd embedding` writes it: then the mean over the steps.
/// IoError for another shape or a value that is not finite.
inline Features load_features(const std::filesystem::path& path) {
  const io::NpyFile file = io::read_npy(path);
  const io::Shape& shape = file.shape();
  if ((shape.size() != 2 && shape.size() != 3) || file.count() == 0)
    fail<IoError>(file.name(), ": array of shape ", io::shape_text(shape),
                  ", expected (windows, width) or (windows, steps, width), none of them 0");
  const std::vector<float> all = file.values<float>();
  const std::size_t steps = shape.size() == 3 ? shape[1] : 1, width = shape.back();
  Features out{static_cast<Index>(shape[0]), static_cast<Index>(width), {}};
  out.values.reserve(shape[0] * width);
  std::vector<double> sum(width);
  for (std::size_t i = 0; i < shape[0]; ++i) {
    std::fill(sum.begin(), sum.end(), 0.0);
    for (std::size_t t = 0; t < steps; ++t)
      for (std::size_t d = 0; d < width; ++d) sum[d] += static_cast<double>(all[(i * steps + t) * width + d]);
    for (const double v : sum) {
      if (!std::isfinite(v))
        fail<IoError>(file.name(), ": window ", i, " holds a value that is not finite; drop or repair it");
      out.values.push_back(static_cast<float>(v / static_cast<double>(steps)));
    }
  }
  return out;
}

/// Reads whole numbers, one per window: (N) as they are, or one column of (N, steps, columns) at the first
/// step, counted from its smallest value (label_column()). IoError for another shape or no whole number.
inline std::vector<Index> load_numbers(const std::filesystem::path& path, Index column = 0) {
  const io::NpyFile file = io::read_npy(path);
  if (file.shape().size() == 3) {
    const Labels labels = load_labels(path);
    if (column < 0 || column >= labels.columns)
      fail<IoError>(file.name(), ": column ", column, " of ", labels.columns,
                    " label columns, expected 0 to ", labels.columns - 1);
    return first_of_windows(label_column(labels, column), labels.steps);
  }
  if (file.shape().size() != 1 || file.count() == 0)
    fail<IoError>(file.name(), ": array of shape ", io::shape_text(file.shape()),
                  ", expected (windows) or (windows, steps, columns), none of them 0");
  std::vector<Index> out;
  for (const double v : file.values<double>()) {
    if (v != std::floor(v) || std::fabs(v) > 2147483647.0)
      fail<IoError>(file.name(), ": row ", out.size(), " is ", v, ", expected a whole number");
    out.push_back(static_cast<Index>(v));
  }
  return out;
}

}  // namespace gyrograd::data
