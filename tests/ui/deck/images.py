"""Images for decks to be asked about: with the spectrum of photos, noisy, blurred, faded."""

import numpy as np
from numpy.typing import NDArray


def natural(count: int, seed: int) -> NDArray[np.uint8]:
    """Return images with a 1/f amplitude spectrum, uint8 [count, 3, 32, 32]."""
    generator = np.random.default_rng(seed)
    radius = np.hypot(np.fft.fftfreq(32)[:, None], np.fft.fftfreq(32)[None])
    radius[0, 0] = 1 / 32
    noise = np.fft.fft2(generator.normal(size=(count, 3, 32, 32)))
    images = np.fft.ifft2(noise / radius).real
    images /= images.std(axis=(1, 2, 3), keepdims=True)
    return np.clip(128 + 48 * images, 0, 255).astype(np.uint8)


def noisy(images: NDArray[np.uint8], deviation: float, seed: int = 0) -> NDArray[np.uint8]:
    """Return the images with Gaussian noise of a deviation on the 0-255 scale."""
    noise = np.random.default_rng(seed).normal(0, deviation, images.shape)
    return np.clip(images + noise, 0, 255).astype(np.uint8)


def blurred(images: NDArray[np.uint8], strength: float) -> NDArray[np.uint8]:
    around = sum(np.roll(images.astype(float), shift, axis) for axis in (2, 3) for shift in (-1, 1)) / 4
    return np.clip((1 - strength) * images + strength * around, 0, 255).astype(np.uint8)


def faded(images: NDArray[np.uint8], strength: float) -> NDArray[np.uint8]:
    return np.clip(128 + (images - 128.0) * (1 - strength), 0, 255).astype(np.uint8)


def augmented(images: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
    if name == "gaussian":
        return noisy(images, 25.5, 5)
    return blurred(faded(images, 0.2), 0.3) if name == "augmix" else images
