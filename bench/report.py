#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures everything that docs/performance.md shows and writes that page; with peers also docs/performance.svg, their
times as multiples of ours.

usage: python3 bench/report.py [--bench build/release/gyrograd-bench] [--out docs/performance.md] [--quick]

Environment: GYROGRAD_PEERS_PYTHON  Python with PyTorch, JAX, ONNX Runtime, OpenVINO; unset: no comparison
             GYROGRAD_PEERS         folder with compare.py (default ../shared/peers)
             PEER                   best (default): all are measured, the fastest counts; or a peer's name; or pairs
                                    WORKLOAD=NAME separated by spaces
"""
import argparse
import datetime
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

from report_chart import ratio_chart

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Workload: goals for percent of peak and for the ratio to the fastest peer at one and at two threads.
WORKLOADS = {
    "limu_bert_train/128": (82, 2.5, 2.5),
    "limu_bert_embed/128": (83, 1.65, 1.6),
    "limu_bert_embed/1": (83, 1.7, 1.6),
    "limu_gru_train/128": (75, 3, 3),
    "limu_gru_infer/128": (75, 3.2, 3.2),
    "limu_gru_infer/1": (None, 8, None),
    "dcnn_train/128": (None, 5, None),
    "deepsense_train/128": (None, 8, None),
    "primus_train/128": (85, 1.3, 1.3),
    "simclr_train/128": (None, 1.3, 1.3),
    "primus_infer/128": (None, 1.25, 1.25),
    "primus_infer/1": (None, 1.3, 1.3),
    "primus_infer_int8/1": (None, 5, 5),
}
# Peers compute these in float32 under another name.
PEER_NAMES = {"primus_infer_int8/1": "primus_infer/1"}

# One training step of 128 windows, by operation: kernel entry, calls per micro-batch, why it is not at its limit. The
# last layer computes 18 of 120 rows (0.15) except for its keys and values.
STEP = [
    ("linear, forward, 72 to 72", "linear_forward/{P}x72x72", 14.45, "Starts and ends of tiles, and x from the second-level cache."),
    ("linear, forward, 72 to 144", "linear_forward/{P}x144x72", 3.15, "As above."),
    ("linear, forward, 144 to 72", "linear_forward/{P}x72x144", 3.15, "As above; the deeper sum hides them better."),
    ("linear, data gradient, 72 to 72", "linear_backward_data/{P}x72x72", 14.45, "As forward."),
    ("linear, data gradient, 72 to 144", "linear_backward_data/{P}x144x72", 3.15, "As forward."),
    ("linear, data gradient, 144 to 72", "linear_backward_data/{P}x72x144", 3.15, "As forward."),
    ("linear, weight gradient, 72 to 72", "linear_backward_weight/{P}x72x72", 14.45,
     "16 lanes: the first rows are computed while x is transposed, which takes 2 to 5 % of the time. 8 lanes: sums across the lanes at the end of every tile."),
    ("linear, weight gradient, 72 to 144", "linear_backward_weight/{P}x144x72", 3.15, "As above."),
    ("linear, weight gradient, 144 to 72", "linear_backward_weight/{P}x72x144", 3.15, "As above."),
    ("linear, 6 to 72, forward", "linear_forward/{P}x72x6", 1, "Six multiply-adds per stored value: bound by stores."),
    ("linear, 6 to 72, weight gradient", "linear_backward_weight/{P}x72x6", 1, "Six columns do not fill a tile."),
    ("attention, forward and backward", "attention_forward_backward/{B}x120x4x18", 3.15,
     "Products of depth 18, the exponentials of the softmax (a fifth of the forward pass), and gradients of keys and values summed across lanes."),
    ("layer norm, forward", "layer_norm_forward/240x72", 8.45, "Three passes over the channels: bound by loads."),
    ("layer norm, backward", "layer_norm_backward/240x72", 8.45, "Two passes; the sums for the parameters are gathered in the second."),
    ("GELU with slope", "gelu_pair/240x144", 3.23, "16 lanes: a polynomial and its derivative from tables, 15 operations. 8 lanes: about 20 and a division."),
    ("Adam", "adam/62646", 0, "Reads and writes four arrays once."),
]


class Bench:
    def __init__(self, program, quick):
        self.program, self.quick = program, quick
        listed = subprocess.run([program, "--benchmark_list_tests"], capture_output=True, text=True, check=True)
        self.names = listed.stdout.split()

    def run(self, pattern, seconds=0.5, repetitions=3):
        """Entries that match: name -> median of every number."""
        if self.quick:
            seconds, repetitions = seconds / 5, 1
        out = subprocess.run([self.program, f"--benchmark_filter={pattern}", f"--benchmark_min_time={seconds}",
                              f"--benchmark_repetitions={repetitions}", "--benchmark_format=json"],
                             capture_output=True, text=True)
        if out.returncode != 0:
            sys.exit(f"bench/report.py: {self.program} failed on {pattern}: {out.stderr.strip()}")
        parsed = json.loads(out.stdout)
        self.context = parsed["context"]
        rows = {}
        for entry in parsed["benchmarks"]:
            if entry.get("error_occurred"):
                sys.exit(f"bench/report.py: {entry['name']}: {entry['error_message']}")
            if entry["run_type"] == "iteration":
                rows.setdefault(entry["run_name"], []).append(entry)
        return {name: {key: statistics.median(r[key] for r in runs)
                       for key in runs[0] if isinstance(runs[0][key], (int, float))} for name, runs in rows.items()}

    def one(self, name, **how):
        return self.run(f"^{name}$", **how).get(name)


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def milliseconds(entry):
    return f"{entry['real_time'] / 1000:.4g}"


def done(entry):
    return entry.get("done_%", entry.get("peak_%", 0))


def chosen_peer(workload):
    choice = os.environ.get("PEER", "best")
    pairs = dict(item.split("=", 1) for item in choice.split() if "=" in item)
    return pairs.get(workload, "best") if pairs else choice


def against_peer(bench, peers, workload, threads):
    """The JSON line of compare.py, or None where no peer runs the workload."""
    theirs = PEER_NAMES.get(workload, workload)
    program = pathlib.Path(bench.program).resolve()
    with tempfile.TemporaryDirectory() as folder:
        if theirs != workload:  # compare.py asks for the peers' name
            wrapper = pathlib.Path(folder, "bench")
            wrapper.write_text(f'#!/bin/sh\nfilter=$(printf %s "$1" | sed "s#{theirs}#{workload}#")\nshift\n'
                               f'exec "{program}" "$filter" "$@"\n')
            wrapper.chmod(0o755)
            program = wrapper
        result = subprocess.run([*peers, "--bench", program, "--workload", theirs, "--threads", str(threads), "--pairs",
                                 "1" if bench.quick else "5", "--seconds", "1", "--json", "--peer",
                                 chosen_peer(workload)], capture_output=True, text=True)
    if result.returncode != 0:
        print(f"{workload}, {threads} threads: no peer: {result.stderr.strip()}", file=sys.stderr)
        return None
    return json.loads(result.stdout.strip().splitlines()[-1])


def workloads(bench, peers):
    """The table, and (workload, threads, peer, ratio) of every comparison."""
    rows, ratios = [], []
    for threads in (1, 2):
        for workload, goals in WORKLOADS.items():
            ours = bench.one(f"{workload}/threads:{threads}")
            r = against_peer(bench, peers, workload, threads) if peers else None
            peer = ["", "", ""]
            if r:
                peer = [r["peer"], f"{r['peer_ms']:.4g}",
                        f"{r['ratio_median']:.2f} ({r['ratio_min']:.2f} to {r['ratio_max']:.2f})"]
                ratios.append((workload, threads, r["peer"], r["ratio_median"]))
            print(f"{workload}, {threads} threads: {milliseconds(ours)} ms {' '.join(peer)}", file=sys.stderr)
            rows.append([f"`{workload}`", str(threads), milliseconds(ours), f"{ours['GFLOP/s']:.0f}",
                         f"{ours.get('peak_%', 0):.0f}", f"{done(ours):.0f}", str(goals[0] or "–"),
                         f"{ours['MB']:.1f}" if "MB" in ours else "–", *peer,
                         str(goals[threads] or "–")])
    return table(["workload", "threads", "ms", "GFLOP/s", "% as written", "% of peak", "goal", "MB kept", "fastest peer",
                  "peer ms", "ratio", "goal"], rows), ratios


def sweep_batch(bench):
    rows = []
    for stem in ("limu_bert_train", "limu_bert_embed", "limu_gru_train", "limu_gru_infer"):
        for threads in (1, 2):
            cells = []
            for batch in (1, 32, 128, 512, 1024):
                entry = bench.one(f"{stem}/{batch}/threads:{threads}", seconds=0.3) if not (
                    batch == 1 and stem.endswith("train")) else None
                cells.append(f"{entry['real_time'] / batch:.4g}" if entry else "–")
            rows.append([f"`{stem}`", str(threads), *cells])
    return table(["µs per window", "threads", "batch 1", "32", "128", "512", "1024"], rows)


def sweep_steps(bench):
    rows = []
    for stem in ("limu_bert_train", "limu_bert_embed"):
        for steps in (20, 60, 120, 240, 480):
            name = f"{stem}/128/threads:1" if steps == 120 else f"{stem}/128/steps:{steps}/threads:1"
            entry = bench.one(name, seconds=0.3)
            rows.append([f"`{stem}/128`", str(steps), milliseconds(entry), f"{done(entry):.0f}",
                         f"{entry['MB']:.1f}" if "MB" in entry else "–"])
    return table(["workload", "steps", "ms", "% of peak", "MB kept"], rows)


def breakdown(bench, kernels, step):
    """Time of one training step of 128 windows by operation, from the kernels measured alone."""
    together = 2 if int(bench.context["lanes"]) >= 16 else 1
    calls = 128 / together
    peak = float(bench.context["peak_GFLOP/s"])
    bandwidth = bench.one("machine/read/256KiB", seconds=0.2)["GB/s"]
    rows, total = [], 0
    for text, pattern, count, reason in STEP:
        entry = kernels["kernel/" + pattern.format(P=120 * together, B=together) + "/gyrograd"]
        size = together / 2 if "240x" in pattern and "{" not in pattern else 1
        spent = entry["real_time"] / 1000 * (count * calls * size if count else 1)
        limit = (entry["GFLOP/s"] / peak if "GFLOP/s" in entry else entry["GB/s"] / bandwidth) * 100
        total += spent
        rows.append([text, f"{spent:.2f}", f"{100 * spent / (step['real_time'] / 1000):.1f}", f"{limit:.0f}", reason])
    rest = step["real_time"] / 1000 - total
    rows.append(["everything else", f"{rest:.2f}", f"{100 * rest / (step['real_time'] / 1000):.1f}", "–",
                 "Bias gradients, residuals, positions, gather, loss, the tape; and what saved activations cost on their way "
                 "out of the second-level cache and back, which kernels measured alone do not pay."])
    return table(["operation", "ms", "% of the step", "% of its limit", "the gap"], rows), bandwidth


def kernel_table(bench):
    entries = bench.run("^kernel/", seconds=0.1, repetitions=1)
    shapes = {}
    for name, entry in entries.items():
        _, kernel, shape, variant = name.split("/")
        shapes.setdefault((kernel, shape), {})[variant] = entry
    rows = []
    for (kernel, shape), by in shapes.items():
        ours = by["gyrograd"]
        cell = lambda v: f"{by[v]['real_time']:.4g} ({by[v]['real_time'] / ours['real_time']:.1f} x)" if v in by else "–"
        rate = f"{ours['GFLOP/s']:.0f} GFLOP/s" if "GFLOP/s" in ours else f"{ours['GB/s']:.0f} GB/s"
        rows.append([f"`{kernel}`", shape, cell("naive"), cell("eigen"), f"{ours['real_time']:.4g}", rate,
                     f"{ours['peak_%']:.0f}" if "peak_%" in ours else "–", f"{ours.get('bytes', 0) / 1e3:.0f}"])
    return table(["kernel", "shape", "naive µs", "Eigen µs", "gyrograd µs", "rate", "% of peak", "least kB moved"], rows), entries


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--bench", default=str(ROOT / "build/release/gyrograd-bench"))
    arguments.add_argument("--out", default=str(ROOT / "docs/performance.md"))
    arguments.add_argument("--quick", action="store_true", help="a fifth of the time, one repetition: to try the script")
    options = arguments.parse_args()
    if not os.access(options.bench, os.X_OK):
        sys.exit(f"bench/report.py: {options.bench} is not there; build it: cmake --preset release && "
                 "cmake --build --preset release --target gyrograd_bench")
    python, folder = os.environ.get("GYROGRAD_PEERS_PYTHON"), os.environ.get("GYROGRAD_PEERS", str(ROOT / "../shared/peers"))
    script = pathlib.Path(folder) / "compare.py"
    peers = [python, str(script)] if python and script.exists() else None
    if not peers:
        print(f"No peers: GYROGRAD_PEERS_PYTHON is not set or {script} is not there.", file=sys.stderr)
    bench = Bench(options.bench, options.quick)
    step = bench.one("limu_bert_train/128/threads:1")
    context = dict(bench.context)
    first, ratios = workloads(bench, peers)
    kernels_text, kernels = kernel_table(bench)
    parts, bandwidth = breakdown(bench, kernels, step)
    reads = bench.run("^machine/read/", seconds=0.1, repetitions=1)
    searched = ("No peers were given." if not peers else
                "All peers were measured and the fastest counts." if os.environ.get("PEER", "best") == "best" else
                "Each peer was named (PEER): the fastest of an earlier run, not searched anew.")
    page = f"""# Performance on {context['isa']}

