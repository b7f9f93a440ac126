# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Shell functions of tests/run.sh, examples/demo.sh and .ci/run; read with `.`, from the repository root.

cores() { nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1; }

# configure PRESET FOLDER [CMAKE ARGUMENTS]: with Ninja if it is there, else make. A folder keeps its generator.
configure() {
  preset=$1 folder=$2
  shift 2
  if [ ! -f "$folder/CMakeCache.txt" ]; then
    if command -v ninja >/dev/null 2>&1; then set -- -G Ninja "$@"; else set -- -G "Unix Makefiles" "$@"; fi
  fi
  cmake --preset "$preset" -B "$folder" "$@"
}
