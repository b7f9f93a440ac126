// SPDX-License-Identifier: MIT
#include "gyrograd/models/primus_file.hpp"

#include <fstream>

#include "support/archives.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;
using models::PrimusConfig;
using models::PrimusEncoder;

namespace {

/// A checkpoint as PyTorch Lightning writes it, with the tensor list of the published one; the contents of
/// the text and video encoders are holes in the file, so that it takes no room on disk.
class Checkpoint {
 public:
  std::string state, optimiser;

  /// One contiguous float32 tensor with a storage of its own; content empty: a hole.
  std::string tensor(const std::vector<std::int32_t>& shape, std::string content = {}) {
    std::int64_t count = 1;
    std::string sizes, strides;
    for (const std::int32_t n : shape) count *= n;
    std::int64_t stride = count;
    for (const std::int32_t n : shape) {
      stride /= n;
      sizes += pickle::number(n);
      strides += pickle::number(static_cast<std::int32_t>(stride));
    }
    const std::string key = std::to_string(members_.size());
    members_.push_back({"archive/data/" + key, std::move(content), static_cast<std::uint64_t>(count) * 4});
    return pickle::tensor(pickle::storage("FloatStorage", key, count), 0, sizes, strides);
  }
  void add(const std::string& name, const std::string& value) { state += pickle::text(name) + value; }

  template <class Real>
  void add_encoder(PrimusEncoder<Real>& model) {
    model.visit([&](std::string_view name, Parameter<Real>& p) {
      std::vector<std::int32_t> shape;
      for (int axis = 0; axis < p.shape.rank; ++axis)
        shape.push_back(static_cast<std::int32_t>(p.shape[axis]));
      const std::string content(reinterpret_cast<const char*>(p.value),
                                static_cast<std::size_t>(p.size()) * sizeof(float));
      add("imu_encoder." + std::string(name), tensor(shape, content));
      for (int moment = 0; moment < 2; ++moment)  // of Adam
        optimiser += pickle::text(std::string(name) + std::to_string(moment)) + tensor(shape);
    });
  }
  void add_temperature(const std::string& name, float value) {
    add(name, tensor({}, std::string(reinterpret_cast<const char*>(&value), sizeof value)));
  }
  /// Writes the archive; returns its size.
  std::uint64_t write(const std::filesystem::path& path) {
    const std::string root =
        pickle::dict(pickle::text("epoch") + pickle::number(5) + pickle::text("global_step") +
                     pickle::number(78125) + pickle::text("state_dict") + pickle::dict(state) +
                     pickle::text("optimizer_states") + pickle::dict(optimiser));
    members_.push_back({"archive/data.pkl", pickle::whole(root), 0});
    std::ofstream out(path, std::ios::binary);
    std::string directory;
    std::uint64_t at = 0;
    for (const Member& m : members_) {
      const auto size = static_cast<std::uint32_t>(m.content.empty() ? m.size : m.content.size());
      const std::uint32_t crc = m.content.empty() ? 0x12345678u : io::crc32(bytes_of(m.content));
      const std::string facts = little(std::uint16_t{0}) + little(std::uint16_t{0}) +
                                little(std::uint32_t{0}) + little(crc) + little(size) + little(size) +
                                little(static_cast<std::uint16_t>(m.name.size())) + little(std::uint16_t{0});
      const std::string local = "PK\x03\x04" + little(std::uint16_t{20}) + facts + m.name;
      out.seekp(static_cast<std::streamoff>(at));
      out << local << m.content;
      directory += "PK\x01\x02" + little(std::uint16_t{20}) + little(std::uint16_t{20}) + facts +
                   little(std::uint16_t{0}) + little(std::uint16_t{0}) + little(std::uint16_t{0}) +
                   little(std::uint32_t{0}) + little(static_cast<std::uint32_t>(at)) + m.name;
      at += local.size() + size;
    }
    const auto few = static_cast<std::uint16_t>(members_.size());
    out.seekp(static_cast<std::streamoff>(at));
    out << directory << "PK\x05\x06" << little(std::uint32_t{0}) << little(few) << little(few)
        << little(static_cast<std::uint32_t>(directory.size())) << little(static_cast<std::uint32_t>(at))
        << little(std::uint16_t{0});
    return at + directory.size() + 22;
  }

