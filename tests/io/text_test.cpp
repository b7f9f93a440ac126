// SPDX-License-Identifier: MIT
// UTF-8 validation and printable messages.
#include "gyrograd/io/text.hpp"

#include <string>

#include "support/catch.hpp"

namespace {

using namespace gyrograd::io;

TEST_CASE("valid_utf8: well-formed text of one to four bytes") {
  CHECK(valid_utf8(""));
  CHECK(valid_utf8("plain"));
  CHECK(valid_utf8("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"));
  CHECK(valid_utf8("\xED\x9F\xBF"));      // last before the surrogates
  CHECK(valid_utf8("\xF4\x8F\xBF\xBF"));  // U+10FFFF
}

TEST_CASE("valid_utf8: overlong, surrogate, too large, stray and cut sequences are refused") {
  CHECK_FALSE(valid_utf8("\xC0\xAF"));
  CHECK_FALSE(valid_utf8("\xC1\x81"));
  CHECK_FALSE(valid_utf8("\xE0\x80\xAF"));
  CHECK_FALSE(valid_utf8("\xF0\x80\x80\xAF"));
  CHECK_FALSE(valid_utf8("\xED\xA0\x80"));
  CHECK_FALSE(valid_utf8("\xF4\x90\x80\x80"));
  CHECK_FALSE(valid_utf8("\xF5\x80\x80\x80"));
  CHECK_FALSE(valid_utf8("\x80"));
  CHECK_FALSE(valid_utf8("a\xE2\x82"));
  CHECK_FALSE(valid_utf8("\xFF"));
}

TEST_CASE("printable: control bytes and broken text are escaped, long text is cut") {
  CHECK(printable("a\nb") == "a\\x0ab");
  CHECK(printable("\x1B[31m") == "\\x1b[31m");
  CHECK(printable("\x7F") == "\\x7f");
  CHECK(printable("\xC2\x9B") == "\\xc2\\x9b");  // a C1 control: terminals read it as an escape
  CHECK(printable("\xFFok") == "\\xffok");
  CHECK(printable("\xC3\xA9") == "\xC3\xA9");
  CHECK(printable(std::string(100, 'x'), 10) == "xxxxxxxxxx...");
  CHECK(in_quotes("a") == "'a'");
}

}  // namespace
