"""A test image at hand, to show what a perturbation looks like."""

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from card_studio.domain.card import Card
from card_studio.domain.gate import cell_name
from card_studio.files import read_array


class Folder(Protocol):
    """Where a workspace lies."""

    @property
    def path(self) -> Path:
        """Its folder."""


def example_image(workspace: Folder, card: Card) -> NDArray[np.uint8] | None:
    """Return the first clean image of the suite on which a card was evaluated, uint8 [3, H, W].

    Returns:
        None where the card was not evaluated, or its images were made on another machine.
    """
    if card.suite is None:
        return None
    path = workspace.path / "cache" / "suites" / cell_name(card.suite, card.data_digest, None, 0)
    return np.array(read_array(path, mapped=True)[0]) if path.exists() else None
