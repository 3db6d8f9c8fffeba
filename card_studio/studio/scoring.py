"""Scores decks from stored answers and gate distances, without a forward pass (METHODS 4 and 6).

Answers are worked on a few cells at a time, turned to [classes, rows], so that a vote is some passes over long rows in
the processor's cache: six cards on 15 x 5 x 2,000 images take well under 100 ms
(tests/benchmarks/test_gate_benchmark.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from card_studio.domain.card import Card, Cell, Evaluation
from card_studio.domain.deck import CellScore, CorruptionScore, Deck, DeckMode, DeckScore, card_weights, suits_of
from card_studio.domain.gate import Floats, choose_each, suit_label
from card_studio.domain.job import Suite
from card_studio.domain.statistics import bootstrap, bootstraps

Answers = NDArray[np.float16]
Bools = NDArray[np.bool_]
Votes = NDArray[np.float32]
"""[classes, rows]: class probabilities of the images of some cells."""
_BLOCK_ROWS = 8_192


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How a deck's cards answer together."""

    mode: DeckMode
    owners: NDArray[np.int64]
    """Each card's suit."""
    m: int
    """Images that the gate decides on together; batches lie within a cell."""
    temperature: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether each image of each cell is answered rightly, [cells, N], and where the gate sends it."""

    deck: Bools
    agnostic: Bools
    """By the mean over all cards."""
    suits: Bools
    """[suits, cells, N]"""
    cards: Bools
    """[cards, cells, N]"""
    chosen: NDArray[np.int64]
    """[cells, N], index of the suit."""


def judge(
    probabilities: Sequence[Answers], labels: NDArray[np.int64], distances: Sequence[Floats], rules: Rules
) -> Verdict:
    """Let cards, suits and deck answer.

    Args:
        probabilities: each card's float16 [cells, N, classes].
        labels: int64 [N].
        distances: each suit's float32 [cells, N].
        rules: how the cards answer together.

    Returns:
        What `card_weights`, `combine` and the first of the most probable classes give, up to rounding.
    """
    cells, count = probabilities[0].shape[:2]
    stacked = np.stack(distances, axis=2)
    chosen = np.stack([choose_each(cell, rules.m) for cell in stacked])
    right = {
        "cards": np.empty((len(probabilities), cells, count), np.bool_),
        "suits": np.empty((len(distances), cells, count), np.bool_),
        "all": np.empty((2, cells, count), np.bool_),
    }
    step = max(1, _BLOCK_ROWS // count)
    for start in range(0, cells, step):
        part = slice(start, start + step)
        votes = [votes_of(each[part]) for each in probabilities]
        truth = np.tile(labels, len(chosen[part]))
        suits = [_sum([votes[k] for k in np.flatnonzero(rules.owners == suit)]) for suit in range(len(distances))]
        _judge_each(votes, truth, right["cards"][:, part])
        _judge_each(suits, truth, right["suits"][:, part])
        _judge_each([_sum(votes)], truth, right["all"][:1, part])
        if rules.mode is DeckMode.SOFT:
            _judge_each([_soft(votes, stacked[part], rules)], truth, right["all"][1:, part])
    agnostic = right["all"][0]
    deck = right["all"][1] if rules.mode is DeckMode.SOFT else agnostic
    if rules.mode is DeckMode.DOMAIN_ADAPTIVE:
        deck = np.take_along_axis(right["suits"], chosen[None], axis=0)[0]
    return Verdict(deck=deck, agnostic=agnostic, suits=right["suits"], cards=right["cards"], chosen=chosen)


def votes_of(probabilities: Answers) -> Votes:
    """Return stored answers [cells, N, classes], none of them negative, as float32 [classes, cells * N].

    A half's exponent and fraction, moved to a single's place, are the same number times 2**-112: that, class by class,
    takes a tenth of the time of NumPy's own conversion to a transposed copy.
    """
    rows = probabilities.reshape(-1, probabilities.shape[2]).view(np.uint16)
    votes = np.empty(rows.shape[::-1], np.float32)
    bits = votes.view(np.uint32)
    for index, row in enumerate(bits):
        row[:] = rows[:, index]
    np.left_shift(bits, 13, out=bits)
    return np.multiply(votes, np.float32(2.0**112), out=votes)


def right(votes: Votes, truth: NDArray[np.int64]) -> Bools:
    """Return whether each row's most probable class, the first of equals, is the true one: [rows]."""
    equal = votes == votes.max(axis=0)
    found: Bools = equal[truth, np.arange(len(truth))]
    tied = np.flatnonzero(np.add.reduce(equal, axis=0, dtype=np.uint16) > 1)
    found[tied] = votes[:, tied].argmax(axis=0) == truth[tied]
    return found


