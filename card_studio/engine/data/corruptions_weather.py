"""The weather: snow, frost, fog and brightness (METHODS 4). Frost's textures are our own, made by `frost_texture`."""

import torch
from torch import Tensor

from card_studio.engine.data.frost_texture import TEXTURES, frost_textures
from card_studio.engine.data.motion import motion_blurred
from card_studio.engine.data.pixels import mesh_matrix, pixel_scale, quantise, separable, truncated
from card_studio.engine.data.randomness import normals, uniforms

BRIGHTNESS = (0.05, 0.1, 0.15, 0.2, 0.3)
FOG = ((0.2, 3), (0.5, 3), (0.75, 2.5), (1, 2), (1.5, 1.75))
FROST = ((1, 0.2), (1, 0.3), (0.9, 0.4), (0.85, 0.4), (0.75, 0.45))
SNOW = (
    (0.1, 0.2, 1, 0.6, 8, 3, 0.95),
    (0.1, 0.2, 1, 0.5, 10, 4, 0.9),
    (0.15, 0.3, 1.75, 0.55, 10, 4, 0.9),
    (0.25, 0.3, 2.25, 0.6, 12, 6, 0.85),
    (0.3, 0.3, 1.25, 0.65, 14, 12, 0.8),
)

_WIBBLE = 100.0


def brightness(images: Tensor, severity: int, seeds: Tensor) -> Tensor:
    """Add `BRIGHTNESS` to the V of HSV: hue and saturation stay, so all channels grow in proportion."""
    grey = images.float()
    red, green, blue = grey.unbind(dim=1)
    value = torch.maximum(torch.maximum(red, green), blue)
    wanted = (value + 255 * BRIGHTNESS[severity - 1]).clamp_(max=255)
    ratio = wanted / value.clamp(min=1)
    black = wanted.mul_(value == 0)
    return quantise(grey.mul_(ratio[:, None]).add_(black[:, None]))


def fog(images: Tensor, severity: int, seeds: Tensor) -> Tensor:
    """Add a cloud of diamond-square noise and keep the image's maximum: (amount, decay) `FOG`."""
    amount, decay = FOG[severity - 1]
    height, width = images.shape[-2:]
    side = 1 << (max(height, width) - 1).bit_length()
    cloud = plasma(seeds, side, decay)[:, None, :height, :width]
    top = images.amax(dim=(1, 2, 3), keepdim=True).float()
    ratio = top / (top + 255 * amount)
    return quantise(images.float().add_(cloud, alpha=255 * amount).mul_(ratio))


def frost(images: Tensor, severity: int, seeds: Tensor) -> Tensor:
    """Lay a random piece of a frosted pane over each image: (weight of the image, of the pane) `FROST`.

    CIFAR-C uses photographs whose rights are others'; the panes here are procedural, so only the weights are the same.
    """
    own, pane = FROST[severity - 1]
    height, width = images.shape[-2:]
    textures = frost_textures(pixel_scale(images), max(height, width)).to(images.device)
    pieces = textures.unfold(2, height, 1).unfold(3, width, 1)
    draws = uniforms(seeds, 3)
    which, top, left = ((draws[:, i] * size).long() for i, size in enumerate((TEXTURES, *pieces.shape[2:4])))
    over = pieces[which, :, top.clamp(max=pieces.shape[2] - 1), left.clamp(max=pieces.shape[3] - 1)]
    return quantise(over.float().mul_(pane).add_(images, alpha=own))


def snow(images: Tensor, severity: int, seeds: Tensor) -> Tensor:
    """Whiten the image and let flakes drift over it, and over it turned by half a turn.

    (mean, deviation, zoom, threshold, blur radius, blur sigma, weight of the image) `SNOW`; flakes fall at an angle of
    U(-135, -45) degrees.
    """
    mean, deviation, zoom, threshold, radius, sigma, mix = SNOW[severity - 1]
    scale = pixel_scale(images)
    flakes = _flakes(seeds, images, zoom, mean, deviation)
    flakes = truncated(torch.where(flakes < threshold, 0.0, flakes * 255))
    angles = uniforms(seeds, 1, stream=1, low=-135, high=-45)[:, 0]
    layer = motion_blurred(flakes, radius * scale, sigma * scale, angles).floor_()
    red, green, blue = torch.split(images.float(), 1, dim=1)
    white = (red * (1.5 * 0.299)).add_(green, alpha=1.5 * 0.587).add_(blue, alpha=1.5 * 0.114).add_(127.5)
    result = torch.maximum(images.float(), white).mul_(1 - mix).add_(images, alpha=mix)
    return quantise(result.add_(layer + layer.flip((2, 3))))


def plasma(seeds: Tensor, side: int, decay: float) -> Tensor:
    """Return diamond-square noise on a torus, stretched to [0, 1].

    Args:
        seeds: int64 [N].
        side: a power of two.
        decay: what w, 100 at first, is divided by at each halving of the mesh; the random part is w U(-w, w).

    Returns:
        float32 [N, side, side].
    """
    cloud = torch.zeros((len(seeds), side, side), device=seeds.device)
    draws = iter(torch.split(uniforms(seeds, side * side - 1, low=-1), _pieces(side), dim=1))
    step, wibble = side, _WIBBLE
    while step >= 2:
        half = step // 2
        corners = cloud[:, ::step, ::step]
        across = corners + corners.roll(-1, 2)
        centres = _wibbled(across + across.roll(-1, 1), next(draws), wibble)
        cloud[:, half::step, half::step] = centres
        cloud[:, ::step, half::step] = _wibbled(across + centres + centres.roll(1, 1), next(draws), wibble)
        down = corners + corners.roll(-1, 1)
        cloud[:, half::step, ::step] = _wibbled(down + centres + centres.roll(1, 2), next(draws), wibble)
        step, wibble = half, wibble / decay
    cloud -= cloud.amin(dim=(1, 2), keepdim=True)
    return cloud.div_(cloud.amax(dim=(1, 2), keepdim=True))


def _wibbled(sums: Tensor, draws: Tensor, wibble: float) -> Tensor:
    return (sums / 4).add_(draws.view(sums.shape), alpha=wibble**2)


def _pieces(side: int) -> list[int]:
    """Return how many numbers each part of each halving draws: three grids of 1, 4, 16 ... points."""
    return [4**level for level in range(side.bit_length() - 1) for _ in range(3)]


def _flakes(seeds: Tensor, images: Tensor, zoom: float, mean: float, deviation: float) -> Tensor:
    """Return float32 [N, 1, H, W]: normal noise of a 32 x 32 mesh over the image, zoomed in."""
    matrices = [mesh_matrix(side, min(images.shape[-2:]), zoom).to(images.device) for side in images.shape[-2:]]
    mesh = [matrix.shape[1] for matrix in matrices]
    noise = normals(seeds, mesh[0] * mesh[1]).mul_(deviation).add_(mean)
    return separable(noise.view(-1, 1, *mesh), matrices[0], matrices[1])
