"""Times each corruption on a batch beside the same one image at a time, on the number of threads it is given."""

import sys

import numpy as np
import torch

from card_studio.domain.names import EXTRA_CORRUPTIONS, STANDARD_CORRUPTIONS, CorruptionName
from card_studio.engine.data.corrupt import corrupt
from tests.benchmarks.measured import Row, in_turns, tell
from tests.engine.data.natural import as_batch, natural_pictures
from tests.engine.data.per_image_corruptions import PER_IMAGE

IMAGES, ALONE, SEVERITY, TURNS = 256, 12, 3, 5


def measured(name: CorruptionName) -> tuple[float, float]:
    """Return the microseconds for an image that ours and the baseline take."""
    pictures = natural_pictures(IMAGES)
    images, random = as_batch(pictures), np.random.default_rng(0)

    def alone() -> None:
        for picture in pictures[:ALONE]:
            PER_IMAGE[name](picture, SEVERITY, random)

    def together() -> None:
        corrupt(images, name, SEVERITY, torch.Generator().manual_seed(0))

    return in_turns(together, IMAGES, alone, ALONE, TURNS)


def row(name: str, threads: int, ours_us: float, alone_us: float) -> Row:
    """Return a line of the table."""
    return {
        "corruption": name,
        "threads": threads,
        "ours, us": round(ours_us, 1),
        "per image, us": round(alone_us),
        "ratio": round(alone_us / ours_us, 1),
    }


def main(threads: int) -> list[Row]:
    """Measure all, and add up the fifteen."""
    times = {name: measured(name) for name in (*STANDARD_CORRUPTIONS, *EXTRA_CORRUPTIONS)}
    ours, alone = (sum(times[name][which] for name in STANDARD_CORRUPTIONS) for which in (0, 1))
    rows = [row(name, threads, *pair) for name, pair in times.items()]
    return [*rows, row("the fifteen", threads, ours, alone)]


if __name__ == "__main__":
    tell(main(int(sys.argv[1])))
