"""Deals for the user: greedy ensemble selection with replacement, within a byte budget (Caruana et al. 2004).

It sees only validation images under the four extra corruptions, never what is reported (METHODS 4, Statistics).

One more answer moves a sum of answers by no more than its own weight, and where both the sum and the new answer are
right, their sum is. So of all images only those are worked on that the gate sends to the new card, that stand closer
than its weight, and that one of the two gets wrong: a small part (tests/benchmarks/test_propose_benchmark.py).
"""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from card_studio.domain.card import Card, Evaluation
from card_studio.domain.deck import DeckMode, Selection, card_weights
from card_studio.domain.gate import Floats, suit_label
from card_studio.domain.ids import CardId
from card_studio.domain.names import EXTRA_CORRUPTIONS
from card_studio.domain.statistics import Interval, bootstrap
from card_studio.studio.scoring import Answers, Bools, Votes, right, votes_of

STEPS = 12
"""Cards that a proposal holds at most: our default."""
_PATIENCE = 3
"""After so many cards that made the deck no better, none is added."""
_BUDGETS = 12
_SLACK = 1e-4
"""How much closer than its weight an answer is taken to matter: rounding must not decide."""
_BLOCK_ROWS = 8_192
Taken = tuple[int, ...]
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedStep:
    """One card added to a growing deck, and what that did on the selection images."""

    card: CardId
    accuracy: float
    """Mean over the corrupted cells of the selection suite."""
    clean: float
    gain: float
    """Accuracy less that of the step before; of the first step less 0."""
    gain_interval: Interval
    """95 %, paired bootstrap over images; it knows nothing of the choice among many cards, which flatters each step."""
    file_bytes: int
    """Of the deck so far, a card that it holds twice counting once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """The best deck found, and the way there: the curve of accuracy against bytes."""

    cards: tuple[CardId, ...]
    """In the order added, with repeats: the steps up to the most accurate one."""
    steps: tuple[ProposedStep, ...]
    selection: Selection
    """How it was chosen, as it goes with a deck of these cards."""

    def selection_at(self, step: int) -> Selection:
        """Return how a deck of the cards up to a step, counted from 0, was chosen."""
        cards = tuple(each.card for each in self.steps[: step + 1])
        return self.selection.model_copy(update={"cards": cards, "accuracy": self.steps[step].accuracy})


class Proposer:
    """A hand with its answers on the selection images; proposes decks for any budget. Any thread may use it."""

    def __init__(
        self,
        cards: Sequence[Card],
        evaluations: Sequence[Evaluation],
        *,
        probabilities: Sequence[Answers],
        labels: NDArray[np.int64],
        distances: Mapping[str, Floats],
        mode: DeckMode = DeckMode.DOMAIN_ADAPTIVE,
        m: int = 1,
        temperature: float = 1.0,
    ) -> None:
        """Take a hand of at least one card.

        Args:
            cards: the hand.
            evaluations: each card's on the selection suite.
            probabilities: each card's float16 [cells, N, classes], the clean cell first; memory-mapped ones are read
                in parts.
            labels: int64 [N].
            distances: for each suit of the hand float32 [cells, N]; none for DOMAIN_AGNOSTIC.
            mode: how the deck's cards answer together.
            m: images that the gate decides on together.
            temperature: of the soft mode.

        Raises:
            ValueError: the evaluations are of images on which nothing may be selected.
        """
        for each in evaluations:
            if each.suite.split != "validation" or not set(each.suite.corruptions) <= set(EXTRA_CORRUPTIONS):
                definition = each.suite.definition
                raise ValueError(f"decks are selected on validation images and extra corruptions: {definition}")
        self.cards = tuple(cards)
        self.whole_bytes = sum({card.id: card.file_bytes for card in cards}.values())
        self._suite, self._mode, self._m, self._temperature = evaluations[0].suite, mode, m, temperature
        self._images = len(labels)
        self._corrupted = np.repeat([cell.corruption is not None for cell in evaluations[0].cells], len(labels))
        gated = mode is not DeckMode.DOMAIN_AGNOSTIC
        self._suits = [suit_label(card.recipe.augmentation) if gated else "" for card in cards]
        self._table = _Table(self._suits, probabilities, labels, distances, (mode, m, temperature))
        self._judged: dict[Taken, tuple[NDArray[np.int64], NDArray[np.int64]]] = {}
        self._rights: dict[Taken, Bools] = {}
        self._lock = threading.Lock()

    def propose(self, budget_bytes: int, *, steps: int = STEPS) -> Proposal:
        """Return a deck grown card by card, each time by the card that then makes it most accurate.

        Equals are decided by accuracy on clean images, then fewer bytes, then the hand's order.

        Args:
            budget_bytes: what the files of the deck's distinct cards may take in all.
            steps: cards at most, repeats included; fewer where three in a row bring nothing.

        Returns:
            No card and no step where none fits the budget.
        """
        with self._lock:
            taken = self._grow(budget_bytes, steps)
            found = tuple(self._step(taken[: length + 1]) for length in range(len(taken)))
        length = int(np.argmax([step.accuracy for step in found])) + 1 if found else 0
        cards = tuple(step.card for step in found[:length])
        selection = Selection(
            suite=self._suite, images=self._images, budget_bytes=budget_bytes, hand=len(self.cards), cards=cards,
            mode=self._mode, batch=self._m, temperature=self._temperature,
            accuracy=found[length - 1].accuracy if found else 0.0,
        )  # fmt: skip
        return Proposal(cards=cards, steps=found, selection=selection)

    def sweep(self, budgets: Sequence[int] = (), *, steps: int = STEPS) -> tuple[Proposal, ...]:
        """Return the proposals for several budgets, each more accurate than those for fewer bytes.

        A larger budget can mislead the greedy search; what it finds then is left out.

        Args:
            budgets: in bytes; by default twelve from the smallest card to the whole hand, by equal factors.
            steps: cards at most in each.
        """
        return front_of([self.propose(budget, steps=steps) for budget in sorted(budgets or self.budgets())])

    def budgets(self) -> tuple[int, ...]:
        """Return budgets worth trying, rising, the last being the whole hand's bytes."""
        least = min(card.file_bytes for card in self.cards)
        return tuple(dict.fromkeys(int(np.ceil(each)) for each in np.geomspace(least, self.whole_bytes, _BUDGETS)))

    # --- within ----------------------------------------------------------------------------------------------------

    def _grow(self, budget_bytes: int, steps: int) -> Taken:
        sizes = np.array([card.file_bytes for card in self.cards], np.int64)
        ids = [card.id for card in self.cards]
        taken: Taken = ()
        best, idle = -1, 0
        while len(taken) < steps and idle < _PATIENCE:
            held = {ids[index] for index in taken}
            more = np.array([0 if each in held else size for each, size in zip(ids, sizes, strict=True)], np.int64)
            fits = np.flatnonzero((more + self._bytes_of(taken) <= budget_bytes) & ~self._idle(taken))
            if not len(fits):
                break
            corrupted, clean = self._judge(taken)
            order = np.lexsort((fits, more[fits], -clean[fits], -corrupted[fits]))
            chosen = int(fits[order[0]])
            taken = (*taken, chosen)
            idle = 0 if corrupted[chosen] > best else idle + 1
            best = max(best, int(corrupted[chosen]))
        return taken

    def _idle(self, taken: Taken) -> Bools:
        """Return which cards of the hand would change no answer: another copy of the only card of a suit."""
        held: dict[str, set[CardId]] = {}
        for index in taken:
            held.setdefault(self._suits[index], set()).add(self.cards[index].id)
        return np.array(
            [held.get(suit) == {card.id} for suit, card in zip(self._suits, self.cards, strict=True)], np.bool_
        )

    def _judge(self, taken: Taken) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return for each card of the hand how many corrupted and clean rows are right once it is added."""
        if taken not in self._judged:
            self._judged[taken] = self._table.judge(taken, self._corrupted)
        return self._judged[taken]

    def _right(self, taken: Taken) -> Bools:
        if taken not in self._rights:
            self._rights[taken] = self._table.right(taken)
        return self._rights[taken]

    def _step(self, taken: Taken) -> ProposedStep:
        now = self._right(taken)
        before = self._right(taken[:-1]) if len(taken) > 1 else np.zeros_like(now)
        gained = (now.astype(np.int8) - before)[self._corrupted].reshape(-1, self._images).mean(axis=0)
        accuracy = float(now[self._corrupted].mean())
        return ProposedStep(
            card=self.cards[taken[-1]].id,
            accuracy=accuracy,
            clean=float(now[~self._corrupted].mean()),
            gain=accuracy - float(before[self._corrupted].mean()),
            gain_interval=bootstrap(gained),
            file_bytes=self._bytes_of(taken),
        )

    def _bytes_of(self, taken: Taken) -> int:
        return sum({self.cards[index].id: self.cards[index].file_bytes for index in taken}.values())


def front_of(proposals: Sequence[Proposal]) -> tuple[Proposal, ...]:
    """Return those proposals, for rising budgets, that are more accurate than every one before."""
    front: list[Proposal] = []
    for each in proposals:
        if each.cards and (not front or each.selection.accuracy > front[-1].selection.accuracy):
            front.append(each)
    return tuple(front)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a further card of one suit would be laid: what is settled without it, and the rows that it may turn."""

    settled: Bools
    """[rows]: right, whatever the card answers; False in the open rows."""
    open: Rows
    base: Votes
    """[classes, open rows]: the sum that the card's answers are added to."""
    right: Bools
    """[open rows]: whether that sum alone is right, by more than a tie."""
    weight: Floats
    """[open rows]"""
    truth: NDArray[np.int64]
    empty: bool
    """Whether there is nothing in that sum yet."""


