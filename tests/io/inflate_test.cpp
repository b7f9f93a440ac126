// SPDX-License-Identifier: MIT
// Deflated members, archives in archives, and data that lie.
#include <map>
#include <string>
#include <vector>

#include "support/archives.hpp"
#include "support/catch.hpp"
#include "support/deflate.hpp"
#include "support/malformed.hpp"

#ifdef GYROGRAD_HAVE_ZLIB
namespace {

using namespace gyrograd::io;
using namespace gyrograd::testing;
using Catch::Matchers::Contains;

std::shared_ptr<const FileBytes> bytes(const std::string& content) {
  return FileBytes::own(bytes_of(content), "a.zip");
}
std::string text_of(const FileBytes& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.size()};
}

/// What unpacking the only member says; empty when nothing is wrong.
std::string error_of_member(const ZipPart& part, const UnzipLimits& limits = {}) {
  return error_of([&] {
    const ZipArchive archive(bytes(zip_of({part})));
    (void)unzip(archive, archive.members()[0], limits);
  });
}

std::map<std::string, std::string> visited(const std::string& archive) {
  std::map<std::string, std::string> out;
  visit_zip(
      bytes(archive), [](const std::string& name) { return name.ends_with(".csv"); },
      [&](const std::string& name, const std::shared_ptr<const FileBytes>& file) {
        out[name] = text_of(*file);
      });
  return out;
}

TEST_CASE("deflated and stored members are unpacked") {
  const std::string text(100'000, 'x');
  const ZipArchive archive(bytes(zip_of({deflated("b", text), {"a", "plain"}, deflated("empty", "")})));
  CHECK(text_of(*unzip(archive, *archive.find("a"))) == "plain");
  CHECK(text_of(*unzip(archive, *archive.find("b"))) == text);
  CHECK(text_of(*unzip(archive, *archive.find("empty"))).empty());
  CHECK(unzip(archive, *archive.find("b"))->name() == "a.zip/b");
}

TEST_CASE("archives in archives are entered, unwanted members are not unpacked") {
  const std::string inner = zip_of({deflated("x.csv", "1,2"), deflated("skip.txt", "no")});
  const std::string outer = zip_of({deflated("in_2_csv.zip", inner),
                                    {"in.zip", inner},
                                    {"top.csv", "3"},
                                    {"__MACOSX/._top.csv", "junk"},
                                    {"folder/", ""},
                                    {"broken.bin", "z", 8}});
  CHECK(visited(outer) == std::map<std::string, std::string>{
                              {"in.zip/x.csv", "1,2"}, {"in_2_csv.zip/x.csv", "1,2"}, {"top.csv", "3"}});
  std::string deep = inner;
  for (int i = 0; i < 3; ++i) deep = zip_of({{"d.zip", deep}});
  CHECK_THAT(error_of([&] { (void)visited(deep); }), Contains("nested too deeply"));
  CHECK_THAT(error_of([&] {
               (void)visited(zip_of({{"d.zip", "no archive"}}));
             }),
             Contains("d.zip: zip archive"));
}

TEST_CASE("what does not unpack as the directory says is refused before it is used") {
  const ZipPart good = deflated("m", "hello hello hello hello");
  CHECK(error_of_member(good).empty());
  ZipPart part = good;
  part.crc_error = 1;
  CHECK_THAT(error_of_member(part), Contains("a.zip/m: checksum"));
  part = good;
  part.unpacked = 22;
  CHECK_THAT(error_of_member(part), Contains("unpacks to more than 22 bytes"));
  part.unpacked = 24;
  CHECK_THAT(error_of_member(part), Contains("unpacks to 23 bytes, the directory says 24"));
  part = good;
  part.content[0] = '\x07';
  CHECK_THAT(error_of_member(part), Contains("deflated data are damaged"));
  part = good;
  part.content.pop_back();
  CHECK_THAT(error_of_member(part), Contains("deflated data are damaged"));
  part = good;
  part.content += "tail";
  CHECK_THAT(error_of_member(part), Contains("unpacks to 23 bytes"));
  part = good;
  part.method = 12;
  CHECK_THAT(error_of_member(part), Contains("method 12, expected deflate"));
}

TEST_CASE("every prefix of a nested archive is refused, every flipped bit is survived") {
  const std::string inner = zip_of({deflated("x.csv", "1,2\n3,4\n1,2\n3,4\n")});
  const std::string outer = zip_of({deflated("in_csv.zip", inner)});
  const std::size_t refused = sweep(outer, [](const std::shared_ptr<const FileBytes>& file) {
    visit_zip(
        file, [](const std::string&) { return true; }, [](const auto&, const auto&) {});
  });
  CHECK(refused > 4 * outer.size());  // flips in dates and versions do no harm
}

TEST_CASE("sizes are checked before memory is asked for") {
  ZipPart bomb = deflated("m", std::string(1000, 'x'));
  bomb.unpacked = 1'000'000;  // from 15 bytes
  CHECK_THAT(error_of_member(bomb), Contains("which deflate cannot do"));
  CHECK_THAT(error_of_member(deflated("m", std::string(1000, 'x')), {999, 1032}),
             Contains("unpacks to 1000 bytes, expected at most 999"));
}

}  // namespace
#endif
