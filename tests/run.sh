#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs what is missing, builds everything in build/release and runs all tests.
# usage: sh tests/run.sh [--all-compilers] [ARGUMENTS FOR CTEST]
#   sh tests/run.sh -R golden        only the tests whose name matches
#   sh tests/run.sh --all-compilers  g++ 12, clang 14 and clang 19, each in build/COMPILER
set -eu
cd "$(dirname "$0")/.."
. cmake/configure.sh

compilers=""
if [ "${1:-}" = "--all-compilers" ]; then
  shift
  compilers="g++-12 clang++-14 clang++-19"
  sh cmake/setup.sh --all-compilers
else
  sh cmake/setup.sh
fi

# build_in FOLDER [CMAKE ARGUMENTS]
build_in() {
  folder=$1
  shift
  configure release "$folder" "$@" && cmake --build "$folder" --parallel "$(cores)"
}

if [ -z "$compilers" ]; then
  build_in build/release
  exec ctest --test-dir build/release --output-on-failure --no-tests=error --parallel "$(cores)" "$@"
fi

failed=""
for compiler in $compilers; do
  echo "== $compiler"
  if command -v "$compiler" >/dev/null 2>&1; then
    if ! build_in "build/$compiler" "-DCMAKE_CXX_COMPILER=$compiler" ||
      ! ctest --test-dir "build/$compiler" --output-on-failure --no-tests=error --parallel "$(cores)" "$@"; then
      failed="$failed $compiler"
    fi
  else
    echo "$compiler is not installed" >&2
    failed="$failed $compiler"
  fi
done
if [ -n "$failed" ]; then
  echo "failed with:$failed" >&2
  exit 1
fi
