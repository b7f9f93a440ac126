# SPDX-License-Identifier: MIT
"""Every source file compiles without a warning, each alone: nothing is optimised or written, so it is quick.

usage: check_sources.py BUILD_FOLDER [SECONDS]
Takes the commands of compile_commands.json (a build configured without GYROGRAD_UNITY), any compiler. After SECONDS it
stops and says how far it came; which file comes first depends on the commit, so that all get their turn.
Exit code 1: a file fails; its messages are printed.
"""
import concurrent.futures
import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path


def syntax_command(entry):
    words = shlex.split(entry["command"])
    out = words.index("-o")
    del words[out : out + 2]
    words[words.index("-c")] = "-fsyntax-only"
    return [word for word in words if Path(word).name != "ccache"]


def first_of(count):
    """Where to start among `count` files: by the commit, 0 outside a git checkout."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return int(commit.stdout.strip() or "0", 16) % count


def check(entry, deadline):
    if time.monotonic() > deadline:
        return None
    result = subprocess.run(syntax_command(entry), cwd=entry["directory"], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)
    return "" if result.returncode == 0 else f"{entry['file']}\n{result.stdout}"


def main():
    deadline = time.monotonic() + (float(sys.argv[2]) if len(sys.argv) > 2 else 1e9)
    commands = json.loads(Path(sys.argv[1], "compile_commands.json").read_text())
    # Once each, without the files that CMake makes to check headers: the test structure/headers_alone builds those.
    entries = list({entry["file"]: entry for entry in reversed(commands)
                    if "verify_interface_header_sets" not in entry["file"]}.values())
    if not entries:
        sys.exit(f"{sys.argv[1]}: no source files, expected a configured build folder")
    first = first_of(len(entries))
    entries = entries[first:] + entries[:first]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda entry: check(entry, deadline), entries))
    checked = [result for result in results if result is not None]
    failed = [result for result in checked if result]
    for text in failed:
        print(text)
    cut = "" if len(checked) == len(entries) else ", stopped by the time limit"
    print(f"{len(checked)} of {len(entries)} files checked, {len(failed)} failed{cut}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
