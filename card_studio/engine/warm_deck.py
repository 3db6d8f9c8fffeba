"""What the dealer serves, asked with NumPy arrays: a deck's networks kept warm, and pictures made from pictures."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from card_studio.domain.names import CorruptionName
from card_studio.domain.options import AugmentationOptions, CleanAugmentation
from card_studio.engine.card_file import card_net, load_card
from card_studio.engine.data import shapes
from card_studio.engine.data.augment import flip_crop, reference_images
from card_studio.engine.data.corrupt import corrupt
from card_studio.engine.predict import deck_probabilities

_DEVICE = torch.device("cpu")
"""Previews are a few images: the way to another device and back would take longer."""


class WarmDeck:
    """The networks of a deck, loaded and run once."""

    def __init__(self, card_files: Sequence[Path], size: int, threads: int) -> None:
        """Load the cards and run each once, so that the first real answer does not pay for memory and kernels.

        Args:
            card_files: the deck's cards, in order; none where only pictures are wanted.
            size: pixels on each side of their images.
            threads: processor threads of each answer.

        Raises:
            CardFileError: one of the files is missing or damaged.
        """
        torch.set_num_threads(threads)
        self._nets = [card_net(load_card(path)) for path in card_files]
        if self._nets:
            self.probabilities(np.zeros((1, 3, size, size), np.uint8))

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return float32 [cards, N, classes] for uint8 images [N, 3, H, W]."""
        answers = deck_probabilities(self._nets, torch.from_numpy(images.copy()), device=_DEVICE)
        return np.asarray(answers.numpy(), np.float32)

    def corrupted(self, images: NDArray[np.uint8], name: CorruptionName, severity: int, seed: int) -> NDArray[np.uint8]:
        """Return uint8 images [N, 3, H, W] under a corruption at a severity from 1 to 5."""
        generator = torch.Generator().manual_seed(seed)
        return np.asarray(corrupt(torch.from_numpy(images.copy()), name, severity, generator).numpy(), np.uint8)

    def augmented(self, images: NDArray[np.uint8], options: AugmentationOptions, seed: int) -> NDArray[np.uint8]:
        """Return uint8 images [N, 3, H, W], each augmented by draws of its own.

        The augmentation is always applied, alone, as for the gate's references; `clean` gives the flips and crops
        that all augmentations share in training.
        """
        generator, pixels = torch.Generator().manual_seed(seed), torch.from_numpy(images.copy())
        if isinstance(options, CleanAugmentation):
            return np.asarray(flip_crop(pixels, generator).numpy(), np.uint8)
        return np.asarray(reference_images(pixels, options, generator).numpy(), np.uint8)

    def rendered(self, count: int, seed: int) -> NDArray[np.uint8]:
        """Return the first test images of the embedded dataset, uint8 [count, 3, 32, 32]."""
        return shapes.render("test", count, seed)[0]
