# SPDX-License-Identifier: MIT
"""Builds and runs tests/packaging/consumer against gyrograd in one of the four ways that users have.

usage: check.py WAY --source DIR --build DIR --compiler CXX --generator NAME --scratch DIR
  find_package      installs the build tree into the scratch folder, then find_package(gyrograd)
  find_package_mpi  the same with the component mpi
  add_subdirectory  the source tree inside another project
  pkg_config        the installed gyrograd.pc
  plain_include     -I include, no build system
Exit code 77: skipped, a tool is missing.
"""
import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path


def run(*command, **options):
    result = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if result.returncode != 0:
        sys.exit(f"failed: {' '.join(map(str, command))}\n{result.stdout}")
    return result.stdout


def pkg_config(*arguments, **options):
    if not shutil.which("pkg-config"):
        print("skipped: pkg-config is not installed")
        sys.exit(77)
    return run("pkg-config", *arguments, **options).split()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("way", choices=["find_package", "find_package_mpi", "add_subdirectory", "pkg_config", "plain_include"])
    for name in ("source", "build", "scratch"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--generator", required=True)  # of our own build: CMake's default may not be installed
    args = parser.parse_args()
    scratch = args.scratch / args.way
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    consumer, program = args.source / "tests/packaging/consumer", scratch / "build/consumer"

    if args.way in ("find_package", "find_package_mpi", "pkg_config"):
        run("cmake", "--install", args.build, "--prefix", scratch / "prefix", "--component", "gyrograd_dev")
    if args.way in ("find_package", "find_package_mpi", "add_subdirectory"):
        where = f"-DGYROGRAD_SOURCE={args.source}" if args.way == "add_subdirectory" else f"-DCMAKE_PREFIX_PATH={scratch / 'prefix'}"
        run("cmake", "-G", args.generator, "-S", consumer, "-B", scratch / "build", f"-DCMAKE_CXX_COMPILER={args.compiler}",
            "-DCMAKE_BUILD_TYPE=Debug", f"-DCONSUMER_MPI={'ON' if args.way == 'find_package_mpi' else 'OFF'}", where)
        run("cmake", "--build", scratch / "build")
    else:
        program.parent.mkdir()
        if args.way == "pkg_config":
            environment = {**os.environ, "PKG_CONFIG_PATH": str(scratch / "prefix/share/pkgconfig")}
            flags = pkg_config("--cflags", "--libs", "gyrograd", env=environment)
        else:
            flags = ["-std=c++20", f"-I{args.source / 'include'}", *pkg_config("--cflags", "eigen3", "xsimd")]
        run(args.compiler, consumer / "main.cpp", *flags, "-o", program)
    output = run(program)
    if not output.startswith("gyrograd "):
        sys.exit(f"the consumer printed {output!r}, expected a line that starts with 'gyrograd '")
    print(f"{args.way}: {output.strip()}")


main()
