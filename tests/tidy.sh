#!/bin/sh
# SPDX-License-Identifier: MIT
# clang-tidy 14 over the library, the tests, the examples and the bench, by .clang-tidy; every finding is an error.
# usage: sh tests/tidy.sh [REGEX OF SOURCE FILES, as built in build/tidy: tests/unity/io, examples/cli, bench]
set -eu
cd "$(dirname "$0")/.."
. cmake/configure.sh

sh cmake/setup.sh clang-14 clang-tidy-14
# Neighbouring tests together: their headers are read once. The umbrella header is in tests/link.
mkdir -p build
configure release build/tidy -DCMAKE_CXX_COMPILER=clang++-14 -DGYROGRAD_UNITY=ON >build/tidy.log 2>&1 || {
  cat build/tidy.log
  exit 1
}
run-clang-tidy-14 -quiet -p build/tidy -j "$(cores)" "(${1:-tests/|examples/|bench/|docs/|cmake/instances}).*[.]cpp"
