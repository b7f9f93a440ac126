# SPDX-License-Identifier: MIT
"""Checks that documents do not rot: links lead somewhere, and program text equals the compiled file it names.

usage: check_docs.py [ROOT]       check *.md of the tree at ROOT (default: this repository)
       check_docs.py --self-test  plant each kind of violation in a copy and prove that it is found

A code block that follows the line <!-- file: PATH --> must hold exactly the text of that file, without its leading SPDX
line; a block of C++ that names no file is refused in README.md.
"""
import re
import sys
import tempfile
from pathlib import Path

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
BLOCK = re.compile(r"(?:<!-- file: (\S+) -->\n+)?```(\w*)\n(.*?)```", re.S)


def documents(root):
    return sorted([*root.glob("*.md"), *root.glob("docs/**/*.md"), *root.glob("examples/**/*.md")])


def check(root):
    problems = []
    for path in documents(root):
        name, text = path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")
        for target in LINK.findall(BLOCK.sub("", text)):
            if "://" not in target and not target.startswith("mailto:") and not (path.parent / target).exists():
                problems.append(f"{name}: link to {target}, which does not exist")
        for source, language, block in BLOCK.findall(text):
            if not source:
                if language == "cpp" and name == "README.md":
                    problems.append(f"{name}: a block of C++ that names no compiled file")
                continue
            if not (root / source).exists():
                problems.append(f"{name}: shows {source}, which does not exist")
                continue
            wanted = (root / source).read_text(encoding="utf-8")
            wanted = re.sub(r"\A// SPDX-License-Identifier: MIT\n", "", wanted)
            if block != wanted:
                problems.append(f"{name}: its copy of {source} differs from the file")
    return problems


def self_test():
    program = "// SPDX-License-Identifier: MIT\n// Prints.\nint main() {}\n"
    shown = "<!-- file: examples/a.cpp -->\n```cpp\n// Prints.\nint main() {}\n```\n"
    planted = [
        ({"README.md": shown + "[x](docs/a.md) [y](https://example.org)\n"}, None),
        ({"README.md": "[x](docs/b.md)\n"}, "does not exist"),
        ({"README.md": shown.replace("Prints", "Reads")}, "differs"),
        ({"README.md": shown.replace("a.cpp", "b.cpp")}, "does not exist"),
        ({"README.md": "```cpp\nint main() {}\n```\n"}, "names no compiled file"),
    ]
    for files, word in planted:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for name, text in {"docs/a.md": "", "examples/a.cpp": program, **files}.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, encoding="utf-8")
            problems = check(root)
        found = not problems if word is None else len(problems) == 1 and word in problems[0]
        if not found:
            sys.exit(f"self-test failed: planted {files}, expected {word!r}, got {problems}")
    print(f"self-test: all {len(planted)} cases behave")


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        self_test()
    else:
        found = check(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2])
        print("\n".join(found) if found else "documents agree with the tree")
        sys.exit(1 if found else 0)
