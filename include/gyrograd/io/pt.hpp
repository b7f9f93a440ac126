// SPDX-License-Identifier: MIT
// Reader of PyTorch .pt, .pth and .ckpt files (zip and legacy container) as data: no Python, nothing
// executed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyrograd/core/checked.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/io/file_bytes.hpp"
#include "gyrograd/io/pickle.hpp"
#include "gyrograd/io/pickle_value.hpp"
#include "gyrograd/io/pt_builder.hpp"
#include "gyrograd/io/tensor_file.hpp"
#include "gyrograd/io/text.hpp"
#include "gyrograd/io/zip.hpp"

namespace gyrograd::io {

/// What to read.
struct PtOptions {
  bool check_crc = true;  ///< compare the checksums of zip members that tensors use
  /// Only tensors whose flattened names start with one of these; the data of others is never touched, so that
  /// a small encoder is read from a large checkpoint in no time. Empty: all.
  std::vector<std::string> only{};
};

namespace detail {

/// Number of bytes that a storage must have.
inline std::uint64_t storage_size(const PickleStorage& storage, const std::string& file) {
  const auto size = checked_mul(storage.count, dtype_size(storage.dtype));
  if (!size)
    fail<IoError>(file, ": storage ", in_quotes(storage.key), ": ", storage.count, " elements overflow");
  return *size;
}

class PtZipStorages : public PtStorages {
 public:
  PtZipStorages(const ZipArchive& archive, std::string folder, bool check_crc)
      : archive_(archive), folder_(std::move(folder)), check_crc_(check_crc) {}

  std::span<const std::byte> bytes(const PickleStorage& storage) override {
    const auto known = known_.find(storage.key);
    if (known != known_.end()) return known->second;
    const std::string member_name = folder_ + "data/" + std::string(storage.key);
    const ZipMember* member = archive_.find(member_name);
    if (member == nullptr) fail<IoError>(archive_.name(), ": member ", in_quotes(member_name), " is missing");
    const std::uint64_t size = storage_size(storage, archive_.name());
    if (member->size != size) {
      fail<IoError>(archive_.name(), ": member ", in_quotes(member_name), " holds ", member->size,
                    " bytes, expected ", size);
    }
    return known_.emplace(storage.key, archive_.content(*member, check_crc_)).first->second;
  }

 private:
  const ZipArchive& archive_;
  std::string folder_;
  bool check_crc_;
  std::map<std::string_view, std::span<const std::byte>> known_;
};

inline TensorFile read_pt_zip(const std::shared_ptr<const FileBytes>& file, const PtOptions& options) {
  const ZipArchive archive(file);
  static constexpr std::string_view pickle_name = "/data.pkl";
  const ZipMember* found = nullptr;
  for (const ZipMember& member : archive.members()) {
    if (!member.name.ends_with(pickle_name) ||
        member.name.find('/') + pickle_name.size() != member.name.size())
      continue;
    if (found != nullptr) fail<IoError>(file->name(), ": two members called data.pkl, expected one");
    found = &member;
  }
  if (found == nullptr)
    fail<IoError>(file->name(), ": no member data.pkl: a zip archive, but not of torch.save");
  const std::string folder(found->name.substr(0, found->name.size() - pickle_name.size() + 1));
  if (archive.find(folder + "constants.pkl") != nullptr) {
    fail<IoError>(file->name(), ": a TorchScript archive, expected a state dict; save model.state_dict()");
  }
  if (const ZipMember* order = archive.find(folder + "byteorder")) {
    const auto text = archive.content(*order, options.check_crc);
    if (text.size() != 6 || std::memcmp(text.data(), "little", 6) != 0) {
      fail<IoError>(file->name(), ": byte order is not little-endian; save it on a little-endian machine");
    }
  }
  const PickleResult pickle =
      read_pickle(archive.content(*found, options.check_crc), PtLimits::values(file->size()), file->name());
  PtZipStorages storages(archive, folder, options.check_crc);
  return PtBuilder(pickle, storages, *file, options.only).build("pytorch zip", file);
}

/// The legacy container starts with a pickle of this number (little-endian, 10 bytes).
inline constexpr std::array<unsigned char, 14> pt_legacy_start{0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C,
                                                               0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19};

inline bool looks_like_legacy_pt(std::span<const std::byte> bytes) noexcept {
  return bytes.size() > pt_legacy_start.size() &&
         std::memcmp(bytes.data(), pt_legacy_start.data(), pt_legacy_start.size()) == 0;
}

class PtLegacyStorages : public PtStorages {
 public:
  explicit PtLegacyStorages(const std::string& file) : file_(file) {}
  void set(std::string_view key, std::span<const std::byte> bytes) { known_[key] = bytes; }
  std::span<const std::byte> bytes(const PickleStorage& storage) override {
    const auto known = known_.find(storage.key);
    if (known == known_.end()) fail<IoError>(file_, ": storage ", in_quotes(storage.key), " has no data");
    return known->second;
  }

