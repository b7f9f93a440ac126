// SPDX-License-Identifier: MIT
// --loss, --focal-gamma and --class-weights.
#pragma once

#include <charconv>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/session.hpp"
#include "gyrograd/losses/focal.hpp"

namespace gyrograd::cli {

/// What the loss options say.
struct LossChoice {
  double gamma = 0;              ///< 0: cross-entropy
  std::string weights = "none";  ///< none, balanced, or one number per class
};

inline std::vector<OptionSpec> loss_option_specs() {
  return {{"loss", "KIND", "cross_entropy (default) or focal"},
          {"focal-gamma", "R", "exponent of the focal loss (default 2)"},
          {"class-weights", "LIST", "none (default), balanced, or one number per class: 1,2,1"}};
}

inline LossChoice read_loss_choice(std::string_view command, const Arguments& arguments) {
  LossChoice choice;
  const bool focal = arguments.choice("loss", {"cross_entropy", "focal"}) == "focal";
  if (!focal && arguments.has("focal-gamma"))
    fail<UsageError>(command, ": --focal-gamma belongs to --loss focal");
  if (focal) choice.gamma = arguments.real("focal-gamma", 2, 0, 100);
  choice.weights = arguments.text("class-weights", "none");
  return choice;
}

/// Named values for checkpoints and reports.
inline std::vector<std::pair<std::string, std::string>> loss_values(const LossChoice& c) {
  return {{"--loss", c.gamma > 0 ? "focal" : "cross_entropy"},
          {"--focal-gamma", exact(c.gamma)},
          {"--class-weights", c.weights}};
}

/// One weight per class, or none. UsageError for a list that is not one.
inline std::vector<double> class_weights_of(std::string_view command, const LossChoice& c,
                                            std::span<const Index> labels, Index classes) {
  if (c.weights == "none") return {};
  if (c.weights == "balanced") return losses::balanced_class_weights(labels, classes);
  std::vector<double> weights;
  for (std::size_t at = 0; at <= c.weights.size();) {
    const std::size_t comma = std::min(c.weights.find(',', at), c.weights.size());
    double value = 0;
    const auto [end, error] = std::from_chars(c.weights.data() + at, c.weights.data() + comma, value);
    if (error != std::errc{} || end != c.weights.data() + comma || !(value >= 0 && value < 1e6))
      fail<UsageError>(command, ": --class-weights is '", c.weights,
                       "', expected none, balanced or numbers such as 1,2,0.5");
    weights.push_back(value);
    at = comma + 1;
  }
  if (static_cast<Index>(weights.size()) != classes)
    fail<UsageError>(command, ": --class-weights has ", weights.size(), " numbers, expected one for each of ",
                     classes, " classes");
  return weights;
}

}  // namespace gyrograd::cli
