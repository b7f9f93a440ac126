// SPDX-License-Identifier: MIT
// The card of a corpus is read strictly, shards must be what it says, and shards written block by block are
// whole.
#include "gyrograd/data/corpus.hpp"

#include <vector>

#include "gyrograd/data/synth.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;
using gyrograd::testing::TempFolder;

namespace {

/// Two shards of 5 and 3 windows of 2 x 3, the second without labels.
Corpus small_corpus(const TempFolder& folder) {
  Corpus c{8, 2, 3, {{"a.npy", "la.npy", "", 5}, {"b.npy", "", "", 3}}};
  float next = 0;
  for (Shard& s : c.shards) {
    s.crc32c = crc_text(write_shard(folder / s.data, s.windows, 2, 3, 2, [&](Index, std::span<float> out) {
      for (float& value : out) value = next++;
    }));
  }
  io::write_npy(folder / "la.npy", std::vector<std::int32_t>{0, 7, 1, 8, 2, 9, 3, 7, 4, 8}, {5, 2});
  return c;
}

}  // namespace

TEST_CASE("a corpus is written and read again", "[corpus]") {
  const TempFolder folder;
  const Corpus c = small_corpus(folder);
  const std::filesystem::path card = corpus_path(folder.path(), "20_120");
  CHECK(card.filename() == "data_20_120.json");
  write_corpus(card, c);
  const Corpus read = read_corpus(card);
  CHECK(read.windows == 8);
  REQUIRE(read.shards.size() == 2);
  CHECK(read.shards[1].data == "b.npy");
  CHECK(read.shards[0].crc32c == c.shards[0].crc32c);
  CHECK(corpus_fingerprint(read) == corpus_fingerprint(c));
  const std::vector<float> a = io::read_npy(folder / "a.npy").values<float>();
  CHECK(c.shards[0].crc32c == crc_text(io::crc32c(std::as_bytes(std::span(a)))));
  const ShardedRows rows(check_shards(card, read));
  std::vector<float> row(6);
  rows.read(7, row);
  CHECK(row == std::vector<float>{42, 43, 44, 45, 46, 47});
  Corpus changed = read;
  changed.shards[1].crc32c = "00000000";
  CHECK(corpus_fingerprint(changed) != corpus_fingerprint(c));
}

TEST_CASE("labels come from the shards", "[corpus]") {
  const TempFolder folder;
  Corpus c = small_corpus(folder);
  const std::filesystem::path card = folder / "c.json";
  CHECK_THROWS_WITH(corpus_labels(card, c, 1), Contains("b.npy has no labels"));
  c.shards.pop_back();
  CHECK(corpus_labels(card, c, 1) == std::vector<Index>{7, 8, 9, 7, 8});
  CHECK_THROWS_WITH(corpus_labels(card, c, 2), Contains("la.npy") && Contains("column 2"));
}

TEST_CASE("cards and shards that contradict each other are refused", "[corpus]") {
  const TempFolder folder;
  const Corpus c = small_corpus(folder);
  const std::filesystem::path card = folder / "c.json";
  Corpus bad = c;
  bad.windows = 9;
  write_corpus(card, bad);
  CHECK_THROWS_WITH(read_corpus(card), Contains("windows is 9, the shards have 8"));
  bad = c;
  bad.shards[1].data = "../b.npy";
  write_corpus(card, bad);
  CHECK_THROWS_WITH(read_corpus(card), Contains("plain name"));
  bad = c;
  bad.shards.clear();
  write_corpus(card, bad);
  CHECK_THROWS_WITH(read_corpus(card), Contains("at least one shard"));
  folder.write("c.json", R"({"windows": 1, "steps": 1, "channels": 1, "shard": []})");
  CHECK_THROWS_AS(read_corpus(card), ConfigError);
  bad = c;
  bad.steps = 4;
  CHECK_THROWS_WITH(check_shards(card, bad), Contains("a.npy") && Contains("the card says (5, 4, 3)"));
}

TEST_CASE("recordings one by one are the synthetic set", "[corpus][synth]") {
  SynthConfig config;
  config.windows = 8;
  config.steps = 30;
  const DataSet all = synthesise(config);
  std::vector<float> values(2 * 30 * 6);
  std::vector<std::int32_t> labels(2 * 4);
  synthesise_recording(config, 1, values, labels);  // windows 6 and 7
  CHECK(std::equal(values.begin(), values.end(), all.windows.window(6).begin()));
  for (Index k = 0; k < 4; ++k) CHECK(labels[static_cast<std::size_t>(4 + k)] == all.labels.at(7, 0, k));
}
