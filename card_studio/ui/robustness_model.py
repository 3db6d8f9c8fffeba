"""The cells of the corruption x severity matrices as a model: cards side by side, then what the literature says."""

import math
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt

from card_studio.domain.card import Card
from card_studio.studio.robustness_grid import Grid, GridCell, shown
from card_studio.ui.card_picker import short_method
from card_studio.ui.tables import Index

CELL_ROLE = Qt.ItemDataRole.UserRole + 1


def scale_of(grid: Grid) -> tuple[float, float]:
    """Return sensible limits of the colours, in percent or points; of differences, as far below 0 as above."""
    cells = [cell for line in grid.cells for card in line for cell in card if cell is not None]
    if grid.compares:
        reach = max((abs(100 * cell.difference) for cell in cells if cell.difference is not None), default=0)
        step = 5 if reach > 5 else 1
        top = max(1, math.ceil(reach / step) * step)
        return -top, top
    least = min((100 * cell.accuracy for cell in cells), default=0)
    return min(90, math.floor(least / 10) * 10), 100


class MatrixModel(QAbstractTableModel):
    """A grid's cells; a column for each card's severities and their mean, and one for each published column."""

    def __init__(self) -> None:
        super().__init__()
        self.grid: Grid | None = None
        self.low, self.high = 0.0, 100.0

    def set_grid(self, grid: Grid | None) -> None:
        """Show another grid."""
        self.beginResetModel()
        self.grid = grid
        if grid is not None:
            self.low, self.high = scale_of(grid)
        self.endResetModel()

    @property
    def width_of_card(self) -> int:
        """Columns that belong to one card."""
        return len(self.grid.columns) if self.grid is not None else 1

    @property
    def card_columns(self) -> int:
        """Columns that belong to cards; published ones follow."""
        return len(self.grid.results) * self.width_of_card if self.grid is not None else 0

    def card_at(self, column: int) -> Card | None:
        """Return whose column it is; None where it is published."""
        if self.grid is None or not 0 <= column < self.card_columns:
            return None
        return self.grid.results[column // self.width_of_card].card

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default, which is immutable
        return 0 if parent.isValid() or self.grid is None else len(self.grid.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default, which is immutable
        return 0 if parent.isValid() or self.grid is None else self.card_columns + len(self.grid.published)

    def cell(self, row: int, column: int) -> GridCell | None:
        """Return a cell; in the clean row, all columns of a card are one."""
        assert self.grid is not None
        if column >= self.card_columns:
            return self.grid.published_cell(row, column - self.card_columns)
        card, at = divmod(column, self.width_of_card)
        if self.grid.rows[row].kind == "clean":
            at = self.width_of_card - 1
        return self.grid.cells[row][card][at]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or self.grid is None:
            return None
        cell = self.cell(index.row(), index.column())
        if cell is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return written(cell)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return cell.words + (", significant" if cell.marked else "")
        return cell if role == CELL_ROLE else None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self.grid is None:
            return None
        if orientation == Qt.Orientation.Vertical:
            row = self.grid.rows[section]
            return row.title if role == Qt.ItemDataRole.DisplayRole else None
        card = self.card_at(section)
        severity = self.grid.columns[section % self.width_of_card] if card is not None else 0
        if role == Qt.ItemDataRole.DisplayRole:
            return str(severity) if severity else "mean"
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            what = f"severity {severity}" if severity else "mean"
            return f"{self._whose(section)}: {what}"
        return None

    def _whose(self, column: int) -> str:
        assert self.grid is not None
        card = self.card_at(column)
        if card is not None:
            return f"{card.name}, {short_method(card)}"
        found = self.grid.published[column - self.card_columns]
        return f"Published, {found.source}: {found.label}"


def written(cell: GridCell) -> str:
    """Return what stands in a cell: `91.2`, or `+3.4` where it is compared."""
    value = shown(cell)
    assert value is not None
    said = f"{value:.1f}" if cell.difference is None else f"{value:+.1f}"
    return said.replace("-", "−")
