#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs what is needed to build gyrograd and is missing. usage: sh cmake/setup.sh [FURTHER DEBIAN PACKAGES]
# Debian and its children, as root or with sudo: by apt. Elsewhere: says what to install; CMake fetches libraries that
# are still absent (Eigen, xsimd, Catch2, cxxopts, nlohmann-json, Google Benchmark) at pinned versions.
set -eu

packages="g++ cmake ninja-build git ca-certificates python3 pkg-config libeigen3-dev libxsimd-dev catch2 libcxxopts-dev
nlohmann-json3-dev libbenchmark-dev zlib1g-dev libopenmpi-dev openmpi-bin clang-format-14 $*"

if ! command -v dpkg-query >/dev/null 2>&1; then
  # Not Debian: the compiler, CMake and a generator are all that CMake cannot fetch by itself.
  missing=""
  command -v c++ >/dev/null 2>&1 || missing="$missing a C++20 compiler (g++ 12 or newer, clang 14 or newer),"
  command -v cmake >/dev/null 2>&1 || missing="$missing CMake 3.23 or newer,"
  command -v ninja >/dev/null 2>&1 || command -v make >/dev/null 2>&1 || missing="$missing Ninja or make,"
  if [ -n "$missing" ]; then
    echo "gyrograd setup: please install${missing%,} with your system's package manager, then run this again" >&2
    exit 1
  fi
  exit 0
fi

missing=""
for package in $packages; do
  status=$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null || true)
  case $status in
    ii*) ;;
    *) missing="$missing $package" ;;
  esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
  sudo=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
  sudo="sudo"
else
  echo "gyrograd setup: not root and no sudo without password; please run: apt-get install$missing" >&2
  # CMake fetches libraries by itself, so only the tools are indispensable.
  if command -v c++ >/dev/null 2>&1 && command -v cmake >/dev/null 2>&1; then exit 0; fi
  exit 1
fi

echo "gyrograd setup: installing$missing"
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -q -q || echo "gyrograd setup: apt-get update failed, trying the known package lists" >&2
# shellcheck disable=SC2086  # one word per package
if ! $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q -q --no-install-recommends $missing; then
  # One package that this release lacks must not keep the others away: CMake fetches what is still absent.
  for package in $missing; do
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q -q --no-install-recommends "$package" ||
      echo "gyrograd setup: could not install $package" >&2
  done
fi
if ! command -v c++ >/dev/null 2>&1 || ! command -v cmake >/dev/null 2>&1; then
  echo "gyrograd setup: a C++ compiler and CMake are still missing" >&2
  exit 1
fi
