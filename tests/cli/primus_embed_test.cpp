// SPDX-License-Identifier: MIT
// Embeddings of windows by an encoder file, what is written beside them, and bad input.
#include <cstdint>
#include <string>
#include <vector>

#include "cli/bad_case.hpp"
#include "cli/tool.hpp"
#include "gyrograd/data/paired_file.hpp"
#include "gyrograd/io/npy.hpp"
#include "gyrograd/io/safetensors.hpp"
#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

namespace {

/// Weights of an encoder of width 2, all 0.1: names and shapes as published.
void write_encoder(const fs::path& path) {
  const std::vector<std::pair<std::string, io::Shape>> tensors = {{"backbone.0.weight", {6}},
                                                                  {"backbone.0.bias", {6}},
                                                                  {"backbone.1.net.0.weight", {32, 6, 10}},
                                                                  {"backbone.2.net.0.weight", {32, 32, 5}},
                                                                  {"backbone.3.net.0.weight", {32, 32, 5}},
                                                                  {"backbone.4.weight", {32}},
                                                                  {"backbone.4.bias", {32}},
                                                                  {"backbone.5.weight_ih_l0", {6, 32}},
                                                                  {"backbone.5.weight_hh_l0", {6, 2}},
                                                                  {"backbone.5.bias_ih_l0", {6}},
                                                                  {"backbone.5.bias_hh_l0", {6}},
                                                                  {"ssl_head.weight", {2, 2}},
                                                                  {"ssl_head.bias", {2}},
                                                                  {"mmcl_head.weight", {2, 2}},
                                                                  {"mmcl_head.bias", {2}}};
  std::vector<std::vector<float>> values;
  std::vector<io::TensorEntry> entries;
  for (const auto& [name, shape] : tensors) {
    std::size_t size = 1;
    for (const std::size_t n : shape) size *= n;
    values.emplace_back(size, name == "mmcl_head.bias" ? 3.0F : 0.1F);
  }
  for (std::size_t i = 0; i < tensors.size(); ++i)
    entries.push_back(
        {tensors[i].first, io::Dtype::f32, tensors[i].second, std::as_bytes(std::span(values[i]))});
  io::write_safetensors(path, entries);
}

/// A set of one part with two shards of 3 windows.
void write_set(const fs::path& part) {
  for (Index shard = 0; shard < 2; ++shard) {
    data::PairedWindows p;
    p.windows = data::Windows(3, 130, 6);
    for (std::size_t i = 0; i < p.windows.values.size(); ++i)
      p.windows.values[i] = static_cast<float>(i % (7 + static_cast<std::size_t>(shard)));
    p.text_width = 2;
    p.text = {1, 0, 0, 1, 1, 1};
    p.flags = {0, 0, 0}, p.labels = {0, 1, -1}, p.takes = {0, 0, 1}, p.users = {0, 1, 1},
    p.starts = {0, 1, 2};
    fs::create_directories(data::shard_path(part, shard));
    data::write_paired_shard(data::shard_path(part, shard), p);
  }
}

}  // namespace

TEST_CASE("all shards of a part are embedded, with what belongs to them", "[cli][primus]") {
  const TempFolder scratch;
  write_encoder(scratch / "encoder.safetensors");
  write_set(scratch / "set/test");
  const Outcome outcome = run_tool(scratch.path(), split("primus embed encoder.safetensors set/test out"));
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const io::NpyFile embeddings = io::read_npy(scratch / "out/embeddings.npy");
  CHECK(embeddings.shape() == io::Shape{6, 2});
  for (const float v : embeddings.values<float>()) CHECK(v > 2.5F);  // the bias of the multimodal head
  CHECK(io::read_npy(scratch / "out/labels.npy").values<double>() == std::vector<double>{0, 1, -1, 0, 1, -1});
  CHECK(io::read_npy(scratch / "out/users.npy").shape() == io::Shape{6});
  CHECK(io::read_npy(scratch / "out/text.npy").shape() == io::Shape{6, 2});
  CHECK_FALSE(fs::exists(scratch / "out/video.npy"));
  const Outcome ssl =
      run_tool(scratch.path(), split("primus embed encoder.safetensors set/test ssl --output ssl"));
  CHECK(ssl.code == 0);
  for (const float v : io::read_npy(scratch / "ssl/embeddings.npy").values<float>()) CHECK(v < 1.0F);
}

TEST_CASE("what cannot be embedded ends in one line", "[cli][primus]") {
  const TempFolder scratch;
  write_encoder(scratch / "encoder.safetensors");
  write_set(scratch / "set/test");
  io::write_npy(scratch / "short.npy", std::vector<float>(2 * 50 * 6, 1.0F), {2, 50, 6});
  io::write_npy(scratch / "three.npy", std::vector<float>(2 * 130 * 3, 1.0F), {2, 130, 3});
  const std::vector<Case> cases = {
      {"no weights", split("primus embed gone.safetensors set/test out"), 1, "gone.safetensors"},
      {"weights are windows", split("primus embed short.npy set/test out"), 1, "short.npy"},
      {"no windows", split("primus embed encoder.safetensors set out"), 1, "shard_0000"},
      {"windows too short", split("primus embed encoder.safetensors short.npy out"), 1, "50 samples"},
      {"windows of three channels", split("primus embed encoder.safetensors three.npy out"), 1, "3 channels"},
      {"unknown output", split("primus embed encoder.safetensors short.npy out --output head"), 2,
       "expected one of mmcl, ssl, emb"},
      {"windows for another pooling", split("primus embed encoder.safetensors set/test out --max-pool"), 1,
       "978"},
  };
  for (const Case& one : cases) check(scratch.path(), one);
}
