# SPDX-License-Identifier: MIT
"""Checks in the assembly of every compiler at hand that a multiply-add of ours is one instruction.

usage: check_fma.py INCLUDE_FLAGS... -- COMPILER...
       check_fma.py --self-test

fma_probe.cpp is compiled without leave to contract (-ffp-contract=off) for AVX2, AVX-512 and, by the cross compiler, for
AArch64. kernels::fma and kernels::fnma must each be one fused instruction, with no product and no sum beside it. Loops
of the product kernel with 8 or more fused instructions (tiles of half vectors, which AVX-512 has: 12) must hold no
product, no sum and, for whole vectors, no access to the stack (with a tail the mask takes a register, too).
Compilers that are not installed are left out. Exit: 0 good, 1 bad, 77 nothing to check.
"""
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TARGETS = {"x86": ["x86-64-v3", "x86-64-v4"], "aarch64": ["armv8-a"]}
FUSED = re.compile(r"vfn?madd\w*[ps][sd]\b|\bfml[as]\b")
UNFUSED = re.compile(r"\bv?(mul|add|sub)p[sd]\b|\bf(mul|add|sub)\s+v")
TILES = re.compile(r"product_(half_)?tiles")
STACK = re.compile(r"\(%[re]sp\)|\[sp[\],]")
LOOP = 8
HALF_LOOP = 12  # clang 14 keeps copies of smaller ones on the stack; they serve four or five rows in all


def blocks(text):
    """{function: [instructions of each basic block]}"""
    functions, name = {}, None
    for line in text.splitlines():
        line = line.split("#")[0].split("//")[0].rstrip()
        if label := re.match(r"^([A-Za-z_][\w.$]*):", line):
            if not label[1].startswith((".L", "L")):
                name = label[1]
                functions[name] = [[]]
        elif re.match(r"^\.L\w+:", line) and name:
            functions[name].append([])
        elif name and re.match(r"^\s+[a-z]", line) and not line.strip().startswith("."):
            functions[name][-1].append(line.strip())
            if re.match(r"^\s+(j\w+|b\.\w+|cbn?z|tbn?z|b)\s", line):
                functions[name].append([])
    return functions


def problems(text, half):
    """What is wrong in this assembly; empty when all is well. half: tiles of half vectors must be there."""
    functions = blocks(text)
    for name in ("probe_fma_float", "probe_fnma_float", "probe_fma_double", "probe_fnma_double"):
        lines = [line for block in functions.get(name, []) for line in block]
        fused, unfused = sum(map(bool, map(FUSED.search, lines))), [line for line in lines if UNFUSED.search(line)]
        if fused != 1 or unfused:
            yield f"{name}: {fused} fused instructions, and {unfused[:3]}"
    loops = half_loops = 0
    for name, parts in functions.items():
        for block in parts:
            tiles = TILES.search(name)
            if not tiles or sum(map(bool, map(FUSED.search, block))) < (HALF_LOOP if tiles[1] else LOOP):
                continue
            loops += 1
            half_loops += tiles[1] is not None
            whole = "ELb1E" not in name  # template argument Tail
            bad = [line for line in block if UNFUSED.search(line) or (whole and STACK.search(line))]
            if bad:
                yield f"{name}: in a loop of multiply-adds: {bad[:3]}"
    if loops == 0:
        yield f"no loop of the product kernel with {LOOP} multiply-adds: has it been renamed?"
    if half and half_loops == 0:
        yield f"no loop of half tiles with {HALF_LOOP} multiply-adds: have they been renamed?"


def assembly(compiler, march, includes):
    command = [compiler, "-std=c++20", "-O2", "-ffp-contract=off", "-DNDEBUG", f"-march={march}", *includes, "-S", "-o", "-",
               str(HERE / "fma_probe.cpp")]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout


def self_test():
    probes = "".join(f"probe_{f}_{t}:\n\tvfmadd231ps %zmm0, %zmm1, %zmm2\n\tret\n" for f in ("fma", "fnma")
                     for t in ("float", "double"))
    loop = "_Zproduct_tiles:\n.L2:\n" + "\tvfmadd231ps %zmm0, %zmm1, %zmm2\n" * LOOP + "{}\tjne .L2\n\tret\n"
    halves = loop.replace("product_tiles", "product_half_tiles").replace("{}", loop.split("{}")[0].split(".L2:\n")[1] + "{}")
    good = probes + loop.format("")
    for accepted, half in ((good, False), (good + halves.format(""), True)):
        assert not list(problems(accepted, half)), list(problems(accepted, half))
    assert list(problems(good, True))
    for bad in (good.replace("vfmadd231ps %zmm0, %zmm1, %zmm2\n\tret", "vmulps %zmm0, %zmm1, %zmm2\n\tret", 1),
                probes, loop.format(""), probes + loop.format("\tvaddps %ymm0, %ymm1, %ymm1\n"),
                probes + loop.format("\tvmovups %ymm1, 32(%rsp)\n"), good + halves.format("\tvmovups %zmm1, 32(%rsp)\n")):
        assert list(problems(bad, False)), bad
    print("self test: good")


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    split = arguments.index("--")
    includes, compilers = arguments[:split], arguments[split + 1:]
    failures = checked = 0
    for compiler in dict.fromkeys(compilers):
        if not shutil.which(compiler):
            continue
        machine = subprocess.run([compiler, "-dumpmachine"], capture_output=True, text=True).stdout
        for march in TARGETS["aarch64" if machine.startswith("aarch64") else "x86"]:
            found = list(problems(assembly(compiler, march, includes), march == "x86-64-v4"))
            checked += 1
            failures += bool(found)
            print(f"{compiler} -march={march}: {'one instruction' if not found else 'FAILED'}")
            print("".join(f"  {line}\n" for line in found), end="")
    if checked == 0:
        print("no compiler to check")
        return 77
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
