"""Motion blur as ImageMagick does it: half a Gaussian along a line, each image at its own angle."""

import math

import torch
from torch import Tensor

from card_studio.engine.data.pixels import padded_by

_NEGLIGIBLE = 1e-6


def motion_blurred(images: Tensor, radius: float, sigma: float, angles: Tensor) -> Tensor:
    """Return images smeared along lines; borders are continued by their nearest pixels.

    Tap i of 2 ceil(radius) + 1 has the weight exp(-i^2 / 2 sigma^2), scaled to a sum of 1, and is the pixel nearest to
    i steps along the angle. ImageMagick rounds to whole levels, so half a level is added for the caller's truncation.

    Args:
        images: float32 [N, C, H, W] on the 0-255 scale.
        radius, sigma: in pixels.
        angles: float32 [N], in degrees; 0 looks to the right, 90 down.
    """
    count, channels, height, width = images.shape
    weights = _weights(radius, sigma)
    margin = len(weights) - 1
    stride = width + 2 * margin
    padded = padded_by(images, margin, "nearest").flatten(2)
    steps = torch.arange(len(weights), device=images.device)
    radians = (angles * (math.pi / 180))[:, None]
    right = torch.ceil(steps * radians.cos() - 0.5).long() + margin
    down = torch.ceil(steps * radians.sin() - 0.5).long() + margin
    starts = down * stride + right
    place = torch.arange(height, device=images.device)[:, None] * stride + torch.arange(width, device=images.device)
    total = torch.full((count, channels, height * width), 0.5, device=images.device)
    for start, weight in zip(starts.T, weights, strict=True):
        index = (place.flatten() + start[:, None])[:, None].expand(-1, channels, -1)
        total.add_(padded.gather(2, index), alpha=weight)
    return total.view(images.shape)


def _weights(radius: float, sigma: float) -> list[float]:
    """Return the taps' weights, without the tail that could not change a grey level."""
    taps = [math.exp(-0.5 * (i / sigma) ** 2) for i in range(2 * math.ceil(radius) + 1)]
    total = sum(taps)
    return [tap / total for tap in taps if tap / total > _NEGLIGIBLE]
