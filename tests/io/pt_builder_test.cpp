// SPDX-License-Identifier: MIT
// Names, views and limits of the tensors that a pickle describes.
#include "gyrograd/io/pt_builder.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "gyrograd/io/pt.hpp"
#include "support/archives.hpp"
#include "support/catch.hpp"
#include "support/malformed.hpp"

namespace {

using namespace gyrograd::io;
using namespace gyrograd::testing;

/// Storage "0" of twelve float32: 0, 1, ..., 11.
std::string twelve() {
  std::string out;
  for (int i = 0; i < 12; ++i) out += little(std::bit_cast<std::uint32_t>(static_cast<float>(i)));
  return out;
}
std::string numbers(const std::vector<std::int64_t>& values) {
  std::string out;
  for (const auto v : values) out += pickle::number64(v);
  return out;
}
std::string view(std::int64_t offset, const std::vector<std::int64_t>& shape,
                 const std::vector<std::int64_t>& strides) {
  return pickle::tensor(pickle::storage("FloatStorage", "0", 12), offset, numbers(shape), numbers(strides));
}
TensorFile parse(const std::string& value) {
  return read_pt(FileBytes::own(bytes_of(pt_of(value, {{"0", twelve()}})), "memory"));
}
std::vector<float> values(std::int64_t offset, const std::vector<std::int64_t>& shape,
                          const std::vector<std::int64_t>& strides) {
  return values_of<float>(parse(pickle::dict(pickle::text("w") + view(offset, shape, strides))).at("w"));
}

TEST_CASE("pt views: contiguous ones lie in the file, others are gathered") {
  CHECK(values(2, {2, 3}, {3, 1}) == std::vector<float>{2, 3, 4, 5, 6, 7});
  CHECK(values(0, {3, 2}, {1, 3}) == std::vector<float>{0, 3, 1, 4, 2, 5});
  CHECK(values(1, {4}, {3}) == std::vector<float>{1, 4, 7, 10});
  CHECK(values(11, {2, 2}, {0, 0}) == std::vector<float>{11, 11, 11, 11});
  CHECK(values(5, {}, {}) == std::vector<float>{5});
  CHECK(values(0, {0, 3}, {3, 1}).empty());
  CHECK(values(12, {0}, {1}).empty());
  CHECK(values(3, {1, 2}, {999, 1}) == std::vector<float>{3, 4});  // the stride of a single row is never used
  CHECK(values(0, {2, 2, 3}, {1, 6, 2}) == std::vector<float>{0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11});
}

TEST_CASE("pt names: nested dictionaries and lists are joined with dots, settings become metadata") {
  const std::string t = view(0, {1}, {1});
  const TensorFile f = parse(pickle::dict(
      pickle::text("state_dict") + pickle::dict(pickle::text("a.b") + t) + pickle::text("list") + "](" + t +
      "K\x07" + "e" + pickle::text("epoch") + pickle::number(3) + pickle::text("name") + pickle::text("x") +
      pickle::text("flag") + "\x88" + pickle::text("states") + pickle::dict(pickle::number(5) + t) +
      pickle::text("none") + "N"));
  REQUIRE(f.entries().size() == 3);
  CHECK(f.entries()[0].name == "state_dict.a.b");
  CHECK(f.entries()[1].name == "list.0");
  CHECK(f.entries()[2].name == "states.5");
  CHECK(f.metadata() == Metadata{{"epoch", "3"}, {"flag", "true"}, {"list.1", "7"}, {"name", "x"}});
}

TEST_CASE("pt limits: what does not fit its storage, or repeats itself too often, is refused") {
  const auto with = [](const std::string& value) {
    return [value] { return pt_of(value, {{"0", twelve()}}); };
  };
  const auto one = [&](const std::string& t) { return with(pickle::dict(pickle::text("w") + t)); };
  const std::int64_t huge = std::int64_t{1} << 62;
  const std::vector<MalformedCase> cases{
      {"one element too far", one(view(1, {3, 4}, {4, 1})), {"'w'", "beyond its storage of 12 elements"}},
      {"offset beyond", one(view(12, {1}, {1})), {"beyond its storage"}},
      {"stride overflows", one(view(0, {3}, {huge})), {"beyond its storage"}},
      {"strides sum overflows",
       one(view(0, {2, 2, 2, 2, 2}, {huge, huge, huge, huge, huge})),
       {"beyond its storage"}},
      {"offset and stride overflow", one(view(INT64_MAX, {2}, {INT64_MAX})), {"beyond its storage"}},
      {"shape overflows", one(view(0, {huge, 4}, {0, 0})), {"overflow"}},
      {"shape overflows behind a zero", one(view(0, {huge, huge, 0}, {0, 0, 0})), {"overflow"}},
      {"a broadcast of a terabyte",
       one(view(0, {std::int64_t{1} << 38}, {0})),
       {"more bytes than a file of this size may ask for"}},
      {"many broadcasts of 1 MB",
       with([] {
         std::string items;
         for (int i = 0; i < 4; ++i) items += pickle::text("w" + std::to_string(i)) + view(0, {1 << 18}, {0});
         return pickle::dict(items);
       }()),
       {"more bytes than"}},
      {"storage of another size",
       with(pickle::dict(pickle::text("w") + pickle::tensor(pickle::storage("FloatStorage", "0", 13), 0,
                                                            numbers({1}), numbers({1})))),
       {"holds 48 bytes, expected 52"}},
      {"storage size overflows",
       with(pickle::dict(pickle::text("w") + pickle::tensor(pickle::storage("FloatStorage", "0", huge), 0,
                                                            numbers({1}), numbers({1})))),
       {"overflow"}},
      {"storage is missing",
       with(pickle::dict(pickle::text("w") + pickle::tensor(pickle::storage("FloatStorage", "9", 1), 0,
                                                            numbers({1}), numbers({1})))),
       {"'m/data/9' is missing"}},
      {"storage key with ../",
       with(pickle::dict(pickle::text("w") + pickle::tensor(pickle::storage("FloatStorage", "../data.pkl", 1),
                                                            0, numbers({1}), numbers({1})))),
       {"is missing"}},
      {"root is a number", with("K\x01"), {"neither a dictionary nor a tensor"}},
      {"a list that contains itself",
       with("]q" + std::string(1, '\0') + "h" + std::string(1, '\0') + "a"),
       {"levels deep"}},
      {"a dictionary that contains itself",
       with("}q" + std::string(1, '\0') + pickle::text("a") + "h" + std::string(1, '\0') + "s"),
       {"levels deep"}},
      {"lists shared over and over",
       with([] {  // 2^30 paths from 30 lists
         std::string value = "]q" + std::string(1, '\0');
         for (int i = 1; i < 30; ++i) {
           const std::string before(1, static_cast<char>(i - 1)), now(1, static_cast<char>(i));
           value += "0]q" + now + "h" + before + "ah" + before + "a";
         }
         return value;
       }()),
       {"repeated too often"}},
      {"names that grow without end",
       with(
           [] {
             std::string value = "}q" + std::string(1, '\0');
             return value + pickle::text(std::string(600, 'n')) +
                    pickle::dict(pickle::text(std::string(600, 'm')) + "N") + "s";
           }()),
       {"continues beyond 1024 bytes"}},
      {"two names that become one",
       with(pickle::dict(pickle::text("a.b") + view(0, {1}, {1}) + pickle::text("a") +
                         pickle::dict(pickle::text("b") + view(0, {1}, {1})))),
       {"'a.b'", "duplicate"}},
      {"one key twice",
       with(pickle::dict(pickle::text("a") + view(0, {1}, {1}) + pickle::text("a") + view(0, {1}, {1}))),
       {"'a'", "duplicate"}},
      {"a key that is a tuple",
       with(pickle::dict(")" + view(0, {1}, {1}))),
       {"neither a text nor an integer"}},
      {"a name that is not UTF-8",
       with(pickle::dict(pickle::text("\xFF") + view(0, {1}, {1}))),
       {"\\xff", "not UTF-8"}},
      {"a name with control bytes out of range",
       with(pickle::dict(pickle::text("\x1B[31m\n") + view(12, {1}, {1}))),
       {"\\x1b"}},
  };
  check_malformed(cases, [](const auto& file) { (void)read_pt(file); });
  for (const MalformedCase& c : cases) {
    INFO(c.name);
    const auto file = FileBytes::own(bytes_of(c.build()), "bad");
    CHECK(within_memory(file, [](const auto& f) { (void)read_pt(f); }).value_or(true));
  }
}

}  // namespace