def _judge_each(votes: Sequence[Votes], truth: NDArray[np.int64], target: Bools) -> None:
    for each, row in zip(votes, target, strict=True):
        row[:] = right(each, truth).reshape(row.shape)


def _sum(votes: Sequence[Votes]) -> Votes:
    """Return the sum of votes, whose winner is that of their mean."""
    if len(votes) == 1:
        return votes[0]
    total = votes[0] + votes[1]
    for each in votes[2:]:
        total += each
    return total


def _soft(votes: Sequence[Votes], distances: Floats, rules: Rules) -> Votes:
    """Return the cards' mean, each weighted by its suit's distance; distances are [cells, N, suits]."""
    m, temperature = rules.m, rules.temperature
    weights = [card_weights(cell, rules.owners, rules.mode, m=m, temperature=temperature) for cell in distances]
    shares = np.concatenate(weights).T.copy()
    return _sum([vote * share for vote, share in zip(votes, shares, strict=True)])


def score_deck(
    deck: Deck,
    cards: Sequence[Card],
    evaluations: Sequence[Evaluation],
    *,
    probabilities: Sequence[Answers],
    labels: NDArray[np.int64],
    distances: Sequence[Floats],
) -> DeckScore:
    """Score a deck, with its bounds and what its gate gains over averaging all cards.

    Args:
        deck: mode, m and temperature.
        cards: in deck order; a card that is there twice counts twice in means and once in bytes.
        evaluations: each card's, all on one suite.
        probabilities: each card's float16 [cells, N, classes], the clean cell first.
        labels: int64 [N].
        distances: for each suit, in deck order of first appearance, float32 [cells, N].

    Raises:
        ValueError: there is no card, or the arrays do not fit each other.
    """
    suits, owners = suits_of([suit_label(card.recipe.augmentation) for card in cards])
    cells = _checked(evaluations, probabilities, labels, distances, len(suits))
    rules = Rules(mode=deck.mode, owners=owners, m=deck.batch, temperature=deck.temperature)
    verdict = judge(probabilities, labels, distances, rules)
    return _score(deck, cards, evaluations[0].suite, cells, suits, verdict)


def _checked(
    evaluations: Sequence[Evaluation],
    probabilities: Sequence[Answers],
    labels: NDArray[np.int64],
    distances: Sequence[Floats],
    suits: int,
) -> tuple[Cell, ...]:
    if not evaluations or len({each.suite_key for each in evaluations}) != 1:
        raise ValueError("a deck is scored on one suite, with at least one card")
    cells = evaluations[0].cells
    shape = (len(cells), len(labels))
    if any(each.shape[:2] != shape for each in probabilities) or any(each.shape != shape for each in distances):
        raise ValueError(f"answers and distances must be of {shape[0]} cells and {shape[1]} images")
    if len(distances) != suits or len(probabilities) != len(evaluations):
        raise ValueError(f"{suits} suits need as many distances, {len(evaluations)} cards as many answers")
    return cells


