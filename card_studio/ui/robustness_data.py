"""What the Robustness page asks of the workspace, in a thread: suites, results, lines."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from card_studio.domain.card import Card, CardQuery
from card_studio.domain.ids import CardId
from card_studio.studio.normalising import Normaliser
from card_studio.studio.robustness import (
    CardResult,
    Line,
    SuiteAnswers,
    lines_over_sparsity,
    measure,
    suites_answered,
)
from card_studio.studio.robustness_grid import Grid, card_title, make_grid
from card_studio.studio.versions import versions_of

if TYPE_CHECKING:
    from card_studio.studio.workspace import Workspace

_MOST_IDS = 5_000
"""In one question to the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """All that the page shows of one suite."""

    grid: Grid
    lines: tuple[Line, ...]


def read_suites(workspace: "Workspace") -> list[SuiteAnswers]:
    """Return every suite that cards have answered."""
    evaluations = workspace.evaluations()
    versions = versions_of(workspace, (each.job_id for each in evaluations))
    return suites_answered(cards_of(workspace, {each.card_id for each in evaluations}), evaluations, versions)


def cards_of(workspace: "Workspace", ids: Set[CardId]) -> list[Card]:
    """Return these cards, newest first; a workspace may hold many more than were measured."""
    if not ids:
        return []
    return workspace.cards(CardQuery(ids=tuple(sorted(ids)) if len(ids) <= _MOST_IDS else ()))


class Results:
    """Results that were worked out before are kept: one more tick costs one more card."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str | None], CardResult] = {}

    def measured(
        self, workspace: "Workspace", answers: SuiteAnswers, cards: Sequence[CardId], baseline: CardId | None
    ) -> list[CardResult]:
        """Return what `measure` returns."""
        base = None if baseline is None else answers.evaluations[baseline].probabilities
        found = []
        for card in cards:
            key = (answers.evaluations[card].probabilities, base)
            known = self._known.get(key)
            if known is None or known.card not in answers.cards:
                known = self._known[key] = measure(workspace, answers, [card], baseline)[0]
            found.append(known)
        return found


def read_view(
    workspace: "Workspace",
    known: Results,
    answers: SuiteAnswers,
    cards: Sequence[CardId],
    baseline: CardId | None,
    normaliser: CardId | None = None,
) -> View:
    """Return the results of some cards on a suite, against a baseline, and with mCE where there is a normaliser."""
    results = known.measured(workspace, answers, cards, baseline)
    titles = {card.id: card_title(card) for card in answers.cards}
    by = None
    if normaliser is not None:
        by = Normaliser(title=titles[normaliser], evaluation=answers.evaluations[normaliser])
    grid = make_grid(answers, results, titles[baseline] if baseline is not None else "", by)
    return View(grid=grid, lines=tuple(lines_over_sparsity(answers)))
