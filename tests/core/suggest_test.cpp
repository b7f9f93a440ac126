// SPDX-License-Identifier: MIT
// Edit distance and suggestions.
#include "gyrograd/core/suggest.hpp"

#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"

namespace {

using gyrograd::did_you_mean;
using gyrograd::edit_distance;
using gyrograd::nearest;

TEST_CASE("edit distance: insert, delete, replace, swap") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("abc", "abc") == 0);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("hidden", "hiden") == 1);
  CHECK(edit_distance("pretrain", "pertrain") == 1);
  CHECK(edit_distance("ca", "abc") == 3);  // optimal string alignment, not the unrestricted distance
}

TEST_CASE("nearest: near words only, the first of equals") {
  const std::vector<std::string> words{"hidden", "hidden_ff", "seq_len"};
  CHECK(nearest("hiden", words) == "hidden");
  CHECK(nearest("seqlen", words) == "seq_len");
  CHECK(nearest("optimizer", words).empty());
  CHECK(nearest("", words).empty());
  CHECK(nearest(std::string(100'000, 'x'), words).empty());
  CHECK(nearest("x", std::vector<std::string_view>{"a", "b"}) == "a");
  CHECK(did_you_mean("hiden", words) == "; did you mean 'hidden'?");
  CHECK(did_you_mean("zzzzzz", words).empty());
}

}  // namespace
