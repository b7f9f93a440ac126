#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs what is missing, builds the gyrograd tool alone and runs its demo; the report is demo/report.html.
# usage: sh examples/demo.sh [ARGUMENTS FOR gyrograd demo]
set -eu
cd "$(dirname "$0")/.."
. cmake/configure.sh

sh cmake/setup.sh
configure release build/release >/dev/null
cmake --build build/release --target gyrograd_tool --parallel "$(cores)"
exec build/release/gyrograd demo "$@"
