"""The corruption x severity matrix of some cards as rows and cells."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from card_studio.domain.card import Card, Cell
from card_studio.domain.names import FAMILIES, OWN_PREFIX, AnyCorruption, CorruptionName, is_own
from card_studio.domain.recipe import described
from card_studio.domain.statistics import Interval
from card_studio.studio.comparing import CellDifference
from card_studio.studio.normalising import Normaliser
from card_studio.studio.published import DEFINITIONS, PublishedCorruptions
from card_studio.studio.robustness import CardResult, SuiteAnswers, cell_interval

RowKind = Literal["clean", "family", "corruption", "mean"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GridRow:
    """A row of the matrix."""

    kind: RowKind
    title: str
    corruption: AnyCorruption | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GridCell:
    """What a cell says, shares of 1."""

    accuracy: float
    difference: float | None
    """Accuracy less the baseline's; None where nothing is compared."""
    marked: bool
    """The difference is significant."""
    words: str
    """The cell in full, with its interval and test."""
    published: bool = False
    """It is from the literature: of other images and another network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The matrices of some cards on one suite, side by side."""

    answers: SuiteAnswers
    results: tuple[CardResult, ...]
    baseline: str
    """The baseline's title; empty for none."""
    rows: tuple[GridRow, ...]
    columns: tuple[int, ...]
    """The severities, then 0: their mean."""
    cells: tuple[tuple[tuple[GridCell | None, ...], ...], ...]
    """By row, card and column; in the clean row the last column alone counts."""
    normaliser: Normaliser | None = None
    """By whose errors mCE is normalised; None for no mCE."""
    published: tuple[PublishedCorruptions, ...] = ()
    """Beside the cards, a column each."""

    @property
    def compares(self) -> bool:
        """Whether there is a baseline."""
        return bool(self.baseline)

    @property
    def note(self) -> str:
        """What the numbers are."""
        said = self.answers.definition([result.card.id for result in self.results])
        if self.compares:
            said += (
                f" · differences to {self.baseline} in points; marked where exact McNemar's p < 0.05 after Holm over "
                "the card's cells, and where the mean's paired bootstrap interval excludes 0"
            )
        for source in dict.fromkeys(column.source for column in self.published):
            said += f" · published, not this suite, by corruption the mean over the severities: {DEFINITIONS[source]}"
        return said

    def published_cell(self, row: int, column: int) -> GridCell | None:
        """Return what the literature says in a row."""
        found = self.published[column]
        of = self.rows[row]
        values = {"clean": found.clean, "mean": found.robust, "family": None}
        if is_own(of.corruption):
            return None
        value = found.by_corruption.get(CorruptionName(of.corruption)) if of.corruption else values[of.kind]
        if value is None:
            return None
        place = of.title if of.kind == "clean" else f"{of.title}, mean over severities 1–5"
        words = f"Published, {found.source}: {found.label}: {place}: {100 * value:.1f} %; not this suite"
        return GridCell(accuracy=value, difference=None, marked=False, words=words, published=True)


def card_title(card: Card) -> str:
    """Return a card's name, with what tells cards of one name apart: method and sparsity, or the seed."""
    if card.name == described(card.recipe):
        return f"{card.name} · seed {card.recipe.seed}"
    return f"{card.name} ({method_text(card)})"


def method_text(card: Card) -> str:
    """Return method and sparsity, such as `lrr 80 %`."""
    return f"{card.method} {100 * card.sparsity:.3g} %" if card.sparsity >= 0.0005 else str(card.method)


def make_grid(
    answers: SuiteAnswers, results: Sequence[CardResult], baseline: str = "", normaliser: Normaliser | None = None
) -> Grid:
    """Lay out the results of one suite."""
    rows = _rows(answers)
    columns = (*sorted(answers.suite.severities), 0)
    tables = [_Table(result, columns[:-1], normaliser) for result in results]
    return Grid(
        answers=answers,
        results=tuple(results),
        baseline=baseline,
        rows=rows,
        columns=columns,
        cells=tuple(tuple(tuple(table.cell(row, at) for at in columns) for table in tables) for row in rows),
        normaliser=normaliser,
    )


def shown(cell: GridCell | None) -> float | None:
    """Return what a cell shows, in percent or points."""
    if cell is None:
        return None
    return 100 * (cell.accuracy if cell.difference is None else cell.difference)


def mean_differs(result: CardResult) -> bool:
    """Whether the interval of a card's gain in robust accuracy excludes 0."""
    return result.comparison is not None and excludes_zero(result.comparison.robust_interval)


