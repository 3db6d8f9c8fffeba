"""The corruption x severity matrix of some cards as rows and cells, and as sheets to read or write."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from card_studio.domain.card import Card, Cell
from card_studio.domain.names import FAMILIES, CorruptionName
from card_studio.domain.recipe import described
from card_studio.domain.statistics import Interval
from card_studio.studio.comparing import CellDifference
from card_studio.studio.robustness import CardResult, SuiteAnswers, cell_interval
from card_studio.studio.sheet import Heading, Sheet, Value

RowKind = Literal["clean", "family", "corruption", "mean"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GridRow:
    """A row of the matrix."""

    kind: RowKind
    title: str
    corruption: CorruptionName | None = None


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

    @property
    def compares(self) -> bool:
        """Whether there is a baseline."""
        return bool(self.baseline)

    @property
    def note(self) -> str:
        """What the numbers are."""
        said = f"{self.answers.data_label} · {self.answers.suite.definition} · n = {self.answers.images:,} in each cell"
        if self.compares:
            said += (
                f" · differences to {self.baseline} in points; marked where exact McNemar's p < 0.05 after Holm over "
                "the card's cells, and where the mean's paired bootstrap interval excludes 0"
            )
        return said


def card_title(card: Card) -> str:
    """Return a card's name, with what tells cards of one name apart: method and sparsity, or the seed."""
    if card.name == described(card.recipe):
        return f"{card.name} · seed {card.recipe.seed}"
    return f"{card.name} ({method_text(card)})"


def method_text(card: Card) -> str:
    """Return method and sparsity, such as `lrr 80 %`."""
    return f"{card.method} {100 * card.sparsity:.3g} %" if card.sparsity >= 0.0005 else str(card.method)


def make_grid(answers: SuiteAnswers, results: Sequence[CardResult], baseline: str = "") -> Grid:
    """Lay out the results of one suite."""
    rows = _rows(answers)
    columns = (*sorted(answers.suite.severities), 0)
    tables = [_Table(result, columns[:-1]) for result in results]
    return Grid(
        answers=answers,
        results=tuple(results),
        baseline=baseline,
        rows=rows,
        columns=columns,
        cells=tuple(tuple(tuple(table.cell(row, at) for at in columns) for table in tables) for row in rows),
    )


def reading_sheet(grid: Grid) -> Sheet:
    """Return the matrix as it is shown: accuracy, or differences to the baseline, in percent or points."""
    headings = [Heading(text="Corruption")]
    groups = [("", 1)]
    rows: list[tuple[Value, ...]] = []
    marked = set()
    for result in grid.results:
        groups.append((card_title(result.card), len(grid.columns)))
        compared = grid.compares and result.comparison is not None
        headings += [Heading(text=f"{at}" if at else "mean", digits=1, signed=compared) for at in grid.columns]
    for row, line in zip(grid.rows, grid.cells, strict=True):
        if row.kind == "family":
            continue
        cells = [cell for card in line for cell in card]
        marked |= {(len(rows), 1 + at) for at, cell in enumerate(cells) if cell is not None and cell.marked}
        rows.append((row.title, *(shown(cell) for cell in cells)))
    unit = "difference in points" if grid.compares else "accuracy in %"
    return Sheet(
        title=f"Accuracy by corruption and severity ({unit})",
        headings=tuple(headings),
        rows=tuple(rows),
        note=grid.note,
        groups=tuple(groups),
        marked=frozenset(marked),
    )


def data_sheet(grid: Grid) -> Sheet:
    """Return every cell in a line of its own, with interval, difference and adjusted p value."""
    headings = (
        *(Heading(text=text) for text in ("card", "name", "method", "augmentation")),
        Heading(text="sparsity", digits=4),
        Heading(text="corruption"),
        Heading(text="severity", digits=0),
        *(Heading(text=text, digits=4) for text in ("accuracy", "low", "high", "difference", "p_holm")),
        Heading(text="images", digits=0),
    )
    rows = [line for result in grid.results for line in _data_rows(result)]
    return Sheet(title="Accuracy by corruption and severity", headings=headings, rows=tuple(rows), note=grid.note)


def summary_sheet(grid: Grid) -> Sheet:
    """Return a line for each card: clean and robust accuracy with intervals, error, size, gains."""
    headings = (
        Heading(text="Card"),
        Heading(text="Augmentation"),
        Heading(text="Sparsity (%)", digits=1),
        Heading(text="Size (kB)", digits=1),
        *(Heading(text=text, digits=1) for text in ("Clean (%)", "Robust (%)", "95 % low", "95 % high")),
        Heading(text="Mean error (%)", digits=1),
        Heading(text="Calibration error (%)", digits=1),
        *(Heading(text=text, digits=1, signed=True) for text in ("Δ clean", "Δ robust", "Δ low", "Δ high")),
    )
    rows = [_summary_row(result) for result in grid.results]
    last = len(headings) - 3
    marked = {(at, last) for at, result in enumerate(grid.results) if mean_differs(result)}
    note = f"{grid.note}. Robust: mean over the corrupted cells; mean error is 100 less it, unnormalised"
    return Sheet(title="Cards on this suite", headings=headings, rows=tuple(rows), note=note, marked=frozenset(marked))


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
    return tuple(rows)


class _Table:
    """A card's cells by corruption and severity."""

    def __init__(self, result: CardResult, severities: Sequence[int]) -> None:
        self._result, self._severities = result, severities
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

    def _single(self, corruption: CorruptionName | None, severity: int, place: str) -> GridCell | None:
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
            for key in self._cells
            if key[0] is not None and row.corruption in (None, key[0]) and severity in (0, key[1])
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


def _data_rows(result: CardResult) -> list[tuple[Value, ...]]:
    card = result.card
    head: tuple[Value, ...] = (card.id, card.name, str(card.method), str(card.augmentation), card.sparsity)
    differences: Sequence[CellDifference | None] = (
        result.comparison.cells if result.comparison else [None] * len(result.evaluation.cells)
    )
    rows: list[tuple[Value, ...]] = []
    for cell, gain in zip(result.evaluation.cells, differences, strict=True):
        compared = (None, None) if gain is None else (gain.difference, gain.p_value)
        numbers = (cell.accuracy, *cell_interval(cell), *compared, cell.images)
        rows.append((*head, str(cell.corruption or "clean"), cell.severity, *numbers))
    return rows


def _summary_row(result: CardResult) -> tuple[Value, ...]:
    card, own, gain = result.card, result.evaluation, result.comparison
    robust = 100 * own.robust_accuracy
    gains: tuple[Value, ...] = (None,) * 4
    if gain is not None:
        gains = (100 * gain.clean, 100 * gain.robust, *(100 * end for end in gain.robust_interval))
    return (
        card_title(result.card),
        str(card.augmentation),
        100 * card.sparsity,
        card.file_bytes / 1000,
        100 * own.clean_accuracy,
        robust,
        *(100 * end for end in result.robust_interval),
        100 - robust,
        100 * own.calibration_error,
        *gains,
    )