Written by `sh bench/report.sh`; do not edit. {context['cpu']}, {context['isa']}, {context['compiler']}, {datetime.date.today()}.
Multiply-adds of one core: {context['peak_GFLOP/s']} GFLOP/s. Reading: {', '.join(f"{n.split('/')[-1]} {e['GB/s']:.0f} GB/s" for n, e in reads.items())}.
{'One run an entry and one pair of runs a ratio (--quick).' if bench.quick else 'Medians of 3 runs an entry and 5 pairs of runs a ratio.'}
Times drift on shared machines; ratios are of runs side by side (peer time / our time, above 1 is faster). Names: [bench/README.md](../bench/README.md).
{searched}

## Workloads

Percent of peak counts the operations that are really done (a training step without the rows of its last layer that no loss depends on).
Percent as written counts, as GFLOP/s and the peers' figures do, those of the model as published, also what is not done here.

{first}
## Batch

{sweep_batch(bench)}
## Window

{sweep_steps(bench)}
## One training step of 128 windows, by operation

Kernels measured alone times their number in a step of {milliseconds(step)} ms. The limit is the peak for products and reading from the second-level cache
({bandwidth:.0f} GB/s) for the rest.

{parts}
## Kernels

{kernels_text}"""
    pathlib.Path(options.out).write_text(page)
    if ratios:
        machine = f"{context['cpu']}, {context['isa']}, {datetime.date.today()}"
        pathlib.Path(options.out).with_suffix(".svg").write_text(ratio_chart(ratios, machine))
    print(f"wrote {options.out}")


if __name__ == "__main__":
    main()
