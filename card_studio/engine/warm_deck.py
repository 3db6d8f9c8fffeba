"""What the dealer serves, asked with NumPy arrays: a deck's networks kept warm, and pictures made from pictures."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from card_studio.domain.names import CorruptionName
from card_studio.domain.options import AugmentationOptions, CleanAugmentation, OwnCorruption
from card_studio.engine.card_file import card_net, load_card
from card_studio.engine.data import shapes
from card_studio.engine.data.augment import flip_crop, reference_images
from card_studio.engine.data.corrupt import corrupt
from card_studio.engine.predict import deck_probabilities, ready

_DEVICE = torch.device("cpu")
"""Previews are a few images: the way to another device and back would take longer."""


class WarmDeck:
    """The networks of the deck asked last, each loaded and run once, whatever the order of its cards."""

    def __init__(self, threads: int) -> None:
        """Begin without a card.

        Args:
            threads: processor threads of each answer.
        """
        torch.set_num_threads(threads)
        self._nets: dict[Path, nn.Module] = {}

    def hold(self, card_files: Sequence[Path]) -> None:
        """Load these cards, keep those that are loaded, and forget all others.

        Each is run once, so that the first real answer does not pay for memory and kernels.

        Raises:
            CardFileError: one of the files is missing or damaged; what was held is still held.
        """
        nets = {path: self._nets.get(path) or _warmed(path) for path in card_files}
        self._nets = nets

    def probabilities(self, card_files: Sequence[Path], images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return float32 [cards, N, classes] for uint8 images [N, 3, H, W]; holds these cards from now on.

        Raises:
            CardFileError: one of the files is missing or damaged.
        """
        self.hold(card_files)
        nets = [self._nets[path] for path in card_files]
        answers = deck_probabilities(nets, torch.from_numpy(images.copy()), device=_DEVICE)
        return np.asarray(answers.numpy(), np.float32)

    def corrupted(
        self, images: NDArray[np.uint8], how: CorruptionName | OwnCorruption, severity: int, seed: int
    ) -> NDArray[np.uint8]:
        """Return uint8 images [N, 3, H, W] under a corruption at a severity from 1 to 5.

        Raises:
            ExtensionError: it is one's own, and its code is missing or fails.
        """
        generator = torch.Generator().manual_seed(seed)
        return np.asarray(corrupt(torch.from_numpy(images.copy()), how, severity, generator).numpy(), np.uint8)

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


def _warmed(path: Path) -> nn.Module:
    content = load_card(path)
    net = ready(card_net(content), _DEVICE)
    deck_probabilities([net], torch.zeros((1, 3, content.size, content.size), dtype=torch.uint8), device=_DEVICE)
    return net
