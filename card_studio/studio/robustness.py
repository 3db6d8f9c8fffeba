"""What the evaluations of one suite say: each card's intervals and differences, and lines over sparsity (METHODS 4).

Evaluations of unlike suites never meet: everything here begins with the evaluations of one `suite_key`.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from card_studio.domain.card import Card, Cell, Evaluation
from card_studio.domain.gate import suit_label
from card_studio.domain.ids import CardId, ContentHash, JobId
from card_studio.domain.job import Suite
from card_studio.domain.names import Compression
from card_studio.domain.recipe import identity_of
from card_studio.domain.statistics import Interval, t_interval, wilson
from card_studio.studio.comparing import Comparison, compare, robust_interval
from card_studio.studio.versions import computed_with


class Arrays(Protocol):
    """Where stored arrays are read: a workspace."""

    def array(self, content: ContentHash) -> NDArray[Any]:
        """Return a stored array."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteAnswers:
    """All cards that have answered one suite on one dataset."""

    key: str
    suite: Suite
    data_label: str
    images: int
    cards: tuple[Card, ...]
    """Newest first."""
    evaluations: Mapping[CardId, Evaluation]
    versions: Mapping[JobId, str] = field(default_factory=dict)
    """What the evaluations' jobs were computed with, as far as it was recorded."""

    def versions_of(self, card: CardId) -> str:
        """Return what a card's evaluation was computed with; empty where it was not recorded."""
        job = self.evaluations[card].job_id
        return self.versions.get(job, "") if job is not None else ""

    def definition(self, cards: Sequence[CardId] | None = None) -> str:
        """Return the line that goes with every number of these cards, or of all, on this suite."""
        flag = "" if self.suite.standard else "† "
        said = f"{flag}{self.data_label} · {self.suite.definition} · n = {self.images:,} in each cell"
        own = [card.id for card in self.cards] if cards is None else cards
        return " · ".join([said, *computed_with(self.versions_of(card) for card in own)])


