# SPDX-License-Identifier: MIT
"""Memory of training runs at the peak, the whole process: it must not grow with the batch.

usage: memory.py TOOL
       memory.py --self-test TOOL

LIMU-BERT (base_v1, two threads): below 64 MB with batches of 128 and of 1024 windows, and no more for the larger ones than the
tables of a batch. PRIMUS: batches of 4096 windows, all six terms and the queue, below 2 GB, and beside them of 704, whose
tapes are kept from the forward to the backward. Exit: 0 good, 1 over a limit.
"""
import os
import subprocess
import sys
import tempfile

MB = 1000 * 1000
LIMITS = {"LIMU-BERT": 64 * MB, "LIMU-BERT, larger batch": 2 * MB, "PRIMUS": 2000 * MB}


def peak(tool, folder, *arguments):
    """Bytes that `tool` had in memory at most."""
    process = subprocess.Popen([tool, *map(str, arguments), "--quiet", "--force"], cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"gyrograd {' '.join(map(str, arguments))}: failed")
    return usage.ru_maxrss * 1024


def measure(tool, folder):
    peak(tool, folder, "synth", "dataset/synth", "--windows", 2400)
    pretrain = ["pretrain", "v1", "synth", "20_120", "--epochs", 1, "--threads", 2, "--batch"]
    small, large = peak(tool, folder, *pretrain, 128), peak(tool, folder, *pretrain, 1024)
    peak(tool, folder, "primus", "synth", "dataset/paired", "--windows", 6000)
    primus = peak(tool, folder, "primus", "pretrain", "paired", "--epochs", 2, "--threads", 2, "--batch", 4096, "--queue", 4800)
    return {"LIMU-BERT": max(small, large), "LIMU-BERT, larger batch": large - small, "PRIMUS": primus}


def check(measured, limits):
    for name, value in measured.items():
        print(f"{name}: {value / MB:.1f} MB, limit {limits[name] / MB:.1f} MB{'' if value <= limits[name] else ': too much'}")
    return any(value > limits[name] for name, value in measured.items())


def main(arguments):
    if arguments[0] == "--self-test":
        assert check({"PRIMUS": 2001 * MB}, LIMITS) and not check({"PRIMUS": 1999 * MB}, LIMITS)
        with tempfile.TemporaryDirectory() as folder:
            assert peak(arguments[1], folder, "synth", "dataset/synth", "--windows", 20) > MB
        print("self test: good")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        return int(check(measure(arguments[0], folder), LIMITS))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
