"""The blurs: defocus and Gaussian (METHODS 4). Radii and sigmas are in pixels of a 32 x 32 image, and grow with it."""

from functools import lru_cache

import numpy as np
from torch import Tensor

from card_studio.engine.data.pixels import correlate, gaussian_filtered, pixel_scale, quantise

DEFOCUS_BLUR = ((0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1))
GAUSSIAN_BLUR = (0.4, 0.6, 0.7, 0.8, 1.0)


def defocus_blur(images: Tensor, severity: int, seeds: Tensor) -> Tensor:
    """Blur with a disk whose edge is smoothed: (radius, sigma of its edge) `DEFOCUS_BLUR`; draws nothing."""
    radius, sigma = DEFOCUS_BLUR[severity - 1]
    scale = pixel_scale(images)
    return quantise(correlate(images.float(), disk(radius * scale, sigma * scale), "mirror"))


def gaussian_blur(images: Tensor, severity: int, seeds: Tensor) -> Tensor:
    """Blur with a Gaussian of sigma `GAUSSIAN_BLUR`; draws nothing."""
    return quantise(gaussian_filtered(images.float(), GAUSSIAN_BLUR[severity - 1] * pixel_scale(images)))


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
    return _trimmed(kernel.round(12))


def _trimmed(kernel: np.ndarray) -> np.ndarray:
    while len(kernel) > 1 and not kernel[0].any():
        kernel = kernel[1:-1, 1:-1]
    return kernel
