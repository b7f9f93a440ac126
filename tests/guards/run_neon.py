# SPDX-License-Identifier: MIT
"""Builds the tests of the numeric layers for AArch64 with the cross compiler and runs them with qemu.

usage: run_neon.py SOURCE SCRATCH INCLUDE_FOLDER... [-- ARGUMENTS FOR THE TEST PROGRAM]

Few source files (each folder of tests is one, every test in a namespace of its own) because parsing Catch2 and xsimd
takes longer than the tests themselves. Of tests/models the two main models only; GYROGRAD_NEON=all takes all. INCLUDE_FOLDER: where this machine keeps Eigen, xsimd and Catch2. Compiled with
-O1: with -O0 qemu takes minutes. About 80 s of two cores to build, 20 s to run.
Exit: that of the tests; 77 where the cross compiler or qemu is missing.
"""
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

COMPILER, EMULATORS = "aarch64-linux-gnu-g++", ("qemu-aarch64", "qemu-aarch64-static")
GROUPS = {"kernels": ["kernels"], "layers": ["autograd", "nn", "models/limu_bert_test.cpp", "models/gru_*_test.cpp"]}
if os.environ.get("GYROGRAD_NEON") == "all":
    GROUPS = {"kernels": ["kernels"], "layers": ["autograd", "nn"], "models": ["models"]}
PACKAGES = ("xsimd", "Eigen", "unsupported", "catch2")


def link_packages(scratch, folders):
    """Links to single packages: a whole include folder of this machine would bring its C library's headers, too."""
    packages = scratch / "packages"
    packages.mkdir(parents=True, exist_ok=True)
    for package in PACKAGES:
        found = next((Path(f) / package for f in folders if (Path(f) / package).is_dir()), None)
        link = packages / package
        link.unlink(missing_ok=True)
        if found:
            link.symlink_to(found)
    return packages


def unity(source, target, folders):
    tests = [test for folder in folders for test in sorted(
        (source / "tests").glob(folder if folder.endswith(".cpp") else f"{folder}/**/*_test.cpp"))]
    includes, bodies = {}, []
    for number, test in enumerate(tests):
        includes.update(dict.fromkeys(re.findall(r"^#include.*$", test.read_text(encoding="utf-8"), re.M)))
        bodies.append(f'namespace unit_{number} {{\n#include "{test}"\n}}  // namespace unit_{number}')
    target.write_text("\n".join([*includes, *bodies]) + "\n", encoding="utf-8")
    return len(tests)


def main(arguments):
    split = arguments.index("--") if "--" in arguments else len(arguments)
    source, scratch = Path(arguments[0]).resolve(), Path(arguments[1]).resolve()
    emulator = next(filter(None, map(shutil.which, EMULATORS)), None)
    if not shutil.which(COMPILER) or not emulator:
        print(f"neon: skipped, needs {COMPILER} and {EMULATORS[0]} (Debian: g++-aarch64-linux-gnu, qemu-user)")
        return 77
    packages = link_packages(scratch, arguments[2:split])
    sources = {"instances": source / "cmake/instances/kernels.cpp", "main": source / "tests/support/main.cpp",
               "alloc_counter": source / "tests/support/alloc_counter.cpp"}
    count = 0
    for name, folders in GROUPS.items():
        sources = {name: scratch / f"{name}.cpp", **sources}
        count += unity(source, scratch / f"{name}.cpp", folders)
    flags = ["-std=c++20", "-O1", "-ffp-contract=off", "-w", f"-I{source}/include", f"-I{source}/tests", "-isystem",
             str(packages)]
    flags += [f'-DGYROGRAD_{name}_DIR="{path}"' for name, path in
              (("SHARED", source.parent / "shared"), ("SOURCE", source), ("BINARY", scratch))]
    cache = ["ccache"] if shutil.which("ccache") else []

    def build(name):
        extra = ["-include", str(source / "cmake/instances/kernels.hpp")] if name in GROUPS else []
        command = [*cache, COMPILER, *flags, *extra, "-c", str(sources[name]), "-o", str(scratch / f"{name}.o")]
        return subprocess.run(command, capture_output=True, text=True)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done in pool.map(build, sources):
            if done.returncode:
                print(done.stderr)
                return 1
    program = scratch / "neon_test"
    subprocess.run([COMPILER, *(str(scratch / f"{name}.o") for name in sources), "-o", str(program), "-pthread"], check=True)
    print(f"neon: {count} test files", flush=True)
    return subprocess.run([emulator, str(program), *arguments[split + 1:]],
                          env={**os.environ, "QEMU_LD_PREFIX": "/usr/aarch64-linux-gnu"}).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