def _score(
    deck: Deck, cards: Sequence[Card], suite: Suite, cells: Sequence[Cell], suits: tuple[str, ...], verdict: Verdict
) -> DeckScore:
    corrupted = np.array([cell.counts for cell in cells])
    uncorrupted = np.array([cell.corruption is None for cell in cells])
    scores = _cell_scores(cells, len(suits), verdict)
    singles = [_mean_of(each.mean(axis=1), corrupted) for each in verdict.cards]
    best = int(np.argmax(singles)) if corrupted.any() else 0
    accuracy, agnostic = verdict.deck.mean(axis=1), verdict.agnostic.mean(axis=1)
    return DeckScore(
        suite=suite,
        suits=suits,
        m=deck.batch,
        mode=deck.mode,
        cells=scores,
        corruptions=_corruption_scores(cells, scores, verdict, verdict.cards[best]),
        clean=_mean_of(accuracy, uncorrupted),
        robust=_mean_of(accuracy, corrupted),
        agnostic_clean=_mean_of(agnostic, uncorrupted),
        agnostic_robust=_mean_of(agnostic, corrupted),
        best_suit_robust=_mean_of(np.array([cell.best_suit for cell in scores]), corrupted),
        any_card_robust=_mean_of(np.array([cell.any_card for cell in scores]), corrupted),
        best_card=cards[best].id,
        best_card_robust=singles[best],
        gain=_mean_of(accuracy, corrupted) - _mean_of(agnostic, corrupted),
        gain_interval=_gain_interval(verdict, corrupted),
        file_bytes=sum({card.id: card.file_bytes for card in cards}.values()),
        images=verdict.deck.shape[1],
    )


def _cell_scores(cells: Sequence[Cell], suits: int, verdict: Verdict) -> tuple[CellScore, ...]:
    accuracy, agnostic = verdict.deck.mean(axis=1), verdict.agnostic.mean(axis=1)
    best_suit = verdict.suits.mean(axis=2).max(axis=0)
    any_card = verdict.cards.any(axis=0).mean(axis=1)
    shares = np.stack([(verdict.chosen == suit).mean(axis=1) for suit in range(suits)], axis=1)
    return tuple(
        CellScore(
            corruption=cell.corruption,
            severity=cell.severity,
            accuracy=float(accuracy[index]),
            agnostic=float(agnostic[index]),
            best_suit=float(best_suit[index]),
            any_card=float(any_card[index]),
            chosen=tuple(float(share) for share in shares[index]),
            images=verdict.deck.shape[1],
        )
        for index, cell in enumerate(cells)
    )


def _corruption_scores(
    cells: Sequence[Cell], scores: Sequence[CellScore], verdict: Verdict, best_card: Bools
) -> tuple[CorruptionScore, ...]:
    names = tuple(dict.fromkeys(cell.corruption for cell in cells))
    owned = [np.array([cell.corruption == name for cell in cells]) for name in names]
    gains = verdict.deck.astype(np.int8) - verdict.agnostic
    intervals = bootstraps(np.stack([gains[own].mean(axis=0) for own in owned], axis=1))
    found = []
    for name, own, interval in zip(names, owned, intervals, strict=True):
        held = [score for score, mine in zip(scores, own, strict=True) if mine]
        accuracy, agnostic = (float(np.mean([getattr(s, field) for s in held])) for field in ("accuracy", "agnostic"))
        found.append(
            CorruptionScore(
                corruption=name,
                accuracy=accuracy,
                agnostic=agnostic,
                best_suit=float(np.mean([score.best_suit for score in held])),
                best_card=float(best_card[own].mean()),
                any_card=float(np.mean([score.any_card for score in held])),
                gain=accuracy - agnostic,
                gain_interval=interval,
            )
        )
    return tuple(found)


def _gain_interval(verdict: Verdict, corrupted: Bools) -> tuple[float, float]:
    """Return the paired bootstrap interval of robust accuracy less that of averaging, an image's row being one draw."""
    if not corrupted.any():
        return float("nan"), float("nan")
    gains = verdict.deck[corrupted].mean(axis=0) - verdict.agnostic[corrupted].mean(axis=0)
    return bootstrap(gains)


def _mean_of(accuracies: NDArray[np.float64], cells: Bools) -> float:
    """Return the plain mean over some cells; NaN where there is none."""
    return float(accuracies[cells].mean()) if cells.any() else float("nan")