class _Table:
    """The deck that grows."""

    def __init__(
        self,
        suits: Sequence[str],
        probabilities: Sequence[Answers],
        labels: NDArray[np.int64],
        distances: Mapping[str, Floats],
        rules: tuple[DeckMode, int, float],
    ) -> None:
        self._suits = suits
        self._answers = [each.reshape(-1, each.shape[-1]) for each in probabilities]
        self._distances = distances
        self._mode, self._m, self._temperature = rules
        self._truth = np.tile(labels, probabilities[0].shape[0])
        self._weights: dict[tuple[str, ...], Floats] = {}
        self._alone: dict[int, Bools] = {}
        self._taken: Taken = ()
        self._sums: dict[str, Votes] = {}
        self._counts: Counter[str] = Counter()

    def judge(self, taken: Taken, corrupted: Bools) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return for each card of the hand how many corrupted and other rows are right once it joins those taken."""
        self._lay(taken)
        counts = np.zeros((2, len(self._suits)), np.int64)
        for suit in dict.fromkeys(self._suits):
            holders = [index for index, each in enumerate(self._suits) if each == suit]
            if not taken:
                for index in holders:
                    counts[:, index] = _both(self._right_alone(index), corrupted)
                continue
            place = self._place(suit)
            for index in holders:
                found = self._try(place, index)
                counts[:, index] = _both(place.settled, corrupted) + _both(found, corrupted[place.open])
        return counts[0], counts[1]

    def right(self, taken: Taken) -> Bools:
        """Return whether each row is right by the cards taken, at least one: [rows]."""
        self._lay(taken[:-1])
        place = self._place(self._suits[taken[-1]])
        rows = place.settled.copy()
        rows[place.open] = self._try(place, taken[-1])
        return rows

    def _try(self, place: _Place, index: int) -> Bools:
        """Return whether each open row is right with a card's answers added."""
        alone = np.take(self._right_alone(index), place.open)
        if place.empty:
            return alone
        found = place.right & alone
        open_ = np.flatnonzero(~found)
        for start in range(0, len(open_), _BLOCK_ROWS):
            part = open_[start : start + _BLOCK_ROWS]
            votes = votes_of(np.take(self._answers[index], place.open[part], axis=0)[None])
            votes *= place.weight[part]
            votes += np.take(place.base, part, axis=1)
            found[part] = right(votes, place.truth[part])
        return found

    def _right_alone(self, index: int) -> Bools:
        if index not in self._alone:
            answers, truth = self._answers[index], self._truth
            starts = range(0, len(truth), _BLOCK_ROWS)
            blocks = [slice(start, start + _BLOCK_ROWS) for start in starts]
            self._alone[index] = np.concatenate([right(votes_of(answers[each][None]), truth[each]) for each in blocks])
        return self._alone[index]

    def _lay(self, taken: Taken) -> None:
        """Have exactly these cards on the table."""
        if taken[: len(self._taken)] != self._taken:
            self._taken, self._sums, self._counts = (), {}, Counter()
        for index in taken[len(self._taken) :]:
            suit, votes = self._suits[index], votes_of(self._answers[index][None])
            self._sums[suit] = self._sums[suit] + votes if suit in self._sums else votes
            self._counts[suit] += 1
        self._taken = taken

    def _place(self, suit: str) -> _Place:
        shape = (self._answers[0].shape[1], len(self._truth))
        suits = tuple(dict.fromkeys([*self._sums, suit]))
        if self._mode is DeckMode.SOFT:
            shares = dict(zip(suits, self._weights_of(suits), strict=True))
            weight = shares[suit] / (self._counts[suit] + 1)
            base = self._sums.get(suit, np.zeros((1, 1), np.float32)) * weight
            for other in (each for each in self._sums if each != suit):
                base = base + self._sums[other] * (shares[other] / self._counts[other])
            return self._opened(np.zeros(shape[1], np.bool_), np.arange(shape[1]), base, weight)
        settled = np.zeros(shape[1], np.bool_)
        own = np.arange(shape[1])
        if self._mode is DeckMode.DOMAIN_ADAPTIVE:
            weights = self._weights_of(suits)
            for other, weight in zip(suits, weights, strict=True):
                rows = np.flatnonzero(weight)
                if other == suit:
                    own = rows
                else:
                    settled[rows] = right(self._sums[other][:, rows], self._truth[rows])
        base = self._sums[suit][:, own] if suit in self._sums else np.zeros((shape[0], len(own)), np.float32)
        return self._opened(settled, own, base, np.ones(len(own), np.float32))

    def _opened(self, settled: Bools, own: Rows, base: Votes, weight: Floats) -> _Place:
        """Settle those of a card's own rows that stand too far from a turn for one more answer of that weight."""
        base = np.broadcast_to(base, (self._answers[0].shape[1], len(own)))
        lead = _lead(base, self._truth[own])
        settled[own] = lead > weight + _SLACK
        still = np.flatnonzero(np.abs(lead) <= weight + _SLACK)
        rows = own[still]
        sums, right_now = np.take(base, still, axis=1), lead[still] > 0
        return _Place(settled, rows, sums, right_now, weight[still], self._truth[rows], empty=not base.any())

    def _weights_of(self, suits: tuple[str, ...]) -> Floats:
        """Return each suit's weight for each row, [suits, rows], suits in the order in which they came."""
        if suits not in self._weights:
            cells = np.stack([self._distances[suit] for suit in suits], axis=2)
            owners = np.arange(len(suits))
            rules: dict[str, Any] = {"m": self._m, "temperature": self._temperature}
            weights = [card_weights(each, owners, self._mode, **rules) for each in cells]
            self._weights[suits] = np.concatenate(weights).T.copy()
        return self._weights[suits]


def _both(rows: Bools, corrupted: Bools) -> NDArray[np.int64]:
    """Return how many rows are right among the corrupted and among the others."""
    among = np.count_nonzero(rows & corrupted)
    return np.array([among, np.count_nonzero(rows) - among], np.int64)


def _lead(votes: Votes, truth: NDArray[np.int64]) -> Floats:
    """Return by how much the true class leads the best other one, negative where it trails: [rows]."""
    others = votes.copy()
    columns = np.arange(len(truth))
    others[truth, columns] = -np.inf
    lead: Floats = votes[truth, columns] - others.max(axis=0)
    return lead
