"""Training batches: images resident on the device, in a seeded order, augmented as a batch."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from card_studio.domain.options import AugmentationOptions, AugmixAugmentation, TrainingOptions
from card_studio.engine.data.augment import augmented, flip_crop
from card_studio.engine.data.augmix import augmix_together, images_at_once
from card_studio.engine.data.datasets import Split
from card_studio.engine.seeds import seeded

_SMALLEST_BATCH = 2
"""Batch norm needs two values per channel; a last batch of one image is left out."""


def steps_per_epoch(images: int, batch_size: int) -> int:
    """Return how many batches a pass over the images takes; the last may be smaller."""
    whole, rest = divmod(images, batch_size)
    return max(1, whole + (rest >= _SMALLEST_BATCH))


Batch = tuple[Tensor, Tensor]


class Batches:
    """The batch of any step of a level, determined by seed, level and step alone.

    AugMix costs milliseconds of calls whatever the batch's size, so the batches of the next few steps of the epoch are
    made at once and kept until they are asked for. Each step draws from a generator of its own, so what it gets depends
    neither on that nor on the step at which training was resumed.
    """

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
        self._ready: dict[int, Batch] = {}
        self.views = 3 if isinstance(augmentation, AugmixAugmentation) and augmentation.jsd else 1
        """Versions of each image in a batch: 1, or 3 (clean, AugMix, AugMix) for the consistency loss."""
        self._draws = max(1, self.views - 1)
        self.per_epoch = steps_per_epoch(len(split), self._size)
        """Steps in one pass over the images."""

    def __call__(self, step: int) -> Batch:
        """Return the batch of a step of the level.

        Returns:
            Images float32 [views * n, 3, H, W] in [0,1], the views one after another, and labels int64 [n].
        """
        if step not in self._ready:
            self._ready = dict(self._made(self._together(step)))
        return self._ready.pop(step)

    def _together(self, step: int) -> range:
        """Return the steps whose batches are made at once, from `step` on, none beyond its epoch."""
        if not isinstance(self._augmentation, AugmixAugmentation):
            return range(step, step + 1)
        count = max(1, images_at_once(self._images) // (self._size * self._draws))
        return range(step, min(step + count, (step // self.per_epoch + 1) * self.per_epoch))

    def _made(self, steps: range) -> Iterator[tuple[int, Batch]]:
        """Yield each step with its batch."""
        plain = [self._plain(step) for step in steps]
        made = self._augmented(
            [images for images, _, _ in plain for _ in range(self._draws)],
            [generator for _, _, generator in plain for _ in range(self._draws)],
        )
        for index, (images, labels, _) in enumerate(plain):
            views = made[index * self._draws : (index + 1) * self._draws]
            whole = torch.cat((_floats(images), *views)) if self.views > 1 else views[0]
            yield steps[index], (whole.contiguous(memory_format=torch.channels_last), labels)

    def _augmented(self, batches: list[Tensor], generators: list[torch.Generator]) -> Sequence[Tensor]:
        """Return floats of each batch of grey levels."""
        options = self._augmentation
        if isinstance(options, AugmixAugmentation):
            return augmix_together(batches, generators, options)
        pairs = zip(batches, generators, strict=True)
        return [augmented(_floats(images), generator, options) for images, generator in pairs]

    def _plain(self, step: int) -> tuple[Tensor, Tensor, torch.Generator]:
        """Return a step's images as uint8 [n, 3, H, W], flipped and cropped, their labels, and its generator."""
        epoch, place = divmod(step, self.per_epoch)
        chosen = self._epoch_order(epoch)[place * self._size : (place + 1) * self._size]
        seed, level = self._origin
        generator = seeded(seed, "augmentation", level, step)
        images = self._images.index_select(0, chosen)
        if self._flip_crop:
            images = flip_crop(images, generator)
        return images, self._labels.index_select(0, chosen), generator

    def _epoch_order(self, epoch: int) -> Tensor:
        if self._order[0] != epoch:
            seed, level = self._origin
            order = torch.randperm(len(self._labels), generator=seeded(seed, "order", level, epoch))
            self._order = (epoch, order.to(self._labels.device))
        return self._order[1]


def _floats(grey_levels: Tensor) -> Tensor:
    return grey_levels.to(torch.float32, memory_format=torch.channels_last).div_(255)
