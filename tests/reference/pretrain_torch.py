# SPDX-License-Identifier: MIT
"""Masked pre-training with the PyTorch module of shared/peers: the figure that `gyrograd pretrain` is held against.

usage: pretrain_torch.py PEERS DATA.npy [--epochs 100] [--seeds 3431,1,2] [--threads 1]
Same windows, split, initial weights (PyTorch's own, from the seed), masks law, batch size and optimiser; one JSON line
per seed with the validation loss of the best and the last epoch and the seconds taken.
"""
import argparse
import json
import sys
import time

import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("peers")
parser.add_argument("data")
parser.add_argument("--epochs", type=int, default=100)
parser.add_argument("--seeds", default="3431,1,2")
parser.add_argument("--threads", type=int, default=1)
args = parser.parse_args()
sys.path.insert(0, args.peers)

import torch  # noqa: E402
from workloads import TunedLimuBert  # noqa: E402

torch.set_num_threads(args.threads)
STEPS, MASKED = 120, 18
LENGTHS = 0.2 * 0.8 ** np.arange(10)
LENGTHS /= LENGTHS.sum()


def mask(rng):
    """Published span mask: positions, and whether they are zeroed."""
    chosen = set()
    while len(chosen) < MASKED:
        length = min(1 + rng.choice(10, p=LENGTHS), MASKED - len(chosen))
        anchor = rng.randint(STEPS)
        if anchor not in chosen:
            chosen.add(anchor)
            chosen.update(range(anchor, min(anchor + length, STEPS - 1)))
    return np.array(sorted(chosen)[:MASKED]), rng.rand() < 0.8


def batch_of(windows, rng):
    x, positions = windows.copy(), np.empty((len(windows), MASKED), dtype=np.int64)
    target = np.empty((len(windows), MASKED, windows.shape[2]), dtype=np.float32)
    for i in range(len(windows)):
        positions[i], zero = mask(rng)
        target[i] = windows[i, positions[i]]
        if zero:
            x[i, positions[i]] = 0
    return torch.from_numpy(x), torch.from_numpy(positions), torch.from_numpy(target)


windows = np.load(args.data).astype(np.float32)[:, :, :6]
windows[:, :, :3] /= 9.8
for seed in [int(s) for s in args.seeds.split(",")]:
    order = np.random.RandomState(seed).permutation(len(windows))
    first, second = int(len(windows) * 0.8), int(len(windows) * 0.8) + int(len(windows) * 0.1)
    train, validation = windows[order[:first]], windows[order[first:second]]
    torch.manual_seed(seed)
    rng = np.random.RandomState(seed)
    model = TunedLimuBert()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    losses, begin = [], time.time()
    for epoch in range(args.epochs):
        shuffled = rng.permutation(len(train))
        for at in range(0, len(train), 128):
            x, positions, target = batch_of(train[shuffled[at:at + 128]], rng)
            optimiser.zero_grad(set_to_none=True)
            ((model(x, positions) - target) ** 2).mean().backward()
            optimiser.step()
        with torch.no_grad():
            x, positions, target = batch_of(validation, rng)
            losses.append(((model(x, positions) - target) ** 2).mean().item())
    print(json.dumps({"seed": seed, "epochs": args.epochs, "threads": args.threads, "best": min(losses), "last": losses[-1],
                      "mean_of_last_10": float(np.mean(losses[-10:])), "seconds": round(time.time() - begin, 1)}), flush=True)
