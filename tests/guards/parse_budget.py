# SPDX-License-Identifier: MIT
"""Time and memory that the compiler needs for an umbrella header alone, against a budget.

usage: parse_budget.py COMPILER HEADER SECONDS MEGABYTES INCLUDE_FLAGS...
       parse_budget.py --self-test COMPILER INCLUDE_FLAGS...

Compiles a file with that one #include at -O0. Good if both are below the budget, or below what Eigen and xsimd alone need
here plus 10 % and 0.7 s: they are most of it, and machines differ. Processor time, not wall time, and the best of up to eight,
so that other programs on the machine do not matter. Exit: 0 good, 1 over budget.
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

BASE = ["unsupported/Eigen/CXX11/Tensor", "xsimd/xsimd.hpp"]
TRIES = 8


def compile_once(compiler, headers, flags):
    """(seconds of the processor, megabytes at the peak)"""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "alone.cpp"
        source.write_text("".join(f"#include <{header}>\n" for header in headers), encoding="utf-8")
        process = subprocess.Popen([compiler, "-std=c++20", "-O0", *flags, "-c", str(source), "-o", str(Path(folder) / "alone.o")])
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            sys.exit(f"{headers} do not compile")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def check(compiler, header, seconds, megabytes, flags):
    best = base = (float("inf"), float("inf"))
    for attempt in range(TRIES):
        best = tuple(map(min, best, compile_once(compiler, [header], flags)))
        if best[0] <= seconds and best[1] <= megabytes:
            print(f"{header}: {best[0]:.2f} s, {best[1]:.0f} MB (budget {seconds} s, {megabytes} MB)")
            return 0
        base = tuple(map(min, base, compile_once(compiler, BASE, flags)))
        if best[0] <= 1.1 * base[0] + 0.7 and best[1] <= max(megabytes, 1.1 * base[1]):
            print(f"{header}: {best[0]:.2f} s, {best[1]:.0f} MB (Eigen and xsimd alone {base[0]:.2f} s, {base[1]:.0f} MB)")
            return 0
    print(f"{header}: {best[0]:.2f} s, {best[1]:.0f} MB: over the budget of {seconds} s, {megabytes} MB, and over that of Eigen "
          f"and xsimd alone ({base[0]:.2f} s, {base[1]:.0f} MB) plus 10 % and 0.7 s")
    return 1


def main(arguments):
    if arguments[0] == "--self-test":
        assert check(arguments[1], "vector", 60, 2000, arguments[2:]) == 0
        global BASE, TRIES
        BASE, TRIES = ["cstddef"], 1
        assert check(arguments[1], "unsupported/Eigen/CXX11/Tensor", 0.01, 10, arguments[2:]) == 1
        print("self test: good")
        return 0
    compiler, header, seconds, megabytes, *flags = arguments
    return check(compiler, header, float(seconds), float(megabytes), flags)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
