"""Compares two cards on one suite: cell by cell with McNemar's test, their means with a bootstrap (METHODS 4)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from card_studio.domain.card import Evaluation
from card_studio.domain.names import AnyCorruption
from card_studio.domain.statistics import Interval, bootstrap, holm, mcnemar
from card_studio.studio.scoring import Answers, Bools, right, votes_of

SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class CellDifference:
    """A card against its baseline on one corruption at one severity; corruption None is clean."""

    corruption: AnyCorruption | None
    severity: int
    difference: float
    """Accuracy less the baseline's."""
    p_value: float
    """Exact McNemar, adjusted by Holm over all cells of the comparison."""

    @property
    def significant(self) -> bool:
        """Whether the adjusted p value is below 5 %."""
        return self.p_value < SIGNIFICANT


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What one card gains over another on the same images."""

    cells: tuple[CellDifference, ...]
    clean: float
    """Clean accuracy less the baseline's."""
    clean_interval: Interval
    robust: float
    """Robust accuracy less the baseline's; NaN where no cell is corrupted."""
    robust_interval: Interval
    """95 %, paired bootstrap over images, an image's whole row of cells being one draw."""
    images: int


def compare(
    evaluation: Evaluation,
    baseline: Evaluation,
    *,
    answers: Answers,
    baseline_answers: Answers,
    labels: NDArray[np.int64],
) -> Comparison:
    """Compare a card with a baseline.

    Args:
        evaluation: of the card.
        baseline: of the baseline, on the same suite.
        answers: the card's stored float16 [cells, N, classes].
        baseline_answers: the baseline's.
        labels: int64 [N].

    Raises:
        ValueError: the two are of different suites or images.
    """
    if evaluation.suite_key != baseline.suite_key or answers.shape[:2] != baseline_answers.shape[:2]:
        raise ValueError("cards are compared on the same images: evaluate both on one suite")
    first, second = correct(answers, labels), correct(baseline_answers, labels)
    raw = [mcnemar(int((a & ~b).sum()), int((b & ~a).sum())) for a, b in zip(first, second, strict=True)]
    gains = first.astype(np.float32) - second
    corrupted = np.array([cell.counts for cell in evaluation.cells])
    clean, clean_interval = _mean(gains[[cell.corruption is None for cell in evaluation.cells]])
    robust, robust_interval = _mean(gains[corrupted])
    return Comparison(
        cells=tuple(
            CellDifference(
                corruption=cell.corruption, severity=cell.severity, difference=float(gain), p_value=float(p_value)
            )
            for cell, gain, p_value in zip(evaluation.cells, gains.mean(axis=1), holm(raw), strict=True)
        ),
        clean=clean,
        clean_interval=clean_interval,
        robust=robust,
        robust_interval=robust_interval,
        images=len(labels),
    )


def correct(answers: Answers, labels: NDArray[np.int64]) -> Bools:
    """Return whether each stored answer is right, the first of equal classes counting: [cells, N]."""
    return np.stack([right(votes_of(cell[None]), labels) for cell in answers])


def robust_interval(evaluation: Evaluation, answers: Answers, labels: NDArray[np.int64]) -> Interval:
    """Return the 95 % interval of a card's robust accuracy, by bootstrap over images; NaN without corrupted cells."""
    corrupted = np.array([cell.counts for cell in evaluation.cells])
    return _mean(correct(answers, labels)[corrupted].astype(np.float32))[1]


def _mean(rows: NDArray[np.float32]) -> tuple[float, Interval]:
    """Return the plain mean of [cells, N] and its interval."""
    if not len(rows):
        return float("nan"), (float("nan"), float("nan"))
    return float(rows.mean(dtype=np.float64)), bootstrap(rows.mean(axis=0))
