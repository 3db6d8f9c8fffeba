"""Spatter, one of the extras: drops of water or splashes of mud on the lens (METHODS 4).

Water follows the CIFAR-C script through edges, distances, equalisation and relief, on batches. One step is near to
OpenCV's rather than equal to it: distances to the edges are exact where OpenCV's are within a few per cent.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import max_pool2d, pad

from card_studio.engine.data.pixels import (
    correlate,
    gaussian_filtered,
    mesh_matrix,
    pixel_scale,
    quantise,
    separable,
    truncated,
)
from card_studio.engine.data.randomness import normals

SPATTER = (
    (0.62, 0.1, 0.7, 0.7, 0.5, 0),
    (0.65, 0.1, 0.8, 0.7, 0.5, 0),
    (0.65, 0.3, 1, 0.69, 0.5, 0),
    (0.65, 0.1, 0.7, 0.69, 0.6, 1),
    (0.65, 0.1, 0.5, 0.68, 0.6, 1),
)
WATER, MUD = (175.0, 238.0, 238.0), (63.0, 42.0, 20.0)

_BOX = np.full((3, 3), 1 / 9)
_RELIEF = np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]])
_SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
_WEAK, _STRONG = 50, 150
_FAR = 20


def spatter(images: Tensor, severity: int, seeds: Tensor) -> Tensor:
    """Splash water (severities 1-3) or mud (4, 5) on each image.

    (mean, deviation and sigma of the liquid's layer, threshold, strength of water or sigma of mud, kind) `SPATTER`.
    """
    mean, deviation, sigma, threshold, strength, mud = SPATTER[severity - 1]
    liquid = _liquid(images, seeds, sigma).mul_(deviation).add_(mean)
    colour = torch.tensor(MUD if mud else WATER, device=images.device)[:, None, None]
    if not mud:
        cover = _drops(torch.where(liquid < threshold, 0.0, 255 * liquid), pixel_scale(images)) * strength
        return quantise(images + cover * colour)
    cover = gaussian_filtered((liquid > threshold).float(), strength * pixel_scale(images))
    cover = torch.where(cover < 0.8, 0.0, cover)
    return quantise(images * (1 - cover) + cover * colour)


def edges(grey: Tensor) -> Tensor:
    """Return bool [N, 1, H, W]: Canny's edges with OpenCV's rules, thresholds 50 and 150 on the L1 gradient.

    Args:
        grey: float32 [N, 1, H, W], whole grey levels.
    """
    across, down = correlate(grey, _SOBEL, "nearest"), correlate(grey, _SOBEL.T, "nearest")
    strength = across.abs() + down.abs()
    thin = _thinned(strength, across, down)
    weak, strong = thin & (strength > _WEAK), thin & (strength > _STRONG)
    while True:
        grown = max_pool2d(strong.float(), 3, stride=1, padding=1).bool() & weak
        if torch.equal(grown, strong):
            return strong
        strong = grown


def distances(marks: Tensor, far: int) -> Tensor:
    """Return float32 [N, 1, H, W]: the distance in pixels to the nearest mark, at most `far`.

    Args:
        marks: bool [N, 1, H, W].
    """
    height, width = marks.shape[-2:]
    square = torch.where(marks, 0.0, float(far**2))
    for axis, side in ((3, width), (2, height)):
        margin = [far, far, 0, 0] if axis == 3 else [0, 0, far, far]
        padded = pad(square, margin, value=float(far**2))
        shifted = (padded.narrow(axis, far + offset, side) + offset**2 for offset in range(-far, far + 1))
        square = torch.stack(list(shifted)).amin(dim=0).clamp_(max=far**2)
    return square.sqrt_()


def _liquid(images: Tensor, seeds: Tensor, sigma: float) -> Tensor:
    """Return float32 [N, 1, H, W]: smoothed standard normal noise of a 32 x 32 mesh over the image."""
    height, width = images.shape[-2:]
    vertical, horizontal = (mesh_matrix(side, min(height, width), 1).to(images.device) for side in (height, width))
    mesh = (vertical.shape[1], horizontal.shape[1])
    noise = normals(seeds, mesh[0] * mesh[1]).view(-1, 1, *mesh)
    return separable(gaussian_filtered(noise, sigma), vertical, horizontal)


def _drops(liquid: Tensor, scale: float) -> Tensor:
    """Return float32 [N, 1, H, W] in [0, 1]: how much water shows, given its layer in grey levels."""
    liquid = truncated(liquid)
    away = (distances(edges(liquid), round(_FAR * scale)) / scale).clamp_(max=_FAR)
    relief = correlate(_equalized(truncated(correlate(away, _BOX, "mirror"))), _RELIEF, "mirror").clamp_(0, 255)
    water = liquid * correlate(relief, _BOX, "mirror").round_()
    return water / water.amax(dim=(2, 3), keepdim=True).clamp(min=1)


def _thinned(strength: Tensor, across: Tensor, down: Tensor) -> Tensor:
    """Return where the gradient's strength is largest along its direction, in OpenCV's three sectors and ties."""
    height, width = strength.shape[-2:]
    padded = pad(strength, (1, 1, 1, 1))

    def at(y: int, x: int) -> Tensor:
        return padded[..., 1 + y : 1 + y + height, 1 + x : 1 + x + width]

    flat = across.abs() * 0.41421356
    level = down.abs() < flat
    upright = down.abs() > flat + 2 * across.abs()
    level_best = (strength > at(0, -1)) & (strength >= at(0, 1))
    upright_best = (strength > at(-1, 0)) & (strength >= at(1, 0))
    falling_best = (strength > at(-1, -1)) & (strength > at(1, 1))
    rising_best = (strength > at(-1, 1)) & (strength > at(1, -1))
    slanted_best = torch.where(across * down < 0, rising_best, falling_best)
    return torch.where(level, level_best, torch.where(upright, upright_best, slanted_best))


def _equalized(grey: Tensor) -> Tensor:
    """Equalise each image's histogram as OpenCV does; grey levels are at most 20, so they are counted one by one."""
    pixels = grey.shape[-2] * grey.shape[-1]
    below = torch.stack([(grey <= level).sum(dim=(2, 3), keepdim=True) for level in range(_FAR + 1)], dim=-1)
    least = grey.amin(dim=(2, 3), keepdim=True)
    first = below.gather(-1, least.long()[..., None])
    table = ((below - first) * 255.0 / (pixels - first).clamp(min=1)).round_().clamp_(min=0)
    equalized = table.flatten(1).gather(1, grey.flatten(1).long()).view(grey.shape)
    return torch.where(first[..., 0] == pixels, grey, equalized)
