// SPDX-License-Identifier: MIT
// The data card of a prepared set: where it comes from, rate, units, channels, window, labels, licence.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/suggest.hpp"
#include "gyrograd/data/configs.hpp"
#include "gyrograd/io/configs.hpp"

namespace gyrograd::data {

/// What a channel measures.
enum class Quantity : std::uint8_t { acceleration, rotation, magnetic };

/// A unit that readers understand, and its size in the unit of our arrays: m/s2, rad/s, uT.
struct Unit {
  std::string_view name;
  Quantity quantity;
  double size;
};

/// The units that readers understand; several names may mean the same.
inline constexpr std::array<Unit, 10> known_units{{{"m/s2", Quantity::acceleration, 1},
                                                   {"m/s^2", Quantity::acceleration, 1},
                                                   {"g", Quantity::acceleration, 9.80665},
                                                   {"mg", Quantity::acceleration, 0.00980665},
                                                   {"rad/s", Quantity::rotation, 1},
                                                   {"deg/s", Quantity::rotation, 0.017453292519943295},
                                                   {"dps", Quantity::rotation, 0.017453292519943295},
                                                   {"uT", Quantity::magnetic, 1},
                                                   {"mT", Quantity::magnetic, 1000},
                                                   {"G", Quantity::magnetic, 100}}};

/// The unit called `name`. ConfigError with `where` and the known ones otherwise.
inline const Unit& find_unit(std::string_view name, std::string_view where) {
  std::vector<std::string_view> names;
  std::string list;
  for (const Unit& unit : known_units) {
    if (unit.name == name) return unit;
    names.push_back(unit.name);
    list += (list.empty() ? "" : ", ") + std::string(unit.name);
  }
  fail<ConfigError>(where, ": unknown unit '", name, "', expected one of ", list, did_you_mean(name, names));
}

/// One label column: "activity" with its class names in index order ("user" may leave them out).
struct CardLabel {
  std::string name;
  std::vector<std::string> classes;
};

/// Description of a data set.
struct Card {
  std::string source;
  double rate = 20;  ///< Hz
  std::vector<std::string> channels = {"acc x", "acc y", "acc z", "gyro x", "gyro y", "gyro z"};
  std::vector<std::string> units = {"m/s2", "m/s2", "m/s2", "rad/s", "rad/s", "rad/s"};
  std::vector<CardLabel> labels;
  std::string licence;     ///< of the recordings
  std::string citation;    ///< what their authors ask to be cited
  std::string recipe;      ///< "published" or "corrected"
  Index steps = 0;         ///< rows of a window; 0: not said
  Index stride = 0;        ///< rows from one window to the next
  std::string resampling;  ///< how the rate was reached
  Index findings = 0;      ///< how many recordings or rows were not used
};

/// Channel names and units of acc, gyro and mag triads.
inline void set_channels(Card& card, Index channels) {
  card.channels.clear(), card.units.clear();
  constexpr std::array<std::string_view, 3> names{"acc", "gyro", "mag"}, units{"m/s2", "rad/s", "uT"};
  for (Index c = 0; c < channels; ++c) {
    const auto triad = static_cast<std::size_t>(std::min(c / 3, Index{2}));
    card.channels.push_back(std::string(names[triad]) + ' ' + "xyz"[c % 3]);
    card.units.emplace_back(units[triad]);
  }
}

/// First of three neighbouring channels that measure `quantity`, or -1.
inline Index find_triad(const Card& card, Quantity quantity) {
  for (std::size_t c = 0; c + 3 <= card.units.size(); ++c) {
    const auto fits = [&](std::size_t at) {
      const auto unit = std::find_if(known_units.begin(), known_units.end(),
                                     [&](const Unit& u) { return u.name == card.units[at]; });
      return unit != known_units.end() && unit->quantity == quantity;
    };
    if (fits(c) && fits(c + 1) && fits(c + 2)) return static_cast<Index>(c);
  }
  return -1;
}

/// Size of the unit of channel `c` in ours.
inline double unit_size(const Card& card, Index c, std::string_view where) {
  return find_unit(card.units[static_cast<std::size_t>(c)], where).size;
}

/// Refuses a card that contradicts itself; `where` starts the message.
inline void check_card(const Card& card, std::string_view where) {
  if (!(card.rate > 0) || !std::isfinite(card.rate))
    fail<ConfigError>(where, ": rate_hz is ", card.rate, ", expected above 0");
  if (card.channels.size() != card.units.size() || card.channels.empty()) {
    fail<ConfigError>(where, ": ", card.channels.size(), " channels and ", card.units.size(),
                      " units, expected one unit for each channel");
  }
  for (const std::string& unit : card.units) find_unit(unit, where);
  if (card.steps < 0 || card.stride < 0)
    fail<ConfigError>(where, ": window of ", card.steps, " steps every ", card.stride,
                      ", expected at least 0");
  for (const CardLabel& label : card.labels) {
    std::vector<std::string> names = label.classes;
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice != names.end())
      fail<ConfigError>(where, ": label ", label.name, " has class '", *twice, "' twice");
  }
}

/// Label columns of a published set; none for other names.
inline std::vector<CardLabel> published_labels(std::string_view dataset) {
  std::vector<CardLabel> columns;
  if (const DataSetConfig* set = find_data_set(dataset)) {
    for (const LabelColumn& column : set->labels) {
      columns.push_back({std::string(column.name), {column.class_names.begin(), column.class_names.end()}});
    }
  }
  return columns;
}

/// What an entry of the published data_config.json says, as a card.
inline Card card_of(const io::DataConfig& config, std::string_view source) {
  Card card;
  card.source = source;
  if (config.sr > 0) card.rate = config.sr;
  card.steps = config.seq_len;
  set_channels(card, config.dimension);
  struct Column {
    std::string_view name;
    const io::DataConfig::Label& label;
  };
  for (const Column& c : {Column{"activity", config.activity}, Column{"user", config.user},
                          Column{"position", config.position}, Column{"model", config.model}}) {
    if (c.label.index < 0) continue;
    const auto at = static_cast<std::size_t>(c.label.index);
    if (at > 64) fail<ConfigError>(source, ": label column ", c.label.index, ", expected at most 64");
    if (card.labels.size() <= at) card.labels.resize(at + 1);
    card.labels[at] = {std::string(c.name), c.label.names};
  }
  return card;
}

}  // namespace gyrograd::data
