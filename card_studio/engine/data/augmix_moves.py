"""AugMix's operations that move pixels, on batches, each as Pillow does it (METHODS 3).

Images are uint8 [M, 3, H, W]; levels are float32 [M], negative ones move the other way. Bilinear: a pixel whose centre
comes from outside the image is black; inside, the border pixel is continued. Every function returns a new batch.

All but the rotation shift whole rows: a row's shifted copy is a window of the flat memory, and windows are copied by
`index_select` from overlapping views, which costs a fraction of looking pixels up one by one.
"""

import math
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, pad

from card_studio.engine.data.pixels import grey_levels

_NUDGE = 1e-3  # Pillow truncates what it interpolates: float32's errors must not cost a level


def translate_x(images: Tensor, levels: Tensor) -> Tensor:
    """Translate by int(l W/30) px."""
    height, width = images.shape[-2:]
    offsets = (levels * (width / 30)).trunc().long()
    return _shifted(images, offsets[:, None].expand(-1, height))


def translate_y(images: Tensor, levels: Tensor) -> Tensor:
    """Translate by int(l H/30) px."""
    height, width = images.shape[-2:]
    offsets = (levels * (height / 30)).trunc().long() * width
    return _shifted(images.flatten(2)[:, :, None], offsets[:, None]).view(images.shape)


def shear_x(images: Tensor, levels: Tensor) -> Tensor:
    """Shift each row by .03 l times its distance from the upper border."""
    height, width = images.shape[-2:]
    shifts = 0.03 * levels[:, None] * (torch.arange(height, device=images.device) + 0.5)
    below = shifts.floor()
    padded = torch.cat((images[..., :1], images, images[..., -1:]), dim=3)
    taps = _windows(padded, below.long() + 1, width + 1).float()
    moved = torch.lerp(taps[..., :-1], taps[..., 1:], (shifts - below)[:, None, :, None])
    return grey_levels(moved.add_(_NUDGE)).bitwise_and_(_inside((shifts + 0.5).floor().long(), width))


def shear_y(images: Tensor, levels: Tensor) -> Tensor:
    """Shift each column by .03 l times its distance from the left border."""
    return shear_x(images.transpose(2, 3), levels).transpose(2, 3)


def rotate(images: Tensor, levels: Tensor) -> Tensor:
    """Rotate by int(3 l) degrees about the centre."""
    limit = 3 * math.ceil(float(levels.abs().max()))
    grids, inside = _rotations(limit, *images.shape[-2:], images.device)
    which = (3 * levels).trunc().long() + limit
    source, grid = images.float().add_(_NUDGE), grids.index_select(0, which)
    moved = grid_sample(source, grid, mode="bilinear", padding_mode="border", align_corners=False)
    return grey_levels(moved).bitwise_and_(inside.index_select(0, which))


@lru_cache(maxsize=4)
def _rotations(limit: int, height: int, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return where pixels come from when rotated by -limit to limit degrees, and which come from inside.

    Returns:
        float32 [2 limit + 1, H, W, 2] in units of half a side, and uint8 [2 limit + 1, 1, H, W], 255 for inside.
    """
    angles = torch.arange(-limit, limit + 1, device=device)[:, None, None] * (-math.pi / 180)
    y = ((torch.arange(height, device=device) + 0.5) * (2 / height) - 1)[:, None]
    x = (torch.arange(width, device=device) + 0.5) * (2 / width) - 1
    sine, cosine, aspect = angles.sin(), angles.cos(), height / width
    grids = torch.stack((cosine * x + sine * aspect * y, cosine * y - sine / aspect * x), dim=3)
    inside = grids.abs().amax(dim=3) < 1
    return grids, inside.to(torch.uint8).neg_()[:, None]


def _shifted(images: Tensor, offsets: Tensor) -> Tensor:
    """Return uint8 [M, C, R, W] with row r of image m taken from offsets [m, r] pixels further on, black beyond."""
    width = images.shape[-1]
    return _windows(images, offsets, width).bitwise_and_(_inside(offsets, width))


def _windows(images: Tensor, offsets: Tensor, size: int) -> Tensor:
    """Return `size` pixels of every row from an offset on: [M, C, R, size]; beyond a row they mean nothing.

    Args:
        images: uint8 [M, C, R, W].
        offsets: int64 [M, R].
        size: at most W + 1.
    """
    width = images.shape[-1]
    starts = torch.arange(width, width + images.numel(), width, device=images.device).view(images.shape[:-1])
    starts += offsets.clamp(-width, width)[:, None]
    flat = pad(images.reshape(-1), (width, width + 1))
    windows = flat.as_strided((len(flat) - size + 1, size), (1, 1))
    return windows.index_select(0, starts.view(-1)).view(*images.shape[:-1], size)


def _inside(offsets: Tensor, width: int) -> Tensor:
    """Return uint8 [M, 1, R, W]: 255 where a row shifted by offsets [M, R] shows the image, 0 elsewhere."""
    starts = offsets.clamp(-width, width).add_(width)
    return _ramps(width, offsets.device).index_select(0, starts.view(-1)).view(len(offsets), 1, -1, width)


@lru_cache(maxsize=4)
def _ramps(width: int, device: torch.device) -> Tensor:
    """Return uint8 [2 W + 1, W]: what `_inside` says of a row, for offsets from -W to W."""
    row = torch.zeros(3 * width, dtype=torch.uint8, device=device)
    row[width : 2 * width] = 255
    return row.as_strided((2 * width + 1, width), (1, 1))
