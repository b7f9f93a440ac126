// SPDX-License-Identifier: MIT
// `gyrograd inspect FILE`: what a weight, array or checkpoint file holds.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/run_options.hpp"
#include "gyrograd/io/checkpoint.hpp"
#include "gyrograd/io/file_bytes.hpp"
#include "gyrograd/io/tensors.hpp"

namespace gyrograd::cli {
namespace {

/// One line: name, type, shape, and the range of the values.
void print_tensor(const io::TensorEntry& entry, const std::string& file) {
  const std::vector<double> values = io::values_of<double>(entry, file);
  double sum = 0;
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  std::size_t odd = 0;
  for (const double v : values) {
    if (!std::isfinite(v)) {
      ++odd;
      continue;
    }
    sum += v;
    low = std::min(low, v);
    high = std::max(high, v);
  }
  const std::string shape = io::shape_text(entry.shape);
  std::printf("%-36s %-8s %-16s", io::printable(entry.name, 200).c_str(),
              std::string(io::dtype_description(entry.dtype)).c_str(), shape.c_str());
  if (values.size() > odd) {
    std::printf(" %11.5g .. %-11.5g sum %.6f", low, high, sum);
  }
  if (odd > 0) std::printf("  %zu values are not finite", odd);
  std::printf("\n");
}

bool is_checkpoint(const io::FileBytes& file) {
  const auto bytes = file.bytes();
  const std::string_view magic = io::CheckpointFormat::magic;
  return bytes.size() >= magic.size() &&
         std::string_view(reinterpret_cast<const char*>(bytes.data()), magic.size()) == magic;
}

/// Options of the run, then sections and their sizes.
void print_checkpoint(std::shared_ptr<const io::FileBytes> bytes) {
  const io::Checkpoint file(std::move(bytes));
  std::printf("%s: checkpoint, %zu sections, checksums agree\n", file.file_name().c_str(),
              file.names().size());
  if (file.find("identity")) std::printf("%s", file.text("identity").c_str());
  for (const std::string& name : file.names()) {
    std::printf("%-36s %zu bytes\n", io::printable(name, 200).c_str(), file.section(name).size());
  }
}

void print_tensors(const io::TensorFile& file) {
  std::size_t values = 0;
  for (const io::TensorEntry& entry : file.entries()) values += entry.count();
  std::printf("%s: %s, %zu tensors, %zu values\n", file.name().c_str(), file.format().c_str(),
              file.entries().size(), values);
  for (const auto& [key, value] : file.metadata()) {
    std::printf("  %s: %s\n", io::printable(key, 200).c_str(), io::printable(value, 2000).c_str());
  }
  for (const io::TensorEntry& entry : file.entries()) print_tensor(entry, file.name());
}

}  // namespace

int run_inspect(int argc, char** argv) {
  Arguments arguments("inspect", "List the tensors of a .safetensors, .pt, .npy or checkpoint file.",
                      {{"FILE", "file to look at"}}, {});
  if (!arguments.parse(argc, argv)) return ExitCode::done;
  const std::shared_ptr<const io::FileBytes> file = io::FileBytes::open(arguments.word(0));
  if (is_checkpoint(*file)) {
    print_checkpoint(file);
  } else {
    print_tensors(io::read_tensors(file));
  }
  return ExitCode::done;
}

}  // namespace gyrograd::cli