@dataclass(frozen=True, slots=True, kw_only=True)
class CardResult:
    """A card on a suite: its figures with their intervals, and what it gains over the baseline."""

    card: Card
    evaluation: Evaluation
    robust_interval: Interval
    """95 %, bootstrap over images."""
    comparison: Comparison | None
    """With the baseline; None without one, and for the baseline itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePoint:
    """Replicates of one recipe at one sparsity."""

    sparsity: float
    mean: float
    """Of robust accuracy."""
    sd: float | None
    """The sample's; None for one run."""
    interval: Interval | None
    """95 %, Student's t over replicates; None for one run, which gets no verdict."""
    clean: float
    """Mean clean accuracy."""
    cards: tuple[CardId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One method with one augmentation on one network: robust accuracy over sparsity."""

    label: str
    method: Compression
    augmentation: str
    points: tuple[LinePoint, ...]
    """By rising sparsity."""


def suites_answered(
    cards: Sequence[Card], evaluations: Sequence[Evaluation], versions: Mapping[JobId, str] | None = None
) -> list[SuiteAnswers]:
    """Return evaluations by suite and data: first those with most cards; cards stay in the given order.

    Args:
        cards: whose evaluations count.
        evaluations: of these and other cards.
        versions: what jobs were computed with (`studio.versions`).
    """
    by_key: defaultdict[str, dict[CardId, Evaluation]] = defaultdict(dict)
    for each in evaluations:
        by_key[each.suite_key][each.card_id] = each
    found = []
    for key, answers in by_key.items():
        own = tuple(card for card in cards if card.id in answers)
        if own:
            any_answer = answers[own[0].id]
            found.append(
                SuiteAnswers(
                    key=key,
                    suite=any_answer.suite,
                    data_label=own[0].data_label,
                    images=any_answer.images,
                    cards=own,
                    evaluations=answers,
                    versions=versions or {},
                )
            )
    return sorted(found, key=lambda group: (-len(group.cards), not group.suite.standard, group.key))


def measure(
    arrays: Arrays, answers: SuiteAnswers, cards: Sequence[CardId], baseline: CardId | None
) -> list[CardResult]:
    """Return what some cards achieved on a suite, and gained over a baseline: reads their stored answers.

    Args:
        arrays: where the answers lie.
        answers: the suite; `cards` and `baseline` must have answered it.
        cards: which, in order.
        baseline: None for no comparison.
    """
    by_id = {card.id: card for card in answers.cards}
    base = answers.evaluations[baseline] if baseline is not None else None
    base_answers = arrays.array(base.probabilities) if base is not None else None
    found = []
    for card_id in cards:
        own = answers.evaluations[card_id]
        labels, probabilities = arrays.array(own.labels), arrays.array(own.probabilities)
        comparison = None
        if base is not None and base_answers is not None and card_id != baseline:
            comparison = compare(own, base, answers=probabilities, baseline_answers=base_answers, labels=labels)
        interval = robust_interval(own, probabilities, labels)
        found.append(CardResult(card=by_id[card_id], evaluation=own, robust_interval=interval, comparison=comparison))
    return found


def cell_interval(cell: Cell) -> Interval:
    """Return Wilson's interval of one cell's accuracy."""
    return wilson(round(cell.accuracy * cell.images), cell.images)


def lines_over_sparsity(answers: SuiteAnswers) -> list[Line]:
    """Return a line per method and augmentation; recipes that differ otherwise have lines of their own.

    Only the seed differs between the replicates of a point; what is on show elsewhere never changes a mean.
    """
    members: defaultdict[str, list[Card]] = defaultdict(list)
    for card in answers.cards:
        members[_line_key(card)].append(card)
    plain = {key: f"{cards[0].method} · {suit_label(cards[0].recipe.augmentation)}" for key, cards in members.items()}
    lines = [
        Line(
            label=plain[key] if list(plain.values()).count(plain[key]) == 1 else _distinct(plain[key], cards[0]),
            method=cards[0].method,
            augmentation=str(cards[0].augmentation),
            points=_points(cards, answers),
        )
        for key, cards in members.items()
    ]
    return sorted(lines, key=lambda line: (line.method is not Compression.DENSE, line.label))


def _points(cards: Sequence[Card], answers: SuiteAnswers) -> tuple[LinePoint, ...]:
    at: defaultdict[float, list[Card]] = defaultdict(list)
    for card in cards:
        at[round(card.sparsity, 4)].append(card)
    return tuple(_point(sparsity, at[sparsity], answers) for sparsity in sorted(at))


def _point(sparsity: float, cards: Sequence[Card], answers: SuiteAnswers) -> LinePoint:
    own = [answers.evaluations[card.id] for card in cards]
    robust = np.array([each.robust_accuracy for each in own])
    return LinePoint(
        sparsity=sparsity,
        mean=float(robust.mean()),
        sd=float(robust.std(ddof=1)) if len(robust) > 1 else None,
        interval=t_interval(robust),
        clean=float(np.mean([each.clean_accuracy for each in own])),
        cards=tuple(card.id for card in cards),
    )


def _line_key(card: Card) -> str:
    identity = {name: value for name, value in identity_of(card.recipe).items() if name != "seed"}
    compression = dict(identity.get("compression", {}))
    compression.pop("sparsity", None)
    return json.dumps([{**identity, "compression": compression}, card.data_digest], sort_keys=True)


def _distinct(label: str, card: Card) -> str:
    return f"{label} · {card.recipe.network.name} · {card.recipe.training.epochs} epochs"


def pareto_front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Return which points no other beats in one figure without losing in the other, by rising first figure."""
    order = sorted(range(len(points)), key=lambda at: (-points[at][0], -points[at][1]))
    front: list[int] = []
    for at in order:
        if not front or points[at][1] > points[front[-1]][1]:
            front.append(at)
    return front[::-1]
