// SPDX-License-Identifier: MIT
// What a preparation tells about its findings.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>

#include "cli/run_options.hpp"
#include "gyrograd/data/findings.hpp"

namespace gyrograd::cli {

/// One line for each kind of finding, with its first place.
inline void report_findings(const RunOptions& run, const data::Findings& findings) {
  for (std::size_t k = 0; k < data::finding_words.size(); ++k) {
    const auto kind = static_cast<data::FindingKind>(k);
    if (findings.count(kind) == 0) continue;
    const auto& list = findings.list();
    const auto first =
        std::find_if(list.begin(), list.end(), [&](const data::Finding& f) { return f.kind == kind; });
    note(run, "prepare: ", findings.count(kind), " x ", data::finding_words[k],
         first == list.end() ? std::string() : ", first " + first->where + ": " + first->what);
  }
}

}  // namespace gyrograd::cli
