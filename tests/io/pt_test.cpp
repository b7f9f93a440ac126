// SPDX-License-Identifier: MIT
// .pt files: those that PyTorch wrote, the published weights, and containers that are damaged.
#include "gyrograd/io/pt.hpp"

#include <sys/wait.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "gyrograd/io/safetensors.hpp"
#include "support/archives.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/malformed.hpp"
#include "support/shared.hpp"

namespace {

using namespace gyrograd::io;
using namespace gyrograd::testing;

std::filesystem::path fixture(const char* name) {
  return std::filesystem::path(GYROGRAD_SOURCE_DIR) / "tests/io/fixtures" / name;
}
std::vector<double> values(const TensorFile& file, const char* name) {
  return values_of<double>(file.at(name), file.name());
}
using List = std::vector<double>;

TEST_CASE("pt: every dtype, a scalar and an empty tensor, in both containers") {
  for (const char* name : {"dtypes_zip.pt", "dtypes_legacy.pt"}) {
    INFO(name);
    const TensorFile f = read_pt(fixture(name));
    REQUIRE(f.entries().size() == 12);
    CHECK(f.entries()[0].name == "f32");
    CHECK(f.at("f32").shape == Shape{2, 3});
    CHECK(values(f, "f32") == List{0, 1, 2, 3, 4, 5});
    CHECK(values(f, "f64") == List{0, 1.0 / 3});
    CHECK(f.at("f16").dtype == Dtype::f16);
    CHECK(values(f, "f16") == List{-0.25, 0, 0.25});
    CHECK(f.at("bf16").dtype == Dtype::bf16);
    CHECK(values(f, "bf16") == List{-0.5, 0, 0.5});
    CHECK(values(f, "i64") == List{-1, 0});
    CHECK(values(f, "i32") == List{-1, 0});
    CHECK(values(f, "i16") == List{-1, 0});
    CHECK(values(f, "i8") == List{-1, 0});
    CHECK(values(f, "u8") == List{254, 255});
    CHECK(f.at("bool").dtype == Dtype::boolean);
    CHECK(values(f, "bool") == List{1, 0, 1});
    CHECK(f.at("scalar").shape.empty());
    CHECK(values(f, "scalar") == List{2.5});
    CHECK(f.at("empty").shape == Shape{0, 4});
  }
  CHECK(read_pt(fixture("dtypes_zip.pt")).format() == "pytorch zip");
  CHECK(read_pt(fixture("dtypes_legacy.pt")).format() == "pytorch legacy");
}

TEST_CASE("pt: shared storage, offsets, strides, broadcasts and parameters, in both containers") {
  for (const char* name : {"views_zip.pt", "views_legacy.pt"}) {
    INFO(name);
    const TensorFile f = read_pt(fixture(name));
    CHECK(values(f, "head") == List{0, 1, 2, 3, 4, 5});
    CHECK(f.at("tail").shape == Shape{3, 6});
    CHECK(values(f, "tail")[17] == 23);
    CHECK(f.at("tail").bytes.data() == f.at("head").bytes.data() + 24);  // one storage, no copy
    CHECK(values(f, "transposed") == List{0, 3, 1, 4, 2, 5});
    CHECK(values(f, "every_second") == List{1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23});
    CHECK(values(f, "broadcast") == List{5, 5, 5, 5, 5, 5});
    CHECK(values(f, "parameter") == List{7, 8});
  }
}

TEST_CASE("pt: a Lightning checkpoint: weights below state_dict., settings as metadata") {
  const TensorFile f = read_pt(fixture("lightning.ckpt"));
  CHECK(f.metadata_or("epoch", "") == "3");
  CHECK(f.metadata_or("global_step", "") == "1099511627776");
  CHECK(f.metadata_or("hyper_parameters.name", "") == "tiny");
  CHECK(f.metadata_or("hyper_parameters.flag", "") == "true");
  CHECK(f.metadata_or("hyper_parameters.negative", "") == "-5");
  CHECK(std::stod(f.metadata_or("hyper_parameters.lr", "")) == 1e-3);
  CHECK(f.find("optimizer_states.0.state.0.exp_avg") != nullptr);
  const TensorFile weights = f.part("state_dict.");
  REQUIRE(weights.entries().size() == 4);
  CHECK(values(weights, "model.0.weight") == List{0, 1, 2, 3, 4, 5});
  CHECK(values(weights, "model.1.bias") == List{30, 31});
}

TEST_CASE("pt: a module's state dict with _metadata, a single tensor, a whole module, a deflated archive") {
  for (const char* name : {"module_zip.pt", "module_legacy.pt"}) {
    const TensorFile f = read_pt(fixture(name));
    REQUIRE(f.entries().size() == 4);
    CHECK(f.entries()[0].name == "weight_ih_l0");
    CHECK(values(f, "bias_hh_l0") == List{300, 301, 302, 303, 304, 305});
  }
  CHECK(values(read_pt(fixture("single_tensor.pt")), "tensor") == List{0, 1, 2, 3});
  CHECK(error_of([] {
          (void)read_pt(fixture("whole_module.pt"));
        }).find("torch.nn.modules.linear.Linear': the file holds a whole Python object") !=
        std::string::npos);
  CHECK(error_of([] { (void)read_pt(fixture("deflated.pt")); }).find("compressed with deflate") !=
        std::string::npos);
}

struct Fingerprint {
  const char* name;
  Shape shape;
  double sum, first, last;
};

void check_fingerprints(const TensorFile& file, const std::vector<Fingerprint>& expected) {
  for (const Fingerprint& e : expected) {
    INFO(e.name);
    const auto v = values(file, e.name);
    double sum = 0;
    for (const double x : v) sum += x;
    CHECK(file.at(e.name).shape == e.shape);
    CHECK(std::abs(sum - e.sum) < 2e-6);
    CHECK(std::abs(v.front() - e.first) < 6e-7);
    CHECK(std::abs(v.back() - e.last) < 6e-7);
  }
}

std::array<double, 2> sum_and_norm(const TensorFile& file) {
  double sum = 0, square = 0;
  for (const TensorEntry& e : file.entries()) {
    for (const double x : values_of<double>(e)) {
      sum += x;
      square += x * x;
    }
  }
  return {sum, std::sqrt(square)};
}

TEST_CASE(
    "pt: the published uci encoder has the keys, shapes and fingerprints of the sheet (4.1, 4.3, 4.6)") {
  const auto path = shared_path("weights/limu-bert/pretrain_base_uci_20_120.pt");
  if (!path) return;
  const TensorFile f = read_pt(*path);
  const std::vector<std::pair<std::string, Shape>> keys{{"transformer.embed.lin.weight", {72, 6}},
                                                        {"transformer.embed.lin.bias", {72}},
                                                        {"transformer.embed.pos_embed.weight", {120, 72}},
                                                        {"transformer.embed.norm.gamma", {72}},
                                                        {"transformer.embed.norm.beta", {72}},
                                                        {"transformer.attn.proj_q.weight", {72, 72}},
                                                        {"transformer.attn.proj_q.bias", {72}},
                                                        {"transformer.attn.proj_k.weight", {72, 72}},
                                                        {"transformer.attn.proj_k.bias", {72}},
                                                        {"transformer.attn.proj_v.weight", {72, 72}},
                                                        {"transformer.attn.proj_v.bias", {72}},
                                                        {"transformer.proj.weight", {72, 72}},
                                                        {"transformer.proj.bias", {72}},
                                                        {"transformer.norm1.gamma", {72}},
                                                        {"transformer.norm1.beta", {72}},
                                                        {"transformer.pwff.fc1.weight", {144, 72}},
                                                        {"transformer.pwff.fc1.bias", {144}},
                                                        {"transformer.pwff.fc2.weight", {72, 144}},
                                                        {"transformer.pwff.fc2.bias", {72}},
                                                        {"transformer.norm2.gamma", {72}},
                                                        {"transformer.norm2.beta", {72}},
                                                        {"fc.weight", {72, 72}},
                                                        {"fc.bias", {72}},
                                                        {"linear.weight", {72, 72}},
                                                        {"linear.bias", {72}},
                                                        {"norm.gamma", {72}},
                                                        {"norm.beta", {72}},
                                                        {"decoder.weight", {6, 72}},
                                                        {"decoder.bias", {6}}};
  REQUIRE(f.entries().size() == keys.size());
  std::size_t floats = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    CHECK(f.entries()[i].name == keys[i].first);
    CHECK(f.entries()[i].shape == keys[i].second);
    CHECK(f.entries()[i].dtype == Dtype::f32);
    floats += f.entries()[i].count();
  }
  CHECK(floats == 62'646);
  check_fingerprints(f,
                     {{"transformer.embed.lin.weight", {72, 6}, -6.902809, -0.1647441, 0.0392559},
                      {"transformer.embed.pos_embed.weight", {120, 72}, 170.992338, -1.1340740, -0.2077217},
                      {"transformer.attn.proj_q.weight", {72, 72}, 2.888608, -0.0095110, 0.3190036},
                      {"transformer.pwff.fc2.weight", {72, 144}, -1.430068, 0.0963052, -0.0648237},
                      {"fc.weight", {72, 72}, 11.759356, -0.1013759, -0.0572551},
                      {"linear.weight", {72, 72}, 8.380308, -0.1503180, 0.2599013},
                      {"norm.gamma", {72}, 50.546489, 0.9085886, 0.6390996},
                      {"decoder.weight", {6, 72}, 2.397991, -0.2896891, -0.0648441}});
  const auto [sum, norm] = sum_and_norm(f);
  CHECK(std::abs(sum - 392.432229) < 2e-6);
  CHECK(std::abs(norm - 104.712501) < 2e-6);
}

TEST_CASE("pt: the published uci classifier: shared storages sliced at the right offsets (4.2, 4.4, 4.6)") {
  const auto path = shared_path("weights/limu-bert/classifier_base_gru_uci_20_120.pt");
  if (!path) return;
  const TensorFile f = read_pt(*path);
  REQUIRE(f.entries().size() == 14);
  const std::vector<std::pair<std::string, std::size_t>> gru0{
      {"weight_ih_l0", 0},    {"weight_hh_l0", 4320}, {"bias_ih_l0", 7920}, {"bias_hh_l0", 7980},
      {"weight_ih_l1", 5520}, {"weight_hh_l1", 6720}, {"bias_ih_l1", 8040}, {"bias_hh_l1", 8100}};
  const std::byte* start = f.at("gru0.weight_ih_l0").bytes.data();
  for (std::size_t i = 0; i < gru0.size(); ++i) {
    CHECK(f.entries()[i].name == "gru0." + gru0[i].first);
    CHECK(f.entries()[i].bytes.data() == start + 4 * gru0[i].second);
  }
  check_fingerprints(f, {{"gru0.weight_ih_l0", {60, 72}, -6.760244, -0.0972911, -0.1878016},
                         {"gru0.weight_hh_l1", {60, 20}, 13.370671, 0.0490038, 0.1334330},
                         {"gru1.weight_ih_l0", {30, 20}, 6.786139, -0.1056638, 0.4325429},
                         {"lin0.weight", {6, 10}, -0.175884, -0.4190475, -0.4821991},
                         {"lin0.bias",
                          {6},
                          -0.257767 + 0.205240 - 0.060024 + 0.173220 - 0.166204 + 0.016790,
                          -0.257767,
                          0.016790}});
  const auto [sum, norm] = sum_and_norm(f);
  CHECK(std::abs(sum - 21.600396) < 2e-6);
  CHECK(std::abs(norm - 17.042022) < 2e-6);
}

TEST_CASE("pt: converted to safetensors and back, bit by bit") {
  const TempFolder folder;
  for (const char* name : {"dtypes_zip.pt", "views_zip.pt"}) {
    const TensorFile f = read_pt(fixture(name));
    write_safetensors(folder / "a.safetensors", f.entries());
    const TensorFile back = read_safetensors(folder / "a.safetensors");
    REQUIRE(back.entries().size() == f.entries().size());
    for (std::size_t i = 0; i < f.entries().size(); ++i) {
      const auto &a = f.entries()[i], &b = back.entries()[i];
      CHECK(a.name == b.name);
      CHECK(a.shape == b.shape);
      CHECK(std::equal(a.bytes.begin(), a.bytes.end(), b.bytes.begin(), b.bytes.end()));
    }
  }
}

TEST_CASE("pt: published weights that we wrote as safetensors load in PyTorch with strict=True") {
  const auto weights = shared_path("weights/limu-bert");
  if (!weights) return;
  const TempFolder folder;
  std::string files;
  for (const char* name : {"pretrain_base_uci_20_120", "classifier_base_gru_uci_20_120"}) {
    const auto out = folder / (std::string(name) + ".safetensors");
    write_safetensors(out, read_pt(*weights / (std::string(name) + ".pt")).entries(), {{"format", "pt"}});
    files += " '" + out.string() + "'";
  }
  const char* chosen = std::getenv("GYROGRAD_TORCH_PYTHON");
  const std::string script = std::string(GYROGRAD_SOURCE_DIR) + "/tests/python/load_in_torch.py";
  const int status =
      std::system(("'" + std::string(chosen ? chosen : "python3") + "' '" + script + "'" + files).c_str());
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  if (code == 77 || code == 127) {
    WARN("skipped: no PyTorch (set GYROGRAD_TORCH_PYTHON to a python that has torch)");
    return;
  }
  CHECK(code == 0);
}

TEST_CASE("pt: damaged containers are refused with the reason") {
  const std::string good = pickle::whole("}");
  const std::vector<MalformedCase> cases{
      {"neither container",
       [] { return std::string("hello, world: no weights in here"); },
       {"neither container"}},
      {"no data.pkl",
       [] {
         return zip_of({{"m/other", "x"}});
       },
       {"no member data.pkl"}},
      {"data.pkl at the top",
       [&] {
         return zip_of({{"data.pkl", good}});
       },
       {"no member data.pkl"}},
      {"two folders with data.pkl",
       [&] {
         return zip_of({{"a/data.pkl", good}, {"b/data.pkl", good}});
       },
       {"two members called data.pkl"}},
      {"TorchScript",
       [&] {
         return zip_of({{"m/data.pkl", good}, {"m/constants.pkl", good}});
       },
       {"TorchScript"}},
      {"big-endian",
       [&] {
         return zip_of({{"m/data.pkl", good}, {"m/byteorder", "big"}});
       },
       {"little-endian"}},
      {"damaged pickle",
       [&] {
         return zip_of({{"m/data.pkl", good, 0, 0, 1}});
       },
       {"CRC-32"}},
      {"damaged storage",
       [] {
         return zip_of({{"m/data.pkl",
                         pickle::whole(pickle::dict(pickle::text("w") +
                                                    pickle::tensor(pickle::storage("FloatStorage", "0", 1), 0,
                                                                   pickle::number(1), pickle::number(1))))},
                        {"m/data/0", "1234", 0, 0, 1}});
       },
       {"m/data/0", "CRC-32"}},
      {"legacy of another version",
       [] {
         return std::string(detail::pt_legacy_start.begin(), detail::pt_legacy_start.end()) + "." +
                pickle::whole(pickle::number(1002));
       },
       {"unknown version"}},
      {"legacy of a big-endian machine",
       [] {
         return std::string(detail::pt_legacy_start.begin(), detail::pt_legacy_start.end()) + "." +
                pickle::whole(pickle::number(1001)) +
                pickle::whole(pickle::dict(pickle::text("little_endian") + "\x89"));
       },
       {"little-endian"}},
  };
  check_malformed(cases, [](const auto& file) { (void)read_pt(file); });
}

TEST_CASE("pt: a storage that no tensor uses is never read") {
  const std::string unused = pickle::storage("FloatStorage", "1", 1);
  const std::string value = pickle::dict(pickle::text("epoch") + pickle::number(1));
  const TensorFile f = read_pt(FileBytes::own(
      bytes_of(zip_of({{"m/data.pkl", pickle::whole(unused + "0" + value)}, {"m/data/1", "1234", 0, 0, 1}})),
      "f"));
  CHECK(f.metadata_or("epoch", "") == "1");
}

TEST_CASE("pt: prefixes are refused, bit flips never crash, in both containers") {
  const auto read = [](const auto& file) {
    const TensorFile f = read_pt(file);
    for (const TensorEntry& e : f.entries()) (void)error_of([&] { (void)values_of<double>(e); });
  };
  CHECK(sweep(file_text(fixture("views_legacy.pt")), read) > 1000);
  CHECK(sweep(pt_of(pickle::dict(pickle::text("w") + pickle::tensor(pickle::storage("FloatStorage", "0", 1),
                                                                    0, pickle::number(1), pickle::number(1))),
                    {{"0", "1234"}}),
              read) > 1000);
}

}  // namespace
