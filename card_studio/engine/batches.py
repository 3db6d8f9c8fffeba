"""Training batches: images resident on the device, in a seeded order, augmented as a batch."""

import torch
from torch import Tensor

from card_studio.domain.options import AugmentationOptions, AugmixAugmentation, TrainingOptions
from card_studio.engine.data.augment import AUGMENTATIONS, flip_crop
from card_studio.engine.data.datasets import Split
from card_studio.engine.seeds import seeded

_SMALLEST_BATCH = 2
"""Batch norm needs two values per channel; a last batch of one image is left out."""


def steps_per_epoch(images: int, batch_size: int) -> int:
    """Return how many batches a pass over the images takes; the last may be smaller."""
    whole, rest = divmod(images, batch_size)
    return max(1, whole + (rest >= _SMALLEST_BATCH))


class Batches:
    """The batch of any step of a level, determined by seed, level and step alone."""

    def __init__(
        self,
        split: Split,
        *,
        augmentation: AugmentationOptions,
        training: TrainingOptions,
        seed: int,
        level: int,
        device: torch.device,
    ) -> None:
        """Bring the images to the device, once, as uint8."""
        self._images = split.images.to(device)
        self._labels = split.labels.to(device)
        self._augmentation = augmentation
        self._flip_crop = training.flip_crop
        self._size = training.batch_size
        self._origin = (seed, level)
        self._order: tuple[int, Tensor] = (-1, torch.empty(0, dtype=torch.int64))
        self.views = 3 if isinstance(augmentation, AugmixAugmentation) and augmentation.jsd else 1
        """Versions of each image in a batch: 1, or 3 (clean, AugMix, AugMix) for the consistency loss."""
        self.per_epoch = steps_per_epoch(len(split), self._size)
        """Steps in one pass over the images."""

    def __call__(self, step: int) -> tuple[Tensor, Tensor]:
        """Return the batch of a step of the level.

        Returns:
            Images float32 [views * n, 3, H, W] in [0,1], the views one after another, and labels int64 [n].
        """
        epoch, place = divmod(step, self.per_epoch)
        chosen = self._epoch_order(epoch)[place * self._size : (place + 1) * self._size]
        seed, level = self._origin
        generator = seeded(seed, "augmentation", level, step)
        grey_levels = self._images.index_select(0, chosen)
        if self._flip_crop:
            grey_levels = flip_crop(grey_levels, generator)
        images = grey_levels.to(torch.float32, memory_format=torch.channels_last).div_(255)
        augment = AUGMENTATIONS[self._augmentation.name]
        views = [augment(images, generator, self._augmentation) for _ in range(max(1, self.views - 1))]
        if self.views > 1:
            views = [torch.cat([images, *views])]
        return views[0].contiguous(memory_format=torch.channels_last), self._labels.index_select(0, chosen)

    def _epoch_order(self, epoch: int) -> Tensor:
        if self._order[0] != epoch:
            seed, level = self._origin
            order = torch.randperm(len(self._labels), generator=seeded(seed, "order", level, epoch))
            self._order = (epoch, order.to(self._labels.device))
        return self._order[1]
