// SPDX-License-Identifier: MIT
// Where a run reports its epochs: JSON lines, TensorBoard events, both or nothing. Needs nlohmann-json.
#pragma once

#include <cmath>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/io/event_file.hpp"
#include "gyrograd/train/json_log.hpp"

namespace gyrograd::train {

/// Event file of a run called `name` in a folder that TensorBoard watches; the name tells the runs apart.
inline std::filesystem::path event_path(const std::filesystem::path& folder, const std::string& name) {
  return folder / ("events.out.tfevents." + name);
}

/// Passes every report on to the sinks that are open; a default-constructed log drops it.
class RunLog {
 public:
  RunLog() = default;

  /// `command` stands in every line and before every tag. Empty paths: no such sink. append: the run goes on.
  /// IoError when a file cannot be opened.
  RunLog(std::string command, const std::filesystem::path& json, const std::filesystem::path& events,
         bool append)
      : command_(std::move(command)) {
    if (!json.empty()) json_ = JsonLog(json, append);
    if (!events.empty()) events_.emplace(events, append);
  }

  /// One JSON line {"event", "command", ...fields}; as TensorBoard events the numbers among the fields,
  /// tagged "command/field" ("epoch" and "step" are their axis, no tags). Numbers that are not finite become
  /// null there and are left out here.
  void write(std::string_view event, Index step, const Json& fields) {
    Json line = {{"command", command_}};
    line.update(fields);
    json_.write(event, line);
    if (!events_) return;
    std::vector<io::Scalar32> scalars;
    for (const auto& [name, value] : fields.items()) {
      if (name == "epoch" || name == "step" || !value.is_number()) continue;
      if (!std::isfinite(value.get<double>())) continue;
      scalars.emplace_back(command_ + '/' + name, value.get<float>());
    }
    if (!scalars.empty()) events_->write(step, scalars);
  }

 private:
  std::string command_;
  JsonLog json_;
  std::optional<io::EventFile> events_;
};

}  // namespace gyrograd::train
