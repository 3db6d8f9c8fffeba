"""The noise corruptions: each channel value becomes another by chance, given only what it was (METHODS 4).

The result is truncated to 256 grey levels, so a noise is fully described by a 256 x 256 table: the probability of each
resulting level for each original one. The table is worked out in double precision and sampled by Walker's alias
method: one random word and one look-up for a value, exact to 2**-24 in probability.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from card_studio.engine.data.randomness import words

_LEVELS = 256
_FRACTION = 2**16

GAUSSIAN_NOISE = (0.04, 0.06, 0.08, 0.09, 0.10)
SHOT_NOISE = (500, 250, 100, 75, 50)
IMPULSE_NOISE = (0.01, 0.02, 0.03, 0.05, 0.07)
SPECKLE_NOISE = (0.06, 0.1, 0.12, 0.16, 0.2)


def gaussian_noise(images: Tensor, severity: int, seeds: Tensor) -> Tensor:
    """Add noise of the normal distribution, sigma `GAUSSIAN_NOISE` on the 0-1 scale."""
    return _sampled(images, seeds, _table(gaussian_probabilities, GAUSSIAN_NOISE[severity - 1]))


def shot_noise(images: Tensor, severity: int, seeds: Tensor) -> Tensor:
    """Count photons: Poisson(x c) / c with c `SHOT_NOISE`."""
    return _sampled(images, seeds, _table(shot_probabilities, SHOT_NOISE[severity - 1]))


def impulse_noise(images: Tensor, severity: int, seeds: Tensor) -> Tensor:
    """Set a share `IMPULSE_NOISE` of the channel values to 0 or 255, each half of the time."""
    return _sampled(images, seeds, _table(impulse_probabilities, IMPULSE_NOISE[severity - 1]))


def speckle_noise(images: Tensor, severity: int, seeds: Tensor) -> Tensor:
    """Add noise of the normal distribution in proportion to the value: x + x N(0, `SPECKLE_NOISE`)."""
    return _sampled(images, seeds, _table(speckle_probabilities, SPECKLE_NOISE[severity - 1]))


def gaussian_probabilities(sigma: float) -> Tensor:
    """Return float64 [256, 256]: P(resulting level | original level) for Gaussian noise."""
    return _normal(torch.full((_LEVELS, 1), 255 * sigma, dtype=torch.float64))


def speckle_probabilities(sigma: float) -> Tensor:
    """Return float64 [256, 256] for speckle noise; black stays black."""
    probabilities = _normal((sigma * _grey()[:, None]).clamp(min=1e-6))
    probabilities[0] = torch.eye(_LEVELS, dtype=torch.float64)[0]
    return probabilities


def impulse_probabilities(amount: float) -> Tensor:
    """Return float64 [256, 256] for salt and pepper."""
    probabilities = (1 - amount) * torch.eye(_LEVELS, dtype=torch.float64)
    probabilities[:, 0] += amount / 2
    probabilities[:, -1] += amount / 2
    return probabilities


def shot_probabilities(photons: float) -> Tensor:
    """Return float64 [256, 256] for shot noise, where white is `photons` photons."""
    counts = torch.arange(int(photons + 12 * photons**0.5 + 30), dtype=torch.float64)
    means = (_grey() / 255 * photons)[:, None]
    logarithms = torch.xlogy(counts, means) - means - torch.lgamma(counts + 1)
    results = ((counts / photons).clamp(max=1) * 255).long()
    probabilities = torch.zeros((_LEVELS, _LEVELS), dtype=torch.float64)
    return probabilities.index_add_(1, results, logarithms.exp())


def _grey() -> Tensor:
    return torch.arange(_LEVELS, dtype=torch.float64)


def _normal(deviation: Tensor) -> Tensor:
    """Return P(result | original) where the result is normal about the original, clipped and truncated."""
    below = torch.special.ndtr((_grey()[1:] - _grey()[:, None]) / deviation)
    nothing, everything = torch.zeros((_LEVELS, 1)), torch.ones((_LEVELS, 1))
    return torch.cat((nothing, below, everything), dim=1).diff(dim=1)


def _sampled(images: Tensor, seeds: Tensor, table: Tensor) -> Tensor:
    """Draw each value's result: a word's low byte picks a column, its high half decides between column and alias."""
    drawn = words(seeds, images[0].numel())
    index = (drawn & 0xFF).add_(images.flatten(1).to(torch.int32) << 8)
    entry = table.to(images.device).index_select(0, index.view(-1)).view_as(drawn)
    aliased = (drawn >> 16) >= (entry >> 8)
    return torch.where(aliased, entry, index).to(torch.uint8).view(images.shape)  # the low byte of either


@lru_cache(maxsize=64)
def _table(probabilities: Callable[[float], Tensor], constant: float) -> Tensor:
    """Return int32 [65536], an entry for each original level and column: threshold << 8 | alias."""
    keep, alias = alias_table(probabilities(constant).numpy())
    threshold = np.rint(keep * _FRACTION).astype(np.int64) - _FRACTION // 2
    return torch.from_numpy(((threshold << 8) | alias).astype(np.int32)).flatten()


def alias_table(probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Make Walker's alias tables for many discrete distributions at once.

    Args:
        probabilities: float [rows, K]; each row sums to 1.

    Returns:
        keep, float [rows, K]: the chance that column k, once picked uniformly, stands for itself;
        alias, int64 [rows, K]: what it stands for otherwise.
    """
    rows, size = probabilities.shape
    share = probabilities / probabilities.sum(axis=1, keepdims=True) * size
    order = np.argsort(share, axis=1)
    row = np.arange(rows)
    keep, alias = np.ones((rows, size)), np.tile(np.arange(size), (rows, 1))
    small, large = np.zeros(rows, dtype=np.int64), np.full(rows, size - 1)
    current = order[:, 0]
    for _ in range(size - 1):
        giver = order[row, large]
        keep[row, current], alias[row, current] = np.minimum(share[row, current], 1), giver
        share[row, giver] -= 1 - keep[row, current]
        spent = share[row, giver] < 1
        small, large = np.where(spent, small, small + 1), np.where(spent, large - 1, large)
        current = np.where(spent, giver, order[row, small])
    return keep, alias
