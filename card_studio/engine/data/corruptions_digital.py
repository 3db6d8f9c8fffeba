"""The digital corruptions: contrast, pixelate, JPEG, elastic transform, and the extra saturate (METHODS 4)."""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from card_studio.engine.data.jpeg import through_jpeg
from card_studio.engine.data.pixels import channel_means, gaussian_filtered, quantise
from card_studio.engine.data.randomness import uniforms

CONTRAST = (0.75, 0.5, 0.4, 0.3, 0.15)
PIXELATE = (0.95, 0.9, 0.85, 0.75, 0.65)
JPEG_COMPRESSION = (80, 65, 58, 50, 40)
SATURATE = ((0.3, 0), (0.1, 0), (1.5, 0), (2, 0.1), (2.5, 0.2))
ELASTIC_TRANSFORM = ((0, 0, 0.08), (0.05, 0.2, 0.07), (0.08, 0.06, 0.06), (0.1, 0.04, 0.05), (0.1, 0.03, 0.03))
"""(alpha, sigma, jitter of the affine's three points) as shares of the image's side: METHODS' pixels / 32."""


def contrast(images: Tensor, severity: int, seeds: Tensor) -> Tensor:
    """Draw every value towards the mean of its image and channel, keeping `CONTRAST` of the difference."""
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


def jpeg_compression(images: Tensor, severity: int, seeds: Tensor) -> Tensor:
    """Compress with Pillow at quality `JPEG_COMPRESSION` and decompress."""
    return through_jpeg(images, JPEG_COMPRESSION[severity - 1])


def saturate(images: Tensor, severity: int, seeds: Tensor) -> Tensor:
    """Change the saturation of HSV to `SATURATE` a S + b; a grey pixel counts as red, whose hue is 0."""
    factor, offset = SATURATE[severity - 1]
    grey = images.float()
    value, lowest = grey.amax(dim=1, keepdim=True), grey.amin(dim=1, keepdim=True)
    spread = value - lowest
    wanted = (spread * factor / value.clamp(min=1) + offset).clamp_(0, 1).mul_(value)
    result = value - (value - grey) * (wanted / spread.clamp(min=1))
    result[:, 1:] -= torch.where(spread == 0, wanted, 0.0)
    return quantise(result)


def elastic_transform(images: Tensor, severity: int, seeds: Tensor) -> Tensor:
    """Move three points at random and the image with them, then displace every pixel by a smooth random field.

    Bilinear both times, without rounding in between. OpenCV's warp, which CIFAR-C uses for the first, takes
    coordinates to the nearest 1/32 px; this one does not.
    """
    height, width = images.shape[-2:]
    alpha, sigma, jitter = (min(height, width) * share for share in ELASTIC_TRANSFORM[severity - 1])
    x, y = _affine_sources(uniforms(seeds, 6, low=-jitter, high=jitter).double(), height, width)
    grid = torch.stack((2 * x / max(1, width - 1) - 1, 2 * y / max(1, height - 1) - 1), dim=-1)
    moved = grid_sample(images.float(), grid, padding_mode="reflection", align_corners=True)
    if alpha:
        field = uniforms(seeds, 2 * height * width, stream=1, low=-1, high=1).view(-1, 2, height, width)
        shift = gaussian_filtered(field, sigma, truncate=3, border="reflect").mul_(2 * alpha)
        columns = (2 * torch.arange(width, device=images.device) + 1) / width - 1
        rows = (2 * torch.arange(height, device=images.device) + 1)[:, None] / height - 1
        grid = torch.stack((shift[:, 0] / width + columns, shift[:, 1] / height + rows), dim=-1)
        moved = grid_sample(moved, grid, padding_mode="reflection", align_corners=False)
    return quantise(moved)


def _affine_sources(shifts: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Return float32 [N, H, W] twice: the x and y that each pixel comes from when three points have moved.

    Args:
        shifts: float64 [N, 6], x and y of the moves of the points centre + (s, s), centre + (s, -s), centre - (s, s),
            where s is a third of the shorter side.
    """
    middle_x, middle_y, third = height // 2, width // 2, min(height, width) // 3  # CIFAR-C's order; alike on squares
    first_x, first_y = middle_x + third + shifts[:, 0], middle_y + third + shifts[:, 1]
    edge_x, edge_y = shifts[:, 2] - shifts[:, 0], shifts[:, 3] - shifts[:, 1] - 2 * third
    other_x, other_y = shifts[:, 4] - shifts[:, 0] - 2 * third, shifts[:, 5] - shifts[:, 1] - 2 * third
    determinant = edge_x * other_y - edge_y * other_x
    along_edge, along_other = (
        (2 * third) / determinant * torch.stack((torch.stack((other_y, -other_x)), torch.stack((-edge_y, edge_x))))
    )
    rows = torch.arange(height, device=shifts.device)[:, None]
    columns = torch.arange(width, device=shifts.device)
    edge, other = (
        along[0].float()[:, None, None] * columns
        + (along[1].float()[:, None, None] * rows - (along[0] * first_x + along[1] * first_y).float()[:, None, None])
        for along in (along_edge, along_other)
    )
    return (middle_x + third) - other, (middle_y + third) - (edge + other)


@lru_cache(maxsize=64)
def _box(size: int, share: float) -> tuple[Tensor, Tensor]:
    """Return int64 [size] twice: the two pixels whose mean each pixel of a shrunk and enlarged line shows.

    Pillow's BOX gives a pixel of the smaller line the plain mean of those whose centres lie in its window: one or
    two, as the line keeps more than half of its length. Enlarging takes the pixel below each centre.
    """
    small = max(1, int(size * share))
    step = size / small
    centre = (np.arange(small) + 0.5) * step
    first = (centre - step / 2 + 0.5).astype(np.int64).clip(0, size - 1)
    last = (centre + step / 2 + 0.5).astype(np.int64).clip(1, size) - 1
    back = ((np.arange(size) + 0.5) * small / size).astype(np.int64)
    return torch.from_numpy(first[back]), torch.from_numpy(last[back])
