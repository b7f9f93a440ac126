// SPDX-License-Identifier: MIT
// `gyrograd convert A B`: weights of any readable format to .safetensors, one array to .npy.
#include <string>

#include "cli/arguments.hpp"
#include "cli/run_options.hpp"
#include "gyrograd/io/npy.hpp"
#include "gyrograd/io/safetensors.hpp"
#include "gyrograd/io/tensors.hpp"

namespace gyrograd::cli {
namespace {

void write_array(const fs::path& path, const io::TensorFile& file, const io::AtomicWriteOptions& options) {
  if (file.entries().size() != 1) {
    fail<IoError>(file.name(), ": holds ", file.entries().size(),
                  " tensors, an .npy file holds one; convert to .safetensors");
  }
  const io::TensorEntry& entry = file.entries().front();
  if (entry.dtype == io::Dtype::f64) {
    io::write_npy(path, std::span<const double>(io::values_of<double>(entry, file.name())), entry.shape,
                  options);
  } else {
    io::write_npy(path, std::span<const float>(io::values_of<float>(entry, file.name())), entry.shape,
                  options);
  }
}

}  // namespace

int run_convert(int argc, char** argv) {
  Arguments arguments("convert", "Convert weights or an array; B ends in .safetensors or .npy.",
                      {{"A", "file to read: .safetensors, .pt, .npy"}, {"B", "file to write"}},
                      {{"force", "", "replace B if it exists"}, {"quiet", "", "no notes"}});
  if (!arguments.parse(argc, argv)) return ExitCode::done;
  RunOptions run;
  run.quiet = arguments.flag("quiet");
  run.force = arguments.flag("force");
  const fs::path target = arguments.word(1);
  const std::string kind = target.extension().string();
  if (kind != ".safetensors" && kind != ".npy") {
    fail<UsageError>("convert: ", target.string(), " has no known ending, expected .safetensors or .npy");
  }
  refuse_existing(target, run.force);
  const io::TensorFile file = io::read_tensors(fs::path(arguments.word(0)));
  const io::AtomicWriteOptions options{.follow_symlink = run.force};
  if (kind == ".npy") {
    write_array(target, file, options);
  } else {
    io::Metadata metadata = file.metadata();
    metadata.try_emplace("converted_from", file.format());
    io::write_safetensors(target, file.entries(), metadata, options);
  }
  note(run, "convert: wrote ", target.string(), " (", file.entries().size(), " tensors)");
  return ExitCode::done;
}

}  // namespace gyrograd::cli
