"""The blurs: defocus, glass, motion, zoom, and the extra Gaussian (METHODS 4).

Radii, sigmas and displacements are in pixels of a 32 x 32 image, and grow with the image.
"""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from card_studio.engine.data.motion import motion_blurred
from card_studio.engine.data.pixels import (
    correlate,
    gaussian_filtered,
    pixel_scale,
    quantise,
    truncated,
    zoom_matrix,
)
from card_studio.engine.data.randomness import uniforms, words

DEFOCUS_BLUR = ((0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1))
GLASS_BLUR = ((0.05, 1, 1), (0.25, 1, 1), (0.4, 1, 1), (0.25, 1, 2), (0.4, 1, 2))
MOTION_BLUR = ((6, 1), (6, 1.5), (6, 2), (8, 2), (9, 2.5))
ZOOM_BLUR = (7, 12, 16, 21, 26)
GAUSSIAN_BLUR = (0.4, 0.6, 0.7, 0.8, 1.0)

_ZOOM_ERROR = 0.02
_NEGLIGIBLE = 1e-5


def defocus_blur(images: Tensor, severity: int, seeds: Tensor) -> Tensor:
    """Blur with a disk whose edge is smoothed: (radius, sigma of its edge) `DEFOCUS_BLUR`; draws nothing."""
    radius, sigma = DEFOCUS_BLUR[severity - 1]
    scale = pixel_scale(images)
    return quantise(correlate(images.float(), disk(radius * scale, sigma * scale), "mirror"))


def gaussian_blur(images: Tensor, severity: int, seeds: Tensor) -> Tensor:
    """Blur with a Gaussian of sigma `GAUSSIAN_BLUR`; draws nothing."""
    return quantise(gaussian_filtered(images.float(), GAUSSIAN_BLUR[severity - 1] * pixel_scale(images)))


def glass_blur(images: Tensor, severity: int, seeds: Tensor) -> Tensor:
    """Blur, let pixels copy neighbours at random, blur: (sigma, reach, passes) `GLASS_BLUR`.

    CIFAR-C's raster loop starts at the bottom right and copies from pixels above and to the left, which it has yet to
    visit: so each pass is a plain look-up in the image before it. Where a larger image's reach is over 1 px, offsets
    run from -reach to reach - 1, and are still looked up in the image before the pass.
    """
    sigma, reach, passes = GLASS_BLUR[severity - 1]
    scale = pixel_scale(images)
    reach = max(1, round(reach * scale))
    count, channels, height, width = images.shape
    blurred = truncated(gaussian_filtered(images.float(), sigma * scale)).flatten(2)
    drawn = words(seeds, passes * height * width).view(count, passes, 1, -1)
    for each in range(passes):
        index = _glass_sources(drawn[:, each], reach, height, width)
        blurred = blurred.gather(2, index.expand(-1, channels, -1))
    return quantise(gaussian_filtered(blurred.view(images.shape), sigma * scale))


def motion_blur(images: Tensor, severity: int, seeds: Tensor) -> Tensor:
    """Smear along a line at an angle of U(-45, 45) degrees: (radius, sigma) `MOTION_BLUR`, as ImageMagick does."""
    radius, sigma = MOTION_BLUR[severity - 1]
    scale = pixel_scale(images)
    angles = uniforms(seeds, 1, low=-45, high=45)[:, 0]
    return quantise(motion_blurred(images.float(), radius * scale, sigma * scale, angles))


def zoom_blur(images: Tensor, severity: int, seeds: Tensor) -> Tensor:
    """Average the image with `ZOOM_BLUR` copies of it, enlarged 1, 1.01, 1.02 ... times; draws nothing."""
    planes = images.float().flatten(0, 1)
    total = torch.zeros_like(planes)
    factors = _zoom_factors(*images.shape[-2:], ZOOM_BLUR[severity - 1])
    for left, right in zip(*(matrices.to(images.device) for matrices in factors), strict=True):
        half = torch.bmm(left.expand(len(planes), -1, -1), planes)
        total.baddbmm_(half, right.T.expand(len(planes), -1, -1))
    return quantise(total.view(images.shape))