 private:
  const std::string& file_;
  std::map<std::string_view, std::span<const std::byte>> known_;
};

/// Reads the list of keys and, for each key, an 8-byte count and the raw elements.
inline void read_legacy_storages(std::span<const std::byte> rest, const PickleResult& pickle,
                                 const PickleResult& keys, const std::string& file, PtLegacyStorages& out) {
  std::map<std::string_view, const PickleStorage*> described;
  for (const PickleStorage& storage : pickle.storages) described.emplace(storage.key, &storage);
  for (const PickleValue& value : keys.items(keys.root)) {
    const bool is_text = value.kind == PickleValue::Kind::text;
    const auto known = is_text ? described.find(keys.text_of(value)) : described.end();
    if (known == described.end()) fail<IoError>(file, ": data for a storage that is unknown or occurs twice");
    const PickleStorage& storage = *known->second;
    described.erase(known);
    const std::uint64_t size = storage_size(storage, file);
    if (rest.size() < 8 || little_endian<std::uint64_t>(rest, 0) != storage.count || rest.size() - 8 < size) {
      fail<IoError>(file, ": storage ", in_quotes(storage.key), ": expected ", storage.count,
                    " elements; the file is cut short or damaged");
    }
    out.set(storage.key, rest.subspan(8, static_cast<std::size_t>(size)));
    rest = rest.subspan(8 + static_cast<std::size_t>(size));
  }
  if (!rest.empty()) fail<IoError>(file, ": ", rest.size(), " trailing bytes after the last storage");
}

/// Whether the third pickle, a dictionary of facts on the writing machine, says little_endian: true.
inline bool little_endian_writer(const PickleResult& facts) {
  if (facts.root.kind != PickleValue::Kind::dict) return false;
  const auto& items = facts.items(facts.root);
  for (std::size_t i = 0; i < items.size(); i += 2) {
    const bool found = items[i].kind == PickleValue::Kind::text && facts.text_of(items[i]) == "little_endian";
    if (found) return items[i + 1].kind == PickleValue::Kind::boolean && items[i + 1].payload == 1;
  }
  return false;
}

inline TensorFile read_pt_legacy(const std::shared_ptr<const FileBytes>& file, const PtOptions& options) {
  const std::size_t budget = PtLimits::values(file->size());
  std::span<const std::byte> rest = file->bytes();
  const auto next = [&] {
    PickleResult result = read_pickle(rest, budget, file->name());
    rest = rest.subspan(result.consumed);
    return result;
  };
  (void)next();  // the magic number, compared by the caller
  const PickleResult version = next();
  if (version.root.kind != PickleValue::Kind::integer || version.root.integer() != 1001) {
    fail<IoError>(file->name(), ": legacy container of an unknown version, expected 1001");
  }
  if (!little_endian_writer(next())) {
    fail<IoError>(file->name(), ": byte order is not little-endian; save it on a little-endian machine");
  }
  const PickleResult pickle = next();
  const PickleResult keys = next();
  if (keys.root.kind != PickleValue::Kind::list) fail<IoError>(file->name(), ": no list of storages");
  PtLegacyStorages storages(file->name());
  read_legacy_storages(rest, pickle, keys, file->name(), storages);
  return PtBuilder(pickle, storages, *file, options.only).build("pytorch legacy", file);
}

}  // namespace detail

/// Whether the bytes start like a file of torch.save.
inline bool looks_like_pt(std::span<const std::byte> bytes) noexcept {
  return ZipArchive::looks_like(bytes) || detail::looks_like_legacy_pt(bytes);
}

/// Reads from bytes in memory or mapped. Nested dictionaries and lists are flattened with '.': a Lightning
/// checkpoint gives "state_dict.model.weight"; numbers and texts become metadata under the same kind of name.
/// Contiguous tensors view into the file, others are gathered. Errors: anything that is not tensors in plain
/// containers, in one line.
inline TensorFile read_pt(const std::shared_ptr<const FileBytes>& file, const PtOptions& options = {}) {
  if (ZipArchive::looks_like(file->bytes())) return detail::read_pt_zip(file, options);
  if (detail::looks_like_legacy_pt(file->bytes())) return detail::read_pt_legacy(file, options);
  fail<IoError>(file->name(), ": neither container of torch.save; is it a .pt file?");
}

/// Maps `path`; storages that no tensor uses are never touched.
inline TensorFile read_pt(const std::filesystem::path& path, const PtOptions& options = {}) {
  return read_pt(FileBytes::open(path), options);
}

}  // namespace gyrograd::io
