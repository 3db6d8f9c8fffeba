"""What the Robustness page asks of the workspace, in a thread: suites, results, lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from card_studio.domain.ids import CardId
from card_studio.domain.names import Compression
from card_studio.studio.published import PublishedFigure, robustbench, robustnets
from card_studio.studio.robustness import (
    Line,
    SuiteAnswers,
    lines_over_sparsity,
    measure,
    suites_answered,
)
from card_studio.studio.robustness_grid import Grid, card_title, make_grid

if TYPE_CHECKING:
    from card_studio.studio.workspace import Workspace

PUBLISHED: dict[str, Compression | None] = {
    "RobustBench, 95 %": None,
    "RobustNets dense": Compression.DENSE,
    "RobustNets FT": Compression.FINE_TUNE,
    "RobustNets GMP": Compression.GRADUAL,
    "RobustNets LTH": Compression.LTH,
    "RobustNets LRR": Compression.LRR,
    "RobustNets EP": Compression.EDGE_POPUP,
    "RobustNets BP": Compression.BIPROP,
}
"""What can be laid over one's own figures, by the name that a menu shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """All that the page shows of one suite."""

    grid: Grid
    lines: tuple[Line, ...]


def read_suites(workspace: "Workspace") -> list[SuiteAnswers]:
    """Return every suite that cards have answered."""
    return suites_answered(workspace.cards(), workspace.evaluations())


def read_view(workspace: "Workspace", answers: SuiteAnswers, cards: Sequence[CardId], baseline: CardId | None) -> View:
    """Return the results of some cards on a suite, against a baseline."""
    results = measure(workspace, answers, cards, baseline)
    title = ""
    if baseline is not None:
        title = card_title(next(card for card in answers.cards if card.id == baseline))
    return View(grid=make_grid(answers, results, title), lines=tuple(lines_over_sparsity(answers)))


def published_figures(names: Sequence[str]) -> tuple[PublishedFigure, ...]:
    """Return the published figures behind some names of PUBLISHED."""
    chosen = {PUBLISHED[name] for name in names}
    own = robustbench() if None in chosen else ()
    return own + tuple(figure for figure in robustnets() if figure.method in chosen)
