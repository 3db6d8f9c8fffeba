"""Augmentation of training images: clean, Gaussian noise, AugMix, and the flips and crops that all of them share.

Images are float batches [N, 3, H, W] in [0, 1], on any device; every image draws its own randomness from the
generator. METHODS 3; the references of the gate, METHODS 6.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import pad

from card_studio.domain.names import AugmentationName
from card_studio.domain.options import (
    AugmentationOptions,
    AugmixAugmentation,
    CleanAugmentation,
    GaussianAugmentation,
    OwnAugmentation,
)
from card_studio.engine.data.augmix import augmix
from card_studio.engine.own import own_augmentation

__all__ = ["AUGMENTATIONS", "augmented", "augmix", "clean", "flip_crop", "gaussian", "reference_images"]

_CHUNK = 512


def clean(images: Tensor, generator: torch.Generator, options: AugmentationOptions | None = None) -> Tensor:
    """Return the images as they are; draws nothing."""
    return images


def gaussian(images: Tensor, generator: torch.Generator, options: GaussianAugmentation | None = None) -> Tensor:
    """Add N(0, sigma) noise to a share of the images and clamp them to [0, 1].

    Args:
        images: float [N, 3, H, W] in [0, 1].
        generator: draws which images get noise, and the noise.
        options: sigma on the 0-1 scale, and the probability of each image; 0.1 and 0.5 by default.

    Returns:
        A new batch of the same shape.
    """
    options = options or GaussianAugmentation()
    chosen = torch.rand(len(images), generator=generator, device=generator.device) < options.probability
    noise = torch.randn(images.shape, generator=generator, device=generator.device).to(images)
    scale = (options.sigma * chosen).to(images)[:, None, None, None]
    return noise.mul_(scale).add_(images).clamp_(0, 1)


def flip_crop(images: Tensor, generator: torch.Generator) -> Tensor:
    """Flip each image with probability 1/2, then cut it out of its copy padded by H/8 zeros (4 px of 32).

    Args:
        images: [N, 3, H, W] of any number type.
        generator: draws each image's flip and offsets.
    """
    count, channels, height, width = images.shape
    margin = max(1, round(height / 8))
    draws = torch.rand((3, count, 1), generator=generator, device=generator.device).to(images.device)
    flip = draws[0] < 0.5
    top, left = (draws[1:] * (2 * margin + 1)).long()
    rows = torch.arange(height, device=images.device) + top
    columns = torch.arange(width, device=images.device) + left
    columns = torch.where(flip, width + 2 * margin - 1 - columns, columns)
    index = (rows[:, :, None] * (width + 2 * margin) + columns[:, None, :]).view(count, 1, -1)
    padded = pad(images, (margin, margin, margin, margin)).flatten(2)
    return padded.gather(2, index.expand(-1, channels, -1)).view(images.shape)


def _gaussian_by_name(images: Tensor, generator: torch.Generator, options: AugmentationOptions) -> Tensor:
    return gaussian(images, generator, options if isinstance(options, GaussianAugmentation) else None)


def _augmix_by_name(images: Tensor, generator: torch.Generator, options: AugmentationOptions) -> Tensor:
    return augmix(images, generator, options if isinstance(options, AugmixAugmentation) else None)


AUGMENTATIONS: dict[AugmentationName, Callable[[Tensor, torch.Generator, AugmentationOptions], Tensor]] = {
    AugmentationName.CLEAN: clean,
    AugmentationName.GAUSSIAN: _gaussian_by_name,
    AugmentationName.AUGMIX: _augmix_by_name,
}
"""What is done to a training batch, by name; each is given the options of its own name."""


def augmented(images: Tensor, generator: torch.Generator, options: AugmentationOptions) -> Tensor:
    """Return a batch augmented as its options say.

    Args:
        images: float [N, 3, H, W] in [0, 1].
        generator: the source of all draws.
        options: of one of AUGMENTATIONS, or of one's own.

    Raises:
        ExtensionError: it is one's own, and its code is missing or fails.
    """
    if isinstance(options, OwnAugmentation):
        return own_augmentation(images, generator, options)
    return AUGMENTATIONS[options.name](images, generator, options)


def reference_images(images: Tensor, options: AugmentationOptions, generator: torch.Generator) -> Tensor:
    """Return images with their augmentation always applied, for the gate's references (METHODS 6).

    No flip or crop; Gaussian noise with probability 1; the result is rounded to whole grey levels.

    Args:
        images: uint8 [M, 3, H, W].
        options: the augmentation of the cards that the references stand for.
        generator: draws the augmentation.

    Returns:
        uint8 [M, 3, H, W].
    """
    if isinstance(options, CleanAugmentation):
        return images
    if isinstance(options, GaussianAugmentation):
        options = options.model_copy(update={"probability": 1.0})
    parts = [augmented(part.float() / 255, generator, options) for part in torch.split(images, _CHUNK)]
    return torch.cat(parts).mul_(255).round_().to(torch.uint8)
