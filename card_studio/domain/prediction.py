"""A prediction: what a deck says of an image, and why."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from card_studio.domain.ids import CardId
from card_studio.domain.names import DeckMode

CLOSE_CALL = 0.02
"""Below this margin a choice is called a close call: our convention."""
CLEAR = 0.05
"""From this margin on a choice is called clear: our convention."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """One image, the gate's reasons, every card's answer and the deck's."""

    source: str
    """Where the image came from: a file's name, or `image 3`."""
    image: NDArray[np.uint8]
    """[3, H, W] as the network sees it."""
    spectrum: NDArray[np.float32]
    """[H, W] log amplitude of the grey image, zero frequency at the centre."""
    suits: tuple[str, ...]
    distances: tuple[float, ...]
    """To each suit's references, in deck order, of the batch that was decided on."""
    chosen: str
    """The chosen suit."""
    margin: float
    batch: int
    """The gate's m."""
    mode: DeckMode
    """How the cards answer together; without a gate the choice is told, and counts for nothing."""
    cards: tuple[CardId, ...]
    weights: tuple[float, ...]
    """How much each card counts for the deck's answer; they sum to 1."""
    chosen_cards: tuple[CardId, ...]
    """Those of the chosen suit."""
    classes: tuple[str, ...]
    card_probabilities: NDArray[np.float32] | None
    """[cards, classes]; None while the dealer is warming up."""
    probabilities: NDArray[np.float32] | None
    """[classes], the deck's answer."""

    @property
    def verdict(self) -> str:
        """The margin in words."""
        if self.margin < CLOSE_CALL:
            return "a close call"
        return "clear" if self.margin >= CLEAR else "fairly clear"

    @property
    def label(self) -> str | None:
        """The deck's answer, once the cards have spoken."""
        return None if self.probabilities is None else self.classes[int(np.argmax(self.probabilities))]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Neighbours:
    """The reference images of one suit whose spectra are nearest to an image's, the nearest first."""

    suit: str
    distances: tuple[float, ...]
    indices: tuple[int, ...]
    """Their places among the references."""
    references: int
    """How many there are to be near to."""
    images: NDArray[np.uint8] | None
    """[k, 3, H, W] as augmented; None where they are not kept on this machine."""


def centred_spectrum(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return [H, W]: log(1 + abs(fft2(grey))) of a uint8 [3, H, W] image, zero frequency at the centre."""
    amplitude = np.abs(np.fft.fft2(image.astype(np.float64).mean(axis=0)))
    return np.fft.fftshift(np.log1p(amplitude)).astype(np.float32)
