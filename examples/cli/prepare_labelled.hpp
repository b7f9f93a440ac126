// SPDX-License-Identifier: MIT
// Labelled sets as shards of paired windows without vectors: what self-supervised pre-training of IMU
// encoders reads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/card.hpp"
#include "cli/prepare_report.hpp"
#include "cli/prepare_sets.hpp"
#include "cli/run_options.hpp"
#include "gyrograd/data/paired_set.hpp"
#include "gyrograd/data/take_parts.hpp"
#include "gyrograd/io/staged_folder.hpp"

namespace gyrograd::cli {

/// Place of a label column called `name`; -1: there is none.
inline Index label_place(const Card& card, std::string_view name) {
  for (std::size_t k = 0; k < card.labels.size(); ++k) {
    if (card.labels[k].name == name) return static_cast<Index>(k);
  }
  return -1;
}

/// Adds the windows of a labelled set, acc and gyro: a session is a take. part_of(window): its part.
template <class PartOf>
void add_labelled(data::PairedSetWriter& out, const data::DataSet& set, const Card& card, Index rate,
                  PartOf&& part_of) {
  const Index activity = label_place(card, "activity"), user = label_place(card, "user");
  for (Index i = 0; i < set.windows.count; ++i) {
    const data::Origin origin =
        set.origins.empty() ? data::Origin{i, 0} : set.origins[static_cast<std::size_t>(i)];
    data::Take take;
    take.name = "session " + std::to_string(origin.session);
    if (user >= 0) take.user = "user " + std::to_string(static_cast<Index>(set.labels.at(i, 0, user)) + 1);
    if (activity >= 0) take.label = static_cast<Index>(set.labels.at(i, 0, activity));
    data::CutWindow w;
    w.start = std::max(origin.start, Index{0}) * 1000 / rate;
    const std::span<const float> values = set.windows.window(i);
    for (Index t = 0; t < set.windows.steps; ++t) {
      const auto row = values.begin() + t * set.windows.channels;
      w.values.insert(w.values.end(), row, row + 6);
    }
    out.add(part_of(i), take, w);
  }
}

/// Parts of the windows of a set: whole users, or whole sessions where no user is known.
inline std::vector<std::string> labelled_parts(const data::DataSet& set, const Card& card,
                                               std::uint64_t seed) {
  const Index user = label_place(card, "user");
  const data::Split split =
      user >= 0 ? data::split_by_user(
                      data::first_of_windows(data::label_column(set.labels, user), set.labels.steps), seed)
                : data::split_by_session(set.origins, seed);
  return data::part_names(split, static_cast<std::size_t>(set.windows.count));
}

/// Refuses sets that cannot be shards.
inline data::PairedRule paired_rule(const data::WindowRule& rule, const Card& card) {
  if (rule.steps % rule.rate != 0) {
    fail<UsageError>("prepare: --paired: windows of ", rule.steps, " steps at ", rule.rate,
                     " Hz, expected whole seconds such as --rate 50 --window 250");
  }
  const bool fits = card.channels.size() >= 6 && data::find_triad(card, data::Quantity::acceleration) == 0 &&
                    data::find_triad(card, data::Quantity::rotation) == 3;
  if (!fits)
    fail<UsageError>("prepare: --paired: ", card.source,
                     " has no accelerometer and gyroscope; both are needed");
  data::PairedRule out;
  out.recipe = rule.recipe, out.rate = rule.rate, out.seconds = rule.steps / rule.rate;
  return out;
}

/// Writes a set into `folder` as shards of the parts train, val and test.
inline void write_labelled(const RunOptions& run, const fs::path& folder, const std::string& name,
                           const data::WindowRule& rule, std::uint64_t seed, Prepared& p) {
  const data::PairedVectors none;
  const data::PairedRule shards = paired_rule(rule, p.card);
  std::optional<io::StagedFolder> staged;
  if (!run.dry_run) {
    if (folder.has_parent_path()) make_folder(folder.parent_path());
    staged.emplace(folder, "set.json");
  }
  data::PairedSetWriter out(staged ? staged->path() : fs::path(), shards, none, p.findings);
  const std::vector<std::string> parts = labelled_parts(p.set, p.card, seed);
  add_labelled(out, p.set, p.card, rule.rate, [&](Index i) { return parts[static_cast<std::size_t>(i)]; });
  Card card = p.card;
  data::set_channels(card, 6);
  const Index activity = label_place(card, "activity");
  card.labels = activity < 0 ? std::vector<LabelColumn>{{"none", {}}}
                             : std::vector<LabelColumn>{card.labels[static_cast<std::size_t>(activity)]};
  out.finish(card, name,
             {{"seed", seed}, {"split_by", label_place(p.card, "user") >= 0 ? "user" : "session"}});
  for (const data::PartSummary& s : out.summary())
    result(s.name, ": ", s.windows, " windows of ", shards.steps(), " steps, ", s.takes, " takes, ", s.users,
           " users");
  for (const std::string& line : out.leaks()) note(run, "prepare: ", line);
  if (!staged) return;
  staged->commit();
  note(run, "prepare: wrote ", folder.string(), ": shards without vectors, for gyrograd primus pretrain");
}

}  // namespace gyrograd::cli
