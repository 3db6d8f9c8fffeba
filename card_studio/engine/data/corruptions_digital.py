"""The digital corruptions: contrast and pixelate (METHODS 4); they draw nothing."""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from card_studio.engine.data.pixels import channel_means, quantise

CONTRAST = (0.75, 0.5, 0.4, 0.3, 0.15)
PIXELATE = (0.95, 0.9, 0.85, 0.75, 0.65)


def contrast(images: Tensor, severity: int, seeds: Tensor) -> Tensor:
    """Draw every value towards the mean of its image and channel, which keeps `CONTRAST` of the difference."""
    factor = CONTRAST[severity - 1]
    return quantise(images.float().mul_(factor).add_(channel_means(images) * (1 - factor)))


def pixelate(images: Tensor, severity: int, seeds: Tensor) -> Tensor:
    """Shrink the sides to `PIXELATE` of their length and back, both as Pillow's BOX filter does."""
    share = PIXELATE[severity - 1]
    for axis in (-1, -2):
        first, last = (index.to(images.device) for index in _box(images.shape[axis], share))
        wide = images.to(torch.int16)
        images = ((wide.index_select(axis, first) + wide.index_select(axis, last) + 1) >> 1).to(torch.uint8)
    return images


@lru_cache(maxsize=64)
def _box(size: int, share: float) -> tuple[Tensor, Tensor]:
    """Return int64 [size] twice: the two pixels whose mean each pixel of a shrunk and enlarged line shows.

    Pillow's BOX gives a pixel of the smaller line the plain mean of those whose centres lie in its window: one or
    two, as the line keeps more than half of its length. Enlarging takes the pixel below each centre.
    """
    small = int(size * share)
    step = size / small
    centre = (np.arange(small) + 0.5) * step
    first = (centre - step / 2 + 0.5).astype(np.int64).clip(0, size - 1)
    last = (centre + step / 2 + 0.5).astype(np.int64).clip(1, size) - 1
    back = ((np.arange(size) + 0.5) * small / size).astype(np.int64)
    return torch.from_numpy(first[back]), torch.from_numpy(last[back])
