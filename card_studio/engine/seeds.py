"""Random draws that depend on nothing but a seed and what they are for, so that no generator's state must be saved."""

import hashlib
import json

import torch


def seeded(seed: int, *purpose: str | int) -> torch.Generator:
    """Return a fresh CPU generator for one purpose.

    Every batch, epoch and set of initial weights draws from its own, so a position (level, step) is all that
    resuming needs, and draws for one purpose do not shift those for another. Draws are made on the CPU, so they are
    the same on every device.

    Args:
        seed: the recipe's seed.
        purpose: what the draws are for, such as ("order", level, epoch).
    """
    text = json.dumps([seed, *purpose])
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
    return torch.Generator().manual_seed(number)
