# SPDX-License-Identifier: MIT
"""Compares the instructions of kernels, training steps and inference with recorded counts.

usage: instructions.py PROGRAM COMPILER            compare; 3 % more or less is a failure
       instructions.py --record PROGRAM COMPILER   write the counts of this compiler
       instructions.py --self-test

PROGRAM is guards_counted, built for AVX2 (callgrind of Debian 12 stops at AVX-512). The record, instructions.json, has one
entry per compiler version, for example "GNU 12.2". Exit: 0 good, 1 changed, 77 where valgrind or the compiler's record is
missing. Fewer instructions are a failure, too: record them, or the next regression hides behind the gain.
"""
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

RECORD = Path(__file__).resolve().parent / "instructions.json"
ALLOWED = 0.03


def counts(program):
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "callgrind.out"
        subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", program], check=True, capture_output=True)
        text = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", str(out)], check=True,
                              capture_output=True, text=True).stdout
    found = re.findall(r"^\s*([\d,]+) .*?:count_(\w+)", text, re.M)
    return {name: int(number.replace(",", "")) for number, name in found}


def compare(now, then):
    """Lines of text, and whether all is within the limit."""
    good, lines = set(now) == set(then), []
    for name in sorted(set(now) | set(then)):
        if name not in now or name not in then:
            lines.append(f"{name}: only in {'the program' if name in now else 'the record'}")
            continue
        change = now[name] / then[name] - 1
        bad = abs(change) > ALLOWED
        good = good and not bad
        lines.append(f"{name:28} {now[name]:12,} recorded {then[name]:12,}  {100 * change:+6.2f} %{'  CHANGED' if bad else ''}")
    return lines, good


def self_test():
    then = {"a": 1000, "b": 2000}
    assert compare(then, then)[1]
    assert compare({"a": 1029, "b": 1941}, then)[1]
    for now in ({"a": 1031, "b": 2000}, {"a": 960, "b": 2000}, {"a": 1000}, {**then, "c": 1}):
        assert not compare(now, then)[1], now
    print("self test: good")
    return 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    record = arguments[0] == "--record"
    program, compiler = arguments[record:]
    if not shutil.which("valgrind"):
        print("instructions: skipped, valgrind is not installed")
        return 77
    known = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    if not record and compiler not in known:
        print(f"instructions: skipped, nothing is recorded for {compiler} (known: {', '.join(known) or 'none'})")
        return 77
    now = counts(program)
    if record:
        known[compiler] = dict(sorted(now.items()))
        RECORD.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        print(f"recorded {len(now)} counts for {compiler}")
        return 0
    lines, good = compare(now, known[compiler])
    print("\n".join(lines))
    if not good:
        print("If this is meant: cmake --build BUILD --target record_instructions, and say why in the commit")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
