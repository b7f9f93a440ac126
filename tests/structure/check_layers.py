# SPDX-License-Identifier: MIT
"""Checks the direction of includes under include/gyrograd.

usage: check_layers.py [ROOT]       check the tree at ROOT (default: this repository)
       check_layers.py --self-test  plant each kind of violation in a copy and prove that it is found

Rules (docs/layers.md):
  1. a header includes only lower layers, or its own folder, and never in a cycle;
  2. models include no losses, data, optimiser or distributed headers;
  3. third-party headers have one door each: Eigen, xsimd, MPI;
  4. JSON, zlib and matio only in io/, data/ and train/, and core to models never reach such a header;
  5. no cxxopts and no <iostream> anywhere under include/;
  6. our headers are included as "gyrograd/...", and they exist.
"""
import re
import sys
import tempfile
from pathlib import Path

LAYERS = {
    "core": 0,
    "tensor": 1,
    "kernels": 2, "autograd": 2, "io": 2, "metrics": 2,
    "autograd/ops": 3, "optim": 3, "data": 3, "distributed": 3,
    "nn": 4, "losses": 4,
    "models": 5,
    "train": 6,
}
FORBIDDEN_FOLDERS = {"models": {"losses", "data", "optim", "distributed"}}
DOORS = {
    r"Eigen/|unsupported/Eigen/|eigen3/": "tensor/eigen.hpp",
    r"xsimd": "kernels/simd.hpp",
    r"mpi\.h$|mpi\.hpp$": "distributed/mpi.hpp",
}
TOOL_LIBRARIES = r"nlohmann/|zlib\.h$|matio"
TOOL_FOLDERS = {"io", "data", "train"}
NEVER = r"cxxopts|iostream$"
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def folder_of(name):
    """'autograd/ops/gelu.hpp' -> 'autograd/ops'; a header at the top -> ''."""
    parent = str(Path(name).parent)
    return "" if parent == "." else parent


def layer_of(folder):
    """Layer of a folder: that of its longest known prefix; None if it has none."""
    while folder:
        if folder in LAYERS:
            return LAYERS[folder]
        folder = folder_of(folder)
    return None


def room_of(folder):
    """The folder of the layer table that holds `folder`."""
    while folder and folder not in LAYERS:
        folder = folder_of(folder)
    return folder


def read_includes(base):
    """{header: [(is_ours, included name, as written)]} with names relative to include/gyrograd."""
    result = {}
    for path in sorted(base.rglob("*.hpp")):
        entries = []
        for quote, target in INCLUDE.findall(path.read_text(encoding="utf-8")):
            ours = target.startswith("gyrograd/") or quote == '"'
            entries.append((ours, target[len("gyrograd/"):] if target.startswith("gyrograd/") else target, quote + target))
        result[path.relative_to(base).as_posix()] = entries
    return result


def check_header(header, entries, headers):
    folder = folder_of(header)
    layer, room = layer_of(folder), room_of(folder)
    if folder and layer is None:
        yield f"{header}: folder {folder}/ has no layer; add it to tests/structure/check_layers.py and docs/layers.md"
        return
    for ours, target, written in entries:
        if ours and not written[1:].startswith("gyrograd/"):
            yield f'{header}: includes "{target}"; write it as "gyrograd/..."'
        elif ours and target not in headers:
            yield f"{header}: includes gyrograd/{target}, which does not exist"
        elif ours and folder:
            other = folder_of(target)
            other_layer, other_room = layer_of(other), room_of(other)
            if other_layer is None:
                yield f"{header}: includes the umbrella gyrograd/{target}"
            elif other_layer > layer or (other_layer == layer and other_room != room):
                yield f"{header} (layer {layer}): includes {target} (layer {other_layer}); includes go down only"
            elif other_room in FORBIDDEN_FOLDERS.get(room, ()):
                yield f"{header}: {room}/ must not know {other_room}/ (includes {target})"
        elif not ours:
            for pattern, door in DOORS.items():
                if re.match(pattern, target) and header != door:
                    yield f"{header}: includes <{target}>; only {door} may"
            if re.match(TOOL_LIBRARIES, target) and room not in TOOL_FOLDERS:
                yield f"{header}: includes <{target}>; only io/, data/ and train/ may"
            if re.search(NEVER, target):
                yield f"{header}: includes <{target}>; only programs may"


