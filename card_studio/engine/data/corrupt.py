"""Corruption of test images, as CIFAR-C defines it: 15 corruptions and 4 extras, each at severities 1 to 5.

The constants are those of the 32 x 32 set (METHODS 4). For larger images every length in pixels (radii, sigmas,
displacements, crops, the mesh of fog and frost) grows with the shorter side / 32; everything else stays.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from card_studio.domain.names import SEVERITIES, CorruptionName
from card_studio.domain.options import OwnCorruption
from card_studio.engine.data import corruptions_blur as blur
from card_studio.engine.data import corruptions_digital as digital
from card_studio.engine.data import corruptions_noise as noise
from card_studio.engine.data import corruptions_weather as weather
from card_studio.engine.data.corruptions_spatter import spatter
from card_studio.engine.data.randomness import image_seeds
from card_studio.engine.own import own_corrupted

CONSTANTS_VERSION = 1
"""Counts up with every change to what a corruption does or draws; sets on disk carry it."""

Corruption = Callable[[Tensor, int, Tensor], Tensor]
"""(images uint8 [N, 3, H, W], severity 1-5, seeds int64 [N]) -> uint8 [N, 3, H, W]; randomness is the seed's alone."""

_N = CorruptionName
CORRUPTIONS: dict[CorruptionName, Corruption] = {
    _N.GAUSSIAN_NOISE: noise.gaussian_noise,
    _N.SHOT_NOISE: noise.shot_noise,
    _N.IMPULSE_NOISE: noise.impulse_noise,
    _N.DEFOCUS_BLUR: blur.defocus_blur,
    _N.GLASS_BLUR: blur.glass_blur,
    _N.MOTION_BLUR: blur.motion_blur,
    _N.ZOOM_BLUR: blur.zoom_blur,
    _N.SNOW: weather.snow,
    _N.FROST: weather.frost,
    _N.FOG: weather.fog,
    _N.BRIGHTNESS: weather.brightness,
    _N.CONTRAST: digital.contrast,
    _N.ELASTIC_TRANSFORM: digital.elastic_transform,
    _N.PIXELATE: digital.pixelate,
    _N.JPEG_COMPRESSION: digital.jpeg_compression,
    _N.SPECKLE_NOISE: noise.speckle_noise,
    _N.GAUSSIAN_BLUR: blur.gaussian_blur,
    _N.SPATTER: spatter,
    _N.SATURATE: digital.saturate,
}
"""Every corruption by its name in CIFAR-C."""

_CHUNK_PIXELS = {"cpu": 128 * 32 * 32, "cuda": 8192 * 32 * 32}
"""Pixels worked on at a time: what fits a processor's cache, or keeps a GPU busy."""


def corrupt(
    images: Tensor, name: CorruptionName | OwnCorruption | str, severity: int, generator: torch.Generator
) -> Tensor:
    """Corrupt every image in its own way.

    Args:
        images: uint8 [N, 3, H, W], on any device.
        name: one of CORRUPTIONS, or the options of one of one's own.
        severity: 1 to 5.
        generator: a CPU generator; one 63-bit seed for each image is drawn from it in order, and an image's
            randomness is a function of its seed alone, so a split batch equals the whole bit for bit.

    Returns:
        uint8 [N, 3, H, W] on the images' device.

    Raises:
        ExtensionError: it is one's own, and its code is missing or fails.
        ValueError: an unknown name or severity, images that are not uint8 [N, 3, H, W], or a GPU generator.
    """
    if severity not in SEVERITIES:
        raise ValueError(f"severity {severity} is none of {SEVERITIES}")
    if images.dtype != torch.uint8 or images.ndim != 4 or images.shape[1] != 3:
        raise ValueError(f"corrupt needs uint8 [N, 3, H, W], got {images.dtype} {list(images.shape)}")
    corruption = _own(name) if isinstance(name, OwnCorruption) else CORRUPTIONS[CorruptionName(name)]
    seeds = image_seeds(len(images), generator).to(images.device)
    pixels = _CHUNK_PIXELS.get(images.device.type, _CHUNK_PIXELS["cuda"])
    size = max(1, pixels // max(1, images.shape[2] * images.shape[3]))
    parts = zip(torch.split(images, size), torch.split(seeds, size), strict=True)
    return torch.cat([corruption(part, severity, drawn) for part, drawn in parts]) if len(images) else images.clone()


def _own(options: OwnCorruption) -> Corruption:
    return lambda images, severity, seeds: own_corrupted(images, severity, seeds, options)
