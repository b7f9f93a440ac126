# SPDX-License-Identifier: MIT
"""Loads .safetensors files written by gyrograd into PyTorch modules with load_state_dict(strict=True).

usage: load_in_torch.py FILE.safetensors ...
       load_in_torch.py --self-test        make both kinds of file here, and prove that a wrong one is refused

Each file must be a LIMU-BERT pre-training model or a GRU classifier; which one is told by its names, sizes by its
shapes. Prints one "ok" line per file. Exit codes: 0 all loaded, 1 a file does not load, 77 PyTorch is missing.
The modules use the parameter names of the published LIMU-BERT code, and nothing of that code.
"""
import json
import os
import struct
import sys
import tempfile

try:
    import torch
    from torch import nn
except ImportError:
    if os.environ.get("GYROGRAD_TORCH_PYTHON"):
        chosen = os.environ.pop("GYROGRAD_TORCH_PYTHON")  # else it would start itself again and again
        os.execv(chosen, [chosen, *sys.argv])
    print("skipped: no PyTorch (set GYROGRAD_TORCH_PYTHON to a python that has torch)")
    sys.exit(77)

DTYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64,
          "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool}


def read(path):
    """The safetensors format is simple enough to read without its package."""
    with open(path, "rb") as f:
        data = f.read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    out = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        raw = bytearray(data[8 + length + begin:8 + length + end])
        flat = torch.frombuffer(raw, dtype=DTYPES[entry["dtype"]]) if raw else torch.empty(0, dtype=DTYPES[entry["dtype"]])
        out[name] = flat.reshape(entry["shape"])
    return out


def write(path, tensors):
    header, blob = {}, b""
    for name, t in tensors.items():
        raw = t.detach().contiguous().numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(t.shape), "data_offsets": [len(blob), len(blob) + len(raw)]}
        blob += raw
    text = json.dumps(header).encode()
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + blob)


class LayerNorm(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(hidden))
        self.beta = nn.Parameter(torch.zeros(hidden))


class Embeddings(nn.Module):
    def __init__(self, features, hidden, steps):
        super().__init__()
        self.lin = nn.Linear(features, hidden)
        self.pos_embed = nn.Embedding(steps, hidden)
        self.norm = LayerNorm(hidden)


class Attention(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.proj_q = nn.Linear(hidden, hidden)
        self.proj_k = nn.Linear(hidden, hidden)
        self.proj_v = nn.Linear(hidden, hidden)


class FeedForward(nn.Module):
    def __init__(self, hidden, wide):
        super().__init__()
        self.fc1 = nn.Linear(hidden, wide)
        self.fc2 = nn.Linear(wide, hidden)


class Transformer(nn.Module):
    def __init__(self, features, hidden, wide, steps):
        super().__init__()
        self.embed = Embeddings(features, hidden, steps)
        self.attn = Attention(hidden)
        self.proj = nn.Linear(hidden, hidden)
        self.norm1 = LayerNorm(hidden)
        self.pwff = FeedForward(hidden, wide)
        self.norm2 = LayerNorm(hidden)


class Pretraining(nn.Module):
    """LIMU-BERT with its pre-training head; fc is part of the files and of no computation."""

    def __init__(self, features, hidden, wide, steps):
        super().__init__()
        self.transformer = Transformer(features, hidden, wide, steps)
        self.fc = nn.Linear(hidden, hidden)
        self.linear = nn.Linear(hidden, hidden)
        self.norm = LayerNorm(hidden)
        self.decoder = nn.Linear(hidden, features)


class GruClassifier(nn.Module):
    """Modules gru0 (two layers), gru1 (one layer), lin0."""

    def __init__(self, features, middle, last, classes):
        super().__init__()
        self.gru0 = nn.GRU(features, middle, num_layers=2, batch_first=True)
        self.gru1 = nn.GRU(middle, last, num_layers=1, batch_first=True)
        self.lin0 = nn.Linear(last, classes)


def module_for(tensors):
    if "transformer.embed.lin.weight" in tensors:
        hidden, features = tensors["transformer.embed.lin.weight"].shape
        wide = tensors["transformer.pwff.fc1.weight"].shape[0]
        return Pretraining(features, hidden, wide, tensors["transformer.embed.pos_embed.weight"].shape[0])
    if "gru0.weight_ih_l0" in tensors:
        middle = tensors["gru0.weight_hh_l0"].shape[1]
        classes, last = tensors["lin0.weight"].shape
        return GruClassifier(tensors["gru0.weight_ih_l0"].shape[1], middle, last, classes)
    raise RuntimeError("neither a LIMU-BERT pre-training model nor a GRU classifier: " + ", ".join(list(tensors)[:5]))


def check(path):
    tensors = read(path)
    module = module_for(tensors)
    module.load_state_dict(tensors, strict=True)
    for name, value in module.state_dict().items():
        if not torch.equal(value, tensors[name].to(value.dtype)):
            raise RuntimeError(f"{name} changed while loading")
    order = list(module.state_dict()) == list(tensors)
    if not order:
        raise RuntimeError("names are not in the published order")
    count = sum(p.numel() for p in module.parameters())
    print(f"ok {path}: {type(module).__name__}, {len(tensors)} tensors, {count} parameters, strict=True")


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "x.safetensors")
        for module in (Pretraining(6, 72, 144, 120), GruClassifier(72, 20, 10, 6)):
            good = dict(module.state_dict())
            write(path, good)
            check(path)
            bad = {n: t for n, t in good.items() if n not in ("fc.bias", "lin0.bias")}
            write(path, bad)
            try:
                check(path)
            except RuntimeError as error:
                print("refused, as it must be:", str(error).split("\n")[0])
            else:
                raise SystemExit("a file without one tensor was accepted")


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return 0
    if len(sys.argv) < 2:
        print(__doc__)
        return 2
    failed = 0
    for path in sys.argv[1:]:
        try:
            check(path)
        except (RuntimeError, KeyError, ValueError, OSError) as error:
            print(f"FAILED {path}: {str(error).splitlines()[0]}")
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
