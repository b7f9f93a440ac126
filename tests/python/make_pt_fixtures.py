# SPDX-License-Identifier: MIT
"""Writes tests/io/fixtures/*.pt with PyTorch: the containers and views that the .pt reader must understand.

Run: python3 tests/python/make_pt_fixtures.py [FOLDER]     (needs torch; the results are kept in the repository)
"""
import collections
import os
import sys
import zipfile

import torch


def ramp(*shape, dtype=torch.float32, start=0):
    """start, start + 1, ... in row-major order."""
    count = 1
    for extent in shape:
        count *= extent
    return (torch.arange(count) + start).reshape(shape).to(dtype)


def state_dict():
    """Every dtype, a scalar and an empty tensor."""
    d = collections.OrderedDict()
    d["f32"] = ramp(2, 3)
    d["f64"] = ramp(2, dtype=torch.float64) / 3
    d["f16"] = ramp(3, dtype=torch.float16) / 4 - 0.25
    d["bf16"] = ramp(3, dtype=torch.bfloat16) / 2 - 0.5
    d["i64"] = ramp(2, dtype=torch.int64) - 1
    d["i32"] = ramp(2, dtype=torch.int32) - 1
    d["i16"] = ramp(2, dtype=torch.int16) - 1
    d["i8"] = ramp(2, dtype=torch.int8) - 1
    d["u8"] = ramp(2, dtype=torch.uint8) + 254
    d["bool"] = torch.tensor([True, False, True])
    d["scalar"] = torch.tensor(2.5)
    d["empty"] = torch.zeros(0, 4)
    return d


def views():
    """Shared storage with offsets, transposed and strided and broadcast views."""
    base = ramp(24)
    d = collections.OrderedDict()
    d["head"] = base[:6].view(2, 3)
    d["tail"] = base[6:].view(3, 6)
    d["transposed"] = base[:6].view(2, 3).t()
    d["every_second"] = base[1::2]
    d["broadcast"] = base[5:6].expand(2, 3)
    d["parameter"] = torch.nn.Parameter(ramp(2, start=7))
    return d


def lightning():
    """Shape of a PyTorch Lightning checkpoint: nested, with numbers, strings and optimiser state around the weights."""
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.LayerNorm(2))
    with torch.no_grad():
        for i, p in enumerate(model.parameters()):
            p.copy_(ramp(*p.shape, start=10 * i))
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    model(ramp(4, 3)).square().sum().backward()
    optimiser.step()
    with torch.no_grad():
        for i, p in enumerate(model.parameters()):
            p.copy_(ramp(*p.shape, start=10 * i))
    return {
        "epoch": 3,
        "global_step": 1 << 40,
        "pytorch-lightning_version": "2.1.0",
        "state_dict": collections.OrderedDict(("model." + k, v) for k, v in model.state_dict().items()),
        "optimizer_states": [optimiser.state_dict()],
        "lr_schedulers": [],
        "hyper_parameters": {"lr": 1e-3, "name": "tiny", "flag": True, "none": None, "negative": -5},
    }


def module_state():
    """A state dict as a module gives it: with the _metadata attribute."""
    model = torch.nn.GRU(2, 2, batch_first=True)
    with torch.no_grad():
        for i, p in enumerate(model.parameters()):
            p.copy_(ramp(*p.shape, start=100 * i))
    return model.state_dict()


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "io", "fixtures")
    os.makedirs(folder, exist_ok=True)

    def path(name):
        return os.path.join(folder, name)

    torch.save(state_dict(), path("dtypes_zip.pt"))
    torch.save(state_dict(), path("dtypes_legacy.pt"), _use_new_zipfile_serialization=False)
    torch.save(views(), path("views_zip.pt"))
    torch.save(views(), path("views_legacy.pt"), _use_new_zipfile_serialization=False)
    torch.save(lightning(), path("lightning.ckpt"))
    torch.save(module_state(), path("module_zip.pt"))
    torch.save(module_state(), path("module_legacy.pt"), _use_new_zipfile_serialization=False)
    torch.save(ramp(2, 2), path("single_tensor.pt"))
    torch.save(torch.nn.Linear(2, 2), path("whole_module.pt"))
    with zipfile.ZipFile(path("views_zip.pt")) as source, zipfile.ZipFile(path("deflated.pt"), "w", zipfile.ZIP_DEFLATED) as out:
        for item in source.infolist():
            out.writestr(item.filename, source.read(item.filename))
    for name in sorted(os.listdir(folder)):
        print(f"{os.path.getsize(path(name)):8d} {name}")


if __name__ == "__main__":
    main()
