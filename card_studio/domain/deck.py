"""A deck: cards in order plus a gate; how distances become weights and weights a mean (METHODS 6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from card_studio.domain.gate import Floats, choose_each
from card_studio.domain.ids import CardId, DeckId
from card_studio.domain.job import DeckDefinition, GateOptions, Suite
from card_studio.domain.names import AnyCorruption
from card_studio.domain.names import DeckMode as DeckMode  # this is where it is looked for
from card_studio.domain.options import Options


class Selection(Options):
    """How a deck was proposed: greedily, on images that are never reported (METHODS 4, Statistics)."""

    suite: Suite
    images: int
    """In each cell of the suite."""
    budget_bytes: int
    hand: int
    """Cards that it was chosen from."""
    cards: tuple[CardId, ...]
    mode: DeckMode
    batch: int
    temperature: float
    accuracy: float
    """Mean over the suite's corrupted cells: what was made as high as possible, and so flatters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deck:
    """A named set of cards in order; a card that lies in it twice counts twice in every mean."""

    id: DeckId
    name: str
    cards: tuple[CardId, ...]
    mode: DeckMode
    gate: GateOptions
    batch: int
    """The gate's m: images that are decided on together."""
    temperature: float
    """Of the soft mode, in units of distance."""
    created_at: datetime
    modified_at: datetime
    selection: Selection | None = None
    """How it was proposed; None for a deck that someone built by hand."""

    @property
    def as_proposed(self) -> bool:
        """Whether it is still the deck that was proposed: its cards, whatever their order, and how they answer."""
        was = self.selection
        if was is None or sorted(was.cards) != sorted(self.cards) or was.mode is not self.mode:
            return False
        gated, soft = self.mode is not DeckMode.DOMAIN_AGNOSTIC, self.mode is DeckMode.SOFT
        return (not gated or was.batch == self.batch) and (not soft or was.temperature == self.temperature)


def definition_of(deck: Deck) -> DeckDefinition:
    """Return what of a deck travels with it."""
    return DeckDefinition(
        cards=deck.cards, mode=deck.mode, gate=deck.gate, batch=deck.batch, temperature=deck.temperature
    )


def numbered(name: str, number: int) -> str:
    """Return what a deck from elsewhere is called where its name is taken: the name, then `name (2)` and so on."""
    return name if number == 1 else f"{name} ({number})"


def suits_of(augmentations: Sequence[str]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Return the distinct augmentations in deck order, and for each card which of them is its own.

    Args:
        augmentations: the augmentation's label of each card, in deck order.
    """
    suits = tuple(dict.fromkeys(augmentations))
    return suits, np.array([suits.index(label) for label in augmentations], np.int64)


def card_weights(
    distances: Floats, owners: NDArray[np.int64], mode: DeckMode, *, m: int = 1, temperature: float = 1.0
) -> Floats:
    """Return how much each card counts for each image; each image's weights sum to 1.

    Args:
        distances: float32 [N, A] to each augmentation, in deck order; any A columns for DOMAIN_AGNOSTIC.
        owners: int64 [cards], each card's column in `distances`.
        mode: how the cards answer together.
        m: images in a batch of the gate.
        temperature: of the soft mode.

    Returns:
        float32 [N, cards].
    """
    count = len(owners)
    if mode is DeckMode.DOMAIN_AGNOSTIC:
        return np.full((len(distances), count), 1 / count, np.float32)
    if mode is DeckMode.DOMAIN_ADAPTIVE:
        chosen = owners[None, :] == choose_each(distances, m)[:, None]
        adaptive: Floats = (chosen / chosen.sum(axis=1, keepdims=True)).astype(np.float32)
        return adaptive
    logits = -_batch_means(distances, m) / temperature
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    holders = np.bincount(owners, minlength=distances.shape[1])
    soft: Floats = (shares[:, owners] / holders[owners]).astype(np.float32)
    return soft


def combine(probabilities: Floats, weights: Floats) -> Floats:
    """Return the deck's class probabilities: each image's weighted mean over cards.

    Args:
        probabilities: float [cards, N, classes].
        weights: float [N, cards], rows summing to 1.

    Returns:
        float32 [N, classes].
    """
    return np.asarray(np.einsum("knc,nk->nc", probabilities.astype(np.float32), weights), np.float32)


def _batch_means(distances: Floats, m: int) -> NDArray[np.float64]:
    starts = np.arange(0, len(distances), m)
    sizes = np.diff(np.append(starts, len(distances)))
    means: NDArray[np.float64] = np.add.reduceat(distances.astype(np.float64), starts, axis=0) / sizes[:, None]
    return np.repeat(means, sizes, axis=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CellScore:
    """A deck on one corruption at one severity; corruption None is clean."""

    corruption: AnyCorruption | None
    severity: int
    accuracy: float
    agnostic: float
    """Accuracy of the plain mean over all cards."""
    best_suit: float
    """Bound: the best single augmentation for this cell, as a gate perfect by domain could choose it."""
    any_card: float
    """Share of images that at least one card gets right: no gate can reach it."""
    chosen: tuple[float, ...]
    """Share of the images sent to each augmentation, in deck order."""
    images: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CorruptionScore:
    """A deck on one corruption, the plain mean over its severities; corruption None is clean."""

    corruption: AnyCorruption | None
    accuracy: float
    agnostic: float
    best_suit: float
    best_card: float
    """Of the card with the best robust accuracy, the same one in every row."""
    any_card: float
    gain: float
    """Accuracy of the gate less that of averaging all cards."""
    gain_interval: tuple[float, float]
    """95 %, paired bootstrap over images; each row by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeckScore:
    """A deck scored from stored answers, with its bounds, and what the numbers mean."""

    suite: Suite
    suits: tuple[str, ...]
    m: int
    mode: DeckMode
    cells: tuple[CellScore, ...]
    corruptions: tuple[CorruptionScore, ...]
    """The clean images first, then each corruption in the suite's order."""
    clean: float
    robust: float
    agnostic_clean: float
    agnostic_robust: float
    best_suit_robust: float
    any_card_robust: float
    best_card: CardId
    """The single card with the best robust accuracy."""
    best_card_robust: float
    gain: float
    """Robust accuracy of the gate less that of averaging all cards."""
    gain_interval: tuple[float, float]
    """95 %, paired bootstrap over images."""
    file_bytes: int
    images: int
