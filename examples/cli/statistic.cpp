// SPDX-License-Identifier: MIT
// `gyrograd statistic DATASET VERSION`: what a prepared set holds, as text and as one HTML page.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/card.hpp"
#include "cli/run_options.hpp"
#include "gyrograd/data/leak.hpp"
#include "gyrograd/data/split.hpp"
#include "gyrograd/data/statistics.hpp"
#include "gyrograd/data/windows_file.hpp"
#include "gyrograd/io/file.hpp"
#include "gyrograd/train/charts.hpp"
#include "gyrograd/train/html_report.hpp"

namespace gyrograd::cli {
namespace {

using Table = std::vector<std::vector<std::string>>;

/// Everything the page and the text show.
struct Statistics {
  std::string name, version;
  Card card;
  data::DataSet set;
  std::vector<data::ChannelStatistics> channels;
  data::Findings findings;
  std::vector<data::LabelCounts> labels;
};

std::string number(double value) {
  return train::short_number(value, 4);
}

std::string percent(Index part, Index whole) {
  return train::fixed_number(100 * static_cast<double>(part) / static_cast<double>(std::max(whole, Index{1})),
                             1);
}

/// A table as text with columns of equal width.
void print_table(const Table& rows) {
  std::vector<std::size_t> width;
  for (const auto& row : rows) {
    width.resize(std::max(width.size(), row.size()));
    for (std::size_t c = 0; c < row.size(); ++c) width[c] = std::max(width[c], row[c].size());
  }
  for (const auto& row : rows) {
    std::string line = " ";
    for (std::size_t c = 0; c < row.size(); ++c) {
      const std::string fill(width[c] - row[c].size(), ' ');
      line += ' ' + (c == 0 ? row[c] + fill : fill + row[c]);
    }
    result(line);
  }
}

Table channel_table(const Statistics& s) {
  Table rows{{"channel", "unit", "mean", "deviation", "least", "most"}};
  for (std::size_t c = 0; c < s.channels.size(); ++c) {
    const data::ChannelStatistics& v = s.channels[c];
    rows.push_back({s.card.channels[c], s.card.units[c], number(v.mean), number(v.deviation), number(v.least),
                    number(v.most)});
  }
  return rows;
}

Table label_table(const Statistics& s, std::size_t column) {
  const auto& windows = s.labels[column].windows;
  const std::vector<std::string> names =
      class_names(s.card, static_cast<Index>(column), windows.empty() ? 0 : windows.rbegin()->first + 1);
  Table rows{{s.card.labels[column].name, "windows", "%"}};
  for (const auto& [label, count] : s.labels[column].windows) {
    const bool named = label >= 0 && label < static_cast<Index>(names.size());
    rows.push_back({named ? names[static_cast<std::size_t>(label)] : std::to_string(label),
                    std::to_string(count), percent(count, s.set.windows.count)});
  }
  return rows;
}

std::string balance_text(const data::LabelCounts& counts) {
  std::string text = std::to_string(counts.windows.size()) + " values, the most frequent " +
                     train::short_number(counts.imbalance(), 2) + " times the rarest";
  if (counts.mixed > 0) text += "; " + std::to_string(counts.mixed) + " windows hold several";
  return text;
}

/// Sensors of the card with their first channel.
std::vector<std::pair<std::string, Index>> sensors(const Card& card) {
  std::vector<std::pair<std::string, Index>> out;
  for (const auto& [name, quantity] : {std::pair{"accelerometer", data::Quantity::acceleration},
                                       std::pair{"gyroscope", data::Quantity::rotation},
                                       std::pair{"magnetometer", data::Quantity::magnetic}}) {
    const Index first = data::find_triad(card, quantity);
    if (first >= 0) out.emplace_back(name, first);
  }
  return out;
}

/// Windows of each class of the activity column; all in one where there is none.
std::vector<std::pair<std::string, std::vector<Index>>> windows_by_activity(const Statistics& s) {
  const auto& columns = s.card.labels;
  const auto at =
      std::find_if(columns.begin(), columns.end(), [](const LabelColumn& c) { return c.name == "activity"; });
  std::vector<std::pair<std::string, std::vector<Index>>> out;
  if (at == columns.end()) {
    out.emplace_back("all", std::vector<Index>(static_cast<std::size_t>(s.set.windows.count)));
    std::iota(out[0].second.begin(), out[0].second.end(), Index{0});
    return out;
  }
  const auto column = static_cast<std::size_t>(at - columns.begin());
  for (const auto& [label, count] : s.labels[column].windows) {
    const std::vector<std::string> names = class_names(s.card, static_cast<Index>(column), label + 1);
    out.emplace_back(label >= 0 ? names.back() : std::to_string(label), std::vector<Index>());
    for (Index i = 0; i < s.set.windows.count; ++i) {
      if (static_cast<Index>(s.set.labels.at(i, 0, static_cast<Index>(column))) == label)
        out.back().second.push_back(i);
    }
  }
  return out;
}

/// Mean spectrum of a sensor for each activity.
std::vector<train::Series> spectra(const Statistics& s, Index first) {
  std::vector<train::Series> series;
  for (const auto& [name, windows] : windows_by_activity(s)) {
    train::Series one{name, {}, {}};
    const std::vector<double> power = data::power_spectrum(s.set.windows, first, windows);
    for (std::size_t k = 1; k < power.size(); ++k) {
      one.x.push_back(static_cast<double>(k) * s.card.rate / static_cast<double>(s.set.windows.steps));
      one.y.push_back(std::log10(std::max(power[k], 1e-12)));
    }
    series.push_back(std::move(one));
  }
  return series;
}

/// Frequency of the most power, for each activity and sensor.
Table peak_table(const Statistics& s) {
  Table rows{{"strongest frequency in Hz"}};
  for (const auto& [sensor, first] : sensors(s.card)) {
    rows[0].push_back(sensor);
    const std::vector<train::Series> all = spectra(s, first);
    for (std::size_t a = 0; a < all.size(); ++a) {
      if (rows.size() <= a + 1) rows.push_back({all[a].name});
      const auto top = std::max_element(all[a].y.begin(), all[a].y.end());
      rows[a + 1].push_back(
          top == all[a].y.end() ? "-" : number(all[a].x[static_cast<std::size_t>(top - all[a].y.begin())]));
    }
  }
  return rows;
}

/// How independent the test part of each kind of split is.
Table leak_table(const Statistics& s, std::uint32_t seed) {
  Table rows{{"split", "train", "validation", "test", "users in both", "sessions in both", "touching",
              "overlapping"}};
  std::vector<Index> users;
  for (std::size_t k = 0; k < s.card.labels.size() && k < s.labels.size(); ++k) {
    if (s.card.labels[k].name == "user")
      users =
          data::first_of_windows(data::label_column(s.set.labels, static_cast<Index>(k)), s.set.labels.steps);
  }
  const auto add = [&](const std::string& name, const data::Split& split) {
    const data::LeakReport r =
        data::check_leaks(split.train, split.test, users, s.set.origins, s.set.windows.steps);
    const auto of = [](Index part, Index whole) {
      return whole == 0 ? std::string("?") : std::to_string(part) + " of " + std::to_string(whole);
    };
    const Index known = s.set.origins.empty() ? 0 : r.windows;
    rows.push_back({name, std::to_string(split.train.size()), std::to_string(split.validation.size()),
                    std::to_string(split.test.size()), of(r.known_users, r.users),
                    of(r.known_sessions, r.sessions), of(r.beside, known), of(r.overlapping, known)});
  };
  add("random, as published", data::random_split(s.set.windows.count, seed));
  try {
    if (!s.set.origins.empty()) add("session", data::split_by_session(s.set.origins, seed));
    if (!users.empty()) add("user", data::split_by_user(users, seed));
  } catch (const ConfigError&) {
    // fewer than three sessions or users: no such split
  }
  return rows;
}

std::string headline(const Statistics& s) {
  return std::to_string(s.set.windows.count) + " windows of " + std::to_string(s.set.windows.steps) +
         " steps (" + number(static_cast<double>(s.set.windows.steps) / s.card.rate) + " s at " +
         number(s.card.rate) + " Hz), " + std::to_string(s.set.windows.channels) + " channels, " +
         number(static_cast<double>(s.set.windows.count * s.set.windows.steps) / s.card.rate / 3600) +
         " hours";
}

std::string quality(const Statistics& s) {
  const Index acc = data::find_triad(s.card, data::Quantity::acceleration);
  std::string text = s.findings.total() == 0
                         ? "every window agrees with the units of the card, no channel is constant"
                         : std::to_string(s.findings.total()) + " windows are doubtful, first " +
                               s.findings.text().substr(0, s.findings.text().find('\n'));
  if (acc >= 0) {
    text += "; mean |acc| " + number(data::mean_norm(s.set.windows, acc)) + ' ' +
            s.card.units[static_cast<std::size_t>(acc)];
  }
  if (s.card.findings > 0)
    text += "; the preparation left out or reported " + std::to_string(s.card.findings) + " things";
  return text;
}

void print_text(const Statistics& s, std::uint32_t seed) {
  result(s.name, " ", s.version, ": ", headline(s));
  if (!s.card.source.empty()) result("source: ", s.card.source);
  result("quality: ", quality(s));
  print_table(channel_table(s));
  for (std::size_t k = 0; k < s.labels.size(); ++k) {
    result(s.card.labels[k].name, ": ", balance_text(s.labels[k]));
    print_table(label_table(s, k));
  }
  print_table(peak_table(s));
  print_table(leak_table(s, seed));
}

std::string page(const Statistics& s, std::uint32_t seed) {
  train::HtmlReport report(s.name + ' ' + s.version, s.card.source);
  const std::vector<train::HtmlReport::Figure> figures{
      {std::to_string(s.set.windows.count), "windows"},
      {number(static_cast<double>(s.set.windows.count * s.set.windows.steps) / s.card.rate / 3600), "hours"},
      {number(s.card.rate) + " Hz", std::to_string(s.set.windows.steps) + " steps a window"},
      {std::to_string(s.set.windows.channels), "channels"}};
  report.figures(figures);
  report.paragraph("Quality: " + quality(s) + '.');
  if (!s.card.licence.empty()) report.paragraph("Licence: " + s.card.licence + ". " + s.card.citation);
  if (!s.card.recipe.empty())
    report.paragraph("Recipe: " + s.card.recipe + "; resampling: " + s.card.resampling + '.');
  report.section("Channels");
  report.table(channel_table(s));
  for (std::size_t k = 0; k < s.labels.size(); ++k) {
    report.section("Label: " + s.card.labels[k].name);
    report.paragraph(balance_text(s.labels[k]) + '.');
    std::vector<train::Bar> bars;
    const Table rows = label_table(s, k);
    for (std::size_t r = 1; r < rows.size() && rows.size() <= 13; ++r)
      bars.push_back({rows[r][0], {std::strtod(rows[r][1].c_str(), nullptr)}});
    if (!bars.empty())
      report.chart(train::bar_chart({s.card.labels[k].name, "", "windows"}, bars), "Windows by label.");
    report.table(rows);
  }
  report.section("Spectra");
  for (const auto& [sensor, first] : sensors(s.card)) {
    report.chart(train::line_chart({sensor + " spectrum", "Hz", "log10 of power"}, spectra(s, first)),
                 sensor + ": mean power by frequency, mean of the window removed, Hann window.");
  }
  report.table(peak_table(s));
  report.section("Splits");
  report.paragraph(
      "What the test part of each split shares with its training part; anything but 0 makes scores "
      "optimistic.");
  report.table(leak_table(s, seed));
  if (s.findings.total() > 0) {
    report.section("Doubtful windows");
    Table rows{{"where", "kind", "what"}};
    for (std::size_t i = 0; i < std::min<std::size_t>(s.findings.list().size(), 50); ++i) {
      const data::Finding& f = s.findings.list()[i];
      rows.push_back({f.where, std::string(data::finding_words[static_cast<std::size_t>(f.kind)]), f.what});
    }
    report.table(rows);
  }
  return report.str();
}

Statistics gather(const fs::path& folder, const std::string& name, const std::string& version) {
  Statistics s{name, version, read_card(folder, name, version), data::load_data_set(folder, version), {},
               {},   {}};
  if (static_cast<Index>(s.card.units.size()) != s.set.windows.channels) {
    if (fs::exists(folder / "card.json") || fs::exists(card_path(folder, version))) {
      fail<IoError>(folder.string(), ": the card names ", s.card.units.size(), " channels, the data has ",
                    s.set.windows.channels);
    }
    data::set_channels(s.card, s.set.windows.channels);
  }
  while (static_cast<Index>(s.card.labels.size()) < s.set.labels.columns)
    s.card.labels.push_back({"label" + std::to_string(s.card.labels.size()), {}});
  s.channels = data::channel_statistics(s.set.windows);
  s.findings = data::check_windows(s.set.windows, s.card);
  for (Index k = 0; k < s.set.labels.columns; ++k) s.labels.push_back(data::count_labels(s.set.labels, k));
  return s;
}

}  // namespace

int run_statistic(int argc, char** argv) {
  std::vector<OptionSpec> options = {
      {"html", "FILE", "page to write (default: statistic_VERSION.html beside the set)"},
      {"seed", "N", "seed of the splits that are compared (default 3431)"},
  };
  for (OptionSpec& more : run_option_specs(false)) options.push_back(std::move(more));
  Arguments arguments("statistic",
                      "Counts, balance, users, ranges of the channels, spectra and a leak check\n"
                      "of a prepared set, as text and as one HTML page.",
                      {{"DATASET", "folder of dataset/: uci, hhar, motion, shoaib or your own"},
                       {"VERSION", "rate and window: 20_120"}},
                      options);
  if (!arguments.parse(argc, argv)) return ExitCode::done;
  const RunOptions run = read_run_options(arguments, false);
  const auto seed = static_cast<std::uint32_t>(arguments.integer("seed", 3431, 0, 4294967295));
  const std::string name = arguments.word(0), version = arguments.word(1);
  const fs::path folder = find_dataset("statistic", run.at, name, version);
  const fs::path html =
      arguments.has("html") ? fs::path(arguments.text("html")) : folder / ("statistic_" + version + ".html");
  if (arguments.has("html")) refuse_existing(html, run.force);
  const Statistics s = gather(folder, name, version);
  const std::string text = page(s, seed);
  if (!run.dry_run) io::atomic_write(html, std::string_view(text));
  print_text(s, seed);
  note(run, "statistic: ", run.dry_run ? "would write " : "wrote ", html.string());
  return ExitCode::done;
}

}  // namespace gyrograd::cli
