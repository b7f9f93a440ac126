// SPDX-License-Identifier: MIT
// Reader and writer of .npy arrays: strict header grammar, little-endian numbers, C and Fortran order.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyrograd/core/checked.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/io/file.hpp"
#include "gyrograd/io/file_bytes.hpp"
#include "gyrograd/io/tensor_file.hpp"
#include "gyrograd/io/text.hpp"

namespace gyrograd::io {

/// Limits on .npy files, checked before anything is allocated.
struct NpyLimits {
  static constexpr std::size_t header_bytes = 10'000;  ///< as NumPy's max_header_size
  static constexpr std::size_t rank = 8;
};

/// What the header of a .npy file says.
struct NpyHeader {
  Dtype dtype = Dtype::f64;
  bool fortran_order = false;
  Shape shape;
};

namespace detail {

/// Parses exactly {'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }: keys in any order, each once;
/// nothing of Python's grammar beyond that.
class NpyHeaderParser {
 public:
  NpyHeaderParser(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  NpyHeader parse() {
    NpyHeader header;
    std::array<bool, 3> seen{};
    expect('{');
    for (skip(); peek() != '}'; skip()) {
      const std::string_view key = string();
      expect(':');
      const std::size_t which = key == "descr" ? 0u : key == "fortran_order" ? 1u : key == "shape" ? 2u : 3u;
      if (which == 3) error("unknown key " + in_quotes(key) + ", expected descr, fortran_order or shape");
      if (std::exchange(seen[which], true)) error("duplicate key " + in_quotes(key));
      if (which == 0) header.dtype = descr();
      if (which == 1) header.fortran_order = boolean();
      if (which == 2) header.shape = shape();
      skip();
      if (peek() != '}') expect(',');
    }
    ++at_;
    skip();
    if (at_ != text_.size()) error("more text after the closing brace");
    if (!(seen[0] && seen[1] && seen[2])) error("needs the keys descr, fortran_order and shape");
    return header;
  }

 private:
  [[noreturn]] void error(const std::string& what) const {
    fail<IoError>(file_, ": npy header, byte ", at_, ": ", what);
  }
  char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip() noexcept {
    while (peek() == ' ' || peek() == '\n') ++at_;
  }
  void expect(char wanted) {
    skip();
    if (peek() != wanted) {
      error(std::string("expected '") + wanted + "', got " +
            (at_ < text_.size() ? in_quotes(text_.substr(at_, 1)) : std::string("the end of the header")));
    }
    ++at_;
  }

  std::string_view string() {
    skip();
    const char quote = peek();
    if (quote != '\'' && quote != '"') error("expected a string, got " + in_quotes(text_.substr(at_, 12)));
    const std::size_t start = ++at_;
    while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\\') ++at_;
    if (peek() != quote) error("string without an end, or with an escape");
    return text_.substr(start, at_++ - start);
  }

  Dtype descr() {
    skip();
    if (peek() == '[' || peek() == '(') error("structured dtype, expected a plain number type such as '<f4'");
    const std::string_view text = string();
    if (text.starts_with('>')) {
      error("big-endian dtype " + in_quotes(text) +
            ", expected little-endian; in NumPy: a.astype(a.dtype.newbyteorder('<'))");
    }
    if (text.find('O') != std::string_view::npos) {
      error("object dtype " + in_quotes(text) + " is refused: it would need pickle; save numbers instead");
    }
    struct Row {
      std::string_view code;
      Dtype dtype;
    };
    static constexpr std::array<Row, 12> rows{{{"f4", Dtype::f32},
                                               {"f8", Dtype::f64},
                                               {"f2", Dtype::f16},
                                               {"i8", Dtype::i64},
                                               {"i4", Dtype::i32},
                                               {"i2", Dtype::i16},
                                               {"i1", Dtype::i8},
                                               {"u1", Dtype::u8},
                                               {"u2", Dtype::u16},
                                               {"u4", Dtype::u32},
                                               {"u8", Dtype::u64},
                                               {"b1", Dtype::boolean}}};
    for (const Row& row : rows) {
      const bool order = text.starts_with('<') || (text.starts_with('|') && dtype_size(row.dtype) == 1);
      if (order && text.substr(1) == row.code) return row.dtype;
    }
    error("dtype " + in_quotes(text) + " is not supported, expected <f4 <f8 <f2 <i1..8 <u1..8 or |b1");
  }

  bool boolean() {
    skip();
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return value;
      }
    }
    error("fortran_order: expected True or False, got " + in_quotes(text_.substr(at_, 12)));
  }

