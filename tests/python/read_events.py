# SPDX-License-Identifier: MIT
"""Reads a TensorBoard event file that gyrograd wrote with TensorBoard's own reader.

usage: read_events.py FILE

The file must hold the scalars that write_models writes. Exit codes: 0 it does, 1 it does not, 77 TensorBoard is missing.
"""
import sys

try:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
except ImportError:
    print("skipped: no TensorBoard")
    sys.exit(77)

EXPECTED = {"pretrain/train_loss": [(1, 0.5), (2, 0.25)], "pretrain/validation_loss": [(1, 0.75), (2, 0.375)]}

events = EventAccumulator(sys.argv[1])
events.Reload()
for tag, values in EXPECTED.items():
    found = [(e.step, e.value) for e in events.Scalars(tag)]
    if found != values:
        print(f"{sys.argv[1]}: {tag} is {found}, expected {values}")
        sys.exit(1)
print(f"ok: {sys.argv[1]}")
