"""Small tools that the corruptions share: truncation to grey levels, borders, filters as matrices, exact means."""

import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

_NUDGE = 1e-3


def quantise(values: Tensor) -> Tensor:
    """Clip values on the 0-255 scale and truncate them to uint8 (METHODS 4); changes `values`.

    A thousandth of a grey level is added first, so that a value that is whole in exact arithmetic is not lost to
    rounding errors of float32.
    """
    return values.add_(_NUDGE).clamp_(0, 255).to(torch.uint8)


def truncated(values: Tensor) -> Tensor:
    """Clip and truncate as `quantise` does, but stay in floats; changes `values`."""
    return values.add_(_NUDGE).clamp_(0, 255).floor_()


def grey_levels(values: Tensor) -> Tensor:
    """Truncate floats in [0, 256) to uint8; by way of int16, as torch turns floats into bytes one by one."""
    return values.to(torch.int16).to(torch.uint8)


def pixel_scale(images: Tensor) -> float:
    """Return by how much lengths given for 32 x 32 images grow: the shorter side / 32."""
    return min(images.shape[-2:]) / 32


def channel_means(images: Tensor) -> Tensor:
    """Return float32 [N, C, 1, 1], each channel's mean grey level; exact sums, so the batch does not matter."""
    total = images.sum(dim=(2, 3), keepdim=True, dtype=torch.int64)
    return total.float() / (images.shape[2] * images.shape[3])


def separable(images: Tensor, vertical: Tensor, horizontal: Tensor) -> Tensor:
    """Return vertical @ image @ horizontal.T of every channel.

    Args:
        images: float32 [N, C, H, W].
        vertical: float32 [H', H], acts on rows.
        horizontal: float32 [W', W], acts on columns.

    Returns:
        float32 [N, C, H', W']. Each image is multiplied for itself, so the batch does not matter.
    """
    count, channels, height, width = images.shape
    planes = images.reshape(-1, height, width)
    many = len(planes)
    planes = torch.bmm(planes, horizontal.T.expand(many, -1, -1))
    planes = torch.bmm(vertical.expand(many, -1, -1), planes)
    return planes.view(count, channels, len(vertical), len(horizontal))


def correlate(images: Tensor, kernel: np.ndarray, border: str) -> Tensor:
    """Return the correlation of every channel with a kernel of odd sides.

    Taps of one weight are summed before they are multiplied, which is what makes small symmetric kernels fast.

    Args:
        images: float32 [N, C, H, W].
        kernel: [k, k].
        border: name of a border rule of `border_indices`.
    """
    height, width = images.shape[-2:]
    radius = len(kernel) // 2
    padded = padded_by(images, radius, border)
    total = torch.zeros_like(images)
    for weight in np.unique(kernel[kernel != 0]):
        taps = [padded[..., y : y + height, x : x + width] for y, x in np.argwhere(kernel == weight).tolist()]
        group = taps[0].clone()
        for tap in taps[1:]:
            group.add_(tap)
        total.add_(group, alpha=float(weight))
    return total


def padded_by(images: Tensor, margin: int, border: str) -> Tensor:
    """Return [N, C, H + 2 margin, W + 2 margin], continued beyond the borders by a rule of `border_indices`."""
    height, width = images.shape[-2:]
    rows = border_indices(height, margin, border).to(images.device)
    columns = border_indices(width, margin, border).to(images.device)
    return images.index_select(-2, rows).index_select(-1, columns)


@lru_cache(maxsize=256)
def border_indices(size: int, margin: int, border: str) -> Tensor:
    """Return int64 [size + 2 margin]: the pixel that stands for each position from -margin on.

    Args:
        size: pixels in the line.
        margin: how far to go beyond either end.
        border: "nearest" (a a a | a b c), "mirror" (c b | a b c, also called reflect-101) or
            "reflect" (b a | a b c, the last pixel twice).
    """
    position = np.arange(-margin, size + margin)
    if border == "nearest":
        return torch.from_numpy(position.clip(0, size - 1))
    repeat = border == "reflect"
    period = max(1, 2 * size if repeat else 2 * size - 2)
    folded = position % period
    return torch.from_numpy(np.where(folded < size, folded, period - repeat - folded))


@lru_cache(maxsize=256)
def zoom_matrix(size: int, factor: float, source: int) -> Tensor:
    """Return float64 [size, crop]: the middle of a line of `source` pixels, enlarged to `size` pixels.

    As the CIFAR-C script: crop = ceil(source / factor) pixels are stretched linearly to round(crop factor), end to
    end, and the surplus is trimmed from either side; here also from `source` pixels to more (`size`).
    """
    crop = math.ceil(source / factor)
    stretched = max(size, round(crop * factor * size / source))
    position = (np.arange(size) + (stretched - size) // 2) * ((crop - 1) / max(1, stretched - 1))
    below = np.minimum(position.astype(np.int64), max(0, crop - 2))
    matrix = np.zeros((size, crop))
    matrix[np.arange(size), below] = 1 - (position - below)
    matrix[np.arange(size), np.minimum(below + 1, crop - 1)] += position - below
    return torch.from_numpy(matrix)


@lru_cache(maxsize=256)
def mesh_matrix(side: int, shorter: int, zoom: float) -> Tensor:
    """Return float32 [side, mesh]: stretches a mesh, 32 points on the shorter side, `zoom` times beyond the image."""
    return zoom_matrix(side, zoom, round(32 * side / shorter)).float()


@lru_cache(maxsize=256)
def gaussian_matrix(size: int, sigma: float, truncate: float, border: str) -> Tensor:
    """Return float32 [size, size]: the Gaussian filter of a line as a matrix, its border rule included.

    The kernel reaches int(truncate sigma + .5) pixels to either side, as SciPy's does.
    """
    radius = int(truncate * sigma + 0.5)
    offsets = np.arange(-radius, radius + 1)
    kernel = np.exp(-0.5 * (offsets / max(sigma, 1e-9)) ** 2)
    kernel /= kernel.sum()
    source = border_indices(size, radius, border).numpy()
    matrix = np.zeros((size, size))
    for position in range(size):
        np.add.at(matrix[position], source[position : position + 2 * radius + 1], kernel)
    return torch.from_numpy(matrix.astype(np.float32))


def gaussian_filtered(images: Tensor, sigma: float, *, truncate: float = 4.0, border: str = "nearest") -> Tensor:
    """Return every channel of float32 [N, C, H, W] filtered by a Gaussian of `sigma` pixels."""
    height, width = images.shape[-2:]
    vertical = gaussian_matrix(height, sigma, truncate, border).to(images.device)
    horizontal = gaussian_matrix(width, sigma, truncate, border).to(images.device)
    return separable(images, vertical, horizontal)