 private:
  struct Member {
    std::string name, content;
    std::uint64_t size;
  };
  std::vector<Member> members_;
};

using Sizes = std::vector<std::pair<std::string, std::vector<std::int32_t>>>;

/// The layers of one CLIP transformer: names as Hugging Face writes them.
void clip_layers(Sizes& all, const std::string& start, std::int32_t width) {
  for (int k = 0; k < 12; ++k) {
    const std::string layer = start + "encoder.layers." + std::to_string(k) + ".";
    for (const char* part : {"k_proj", "v_proj", "q_proj", "out_proj"}) {
      all.push_back({layer + "self_attn." + part + ".weight", {width, width}});
      all.push_back({layer + "self_attn." + part + ".bias", {width}});
    }
    all.push_back({layer + "mlp.fc1.weight", {4 * width, width}});
    all.push_back({layer + "mlp.fc1.bias", {4 * width}});
    all.push_back({layer + "mlp.fc2.weight", {width, 4 * width}});
    all.push_back({layer + "mlp.fc2.bias", {width}});
    for (const char* norm : {"layer_norm1", "layer_norm2"})
      for (const char* value : {".weight", ".bias"}) all.push_back({layer + norm + value, {width}});
  }
}

/// Tensors of CLIP ViT-B/32: 151,277,312 values.
Sizes clip_tensors() {
  Sizes all{{"text_model.embeddings.token_embedding.weight", {49408, 512}},
            {"text_model.embeddings.position_embedding.weight", {77, 512}},
            {"text_model.final_layer_norm.weight", {512}},
            {"text_model.final_layer_norm.bias", {512}},
            {"text_projection.weight", {512, 512}},
            {"vision_model.embeddings.class_embedding", {768}},
            {"vision_model.embeddings.patch_embedding.weight", {768, 3, 32, 32}},
            {"vision_model.embeddings.position_embedding.weight", {50, 768}},
            {"vision_model.pre_layrnorm.weight", {768}},
            {"vision_model.pre_layrnorm.bias", {768}},
            {"vision_model.post_layernorm.weight", {768}},
            {"vision_model.post_layernorm.bias", {768}},
            {"visual_projection.weight", {512, 768}}};
  clip_layers(all, "text_model.", 512);
  clip_layers(all, "vision_model.", 768);
  return all;
}

}  // namespace

TEST_CASE("a checkpoint with the tensors of the published 621 MB file: only the encoder is read") {
  const TempFolder folder;
  PrimusEncoder<float> want, got;
  want.initialise(3431);
  Checkpoint file;
  file.add_encoder(want);
  file.add_temperature("mmcl_loss.temperature", 0.07F);
  file.add_temperature("ssl_loss.temperature", 0.09F);
  std::int64_t values = 0;
  for (const auto& [name, shape] : clip_tensors()) {
    const std::string shared = file.tensor(shape);  // both encoders are the same module
    file.add("text_encoder." + name, shared);
    file.add("video_encoder." + name, shared);
    std::int64_t count = 1;
    for (const std::int32_t n : shape) count *= n;
    values += count;
  }
  CHECK(values == 151277312);
  const std::uint64_t size = file.write(folder / "primus.ckpt");
  CHECK(size > 621'623'000);
  CHECK(size < 622'000'000);
  // The holes have wrong checksums: whoever touches them fails.
  CHECK(error_of([&] { (void)io::read_pt(folder / "primus.ckpt"); }).find("CRC-32") != std::string::npos);

  const auto facts = models::load_primus(got, folder / "primus.ckpt");
  CHECK(std::equal(want.store().data(), want.store().data() + want.store().size(), got.store().data()));
  CHECK(facts.tau_mm.value() == Approx(0.07));
  CHECK(facts.tau_ss.value() == Approx(0.09));
  CHECK(facts.epoch == "5");
  CHECK(facts.global_step == "78125");
}

TEST_CASE("files of PRIMUS encoders: every place of the names, and what is refused") {
  const TempFolder folder;
  PrimusConfig narrow = PrimusConfig::published();
  narrow.width = 8;
  PrimusEncoder<float> model(narrow), other(narrow);
  model.initialise(1);
  const auto entries = nn::parameter_entries<float>(model);
  for (const std::string start : {"", "imu_encoder.", "state_dict.imu_encoder."}) {
    auto named = entries;
    for (auto& entry : named) entry.name = start + entry.name;
    io::write_safetensors(folder / "weights.safetensors", named);
    other.initialise(2);
    const auto facts = models::load_primus(other, folder / "weights.safetensors");
    CHECK(
        std::equal(model.store().data(), model.store().data() + model.store().size(), other.store().data()));
    CHECK(!facts.tau_mm);
  }
  // A single-head model finds no tensor of its own.
  PrimusConfig one = PrimusConfig::single();
  one.width = 8;
  PrimusEncoder<float> single(one);
  CHECK(error_of([&] { models::load_primus(single, folder / "weights.safetensors"); }).find("missing 11") !=
        std::string::npos);
  const std::vector<float> stray{1};
  io::write_safetensors(folder / "stray.safetensors",
                        std::vector<io::TensorEntry>{io::tensor_entry("x", {1}, std::span(stray))});
  CHECK(
      error_of([&] { models::load_primus(model, folder / "stray.safetensors"); })
          .ends_with("stray.safetensors: no tensor imu_encoder.backbone..., expected the weights of a PRIMUS "
                     "or IMU2CLIP encoder; give a checkpoint or a state dict of one"));
  Checkpoint hot;
  hot.add_encoder(model);
  hot.add_temperature("mmcl_loss.temperature", 1.5F);
  hot.write(folder / "hot.ckpt");
  CHECK(error_of([&] {
          models::load_primus(model, folder / "hot.ckpt");
        }).find("state_dict.mmcl_loss.temperature is 1.500000, expected one temperature between 0 and 1") !=
        std::string::npos);
}
