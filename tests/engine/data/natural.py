"""Pictures with the amplitude spectrum of natural ones (about 1/f), drawn from a seed: material for image tests."""

import numpy as np
import torch
from torch import Tensor


def natural_pictures(count: int, seed: int = 0, side: int = 32) -> np.ndarray:
    """Return uint8 [count, side, side, 3]: coloured 1/f noise with some saturated and some flat places."""
    random = np.random.default_rng(seed)
    radius = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)) * side
    spectrum = np.fft.rfft2(random.standard_normal((count, 4, side, side))) / np.maximum(radius, 1) ** 1.2
    noise = np.fft.irfft2(spectrum, (side, side))
    noise /= noise.std(axis=(2, 3), keepdims=True)
    layers = 0.8 * noise[:, :1] + 0.5 * noise[:, 1:]
    grey = 60 * layers + random.uniform(60, 190, size=(count, 3, 1, 1))
    return np.clip(grey, 0, 255).astype(np.uint8).transpose(0, 2, 3, 1).copy()


def as_batch(pictures: np.ndarray) -> Tensor:
    """Return uint8 [N, 3, H, W] of uint8 [N, H, W, 3]."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous()


def as_pictures(images: Tensor) -> np.ndarray:
    """Return [N, H, W, 3] of [N, 3, H, W]."""
    return images.permute(0, 2, 3, 1).numpy()
