#!/bin/sh
# SPDX-License-Identifier: MIT
# Measures the workloads, against the peers where a Python with them is given, and prints a markdown table.
#
#   sh bench/report.sh [BENCH]        BENCH: the program, default build/release/gyrograd-bench
#
# Environment: GYROGRAD_PEERS_PYTHON  python with PyTorch, JAX, ONNX Runtime, OpenVINO; unset: no comparison
#              GYROGRAD_PEERS         folder with compare.py (default ../shared/peers)
#              WORKLOADS, THREADS, PAIRS, SECONDS_EACH, PEER  what and how long (defaults below)
set -eu
cd "$(dirname "$0")/.."
bench=${1:-build/release/gyrograd-bench}
peers=${GYROGRAD_PEERS:-../shared/peers}
workloads=${WORKLOADS:-limu_bert_train/128 limu_bert_embed/128 limu_bert_embed/1 limu_gru_train/128 limu_gru_infer/128 limu_gru_infer/1}
threads=${THREADS:-1 2}
pairs=${PAIRS:-5}
seconds=${SECONDS_EACH:-1}
peer=${PEER:-best}

if [ ! -x "$bench" ]; then
  echo "bench/report.sh: $bench is not there; build it: cmake --preset release && cmake --build --preset release --target gyrograd_bench" >&2
  exit 1
fi

# value NAME: a line of the program's context.
context=$("$bench" --benchmark_filter='^machine/read/16KiB$' --benchmark_min_time=0.01 2>&1)
value() { printf '%s\n' "$context" | sed -n "s|^$1: ||p"; }
echo "$(value cpu), $(value isa), $(value compiler), measured peak $(value peak_GFLOP/s) GFLOP/s per core; $(date -u +%Y-%m-%d)"
echo

python=${GYROGRAD_PEERS_PYTHON:-}
if [ -n "$python" ] && [ -f "$peers/compare.py" ]; then
  echo "| workload | threads | gyrograd ms | GFLOP/s | fastest peer | peer ms | ratio: median (min to max) |"
  echo "|---|---:|---:|---:|---|---:|---:|"
  for n in $threads; do
    for workload in $workloads; do
      line=$("$python" "$peers/compare.py" --bench "$bench" --workload "$workload" --peer "$peer" --threads "$n" \
        --pairs "$pairs" --seconds "$seconds" --json) || continue
      printf '%s\n' "$line" | "$python" -c '
import json, sys
r = json.load(sys.stdin)
print("| `{workload}` | {threads} | {ours_ms:.4g} | {ours_gflops:.0f} | {peer} | {peer_ms:.4g} "
      "| {ratio_median:.2f} ({ratio_min:.2f} to {ratio_max:.2f}) |".format(**r))'
    done
  done
else
  echo "No peers: GYROGRAD_PEERS_PYTHON is not set or $peers/compare.py is not there." >&2
  echo "| workload | threads | median ms | GFLOP/s | % of peak |"
  echo "|---|---:|---:|---:|---:|"
  for n in $threads; do
    for workload in $workloads; do
      "$bench" --benchmark_filter="^$workload/threads:$n\$" --benchmark_min_time="$seconds" \
        --benchmark_repetitions="$pairs" --benchmark_format=csv 2>/dev/null |
        awk -F, -v workload="$workload" -v threads="$n" '
          $1 == "name" { for (i = 1; i <= NF; ++i) { gsub(/"/, "", $i); column[$i] = i } }
          $1 ~ /_median"$/ {
            printf "| `%s` | %s | %.4g | %.0f | %.0f |\n", workload, threads, $column["real_time"] / 1000,
                   $column["GFLOP/s"], $column["peak_%"]
          }'
    done
  done
fi
