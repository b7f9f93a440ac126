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
  sh cmake/setup.sh g++-12 clang-14 clang-19
else
  sh cmake/setup.sh
fi

# build_and_test FOLDER [CTEST ARGUMENTS], CMake arguments in $cmake_arguments. A file that does not compile does not hide
# the other tests: everything that can be built is built and tested, and the result is a failure.
build_and_test() {
  folder=$1
  shift
  # shellcheck disable=SC2086  # one word per argument
  configure release "$folder" -DGYROGRAD_UNITY=ON $cmake_arguments || return 1
  if [ -f "$folder/build.ninja" ]; then keep_going="-k 0"; else keep_going="-k"; fi
  built=0
  # shellcheck disable=SC2086
  cmake --build "$folder" --parallel "$(cores)" -- $keep_going || built=1
  ctest --test-dir "$folder" --output-on-failure --no-tests=error --parallel "$(cores)" "$@" && return $built
}

cmake_arguments=""
if [ -z "$compilers" ]; then
  build_and_test build/release "$@"
  exit
fi

failed=""
for compiler in $compilers; do
  echo "== $compiler"
  cmake_arguments="-DCMAKE_CXX_COMPILER=$compiler"
  if ! command -v "$compiler" >/dev/null 2>&1; then
    echo "$compiler is not installed" >&2
    failed="$failed $compiler"
  elif ! build_and_test "build/$compiler" "$@"; then
    failed="$failed $compiler"
  fi
done
if [ -n "$failed" ]; then
  echo "failed with:$failed" >&2
  exit 1
fi
