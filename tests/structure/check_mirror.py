# SPDX-License-Identifier: MIT
"""Checks that every header has its test, its place in the umbrella header, and the common form.

usage: check_mirror.py [ROOT]       check the tree at ROOT (default: this repository)
       check_mirror.py --fix        write include/gyrograd/gyrograd.hpp
       check_mirror.py --self-test  plant each kind of violation in a copy and prove that it is found

Rules:
  1. include/gyrograd/a/b.hpp is tested by tests/a/b_test.cpp (a header at the top by tests/link/b_test.cpp);
  2. every test of a header belongs to a header that exists;
  3. gyrograd.hpp includes every header that needs Eigen and xsimd only, sorted;
  4. no test's name holds ; or brackets: CMake takes them for its lists, and such a test would never run;
  5. a header starts with the SPDX line, one sentence of purpose, and #pragma once; it has at most 400 lines.
"""
import re
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
import check_layers  # noqa: E402

UMBRELLA = "gyrograd.hpp"
SPDX = "// SPDX-License-Identifier: MIT"
MAX_LINES = 400
# Folders of tests that mirror no folder of include/gyrograd.
FREE_TEST_FOLDERS = {"support", "structure", "packaging", "compile_fail", "link", "golden", "integration", "cli", "docs"}


def needs_more_than_eigen_and_xsimd(includes, header):
    seen, todo = set(), [header]
    while todo:
        current = todo.pop()
        if current in seen or current not in includes:
            continue
        seen.add(current)
        for ours, target, _ in includes[current]:
            if not ours and (check_layers.re.match(check_layers.TOOL_LIBRARIES, target) or target.startswith("mpi")):
                return True
            if ours:
                todo.append(target)
    return False


def umbrella_text(includes):
    lines = [SPDX, "// The whole library at once, for trying things out; include single headers where compile time matters.",
             "#pragma once", ""]
    lines += [f'#include "gyrograd/{header}"' for header in sorted(includes)
              if header != UMBRELLA and not needs_more_than_eigen_and_xsimd(includes, header)]
    return "\n".join(lines) + "\n"


def check_form(name, text):
    lines = text.splitlines()
    if not lines or lines[0] != SPDX:
        yield f"{name}: the first line must be '{SPDX}'"
    elif len(lines) < 2 or not lines[1].startswith("// "):
        yield f"{name}: the second line must be a comment that says what the file is for"
    if text.count("#pragma once") != 1:
        yield f"{name}: needs exactly one #pragma once"
    if len(lines) > MAX_LINES:
        yield f"{name}: {len(lines)} lines, at most {MAX_LINES}; split it"


def check(root):
    base, tests = root / "include" / "gyrograd", root / "tests"
    includes = check_layers.read_includes(base)
    problems = []
    for header in includes:
        problems += check_form(f"include/gyrograd/{header}", (base / header).read_text(encoding="utf-8"))
        place = header if "/" in header else f"link/{header}"
        test = place[:-len(".hpp")] + "_test.cpp"
        if not (tests / test).exists():
            problems.append(f"include/gyrograd/{header}: has no test, expected tests/{test}")
    for path in sorted(tests.rglob("*_test.cpp")):
        name = path.relative_to(tests).as_posix()
        if name.split("/")[0] not in FREE_TEST_FOLDERS and name[:-len("_test.cpp")] + ".hpp" not in includes:
            problems.append(f"tests/{name}: tests no header, expected include/gyrograd/{name[:-len('_test.cpp')]}.hpp")
    for path in sorted(tests.rglob("*.cpp")):
        for name in re.findall(r'TEST_CASE\(\s*"([^"]*[][;][^"]*)"', path.read_text(encoding="utf-8")):
            problems.append(f"{path.relative_to(root).as_posix()}: the test '{name}' has ; or a bracket in its name")
    umbrella = base / UMBRELLA
    if not umbrella.exists() or umbrella.read_text(encoding="utf-8") != umbrella_text(includes):
        problems.append(f"include/gyrograd/{UMBRELLA}: out of date, run python3 tests/structure/check_mirror.py --fix")
    return problems


def self_test():
    head = f"{SPDX}\n// Purpose.\n#pragma once\n"
    sound = {
        "include/gyrograd/core/a.hpp": head, "tests/core/a_test.cpp": "",
        "include/gyrograd/io/j.hpp": head + "#include <nlohmann/json.hpp>\n", "tests/io/j_test.cpp": "",
        "tests/link/gyrograd_test.cpp": "", "tests/support/x_test.cpp": "",
    }
    planted = [
        ({}, None),
        ({"include/gyrograd/core/b.hpp": head}, "has no test"),
        ({"tests/core/c_test.cpp": ""}, "tests no header"),
        ({"include/gyrograd/core/a.hpp": "#pragma once\n"}, "first line"),
        ({"include/gyrograd/core/a.hpp": f"{SPDX}\n#pragma once\n"}, "second line"),
        ({"include/gyrograd/core/a.hpp": f"{SPDX}\n// Purpose.\n"}, "#pragma once"),
        ({"include/gyrograd/core/a.hpp": head + "\n" * MAX_LINES}, "split it"),
        ({"tests/core/a_test.cpp": 'TEST_CASE("one; two") {}\n'}, "in its name"),
        ({"tests/core/a_test.cpp": 'TEST_CASE("in (0, 1]", "[tag]") {}\n'}, "in its name"),
        ({"tests/core/a_test.cpp": 'TEMPLATE_TEST_CASE("one, two", "[tag]", float) {}\n'}, None),
        ({"include/gyrograd/gyrograd.hpp": head}, "out of date"),
    ]
    for files, word in planted:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for name, text in {**sound, **files}.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, encoding="utf-8")
            umbrella = root / "include" / "gyrograd" / UMBRELLA
            if not umbrella.exists():
                umbrella.write_text(head, encoding="utf-8")
                umbrella.write_text(umbrella_text(check_layers.read_includes(umbrella.parent)), encoding="utf-8")
                if "io/j.hpp" in umbrella.read_text(encoding="utf-8"):
                    sys.exit("self-test failed: the umbrella includes a header that needs JSON")
            problems = check(root)
        found = not problems if word is None else len(problems) == 1 and word in problems[0]
        if not found:
            sys.exit(f"self-test failed: planted {files}, expected {word!r}, got {problems}")
    print(f"self-test: all {len(planted)} cases behave")


if __name__ == "__main__":
    here = Path(__file__).resolve().parents[2]
    if sys.argv[1:] == ["--self-test"]:
        self_test()
    elif sys.argv[1:] == ["--fix"]:
        folder = here / "include" / "gyrograd"
        (folder / UMBRELLA).write_text(umbrella_text(check_layers.read_includes(folder)), encoding="utf-8")
    else:
        found = check(Path(sys.argv[1]) if len(sys.argv) > 1 else here)
        print("\n".join(found) if found else "headers, tests and umbrella agree")
        sys.exit(1 if found else 0)
