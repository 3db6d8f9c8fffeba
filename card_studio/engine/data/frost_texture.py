"""Five frosted panes, made from fixed seeds: ridges of noise at many scales, like crystals, in cold colours.

They stand in for the photographs of CIFAR-C, whose rights are others'. Mean and spread are near those of a window's
frost (about 130 and 55 grey levels); the pattern is our own.
"""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

TEXTURES = 5
_SIDE = 160
_OCTAVES = 5
_COLDEST, _WHITE = np.array([40.0, 66.0, 96.0]), np.array([232.0, 244.0, 255.0])


@lru_cache(maxsize=8)
def frost_textures(scale: float, least: int) -> Tensor:
    """Return uint8 [5, 3, S, S]; S is 160 px for 32 x 32 images and grows with `scale`, and exceeds `least`."""
    side = max(round(_SIDE * scale), least + 1)
    panes = [_pane(np.random.default_rng([20210613, number]), side, scale) for number in range(TEXTURES)]
    return torch.from_numpy(np.stack(panes))


def _pane(random: np.random.Generator, side: int, scale: float) -> np.ndarray:
    """Return uint8 [3, S, S]: ever finer ridges, each growing where the coarser ones are."""
    ice, strength = np.zeros((side, side)), np.ones((side, side))
    for octave in range(_OCTAVES):
        stretch, angle = random.uniform(1.5, 4), random.uniform(0, np.pi)
        noise = _smooth_noise(random, side, 24 * scale / 2**octave, stretch, angle)
        ridge = np.clip(1 - np.abs(noise), 0, 1) ** 2 * strength
        ice += ridge / 2 ** (octave / 2)
        strength = np.clip(1.6 * ridge, 0, 1)
    ice += 0.35 * _smooth_noise(random, side, 40 * scale, 1, 0)
    order = ice.ravel().argsort().argsort().reshape(side, side) / (side * side - 1)
    amount = np.clip(order, 0, 1) ** 1.4
    colours = _COLDEST + amount[..., None] * (_WHITE - _COLDEST)
    pane: np.ndarray = colours.round().astype(np.uint8).transpose(2, 0, 1)
    return pane.copy()


def _smooth_noise(random: np.random.Generator, side: int, length: float, stretch: float, angle: float) -> np.ndarray:
    """Return periodic noise of unit deviation whose features are `length` px wide, and `stretch` times as long."""
    y, x = np.meshgrid(np.fft.fftfreq(side), np.fft.rfftfreq(side), indexing="ij")
    along = (x * np.cos(angle) + y * np.sin(angle)) * length * stretch
    across = (y * np.cos(angle) - x * np.sin(angle)) * length
    spectrum = np.fft.rfft2(random.standard_normal((side, side))) * np.exp(-2 * (along**2 + across**2))
    noise: np.ndarray = np.fft.irfft2(spectrum, (side, side))
    noise /= noise.std()
    return noise
