"""The matrix of some cards as sheets: to read, to print, and with every number behind it."""

from collections.abc import Sequence

from card_studio.studio.comparing import CellDifference
from card_studio.studio.published import PublishedCorruptions
from card_studio.studio.robustness import CardResult, cell_interval
from card_studio.studio.robustness_grid import Grid, card_title, mean_differs, shown
from card_studio.studio.sheet import Heading, Sheet, Value


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
    for column in grid.published:
        groups.append((f"Published: {column.source} {column.label}", 1))
        headings.append(Heading(text="mean, accuracy in %", digits=1))
    for at, (row, line) in enumerate(zip(grid.rows, grid.cells, strict=True)):
        if row.kind == "family":
            continue
        cells = [cell for card in line for cell in card]
        marked |= {(len(rows), 1 + n) for n, cell in enumerate(cells) if cell is not None and cell.marked}
        beside = [grid.published_cell(at, column) for column in range(len(grid.published))]
        rows.append((row.title, *(shown(cell) for cell in (*cells, *beside))))
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
        Heading(text="seed", digits=0),
        Heading(text="corruption"),
        Heading(text="severity", digits=0),
        *(Heading(text=text, digits=4) for text in ("accuracy", "low", "high", "difference", "p_holm")),
        Heading(text="images", digits=0),
        Heading(text="computed_with"),
    )
    rows = [line for result in grid.results for line in _data_rows(grid, result)]
    rows += [line for column in grid.published for line in _published_rows(column)]
    return Sheet(title="Accuracy by corruption and severity", headings=headings, rows=tuple(rows), note=grid.note)


def summary_sheet(grid: Grid) -> Sheet:
    """Return a line for each card: clean and robust accuracy with intervals, error, size, gains."""
    headings = [
        Heading(text="Card"),
        Heading(text="Augmentation"),
        Heading(text="Sparsity (%)", digits=1),
        Heading(text="Size (kB)", digits=1),
        *(Heading(text=text, digits=1) for text in ("Clean (%)", "Robust (%)", "95 % low", "95 % high")),
        Heading(text="Mean error (%)", digits=1),
        Heading(text="Calibration error (%)", digits=1),
    ]
    rows = [_summary_row(result) for result in grid.results]
    note = f"{grid.note}. Robust: mean over the corrupted cells; mean error is 100 less it, unnormalised"
    if grid.normaliser is not None:
        own = grid.normaliser
        headings.append(Heading(text=f"mCE (%), by {own.title}", digits=1))
        rows = [(*row, 100 * own.mce(at.evaluation)) for row, at in zip(rows, grid.results, strict=True)]
        note = f"{note}; {own.definition}"
    if grid.compares:
        headings += [Heading(text=text, digits=1, signed=True) for text in ("Δ clean", "Δ robust", "Δ low", "Δ high")]
        rows = [(*row, *_gains(result)) for row, result in zip(rows, grid.results, strict=True)]
    marked = frozenset((at, len(headings) - 3) for at, result in enumerate(grid.results) if mean_differs(result))
    return Sheet(title="Cards on this suite", headings=tuple(headings), rows=tuple(rows), note=note, marked=marked)


def _data_rows(grid: Grid, result: CardResult) -> list[tuple[Value, ...]]:
    card = result.card
    head = (card.id, card.name, str(card.method), str(card.augmentation), card.sparsity, card.recipe.seed)
    versions = grid.answers.versions_of(card.id)
    differences: Sequence[CellDifference | None] = (
        result.comparison.cells if result.comparison else [None] * len(result.evaluation.cells)
    )
    rows: list[tuple[Value, ...]] = []
    for cell, gain in zip(result.evaluation.cells, differences, strict=True):
        compared = (None, None) if gain is None else (gain.difference, gain.p_value)
        numbers = (cell.accuracy, *cell_interval(cell), *compared, cell.images, versions)
        rows.append((*head, str(cell.corruption or "clean"), cell.severity, *numbers))
    return rows


def _published_rows(column: PublishedCorruptions) -> list[tuple[Value, ...]]:
    head = ("published", f"{column.source}: {column.label}", "", "", column.sparsity, None)
    cells = {"clean": column.clean, **{str(name): value for name, value in column.by_corruption.items()}}
    return [(*head, name, None, value, *(None,) * 4, column.images, None) for name, value in cells.items()]


def _summary_row(result: CardResult) -> tuple[Value, ...]:
    card, own = result.card, result.evaluation
    robust = 100 * own.robust_accuracy
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
    )


def _gains(result: CardResult) -> tuple[Value, ...]:
    gain = result.comparison
    if gain is None:
        return (None,) * 4
    return (100 * gain.clean, 100 * gain.robust, *(100 * end for end in gain.robust_interval))
