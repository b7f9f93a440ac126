// SPDX-License-Identifier: MIT
// Reads named tensors from a file of any known format, told apart by content.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "gyrograd/core/error.hpp"
#include "gyrograd/io/file_bytes.hpp"
#include "gyrograd/io/npy.hpp"
#include "gyrograd/io/pt.hpp"
#include "gyrograd/io/safetensors.hpp"
#include "gyrograd/io/tensor_file.hpp"

namespace gyrograd::io {

/// Formats of tensor files.
enum class TensorFormat { safetensors, pytorch_zip, pytorch_legacy, npy, unknown };

/// The format that the first bytes announce; the file name plays no part.
inline TensorFormat sniff_format(std::span<const std::byte> bytes) noexcept {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.starts_with("\x93NUMPY")) return TensorFormat::npy;
  if (ZipArchive::looks_like(bytes)) return TensorFormat::pytorch_zip;
  if (detail::looks_like_legacy_pt(bytes)) return TensorFormat::pytorch_legacy;
  if (bytes.size() >= 10 && little_endian<std::uint64_t>(bytes, 0) <= bytes.size() - 8) {
    const std::size_t first = text.find_first_not_of(" \t\r\n", 8);
    if (first != std::string_view::npos && text[first] == '{') return TensorFormat::safetensors;
  }
  return TensorFormat::unknown;
}

/// One .npy array as a tensor file: a single entry "array", row-major.
inline TensorFile tensors_of(const NpyFile& array) {
  std::vector<std::shared_ptr<const void>> keep{array.keep_alive()};
  std::span<const std::byte> bytes = array.bytes();
  if (array.fortran_order() && array.shape().size() > 1) {
    auto copy = std::make_shared<std::vector<std::byte>>(array.row_major_bytes());
    bytes = *copy;
    keep.push_back(std::move(copy));
  }
  return TensorFile(array.name(), "npy", {TensorEntry{"array", array.dtype(), array.shape(), bytes}}, {},
                    std::move(keep));
}

/// Reads .safetensors, .pt/.pth/.ckpt (zip or legacy container) and .npy files.
inline TensorFile read_tensors(std::shared_ptr<const FileBytes> file) {
  switch (sniff_format(file->bytes())) {
    case TensorFormat::safetensors:
      return read_safetensors(std::move(file));
    case TensorFormat::pytorch_zip:
    case TensorFormat::pytorch_legacy:
      return read_pt(std::move(file));
    case TensorFormat::npy:
      return tensors_of(read_npy(std::move(file)));
    case TensorFormat::unknown:
      break;
  }
  fail<IoError>(file->name(), ": is neither a .safetensors, .pt, .ckpt nor .npy file, or it is cut short");
}

/// Same, from a path.
inline TensorFile read_tensors(const std::filesystem::path& path) {
  return read_tensors(FileBytes::open(path));
}

}  // namespace gyrograd::io
