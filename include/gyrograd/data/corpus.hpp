// SPDX-License-Identifier: MIT
// A corpus of windows in shards and the JSON card that lists them. Needs nlohmann-json.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/data/sharded_rows.hpp"
#include "gyrograd/io/config_json.hpp"
#include "gyrograd/io/crc.hpp"
#include "gyrograd/io/file.hpp"
#include "gyrograd/io/json_strict.hpp"
#include "gyrograd/io/npy.hpp"
#include "gyrograd/io/text.hpp"

namespace gyrograd::data {

/// One shard: files beside the card, `data` of (windows, steps, channels), `labels` (may be empty) of
/// (windows, columns), those of the first step of every window.
struct Shard {
  std::string data, labels, crc32c;  ///< crc32c: of the values of `data`, in hexadecimal
  Index windows = 0;
};

/// What the card says.
struct Corpus {
  Index windows = 0, steps = 0, channels = 0;
  std::vector<Shard> shards;
};

/// Path of the card of one version, for example dataset/big/data_20_120.json.
inline std::filesystem::path corpus_path(const std::filesystem::path& folder, const std::string& version) {
  return folder / ("data_" + version + ".json");
}

/// "1a2b3c4d".
inline std::string crc_text(std::uint32_t crc) {
  char text[16];
  std::snprintf(text, sizeof text, "%08x", crc);
  return text;
}

/// Replaces the card.
inline void write_corpus(const std::filesystem::path& path, const Corpus& corpus) {
  using Json = nlohmann::ordered_json;
  Json shards = Json::array();
  for (const Shard& s : corpus.shards)
    shards.push_back({{"data", s.data}, {"labels", s.labels}, {"windows", s.windows}, {"crc32c", s.crc32c}});
  const Json json = {{"windows", corpus.windows},
                     {"steps", corpus.steps},
                     {"channels", corpus.channels},
                     {"shards", std::move(shards)}};
  io::atomic_write(path, json.dump(1, ' ', false, Json::error_handler_t::replace) + '\n');
}

/// Reads a card. Errors (ConfigError): unknown or missing keys, names that leave the folder, counts that do
/// not add up.
inline Corpus read_corpus(const std::filesystem::path& path) {
  const std::string where = io::printable(path.string(), 4096);
  const io::JsonValue document = io::read_json(path);
  Corpus corpus;
  io::JsonObjectReader reader(document, where);
  reader.integer("windows", corpus.windows).integer("steps", corpus.steps);
  reader.integer("channels", corpus.channels);
  const io::JsonValue* shards = reader.any("shards");
  reader.finish();
  if (shards == nullptr || shards->kind != io::JsonValue::Kind::array || shards->items.empty())
    fail<ConfigError>(where, ": key 'shards': expected a list of at least one shard");
  Index sum = 0;
  for (const io::JsonValue& item : shards->items) {
    Shard s;
    io::JsonObjectReader(item, where + ": shards")
        .text("data", s.data)
        .text("labels", s.labels)
        .integer("windows", s.windows)
        .text("crc32c", s.crc32c)
        .finish();
    for (const std::string& name : {s.data, s.labels}) {
      if (name.find('/') != std::string::npos || name.starts_with('.'))
        fail<ConfigError>(where, ": shard '", name, "': expected the plain name of a file beside the card");
    }
    if (s.data.empty() || s.windows < 1)
      fail<ConfigError>(where, ": shard ", corpus.shards.size() + 1,
                        ": expected a file name and at least 1 window");
    sum += s.windows;
    corpus.shards.push_back(std::move(s));
  }
  if (sum != corpus.windows) {
    fail<ConfigError>(where, ": windows is ", corpus.windows, ", the shards have ", sum,
                      " together; write the card again");
  }
  return corpus;
}

/// Data files of a corpus. IoError when one of them is not what the card says.
inline std::vector<std::filesystem::path> check_shards(const std::filesystem::path& card,
                                                       const Corpus& corpus) {
  std::vector<std::filesystem::path> files;
  for (const Shard& s : corpus.shards) {
    files.push_back(card.parent_path() / s.data);
    const io::NpyFile file = io::read_npy(files.back());
    const io::Shape want = {static_cast<std::size_t>(s.windows), static_cast<std::size_t>(corpus.steps),
                            static_cast<std::size_t>(corpus.channels)};
    if (file.shape() != want) {
      fail<IoError>(file.name(), ": array of shape ", io::shape_text(file.shape()), ", the card says ",
                    io::shape_text(want), "; make the shard or the card again");
    }
  }
  return files;
}

/// Tells corpora apart without reading them: the check sums of all shards.
inline std::string corpus_fingerprint(const Corpus& corpus) {
  std::string text;
  for (const Shard& s : corpus.shards) text += s.crc32c + ' ' + std::to_string(s.windows) + '\n';
  return crc_text(io::crc32c(std::as_bytes(std::span(text))));
}

/// One label column of every window.
inline std::vector<Index> corpus_labels(const std::filesystem::path& card, const Corpus& corpus,
                                        Index column) {
  std::vector<Index> out;
  out.reserve(static_cast<std::size_t>(corpus.windows));
  for (const Shard& s : corpus.shards) {
    if (s.labels.empty()) {
      fail<IoError>(io::printable(card.string(), 4096), ": shard ", s.data,
                    " has no labels, which the split needs; give --split random");
    }
    const io::NpyFile file = io::read_npy(card.parent_path() / s.labels);
    const bool fits = file.shape().size() == 2 && file.shape()[0] == static_cast<std::size_t>(s.windows) &&
                      static_cast<std::size_t>(column) < file.shape()[1];
    if (!fits) {
      fail<IoError>(file.name(), ": array of shape ", io::shape_text(file.shape()), ", expected (", s.windows,
                    ", columns) with column ", column);
    }
    const std::vector<std::int32_t> values = file.values<std::int32_t>();
    for (std::size_t i = static_cast<std::size_t>(column); i < values.size(); i += file.shape()[1])
      out.push_back(values[i]);
  }
  return out;
}

/// Writes a shard of float32 windows block by block, in the memory of one block: make(first, out) fills
/// `block` windows, or what is left. Returns the check sum of the values.
template <class Make>
std::uint32_t write_shard(const std::filesystem::path& path, Index windows, Index steps, Index channels,
                          Index block, Make&& make) {
  std::uint32_t crc = 0;
  const auto width = static_cast<std::size_t>(steps * channels);
  io::atomic_write(path, [&](auto& sink) {
    const io::Shape shape = {static_cast<std::size_t>(windows), static_cast<std::size_t>(steps),
                             static_cast<std::size_t>(channels)};
    sink.write(std::string_view(io::npy_preamble(io::Dtype::f32, shape)));
    std::vector<float> values(static_cast<std::size_t>(std::min(block, windows)) * width);
    for (Index first = 0; first < windows; first += block) {
      const auto count = static_cast<std::size_t>(std::min(block, windows - first));
      const std::span<float> part = std::span(values).first(count * width);
      make(first, part);
      crc = io::crc32c(std::as_bytes(part), crc);
      sink.write(std::as_bytes(part));
    }
  });
  return crc;
}

}  // namespace gyrograd::data
