// SPDX-License-Identifier: MIT
// Zip archives: stored members, ZIP64, and archives that lie (N1-N4).
#include "gyrograd/io/zip.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "support/archives.hpp"
#include "support/catch.hpp"
#include "support/malformed.hpp"

namespace {

using namespace gyrograd::io;
using namespace gyrograd::testing;

ZipArchive parse(const std::string& content) {
  return ZipArchive(FileBytes::own(bytes_of(content), "memory"));
}
std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
void read_all(const std::shared_ptr<const FileBytes>& file) {
  const ZipArchive archive(file);
  for (const ZipMember& m : archive.members()) (void)archive.content(m);
}
std::string patched(std::string archive, std::size_t from_end, const std::string& bytes) {
  return archive.replace(archive.size() - from_end, bytes.size(), bytes);
}

TEST_CASE("zip: members by name, with and without ZIP64") {
  for (const bool zip64 : {false, true}) {
    const ZipArchive archive = parse(zip_of({{"b/two", "22"}, {"a/one", ""}}, zip64));
    REQUIRE(archive.members().size() == 2);
    CHECK(archive.members()[0].name == "a/one");
    REQUIRE(archive.find("b/two") != nullptr);
    CHECK(text_of(archive.content(*archive.find("b/two"))) == "22");
    CHECK(archive.content(*archive.find("a/one")).empty());
    CHECK(archive.find("b") == nullptr);
  }
  CHECK(parse(zip_of({})).members().empty());
}

TEST_CASE("zip: an archive comment is allowed, its length must be right") {
  std::string archive = zip_of({{"a", "x"}});
  archive.replace(archive.size() - 2, 2, little(std::uint16_t{5}));
  CHECK(parse(archive + "hello").members().size() == 1);
  CHECK_FALSE(error_of([&] { (void)parse(archive + "hello!"); }).empty());
}

TEST_CASE("zip: checksums can be left out on request") {
  const ZipArchive archive = parse(zip_of({{"a", "x", 0, 0, 1}}));
  CHECK(error_of([&] { (void)archive.content(archive.members()[0]); }).find("CRC-32") != std::string::npos);
  CHECK(text_of(archive.content(archive.members()[0], false)) == "x");
}

TEST_CASE("zip: malformed archives are refused with the reason (N1-N4)") {
  const std::string good = zip_of({{"a", "hello"}});
  const std::vector<MalformedCase> cases{
      {"empty", [] { return std::string(); }, {"too short"}},
      {"no end record", [] { return std::string(100, 'x'); }, {"no end record"}},
      {"trailing bytes", [&] { return good + "x"; }, {"no end record", "trailing"}},
      {"bytes in front", [&] { return "x" + good; }, {"does not end at its end record"}},
      {"N2 directory outside the file",
       [&] { return patched(good, 6, little(std::uint32_t{0x7FFFFFFF})); },
       {"does not end"}},
      {"N2 directory longer than the file",
       [&] { return patched(good, 10, little(std::uint32_t{0x7FFFFFFF})); },
       {"does not end"}},
      {"N2 more members than fit",
       [&] { return patched(good, 14, little(std::uint32_t{0x03E803E8})); },
       {"more members than fit"}},
      {"N2 fewer members than there are",
       [] {
         return patched(zip_of({{"a", "1"}, {"b", "2"}}), 14, little(std::uint32_t{0x00010001}));
       },
       {"bytes after the last directory entry"}},
      {"split archive", [&] { return patched(good, 18, little(std::uint16_t{1})); }, {"split"}},
      {"N2 two members of one name",
       [] {
         return zip_of({{"a", "1"}, {"a", "2"}});
       },
       {"'a'", "duplicate"}},
      {"N2 member name with ../",
       [] {
         return zip_of({{"../a", "1"}});
       },
       {"not a plain relative path"}},
      {"N2 ../ inside a name",
       [] {
         return zip_of({{"b/../a", "1"}});
       },
       {"not a plain relative path"}},
      {"N2 absolute name",
       [] {
         return zip_of({{"/etc/passwd", "1"}});
       },
       {"not a plain relative path"}},
      {"N2 backslash",
       [] {
         return zip_of({{"a\\b", "1"}});
       },
       {"not a plain relative path"}},
      {"empty name",
       [] {
         return zip_of({{"", "1"}});
       },
       {"not a plain relative path"}},
      {"N2 member beyond the archive",
       [] {
         return zip_of({{"a", "1", 8, 0, 0, 1000}});
       },
       {"reaches beyond"}},
      {"N3 directory size differs by one",
       [] {
         return zip_of({{"a", "1", 0, 0, 0, 1}, {"b", "2"}});
       },
       {}},
      {"N2 local header elsewhere",
       [] {
         return zip_of({{"a", "0123456789", 0, 0, 0, 0, 5}});
       },
       {"no local header"}},
      {"N2 local header outside",
       [] {
         return zip_of({{"a", "1", 0, 0, 0, 0, 5000}});
       },
       {"outside the file"}},
      {"two members share their bytes",
       [] {
         return zip_of({{"a", "1"}, {"b", "2", 0, 0, 0, 0, -32}});
       },
       {"differs from the directory"}},
      {"N3 checksum",
       [] {
         return zip_of({{"a", "1", 0, 0, 1}});
       },
       {"'a'", "CRC-32"}},
      {"deflated member",
       [] {
         return zip_of({{"a", "1", 8}});
       },
       {"deflate", "stored"}},
      {"other compression",
       [] {
         return zip_of({{"a", "1", 14}});
       },
       {"is compressed"}},
      {"encrypted member",
       [] {
         return zip_of({{"a", "1", 0, 1}});
       },
       {"encrypted"}},
      {"local name differs",
       [] {
         return zip_of({{"a", "1", 0, 0, 0, 0, 0, "b"}});
       },
       {"differs from the directory"}},
      {"N4 ZIP64 record outside",
       [] {
         return patched(zip_of({{"a", "1"}}, true), 22 + 12, little(std::uint64_t{1} << 60));
       },
       {"ZIP64 end record"}},
      {"N4 ZIP64 record 2^64-1",
       [] {
         return patched(zip_of({{"a", "1"}}, true), 22 + 12, little(~std::uint64_t{0}));
       },
       {"ZIP64 end record"}},
      {"N4 ZIP64 count 2^64-1",
       [] {
         return patched(zip_of({{"a", "1"}}, true), 22 + 20 + 32,
                        little(~std::uint64_t{0}) + little(~std::uint64_t{0}));
       },
       {}},
      {"N4 ZIP64 directory size 2^64-1",
       [] {
         return patched(zip_of({{"a", "1"}}, true), 22 + 20 + 16, little(~std::uint64_t{0}));
       },
       {"does not end"}},
      {"N4 ZIP64 sizes of 2^63",
       [] {
         return zip_of({{"a", "1", 0, 0, 0, std::int64_t{1} << 62}}, true);
       },
       {"reaches beyond"}},
      {"N4 ZIP64 offset of 2^62",
       [] {
         return zip_of({{"a", "1", 0, 0, 0, 0, std::int64_t{1} << 62}}, true);
       },
       {"outside the file"}},
      {"name with control bytes",
       [] {
         return zip_of({{"/\x1B[31m\n", "1"}});
       },
       {"\\x1b"}},
  };
  check_malformed(cases, read_all);
}

TEST_CASE("zip: prefixes are refused, bit flips never crash") {
  for (const bool zip64 : {false, true}) {
    CHECK(sweep(zip_of({{"a/b", "hello"}, {"c", "x"}}, zip64), read_all) > 500);
  }
}

}  // namespace
