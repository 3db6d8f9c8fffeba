"""Intervals and tests for accuracies, as METHODS 4 (Statistics) asks for them; NumPy and math only.

One cell: Wilson. Two cards on one cell: exact McNemar, Holm over a matrix. A mean over cells: bootstrap over images,
an image's whole row of cells being one draw. A claim about a method: t interval over replicates.
"""

import math
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

Interval = tuple[float, float]
LEVEL = 0.95
RESAMPLES = 1_000
_STEPS = 10_000
_ENOUGH = 1e-15


def wilson(correct: int, images: int, level: float = LEVEL) -> Interval:
    """Return Wilson's score interval of a share, within [0, 1] (Wilson 1927).

    Args:
        correct: images answered rightly.
        images: images asked, at least 1.
        level: coverage, between 0 and 1.

    Raises:
        ValueError: the counts are impossible.
    """
    if not 0 <= correct <= images or images < 1:
        raise ValueError(f"{correct} of {images} is not a share")
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = correct / images
    centre = (share + z * z / (2 * images)) / (1 + z * z / images)
    half = z / (1 + z * z / images) * math.sqrt(share * (1 - share) / images + z * z / (4 * images * images))
    low = 0.0 if correct == 0 else max(0.0, centre - half)
    high = 1.0 if correct == images else min(1.0, centre + half)
    return low, high


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the exact two-sided p value of McNemar's test: are two cards equally often right?

    Args:
        only_first: images that only the first card gets right.
        only_second: images that only the second card gets right.

    Returns:
        p in (0, 1]; 1 where they never differ.
    """
    differing, fewer = only_first + only_second, min(only_first, only_second)
    if only_first == only_second:
        return 1.0
    log_last = _log_choose(differing, fewer) - differing * math.log(2)
    ratios = np.arange(fewer, 0, -1) / (differing - np.arange(fewer, 0, -1) + 1)  # C(n, j - 1) / C(n, j)
    tail = math.exp(log_last) * (1 + float(np.cumprod(ratios).sum()))
    return min(1.0, 2 * tail)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Return p values adjusted for their number by Holm's step-down method, in the given order and shape."""
    p = np.asarray(p_values, np.float64)
    order = np.argsort(p, axis=None, kind="stable")
    factors = np.arange(p.size, 0, -1)
    adjusted = np.empty(p.size)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(p.ravel()[order] * factors))
    return adjusted.reshape(p.shape)


def bootstrap(
    rows: NDArray[np.floating], *, level: float = LEVEL, resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """Return the percentile interval of a mean over images; a difference is paired if its rows are.

    Args:
        rows: [N], one figure for each image: the mean over its cells, or the difference of two such means.
        level: coverage, between 0 and 1.
        resamples: how often the images are drawn anew.
        seed: of the draws; two calls with one N and seed draw the same images.

    Raises:
        ValueError: there is no image.
    """
    if rows.ndim != 1 or not len(rows):
        raise ValueError(f"rows must be [N] with at least one image, not {list(rows.shape)}")
    return bootstraps(rows[:, None], level=level, resamples=resamples, seed=seed)[0]


def bootstraps(
    rows: NDArray[np.floating], *, level: float = LEVEL, resamples: int = RESAMPLES, seed: int = 0
) -> list[Interval]:
    """Return the percentile interval of each column's mean over images: [N, columns], every column on the same draws.

    Raises:
        ValueError: there is no image.
    """
    if rows.ndim != 2 or not len(rows):
        raise ValueError(f"rows must be [N, columns] with at least one image, not {list(rows.shape)}")
    means = draws(len(rows), resamples, seed) @ np.asarray(rows, np.float32) / len(rows)
    low, high = np.quantile(means.astype(np.float64), [(1 - level) / 2, (1 + level) / 2], axis=0)
    return [(float(one), float(other)) for one, other in zip(low, high, strict=True)]


@lru_cache(maxsize=4)
def draws(images: int, resamples: int = RESAMPLES, seed: int = 0) -> NDArray[np.float32]:
    """Return how often each image is drawn in each resample: float32 [resamples, images], read-only, kept."""
    generator = np.random.default_rng(seed)
    counts = np.empty((resamples, images), np.float32)
    for row in counts:
        row[:] = np.bincount(generator.integers(images, size=images), minlength=images)
    counts.flags.writeable = False
    return counts


def t_interval(values: ArrayLike, level: float = LEVEL) -> Interval | None:
    """Return Student's interval of the mean over replicates; None for one run, which gets no verdict."""
    x = np.asarray(values, np.float64)
    if x.size < 2:
        return None
    half = t_quantile((1 + level) / 2, x.size - 1) * float(x.std(ddof=1)) / math.sqrt(x.size)
    return float(x.mean()) - half, float(x.mean()) + half


def t_quantile(share: float, freedom: int) -> float:
    """Return the value below which `share` of Student's t distribution lies.

    Args:
        share: between 0 and 1.
        freedom: degrees of freedom, at least 1.
    """
    if share < 0.5:
        return -t_quantile(1 - share, freedom)
    low, high = 0.0, 1.0
    while _t_share(high, freedom) < share:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if _t_share(middle, freedom) < share else (low, middle)
    return (low + high) / 2


def _t_share(t: float, freedom: int) -> float:
    return 1 - _beta_share(freedom / 2, 0.5, freedom / (freedom + t * t)) / 2


def _beta_share(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function by Lentz's continued fraction (Numerical Recipes 6.4)."""
    if x <= 0 or x >= 1:
        return float(x > 0)
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta_share(b, a, 1 - x)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(log_front) / a / _beta_fraction(a, b, x)


def _beta_fraction(a: float, b: float, x: float) -> float:
    value, c, d = 1.0, 1.0, 0.0
    for step in range(1, _STEPS):
        k = step // 2
        if step % 2:
            term = -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1))
        else:
            term = k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k))
        d = 1 / (1 + term * d)
        c = 1 + term / c
        value *= c * d
        if abs(c * d - 1) < _ENOUGH:
            break
    return value
