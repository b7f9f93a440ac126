# SPDX-License-Identifier: MIT
"""Predicts the time of one training step on several machines; prints the tables of docs/distributed.md.

usage: cost_model.py

A step of one process takes `compute` seconds on its windows. Then each of the N processes
  sends its k = S/N slots to those who add them up: k P (N-1)/N values in N-1 messages (all-to-all, pairwise);
  sends its sums to all: P (N-1)/N values in log2 N messages (all-gather, recursive doubling);
  PRIMUS only, before the loss: sends its rows of E embedding matrices: E n W (N-1) values, log2 N messages;
  then every process computes the loss on all N n rows: 6 terms, 3 products each, 2 (N n)^2 W operations a product.
Every message costs `latency`, every byte 1/bandwidth; nothing overlaps with computing, which is the pessimistic case.
"""
import math

NETWORKS = {"10 Gb/s": (25e-6, 1.25e9), "100 Gb/s": (3e-6, 12.5e9)}  # seconds per message (TCP, RDMA), bytes per second
# name: parameters, seconds for the windows of one process on two cores, windows, embedding matrices, their width, terms
MODELS = {
    "LIMU-BERT, 128 windows each": (62_646, 0.0555, 128, 0, 0, 0),
    "PRIMUS, 128 windows each": (1_376_204, 0.115, 128, 3, 512, 6),
    "PRIMUS, local negatives": (1_376_204, 0.115, 128, 0, 0, 0),
}
LOSS_RATE = 350e9  # operations per second of two cores in matrix products
RANKS = [2, 4, 8, 16, 64, 256, 1024]
SLOTS = 8


def communication(n, parameters, windows, matrices, width, latency, bandwidth):
    """Seconds, and bytes that one process sends."""
    slots = max(SLOTS, n)
    to_adders = 4 * parameters * (slots / n) * (n - 1) / n
    to_all = 4 * parameters * (n - 1) / n
    embeddings = 4 * matrices * windows * width * (n - 1)
    messages = (n - 1) + math.ceil(math.log2(n)) * (2 if matrices else 1)
    sent = to_adders + to_all + embeddings
    return messages * latency + sent / bandwidth, sent


def main():
    for name, (parameters, compute, windows, matrices, width, terms) in MODELS.items():
        print(f"| {name}: ranks | MB sent each | loss, ms | " + " | ".join(f"{n}: ms, efficiency" for n in NETWORKS) + " |")
        print("|---:|---:|---:|" + "---:|" * len(NETWORKS))
        for n in RANKS:
            cells = []
            loss = terms * 3 * 2 * (n * windows) ** 2 * width / LOSS_RATE
            for latency, bandwidth in NETWORKS.values():
                seconds, sent = communication(n, parameters, windows, matrices, width, latency, bandwidth)
                cells.append(f"{seconds * 1e3:.2f}, {compute / (compute + loss + seconds):.0%}")
            print(f"| {n} | {sent / 1e6:.2f} | {loss * 1e3:.0f} | " + " | ".join(cells) + " |")
        print()


main()