def excludes_zero(interval: Interval) -> bool:
    """Whether an interval of a difference says that there is one."""
    return interval[0] > 0 or interval[1] < 0


def _rows(answers: SuiteAnswers) -> tuple[GridRow, ...]:
    rows = [GridRow(kind="clean", title="clean images")]
    for family, names in FAMILIES.items():
        own = [name for name in names if name in answers.suite.corruptions]
        if own:
            rows.append(GridRow(kind="family", title=family))
        rows += [GridRow(kind="corruption", title=name.replace("_", " "), corruption=name) for name in own]
    if len(rows) > 1:
        rows.append(GridRow(kind="mean", title="mean of all"))
    return (*rows, *_own_rows([name for name in answers.suite.corruptions if is_own(name)]))


def _own_rows(names: list[str]) -> list[GridRow]:
    """Return the rows of one's own corruptions, below the mean in which they do not count."""
    titles = [name.removeprefix(OWN_PREFIX).replace("_", " ") for name in names]
    rows = [GridRow(kind="corruption", title=title, corruption=name) for title, name in zip(titles, names, strict=True)]
    return [GridRow(kind="family", title="own, not in the mean"), *rows] if rows else []


class _Table:
    """A card's cells by corruption and severity."""

    def __init__(self, result: CardResult, severities: Sequence[int], normaliser: Normaliser | None) -> None:
        self._result, self._severities, self._normaliser = result, severities, normaliser
        self._cells = {(cell.corruption, cell.severity): cell for cell in result.evaluation.cells}
        cells = result.comparison.cells if result.comparison else ()
        self._differences = {(cell.corruption, cell.severity): cell for cell in cells}

    def cell(self, row: GridRow, severity: int) -> GridCell | None:
        """Return what stands there; severity 0 is the mean."""
        if row.kind == "clean":
            return self._single(None, 0, row.title) if severity == 0 else None
        if row.kind == "corruption" and severity:
            return self._single(row.corruption, severity, f"{row.title}, severity {severity}")
        if row.kind == "family":
            return None
        return self._mean(row, severity)

    def _single(self, corruption: AnyCorruption | None, severity: int, place: str) -> GridCell | None:
        cell = self._cells.get((corruption, severity))
        if cell is None:
            return None
        difference = self._differences.get((corruption, severity))
        return GridCell(
            accuracy=cell.accuracy,
            difference=None if difference is None else difference.difference,
            marked=difference is not None and difference.significant,
            words=f"{card_title(self._result.card)}: {place}: {_single_words(cell, difference)}",
        )

    def _mean(self, row: GridRow, severity: int) -> GridCell | None:
        keys = [
            key
            for key, cell in self._cells.items()
            if (cell.counts if row.corruption is None else row.corruption == key[0]) and severity in (0, key[1])
        ]
        if not keys:
            return None
        accuracy = float(np.mean([self._cells[key].accuracy for key in keys]))
        difference = float(np.mean([self._differences[key].difference for key in keys])) if self._differences else None
        robust = row.kind == "mean" and severity == 0
        place = ("robust accuracy" if robust else f"mean of {len(keys)} cells ({row.title}") + (
            "" if robust else f", severity {severity})" if severity else ")"
        )
        words = f"{card_title(self._result.card)}: {place}: {100 * accuracy:.1f} %"
        if robust:
            words += f" {_interval_words(self._result.robust_interval)}, bootstrap over images"
            if self._normaliser is not None:
                words += f"; {self._normaliser.words(self._result.evaluation)}"
        if difference is not None:
            words += f"; {100 * difference:+.1f} points"
        if robust and self._result.comparison is not None:
            words += f" {_interval_words(self._result.comparison.robust_interval)}, paired bootstrap"
        return GridCell(
            accuracy=accuracy, difference=difference, marked=robust and mean_differs(self._result), words=words
        )


def _single_words(cell: Cell, difference: CellDifference | None) -> str:
    words = f"{100 * cell.accuracy:.1f} % {_interval_words(cell_interval(cell))}, Wilson, n = {cell.images:,}"
    if difference is not None:
        words += f"; {100 * difference.difference:+.1f} points, p {_p_words(difference.p_value)} (McNemar, Holm)"
    return words


def _p_words(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def _interval_words(interval: Interval) -> str:
    return f"[{100 * interval[0]:.1f}, {100 * interval[1]:.1f}]"
