// SPDX-License-Identifier: MIT
// `gyrograd primus embed WEIGHTS WINDOWS OUT`: embeddings of windows, with the files that probes and
// retrieval read next to them.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/primus.hpp"
#include "cli/run_options.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/data/paired_file.hpp"
#include "gyrograd/data/windows_file.hpp"
#include "gyrograd/io/npy.hpp"
#include "gyrograd/models/primus_classifier.hpp"
#include "gyrograd/models/primus_file.hpp"
#include "gyrograd/models/simclr_har.hpp"
#include "gyrograd/nn/linear.hpp"
#include "gyrograd/nn/state_dict.hpp"
#include "gyrograd/train/embed.hpp"

namespace gyrograd::cli {
namespace {

constexpr const char* command = "primus embed";

using Encoder = models::PrimusEncoder<float>;

/// Sizes as the tensors of the file say. The pooling of IMU2CLIP is not written in weights: an option.
models::PrimusConfig config_of(const fs::path& file, bool max_pool) {
  const io::TensorFile tensors = models::read_primus_file(file);
  models::PrimusConfig config;
  config.heads = models::PrimusHeads::single;
  bool found = false;
  for (const io::TensorEntry& entry : tensors.entries()) {
    if (entry.name.find("backbone.") != std::string::npos) config.heads = models::PrimusHeads::multi;
    if (!entry.name.ends_with(".5.weight_hh_l0") || entry.shape.size() != 2) continue;
    config.width = static_cast<Index>(entry.shape[1]);
    found = true;
  }
  if (!found)
    fail<IoError>(file.string(),
                  ": no recurrent weights of a PRIMUS encoder; give a checkpoint or weights of one");
  if (max_pool) config.pool = models::PrimusPool::max;
  return config;
}

using Embed = std::function<Var<float, dyn, dyn>(Tape<float>&, Var<float, dyn, dyn, dyn>)>;

/// What gives the embeddings of a file: (B, T, C) -> (B, width).
struct Source {
  Embed embed;
  Index width = 0;
};

/// Projection of the multimodal output for text or video.
struct Projection {
  nn::Linear<float> layer;
  ParameterStore<float> store;

  Projection(Index in, Index out) : layer(in, out) { store.bind(*this); }
  template <class F>
  void visit(F&& f) {
    layer.visit(f);
  }
};

Source primus_source(const fs::path& weights, const std::string& kind, bool max_pool) {
  const auto encoder = std::make_shared<Encoder>(config_of(weights, max_pool));
  models::load_primus(*encoder, weights);
  const Index width = encoder->config().width;
  if (kind == "text" || kind == "video") {
    const io::TensorFile file = models::read_primus_file(weights).part(kind + "_head.");
    const io::TensorEntry* tensor = file.find("weight");
    if (tensor == nullptr)
      fail<IoError>(weights.string(), ": has no ", kind, "_head: ", kind,
                    " vectors were as wide as the embeddings; leave out --output");
    const auto head =
        std::make_shared<Projection>(width, tensor->shape.empty() ? 0 : static_cast<Index>(tensor->shape[0]));
    nn::load_parameters<float>(*head, file);
    return {[encoder, head](Tape<float>& tape, Var<float, dyn, dyn, dyn> x) {
              return head->layer(tape, encoder->mmcl(tape, encoder->embed(tape, x)));
            },
            head->layer.bias.size()};
  }
  const models::PrimusOutput output = kind == "emb"   ? models::PrimusOutput::emb
                                      : kind == "ssl" ? models::PrimusOutput::ssl
                                                      : models::PrimusOutput::mmcl;
  return {[encoder, output](Tape<float>& tape, Var<float, dyn, dyn, dyn> x) {
            return models::primus_output(*encoder, tape, encoder->embed(tape, x), output);
          },
          width};
}

/// The trunk of SimCLR's own network, for windows of any length that its kernels fit.
Source simclr_source(const fs::path& weights, const std::string& kind, bool given) {
  if (given && kind != "emb")
    fail<UsageError>(command, ": ", weights.string(), " has one output, emb; leave out --output");
  const io::TensorFile file = io::read_tensors(weights);
  models::TpnConfig config;
  for (std::size_t i = 0; i < 3; ++i) {
    const io::TensorEntry* tensor = file.find("conv" + std::to_string(i + 1) + ".weight");
    if (tensor == nullptr || tensor->shape.size() != 3)
      fail<IoError>(weights.string(), ": conv", i + 1, ".weight is missing or no convolution");
    config.channels[i] = static_cast<Index>(tensor->shape[0]);
    config.kernels[i] = static_cast<Index>(tensor->shape[2]);
    if (i == 0) config.input = static_cast<Index>(tensor->shape[1]);
  }
  config.seq_len = config.kernels[0] + config.kernels[1] + config.kernels[2] - 2;
  const auto model = std::make_shared<models::SimclrHar<float>>(config);
  nn::load_parameters<float>(*model, file);
  return {[model](Tape<float>& tape, Var<float, dyn, dyn, dyn> x) { return model->trunk(tape, x); },
          config.channels[2]};
}

bool is_simclr(const fs::path& weights) {
  if (weights.extension() != ".safetensors") return false;
  return io::read_tensors(weights).metadata_or("gyrograd.model", "") == "simclr_har";
}

/// One output for every window of a shard, behind what is there.
void append_embeddings(std::vector<float>& all, const Source& source, const data::Windows& windows,
                       ThreadPool& pool) {
  const Index width = source.width;
  const std::size_t start = all.size();
  all.resize(start + static_cast<std::size_t>(windows.count * width));
  train::embed_rows(all.data() + start, windows, width,
                    models::PrimusEncoder<float>::micro_batch_for(windows.count, pool.size()), pool,
                    source.embed);
}

/// What lies beside the windows of all shards; a list that one shard lacks is left out.
struct Companions {
  std::vector<std::int64_t> labels, users, takes;
  std::vector<float> text, video;
  Index text_width = 0, video_width = 0;
  Index windows = 0;

