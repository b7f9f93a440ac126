#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds gyrograd-bench, measures everything and writes docs/performance.md; with the peers where a Python with them is
# given (environment and options: bench/report.py).
#   GYROGRAD_PEERS_PYTHON=venv/bin/python sh bench/report.sh
set -eu
cd "$(dirname "$0")/.."
. cmake/configure.sh
configure release build/release
cmake --build build/release --parallel "$(cores)" --target gyrograd_bench
exec python3 bench/report.py "$@"