def find_cycle(includes):
    """First include cycle as a list of headers, or None."""
    done, path = set(), []

    def visit(header):
        if header in path:
            return path[path.index(header):] + [header]
        if header in done:
            return None
        path.append(header)
        for ours, target, _ in includes[header]:
            if ours and target in includes:
                cycle = visit(target)
                if cycle:
                    return cycle
        path.pop()
        done.add(header)
        return None

    for header in includes:
        cycle = visit(header)
        if cycle:
            return cycle
    return None


def tool_route(includes, header, seen):
    """Include chain from header to a header of JSON, zlib or matio, or None."""
    seen.add(header)
    for ours, target, _ in includes[header]:
        if not ours and re.match(TOOL_LIBRARIES, target):
            return [header, target]
        if ours and target in includes and target not in seen:
            route = tool_route(includes, target, seen)
            if route:
                return [header] + route
    return None


def check(root):
    """All violations in the tree at root, one line each."""
    includes = read_includes(root / "include" / "gyrograd")
    problems = [line for header, entries in includes.items() for line in check_header(header, entries, includes)]
    for header in includes:
        room = room_of(folder_of(header))
        if room in TOOL_FOLDERS:
            continue
        route = tool_route(includes, header, set())
        if route and len(route) > 2:
            problems.append(f"{header}: reaches a tool library by {' -> '.join(route)}")
    cycle = find_cycle(includes)
    if cycle:
        problems.append("include cycle: " + " -> ".join(cycle))
    return problems


def self_test():
    """Each case: files of a small tree, and a word of the one message expected (None: no message)."""
    sound = {
        "core/a.hpp": "<vector>", "tensor/eigen.hpp": "<Eigen/Core>", "kernels/simd.hpp": "<xsimd/xsimd.hpp>",
        "kernels/k.hpp": '"gyrograd/kernels/simd.hpp"', "io/json.hpp": "<nlohmann/json.hpp>",
        "autograd/tape.hpp": '"gyrograd/core/a.hpp"', "autograd/ops/k.hpp": '"gyrograd/autograd/tape.hpp"',
        "models/m.hpp": '"gyrograd/autograd/ops/k.hpp"', "gyrograd.hpp": '"gyrograd/models/m.hpp"',
    }
    planted = [
        ({}, None),
        ({"core/b.hpp": '"gyrograd/tensor/eigen.hpp"'}, "includes go down only"),
        ({"kernels/b.hpp": '"gyrograd/autograd/tape.hpp"'}, "includes go down only"),
        ({"autograd/b.hpp": '"gyrograd/autograd/ops/k.hpp"'}, "includes go down only"),
        ({"kernels/b.hpp": "<Eigen/Core>"}, "only tensor/eigen.hpp may"),
        ({"models/b.hpp": "<xsimd/xsimd.hpp>"}, "only kernels/simd.hpp may"),
        ({"train/b.hpp": "<mpi.h>"}, "only distributed/mpi.hpp may"),
        ({"nn/b.hpp": "<nlohmann/json.hpp>"}, "only io/, data/ and train/ may"),
        ({"nn/b.hpp": '"gyrograd/io/json.hpp"'}, "reaches a tool library"),
        ({"models/b.hpp": '"gyrograd/losses/l.hpp"', "losses/l.hpp": "<cmath>"}, "must not know losses/"),
        ({"core/b.hpp": "<iostream>"}, "only programs may"),
        ({"train/b.hpp": "<cxxopts.hpp>"}, "only programs may"),
        ({"core/b.hpp": '"gyrograd/core/c.hpp"', "core/c.hpp": '"gyrograd/core/b.hpp"'}, "include cycle"),
        ({"core/b.hpp": '"gyrograd/core/absent.hpp"'}, "does not exist"),
        ({"core/b.hpp": '"a.hpp"'}, "write it as"),
        ({"train/b.hpp": '"gyrograd/gyrograd.hpp"'}, "umbrella"),
        ({"misc/b.hpp": "<vector>"}, "has no layer"),
    ]
    for files, word in planted:
        with tempfile.TemporaryDirectory() as folder:
            for name, include in {**sound, **files}.items():
                path = Path(folder) / "include" / "gyrograd" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"#pragma once\n#include {include}\n", encoding="utf-8")
            problems = check(Path(folder))
        found = not problems if word is None else len(problems) == 1 and word in problems[0]
        if not found:
            sys.exit(f"self-test failed: planted {files}, expected {word!r}, got {problems}")
    print(f"self-test: all {len(planted)} cases behave")


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        self_test()
    else:
        found = check(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2])
        print("\n".join(found) if found else "include direction: no violation")
        sys.exit(1 if found else 0)
