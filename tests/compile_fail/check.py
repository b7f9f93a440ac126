# SPDX-License-Identifier: MIT
"""Proves that a snippet does not compile, and that the compiler's message holds the words the author promised.

usage: check.py SNIPPET -- COMPILER FLAGS...
       check.py --self-test -- COMPILER FLAGS...
A snippet names the words in lines `// expect: words`; everything under `#if defined(WRONG)` is the mistake, or the
compiler flags in a line `// wrong flags: -f...` are; without it the snippet must compile (so that it fails for the
reason it names).
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path


def compile_snippet(snippet, command, *extra):
    result = subprocess.run([*command, *extra, "-fsyntax-only", str(snippet)], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)
    return result.returncode == 0, result.stdout


def check(snippet, command):
    """None if the snippet behaves, else what is wrong."""
    text = snippet.read_text(encoding="utf-8")
    words = [line.strip() for line in re.findall(r"^// expect: (.*)$", text, re.M)]
    if not words:
        return "names no words (// expect: ...)"
    fine, output = compile_snippet(snippet, command)
    if not fine:
        return f"does not compile without its mistake:\n{output}"
    flags = " ".join(re.findall(r"^// wrong flags: (.*)$", text, re.M)).split()
    fine, output = compile_snippet(snippet, command, "-DWRONG", *flags)
    if fine:
        return "compiles with its mistake"
    for word in words:
        if word not in output:
            return f"fails without the words '{word}':\n{output}"
    return None


def self_test(command):
    mistake = "#if defined(WRONG)\nstatic_assert(false, \"the reason\");\n#endif\n"
    cases = [
        ("// expect: the reason\n" + mistake, None),
        ("// expect: another reason\n" + mistake, "fails without the words"),
        ("// expect: the reason\n", "compiles with its mistake"),
        ("// expect: the reason\nint f() { return \"\"; }\n" + mistake, "does not compile without"),
        (mistake, "names no words"),
    ]
    with tempfile.TemporaryDirectory() as folder:
        snippet = Path(folder) / "snippet.cpp"
        for text, expected in cases:
            snippet.write_text(text, encoding="utf-8")
            problem = check(snippet, command)
            if (problem is None) != (expected is None) or (expected and expected not in problem):
                sys.exit(f"self-test failed: expected {expected!r}, got {problem!r} for\n{text}")
    print(f"self-test: all {len(cases)} cases behave")


separator = sys.argv.index("--")
if sys.argv[1] == "--self-test":
    self_test(sys.argv[separator + 1:])
else:
    found = check(Path(sys.argv[1]), sys.argv[separator + 1:])
    sys.exit(f"{sys.argv[1]}: {found}" if found else 0)
