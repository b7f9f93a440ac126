# SPDX-License-Identifier: MIT
"""Checks C++ files against .clang-format; exit code 77 (skipped) where clang-format 14 is absent.

usage: check_format.py ROOT
Other versions of clang-format break lines differently, so only version 14 (Debian 12) judges.
"""
import re
import shutil
import subprocess
import sys
from pathlib import Path

root = Path(sys.argv[1])
tool = shutil.which("clang-format-14") or shutil.which("clang-format")
version = subprocess.run([tool, "--version"], stdout=subprocess.PIPE, text=True).stdout if tool else "absent"
if not re.search(r"version 14\.", version):
    print(f"skipped: clang-format 14 is needed, found: {version.strip()}")
    sys.exit(77)
files = [path for folder in ("include", "tests", "examples", "bench", "docs") for suffix in ("*.hpp", "*.cpp")
         for path in sorted((root / folder).rglob(suffix))]
result = subprocess.run([tool, "--dry-run", "--Werror", "--ferror-limit=1", *map(str, files)],
                        stderr=subprocess.PIPE, text=True)
wrong = sorted({line.split(":")[0] for line in result.stderr.splitlines() if "error:" in line})
for name in wrong:
    print(f"{Path(name).relative_to(root)}: not formatted, run clang-format -i on it")
print(f"clang-format 14: {len(files)} files, {len(wrong)} to format")
sys.exit(1 if result.returncode else 0)