  Shape shape() {
    Shape out;
    expect('(');
    bool comma = true;
    for (skip(); peek() != ')'; skip()) {
      if (!comma) error("shape: expected ',' or ')', got " + in_quotes(text_.substr(at_, 12)));
      out.push_back(integer());
      if (out.size() > NpyLimits::rank) error("shape has more than 8 dimensions");
      skip();
      comma = peek() == ',';
      if (comma) ++at_;
    }
    if (out.size() == 1 && !comma) error("shape: a tuple of one number needs a comma");
    ++at_;
    return out;
  }

  std::size_t integer() {
    const std::size_t start = at_;
    std::uint64_t value = 0;
    for (; peek() >= '0' && peek() <= '9'; ++at_) {
      const auto shifted = checked_mul(value, 10);
      const auto next =
          shifted ? checked_add(*shifted, static_cast<std::uint64_t>(peek() - '0')) : std::nullopt;
      if (!next) error("shape: number does not fit 64 bits (overflow)");
      value = *next;
    }
    const bool ends = peek() == ',' || peek() == ')' || peek() == ' ';
    if (at_ == start || !ends || (at_ - start > 1 && text_[start] == '0')) {
      at_ = start;
      error("shape: expected a plain non-negative integer, got " + in_quotes(text_.substr(at_, 12)));
    }
    const auto extent = to_size(value);
    if (!extent) error("shape: dimension too large for this machine");
    return *extent;
  }

  std::string_view text_;
  const std::string& file_;
  std::size_t at_ = 0;
};

}  // namespace detail

/// One array, mapped: elements in `bytes()` in the stored order.
class NpyFile {
 public:
  NpyFile(NpyHeader header, std::span<const std::byte> bytes, std::shared_ptr<const FileBytes> keep_alive)
      : header_(std::move(header)), bytes_(bytes), keep_alive_(std::move(keep_alive)) {}

  Dtype dtype() const noexcept { return header_.dtype; }
  bool fortran_order() const noexcept { return header_.fortran_order; }
  const Shape& shape() const noexcept { return header_.shape; }
  std::size_t count() const noexcept { return bytes_.size() / dtype_size(header_.dtype); }
  std::span<const std::byte> bytes() const noexcept { return bytes_; }
  const std::string& name() const noexcept { return keep_alive_->name(); }
  /// Owner of bytes(), to keep them beyond this object.
  std::shared_ptr<const FileBytes> keep_alive() const noexcept { return keep_alive_; }

  /// Writes all elements to out[0 .. count()) in row-major (C) order whatever the stored order; conversions
  /// as copy_to of a TensorEntry.
  template <class Real>
  void copy_to(Real* out) const {
    if (!header_.fortran_order || header_.shape.size() < 2) {
      io::copy_to(TensorEntry{"array", header_.dtype, header_.shape, bytes_}, out, name());
      return;
    }
    std::vector<Real> stored(count());
    io::copy_to(TensorEntry{"array", header_.dtype, header_.shape, bytes_}, stored.data(), name());
    each_fortran([&](std::size_t from, std::size_t to) { out[to] = stored[from]; });
  }

  /// Stored bytes rearranged to row-major order.
  std::vector<std::byte> row_major_bytes() const {
    std::vector<std::byte> out(bytes_.begin(), bytes_.end());
    if (!header_.fortran_order || header_.shape.size() < 2) return out;
    const std::size_t width = dtype_size(header_.dtype);
    each_fortran([&](std::size_t from, std::size_t to) {
      std::memcpy(out.data() + to * width, bytes_.data() + from * width, width);
    });
    return out;
  }

  /// All elements in row-major order.
  template <class Real>
  std::vector<Real> values() const {
    std::vector<Real> out(count());
    copy_to(out.data());
    return out;
  }

  /// Error unless the array has `rank` dimensions; what: how the array is called in the message.
  const NpyFile& expect_rank(std::size_t rank, std::string_view what) const {
    if (header_.shape.size() != rank) {
      fail<IoError>(name(), ": ", what, " has shape ", shape_text(header_.shape), ", expected ", rank,
                    " dimensions");
    }
    return *this;
  }

 private:
  /// Calls move(from, to) for each element: position in the stored order (first index fastest) and in
  /// row-major order.
  template <class Move>
  void each_fortran(Move&& move) const {
    const std::size_t rank = header_.shape.size(), total = count();
    std::vector<std::size_t> index(rank, 0), stride(rank, 1);
    for (std::size_t d = rank - 1; d-- > 0;) stride[d] = stride[d + 1] * header_.shape[d + 1];
    std::size_t offset = 0;
    for (std::size_t from = 0; from < total; ++from) {
      move(from, offset);
      for (std::size_t d = 0; d < rank; ++d) {
        offset += stride[d];
        if (++index[d] < header_.shape[d]) break;
        offset -= stride[d] * header_.shape[d];
        index[d] = 0;
      }
    }
  }

  NpyHeader header_;
  std::span<const std::byte> bytes_;
  std::shared_ptr<const FileBytes> keep_alive_;
};

