// SPDX-License-Identifier: MIT
// Several data sets as one: as published, with every window kept in its own part of the split, or with common
// class names.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/random.hpp"
#include "gyrograd/data/card.hpp"
#include "gyrograd/data/split.hpp"
#include "gyrograd/data/windows.hpp"

namespace gyrograd::data {

/// One set that is merged.
struct MergePart {
  std::string name;
  DataSet set;
  Card card;
};

/// The usual word for an activity: hhar says bike where shoaib says biking.
inline std::string_view common_activity(std::string_view word) {
  constexpr std::array<std::array<std::string_view, 2>, 7> aliases{{{"bike", "biking"},
                                                                    {"sit", "sitting"},
                                                                    {"stand", "standing"},
                                                                    {"walk", "walking"},
                                                                    {"run", "jogging"},
                                                                    {"stairsup", "upstairs"},
                                                                    {"stairsdown", "downstairs"}}};
  for (const auto& [from, to] : aliases) {
    if (word == from) return to;
  }
  return word;
}

namespace detail {

/// Column called `name`, or -1.
inline Index card_column(const Card& card, std::string_view name) {
  for (std::size_t k = 0; k < card.labels.size(); ++k) {
    if (card.labels[k].name == name) return static_cast<Index>(k);
  }
  return -1;
}

/// Channels that all parts have; refuses parts that do not fit together.
inline Index merged_channels(std::span<const MergePart> parts) {
  if (parts.size() < 2) fail<ConfigError>("merge: ", parts.size(), " sets, expected at least 2");
  const MergePart& first = parts.front();
  Index channels = first.set.windows.channels;
  for (const MergePart& p : parts) {
    if (card_column(p.card, "activity") < 0)
      fail<ConfigError>("merge: set ", p.name, " has no label column 'activity'");
    if (p.set.windows.steps != first.set.windows.steps || p.card.rate != first.card.rate) {
      fail<ConfigError>("merge: set ", p.name, " has windows of ", p.set.windows.steps, " steps at ",
                        p.card.rate, " Hz, set ", first.name, " of ", first.set.windows.steps, " at ",
                        first.card.rate, "; prepare both alike");
    }
    channels = std::min(channels, p.set.windows.channels);
  }
  for (const MergePart& p : parts) {
    for (std::size_t c = 0; c < static_cast<std::size_t>(channels); ++c) {
      if (p.card.units[c] != first.card.units[c])
        fail<ConfigError>("merge: channel ", c, " of set ", p.name, " is in ", p.card.units[c], ", of set ",
                          first.name, " in ", first.card.units[c]);
    }
  }
  return channels;
}

/// Copies window `from` of a part to window `to`, first channels only.
inline void copy_window(const Windows& in, Index from, Windows& out, Index to) {
  for (Index t = 0; t < in.steps; ++t) {
    const auto row = in.window(from).subspan(static_cast<std::size_t>(t * in.channels));
    std::copy_n(row.begin(), out.channels, out.window(to).begin() + t * out.channels);
  }
}

}  // namespace detail

/// The published merge (LIMU-BERT sheet §5.9): every set is split by its own permutation of `seed`; the parts
/// are strung together and scattered so that random_split(N, seed) of the merged set finds them again, but
/// for rounding. One label column, activity, as each set numbers it: not harmonised. Order of the parts:
/// hhar, uci, motion, shoaib. 26,288 windows when all four are as published.
inline DataSet merge_published(std::span<const MergePart> parts, std::uint32_t seed) {
  const Index channels = std::min(detail::merged_channels(parts), Index{6});
  struct Place {
    const MergePart* part;
    Index window;
  };
  std::array<std::vector<Place>, 3> strung;
  for (const MergePart& p : parts) {
    const Split split = random_split(p.set.windows.count, seed);
    const std::array<const std::vector<Index>*, 3> kinds{&split.train, &split.validation, &split.test};
    for (std::size_t k = 0; k < 3; ++k) {
      for (const Index i : *kinds[k]) strung[k].push_back({&p, i});
    }
  }
  std::vector<Place> all;
  for (const auto& kind : strung) all.insert(all.end(), kind.begin(), kind.end());
  const auto count = static_cast<Index>(all.size()), steps = parts.front().set.windows.steps;
  Mt19937 g(seed);
  const std::vector<Index> order = permutation(g, count);
  DataSet out{Windows(count, steps, channels), Labels(count, steps, 1)};
  std::vector<std::vector<Index>> activity;
  for (const MergePart& p : parts)
    activity.push_back(label_column(p.set.labels, detail::card_column(p.card, "activity")));
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Index to = order[i];
    detail::copy_window(all[i].part->set.windows, all[i].window, out.windows, to);
    const auto& column = activity[static_cast<std::size_t>(all[i].part - parts.data())];
    for (Index t = 0; t < steps; ++t)
      out.labels.at(to, t, 0) =
          static_cast<double>(column[static_cast<std::size_t>(all[i].window * steps + t)]);
  }
  return out;
}

