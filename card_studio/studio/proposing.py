"""Deals for the user: greedy ensemble selection with replacement, within a byte budget (Caruana et al. 2004).

It sees only validation images under the four extra corruptions, never what is reported (METHODS 4, Statistics).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from card_studio.domain.card import Card, Evaluation
from card_studio.domain.deck import DeckMode, card_weights
from card_studio.domain.gate import Floats, suit_label
from card_studio.domain.ids import CardId
from card_studio.domain.names import EXTRA_CORRUPTIONS
from card_studio.studio.scoring import Answers, Bools, Votes, right, votes_of

STEPS = 12
"""Cards that a proposal holds at most: our default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedStep:
    """One card added to a growing deck, and what that did on the selection images."""

    card: CardId
    accuracy: float
    """Mean over the corrupted cells of the selection suite."""
    clean: float
    gain: float
    """Accuracy less that of the step before; of the first step less 0."""
    file_bytes: int
    """Of the deck so far, a card that it holds twice counting once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """The best deck found, and the way there: the curve of accuracy against bytes."""

    cards: tuple[CardId, ...]
    """In the order added, with repeats: the steps up to the most accurate one."""
    steps: tuple[ProposedStep, ...]


def propose(
    cards: Sequence[Card],
    evaluations: Sequence[Evaluation],
    *,
    probabilities: Sequence[Answers],
    labels: NDArray[np.int64],
    distances: Mapping[str, Floats],
    budget_bytes: int,
    mode: DeckMode = DeckMode.DOMAIN_ADAPTIVE,
    m: int = 1,
    temperature: float = 1.0,
    steps: int = STEPS,
) -> Proposal:
    """Return a deck grown card by card, each time by the card that then makes it most accurate.

    Equals are decided by accuracy on clean images, then fewer bytes, then the hand's order.

    Args:
        cards: the hand.
        evaluations: each card's on the selection suite.
        probabilities: each card's float16 [cells, N, classes], the clean cell first.
        labels: int64 [N].
        distances: for each suit of the hand float32 [cells, N].
        budget_bytes: what the files of the deck's distinct cards may take in all.
        mode: how the deck's cards answer together.
        m: images that the gate decides on together.
        temperature: of the soft mode.
        steps: cards at most, repeats included.

    Returns:
        No card and no step where none fits the budget.

    Raises:
        ValueError: the evaluations are of images on which nothing may be selected.
    """
    for each in evaluations:
        if each.suite.split != "validation" or not set(each.suite.corruptions) <= set(EXTRA_CORRUPTIONS):
            raise ValueError(f"decks are selected on validation images and extra corruptions: {each.suite.definition}")
    corrupted = np.repeat([cell.corruption is not None for cell in evaluations[0].cells], len(labels))
    suits = [suit_label(card.recipe.augmentation) for card in cards]
    deck = _Growing(suits, [votes_of(each) for each in probabilities], labels, distances, (mode, m, temperature))
    taken: list[ProposedStep] = []
    while len(taken) < steps:
        tried = {
            index: step
            for index in range(len(cards))
            if (step := _step(cards, index, taken, deck.right_with(index), corrupted)).file_bytes <= budget_bytes
        }
        if not tried:
            break
        best = max(tried, key=lambda index: (tried[index].accuracy, tried[index].clean, -tried[index].file_bytes))
        deck.add(best)
        taken.append(tried[best])
    length = int(np.argmax([step.accuracy for step in taken])) + 1 if taken else 0
    return Proposal(cards=tuple(step.card for step in taken[:length]), steps=tuple(taken))


def _step(
    cards: Sequence[Card], index: int, taken: Sequence[ProposedStep], answers: Bools, corrupted: Bools
) -> ProposedStep:
    card = cards[index]
    held = {step.card for step in taken}
    accuracy = float(answers[corrupted].mean())
    return ProposedStep(
        card=card.id,
        accuracy=accuracy,
        clean=float(answers[~corrupted].mean()),
        gain=accuracy - (taken[-1].accuracy if taken else 0.0),
        file_bytes=(taken[-1].file_bytes if taken else 0) + (0 if card.id in held else card.file_bytes),
    )


class _Growing:
    """A deck that grows: what one more card would make of it costs one sum and one vote."""

    def __init__(
        self,
        suits: Sequence[str],
        votes: Sequence[Votes],
        labels: NDArray[np.int64],
        distances: Mapping[str, Floats],
        rules: tuple[DeckMode, int, float],
    ) -> None:
        self._suits = suits
        self._votes = votes
        self._distances = distances
        self._mode, self._m, self._temperature = rules
        self._truth = np.tile(labels, votes[0].shape[1] // len(labels))
        self._sums: dict[str, Votes] = {}
        self._counts: Counter[str] = Counter()
        self._right: dict[str, Bools] = {}
        self._shares: dict[tuple[str, ...], Floats] = {}

    def add(self, index: int) -> None:
        """Take a card of the hand into the deck."""
        suit = self._suits[index]
        self._sums[suit] = self._with(index)
        self._counts[suit] += 1
        self._right[suit] = right(self._sums[suit], self._truth)

    def right_with(self, index: int) -> Bools:
        """Return whether each row is right once a card is added: [rows]."""
        sums = {**self._sums, self._suits[index]: self._with(index)}
        if self._mode is DeckMode.DOMAIN_AGNOSTIC:
            return right(np.sum(list(sums.values()), axis=0), self._truth)
        shares = self._shares_of(tuple(sums))
        if self._mode is DeckMode.SOFT:
            counts = self._counts + Counter([self._suits[index]])
            means = [total * (share / counts[suit]) for (suit, total), share in zip(sums.items(), shares, strict=True)]
            return right(np.sum(means, axis=0), self._truth)
        grown = right(sums[self._suits[index]], self._truth)
        each = [grown if suit == self._suits[index] else self._right[suit] for suit in sums]
        chosen: Bools = np.any([one & (share > 0) for one, share in zip(each, shares, strict=True)], axis=0)
        return chosen

    def _with(self, index: int) -> Votes:
        total = self._sums.get(self._suits[index])
        return self._votes[index] if total is None else total + self._votes[index]

    def _shares_of(self, suits: tuple[str, ...]) -> Floats:
        """Return each suit's weight for each row, [suits, rows], suits in the order in which they came."""
        if suits not in self._shares:
            cells = np.stack([self._distances[suit] for suit in suits], axis=2)
            owners = np.arange(len(suits))
            weights = [
                card_weights(each, owners, self._mode, m=self._m, temperature=self._temperature) for each in cells
            ]
            self._shares[suits] = np.concatenate(weights).T.copy()
        return self._shares[suits]