/// Reads from bytes in memory or mapped.
inline NpyFile read_npy(std::shared_ptr<const FileBytes> bytes) {
  const std::span<const std::byte> all = bytes->bytes();
  const std::string& file = bytes->name();
  const std::string_view text(reinterpret_cast<const char*>(all.data()), all.size());
  if (!text.starts_with("\x93NUMPY") || all.size() < 10) {
    fail<IoError>(file, ": does not start with the npy signature; is it a .npy file?");
  }
  const auto major = std::to_integer<unsigned>(all[6]), minor = std::to_integer<unsigned>(all[7]);
  if (major < 1 || major > 3 || minor != 0) {
    fail<IoError>(file, ": npy version ", major, ".", minor, ", expected 1.0, 2.0 or 3.0");
  }
  const std::size_t start = major == 1 ? 10 : 12;
  if (all.size() < start) fail<IoError>(file, ": the npy header is cut short");
  const std::size_t length =
      major == 1 ? little_endian<std::uint16_t>(all, 8) : std::size_t{little_endian<std::uint32_t>(all, 8)};
  if (length > std::min(NpyLimits::header_bytes, all.size() - start)) {
    fail<IoError>(file, ": npy header length ", length, ", expected at most ",
                  std::min(NpyLimits::header_bytes, all.size() - start));
  }
  NpyHeader header = detail::NpyHeaderParser(text.substr(start, length), file).parse();
  const auto count = checked_product(std::span<const std::size_t>(header.shape));
  const auto needed = count ? checked_mul(*count, dtype_size(header.dtype)) : std::nullopt;
  if (!needed) fail<IoError>(file, ": shape ", shape_text(header.shape), " overflows 64 bits");
  const std::span<const std::byte> data = all.subspan(start + length);
  if (data.size() != *needed) {
    fail<IoError>(file, ": shape ", shape_text(header.shape), " of ", dtype_description(header.dtype),
                  " needs ", *needed, " bytes of data, the file holds ", data.size(),
                  data.size() < *needed ? "; it is cut short" : " (trailing data)");
  }
  return NpyFile(std::move(header), data, std::move(bytes));
}

/// Maps `path` and reads its header; the data are touched only when used.
inline NpyFile read_npy(const std::filesystem::path& path) {
  return read_npy(FileBytes::open(path));
}

/// The first `128 n` bytes of a version 1.0 file, as NumPy writes them (C order).
inline std::string npy_preamble(Dtype dtype, std::span<const std::size_t> shape) {
  std::string descr(dtype == Dtype::boolean || dtype_size(dtype) == 1 ? "|" : "<");
  descr += dtype == Dtype::boolean                                                                   ? 'b'
           : dtype == Dtype::f16 || dtype == Dtype::f32 || dtype == Dtype::f64                       ? 'f'
           : dtype == Dtype::u8 || dtype == Dtype::u16 || dtype == Dtype::u32 || dtype == Dtype::u64 ? 'u'
                                                                                                     : 'i';
  descr += std::to_string(dtype_size(dtype));
  std::string text = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += std::to_string(shape[i]) + (i + 1 < shape.size() ? ", " : shape.size() == 1 ? "," : "");
  }
  text += "), }";
  const std::size_t total = (10 + text.size() + 1 + 127) / 128 * 128;
  text.append(total - 11 - text.size(), ' ');
  text += '\n';
  std::string out = "\x93NUMPY";
  out += '\x01';
  out += '\0';
  out += static_cast<char>(static_cast<unsigned char>(text.size() & 255u));
  out += static_cast<char>(static_cast<unsigned char>(text.size() >> 8));
  return out + text;
}

/// Replaces `path` atomically by an array of shape `shape`, row-major.
template <Storable Value>
void write_npy(const std::filesystem::path& path, std::span<const Value> values,
               std::span<const std::size_t> shape, const AtomicWriteOptions& options = {}) {
  const auto count = checked_product(shape);
  if (!count || *count != values.size() || shape.size() > NpyLimits::rank) {
    fail<ShapeError>(printable(path.string(), 4096), ": shape ", shape_text(shape), " does not hold ",
                     values.size(), " values");
  }
  atomic_write(
      path,
      [&](auto& sink) {
        sink.write(std::string_view(npy_preamble(dtype_of<Value>(), shape)));
        sink.write(std::as_bytes(values));
      },
      options);
}

/// Same, from any contiguous container and a braced shape: write_npy("x.npy", values, {10, 120, 6}).
template <class Container>
void write_npy(const std::filesystem::path& path, const Container& values,
               std::initializer_list<std::size_t> shape, const AtomicWriteOptions& options = {}) {
  const std::span<const typename Container::value_type> view(values);
  write_npy(path, view, std::span<const std::size_t>(shape.begin(), shape.size()), options);
}

}  // namespace gyrograd::io
