"""mCE: a card's errors by corruption, normalised by those of another card on the same suite (METHODS 4, Scores)."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from card_studio.domain.card import Evaluation


def mean_corruption_error(evaluation: Evaluation, normaliser: Evaluation) -> float:
    """Return the mean over corruptions of the errors summed over severities, over the normaliser's (Hendrycks 2019).

    Returns:
        1 for the normaliser itself; NaN where no cell is corrupted, or where the normaliser makes no error under some
        corruption.

    Raises:
        ValueError: the two are of different suites or data.
    """
    if evaluation.suite_key != normaliser.suite_key:
        raise ValueError("errors are normalised by those of a card on the same suite")
    own, by = _errors(evaluation), _errors(normaliser)
    if not own or not all(by.values()):
        return float("nan")
    return float(np.mean([own[name] / by[name] for name in own]))


def _errors(evaluation: Evaluation) -> dict[str, float]:
    """Return errors summed over severities, counted in images so that none is lost to rounding."""
    found: defaultdict[str, float] = defaultdict(float)
    for cell in evaluation.cells:
        if cell.counts:
            found[str(cell.corruption)] += cell.images - round(cell.accuracy * cell.images)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Normaliser:
    """The card by whose errors others are normalised."""

    title: str
    evaluation: Evaluation

    @property
    def definition(self) -> str:
        """What an mCE by this card is: one line that goes with each."""
        return (
            f"mCE: mean over corruptions of the errors summed over severities, over those of {self.title} on "
            f"{self.evaluation.suite.definition}"
        )

    def mce(self, evaluation: Evaluation) -> float:
        """Return a card's mCE, 1 for equal errors."""
        return mean_corruption_error(evaluation, self.evaluation)

    def words(self, evaluation: Evaluation) -> str:
        """Return a card's mCE as it is read."""
        return f"mCE {100 * self.mce(evaluation):.1f} %, normalised by {self.title}"