  void add(const data::PairedWindows& p) {
    const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
    append(labels, p.labels), append(users, p.users), append(takes, p.takes);
    append(text, p.text), append(video, p.video);
    text_width = std::max(text_width, p.text_width), video_width = std::max(video_width, p.video_width);
    windows += p.count();
  }
  void write(const fs::path& out) const {
    const auto n = static_cast<std::size_t>(windows);
    const auto list = [&](const char* name, const std::vector<std::int64_t>& values) {
      if (values.size() == n) io::write_npy(out / name, values, {n});
    };
    const auto rows = [&](const char* name, const std::vector<float>& values, Index width) {
      const auto w = static_cast<std::size_t>(width);
      if (width > 0 && values.size() == n * w) io::write_npy(out / name, values, {n, w});
    };
    list("labels.npy", labels), list("users.npy", users), list("takes.npy", takes);
    rows("text.npy", text, text_width), rows("video.npy", video, video_width);
  }
};

}  // namespace

int run_primus_embed(int argc, char** argv) {
  Arguments arguments(
      command,
      "Embed windows with an encoder of primus pretrain, or a published one. Writes\n"
      "OUT/embeddings.npy and, from a part of a paired set, labels, users, takes,\n"
      "text and video beside it.",
      {{"WEIGHTS", "weights or Lightning checkpoint of an encoder"},
       {"WINDOWS", "part of a paired set (folder of shards), or FILE.npy of windows"},
       {"OUT", "folder to write"}},
      {{"output", "KIND",
        "mmcl (default, as published), ssl, emb: before the heads; text, video: the projection that is "
        "compared with vectors of another width"},
       {"max-pool", "", "the encoder pools as IMU2CLIP does (5 s at 200 Hz)"},
       {"threads", "N", "worker threads (default: all cores); never changes the result"},
       {"quiet", "", "no notes"},
       {"force", "", "replace outputs that exist"}});
  if (!arguments.parse(argc, argv)) return ExitCode::done;
  const RunOptions run = read_run_options(arguments, false);
  const std::string kind = arguments.choice("output", {"mmcl", "ssl", "emb", "text", "video"});
  const fs::path weights = arguments.word(0), source = arguments.word(1), out = arguments.word(2);
  refuse_existing(out / "embeddings.npy", run.force);
  const Source encoder = is_simclr(weights) ? simclr_source(weights, kind, arguments.has("output"))
                                            : primus_source(weights, kind, arguments.flag("max-pool"));
  ThreadPool pool(run.threads);
  std::vector<float> all;
  Companions beside;
  if (fs::is_directory(source)) {
    for (const fs::path& shard : data::shard_folders(source)) {
      const data::PairedWindows p = data::load_paired_shard(shard);
      append_embeddings(all, encoder, p.windows, pool);
      beside.add(p);
    }
  } else {
    const data::Windows windows = data::load_windows(source);
    append_embeddings(all, encoder, windows, pool);
    beside.windows = windows.count;
  }
  if (beside.windows == 0)
    fail<IoError>(source.string(), ": no shard with windows; expected a part such as dataset/paired/test");
  make_folder(out);
  beside.write(out);
  io::write_npy(out / "embeddings.npy", all,
                {static_cast<std::size_t>(beside.windows), static_cast<std::size_t>(encoder.width)});
  note(run, command, ": ", beside.windows, " windows, width ", encoder.width, ", output ",
       is_simclr(weights) ? "emb" : kind);
  result((out / "embeddings.npy").string());
  return ExitCode::done;
}

}  // namespace gyrograd::cli