/// The corrected merge: one set after the other, the channels that all have; label columns activity (by
/// common names, in the order in which they first occur), user (no two sets share one) and set. `card`
/// receives the names.
inline DataSet merge_by_name(std::span<const MergePart> parts, Card& card) {
  const Index channels = detail::merged_channels(parts), steps = parts.front().set.windows.steps;
  Index count = 0, first_user = 0, first_session = 0, to = 0;
  for (const MergePart& p : parts) count += p.set.windows.count;
  card.labels = {{"activity", {}}, {"user", {}}, {"set", {}}};
  card.channels.assign(parts.front().card.channels.begin(), parts.front().card.channels.begin() + channels);
  card.units.assign(parts.front().card.units.begin(), parts.front().card.units.begin() + channels);
  std::vector<std::string>& names = card.labels[0].classes;
  DataSet out{Windows(count, steps, channels), Labels(count, steps, 3)};
  for (const MergePart& p : parts) {
    const auto set_number = static_cast<double>(card.labels[2].classes.size());
    card.labels[2].classes.push_back(p.name);
    std::vector<double> number;  // of this set's classes in the merged one
    const Index activity = detail::card_column(p.card, "activity"),
                user = detail::card_column(p.card, "user");
    for (const std::string& word : p.card.labels[static_cast<std::size_t>(activity)].classes) {
      const std::string common(common_activity(word));
      const auto at = std::find(names.begin(), names.end(), common);
      number.push_back(static_cast<double>(at - names.begin()));
      if (at == names.end()) names.push_back(common);
    }
    const std::vector<Index> users = user < 0 ? std::vector<Index>() : label_column(p.set.labels, user);
    for (Index i = 0; i < p.set.windows.count; ++i, ++to) {
      detail::copy_window(p.set.windows, i, out.windows, to);
      for (Index t = 0; t < steps; ++t) {
        const auto k = static_cast<std::size_t>(p.set.labels.at(i, t, activity));
        if (k >= number.size())
          fail<ConfigError>("merge: set ", p.name, " window ", i, " has activity ", k, ", its card names ",
                            number.size());
        const Index person = users.empty() ? 0 : users[static_cast<std::size_t>(i * steps + t)];
        out.labels.at(to, t, 0) = number[k];
        out.labels.at(to, t, 1) = static_cast<double>(first_user + person);
        out.labels.at(to, t, 2) = set_number;
      }
    }
    for (Origin o : p.set.origins) {
      o.session += first_session;
      out.origins.push_back(o);
    }
    first_user += users.empty() ? 1 : *std::max_element(users.begin(), users.end()) + 1;
    for (const Origin& o : out.origins) first_session = std::max(first_session, o.session + 1);
  }
  if (static_cast<Index>(out.origins.size()) != count) out.origins.clear();
  return out;
}

}  // namespace gyrograd::data