@lru_cache(maxsize=64)
def disk(radius: float, edge_sigma: float) -> np.ndarray:
    """Return a disk's kernel, smoothed by a 3 x 3 Gaussian (5 x 5 beyond a radius of 8); the sum is 1."""
    reach = max(2, int(np.ceil(radius))) + 2
    line = np.arange(-reach, reach + 1)
    kernel = (line[:, None] ** 2 + line**2 <= radius**2).astype(np.float64)
    kernel /= kernel.sum()
    near = 1 if radius <= 8 else 2
    edge = np.exp(-0.5 * (np.arange(-near, near + 1) / edge_sigma) ** 2)
    edge /= edge.sum()
    for axis in (0, 1):
        kernel = sum(weight * np.roll(kernel, shift - near, axis) for shift, weight in enumerate(edge))
    kernel[kernel < _NEGLIGIBLE * kernel.max()] = 0
    return _trimmed((kernel / kernel.sum()).round(10))


def _trimmed(kernel: np.ndarray) -> np.ndarray:
    while len(kernel) > 1 and not kernel[0].any():
        kernel = kernel[1:-1, 1:-1]
    return kernel


def _glass_sources(drawn: Tensor, reach: int, height: int, width: int) -> Tensor:
    """Return int64 [N, 1, H W]: which pixel each one copies, given a random word for each."""
    rows = torch.arange(height, dtype=torch.int32, device=drawn.device)
    columns = torch.arange(width, dtype=torch.int32, device=drawn.device)
    moves = ((rows > reach) & (rows <= height - reach))[:, None] & ((columns > reach) & (columns <= width - reach))
    down = (((drawn & 0xFFFF) * (2 * reach)) >> 16) - reach
    across = ((((drawn >> 16) & 0xFFFF) * (2 * reach)) >> 16) - reach
    place = torch.arange(height * width, dtype=torch.int32, device=drawn.device)
    return (down.mul_(width).add_(across).mul_(moves.flatten()).add_(place)).long()


@lru_cache(maxsize=64)
def _zoom_factors(height: int, width: int, copies: int) -> tuple[Tensor, Tensor]:
    """Return float32 [terms, H, H] and [terms, W, W]: matrices L and R; the blur is the sum over terms of L x R^T.

    There is a term for each zoomed copy, but they are so alike that a singular value decomposition needs about half
    as many; what is left out is bounded by `_ZOOM_ERROR` grey levels.
    """
    zooms = [1.0] + [1 + 0.01 * i for i in range(copies)]
    rows = np.stack([np.hstack([_zoom_in_place(side, z).ravel() for side in (height, width)]) for z in zooms])
    _, strengths, directions = np.linalg.svd(rows / np.sqrt(len(zooms)), full_matrices=False)
    left, right = np.split(strengths[:, None] * directions, [height * height], axis=1)
    left, right = left.reshape(-1, height, height), right.reshape(-1, width, width)
    worst = 255 * np.abs(left).sum(axis=2).max(axis=1) * np.abs(right).sum(axis=2).max(axis=1)
    terms = 1 + int(np.count_nonzero(np.cumsum(worst[::-1])[::-1][1:] > _ZOOM_ERROR))
    return torch.from_numpy(left[:terms].astype(np.float32)), torch.from_numpy(right[:terms].astype(np.float32))


def _zoom_in_place(size: int, factor: float) -> np.ndarray:
    """Return [size, size]: a line's middle enlarged to its full length."""
    zoom = zoom_matrix(size, factor, size).numpy()
    crop = zoom.shape[1]
    top = (size - crop) // 2
    return np.pad(zoom, ((0, 0), (top, size - crop - top)))
