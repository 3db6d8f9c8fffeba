"""The corruption x severity matrices of some cards side by side: a table whose cells are coloured."""

import math
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyle, QStyleOptionViewItem, QTableView

from card_studio.domain.ids import CardId
from card_studio.studio.robustness_grid import Grid, GridCell, shown
from card_studio.ui.card_picker import short_method, short_title
from card_studio.ui.colour_maps import DIVERGING, SEQUENTIAL
from card_studio.ui.delegates import RowDelegate
from card_studio.ui.plots import colour_at, ink_on
from card_studio.ui.suits import draw_suit
from card_studio.ui.tables import Index
from card_studio.ui.theme import SPACE, Theme, font, font_px

CELL_ROLE = Qt.ItemDataRole.UserRole + 1
_GAP = 10
"""Pixels between two cards' matrices."""


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
    """A grid's cells; a column for each card's severities and their mean."""

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

    def card_of(self, column: int) -> int:
        """Return which card a column belongs to."""
        return column // self.width_of_card

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default, which is immutable
        return 0 if parent.isValid() or self.grid is None else len(self.grid.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default, which is immutable
        return 0 if parent.isValid() or self.grid is None else len(self.grid.results) * self.width_of_card

    def cell(self, row: int, column: int) -> GridCell | None:
        """Return a cell; in the clean row, all columns of a card are one."""
        assert self.grid is not None
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
        severity = self.grid.columns[section % self.width_of_card]
        if role == Qt.ItemDataRole.DisplayRole:
            return str(severity) if severity else "mean"
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            card = self.grid.results[self.card_of(section)].card
            return f"{card.name}, {short_method(card)}: {f'severity {severity}' if severity else 'mean'}"
        return None


def written(cell: GridCell) -> str:
    """Return what stands in a cell: `91.2`, or `+3.4` where it is compared."""
    value = shown(cell)
    assert value is not None
    said = f"{value:.1f}" if cell.difference is None else f"{value:+.1f}"
    return said.replace("-", "−")


class MatrixDelegate(RowDelegate):
    """Colours a cell by its number; a dot in the corner marks significance."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        cell: GridCell | None = index.data(CELL_ROLE)
        if cell is None:
            return
        model = index.model()
        assert isinstance(model, MatrixModel)
        assert model.grid is not None
        rect: QRect = option.rect.adjusted(_GAP if self._first(model, index.column()) else 1, 1, -1, 0)
        plain = model.grid.compares and cell.difference is None
        value = shown(cell)
        assert value is not None
        if plain:
            fill, ink = self.theme.colour("surface"), self.theme.colour("muted")
        else:
            colours = DIVERGING[::-1] if model.grid.compares else SEQUENTIAL
            fill = colour_at(value, model.low, model.high, colours)
            ink = ink_on(fill)
        painter.fillRect(rect, fill)
        painter.setFont(font("small", bold=cell.marked))
        painter.setPen(ink)
        place = rect.adjusted(0, 0, -5 if cell.marked else 0, 0)
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, written(cell))
        if cell.marked:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ink)
            painter.drawEllipse(QRectF(rect.right() - 5, rect.top() + 3, 4, 4))
        if option.state & QStyle.StateFlag.State_Selected:
            self._frame(painter, rect)

    def _frame(self, painter: QPainter, rect: QRect) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for inset, colour in ((0, "text"), (1, "surface")):
            painter.setPen(self.theme.colour(colour))
            painter.drawRect(rect.adjusted(inset, inset, -inset - 1, -inset - 1))

    def _first(self, model: MatrixModel, column: int) -> bool:
        return column % model.width_of_card == 0


class MatrixHeader(QHeaderView):
    """Severities, and over them each card's suit, name, method and sparsity."""

    card_clicked = Signal(int)

    def __init__(self, theme: Theme, model: MatrixModel) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._theme, self._model = theme, model
        self.selected: CardId | None = None
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setHighlightSections(False)
        self.setAccessibleName("Cards and severities")

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), font_px("body") + 2 * font_px("small") + 4 * SPACE)

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        painter.fillRect(rect, self._theme.colour("surface"))
        painter.setFont(font("small"))
        painter.setPen(self._theme.colour("muted"))
        left = _GAP if section % self._model.width_of_card == 0 else 0
        low = rect.adjusted(left, rect.height() - font_px("small") - SPACE, 0, 0)
        painter.drawText(low, Qt.AlignmentFlag.AlignCenter, str(self._model.headerData(section, self.orientation())))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        grid = self._model.grid
        for at in range(len(grid.results) if grid is not None else 0):
            self._title(painter, at)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        section = self.logicalIndexAt(event.position().toPoint())
        if section >= 0:
            self.card_clicked.emit(self._model.card_of(section))
        super().mousePressEvent(event)

    def _title(self, painter: QPainter, at: int) -> None:
        assert self._model.grid is not None
        card = self._model.grid.results[at].card
        place = self._place(at)
        side = font_px("body")
        draw_suit(painter, str(card.augmentation), QRectF(place.left(), place.top() + 2, side, side))
        left = place.left() + side + SPACE // 2
        chosen = card.id == self.selected
        for top, text, bold, colour in (
            (place.top(), short_title(card), True, "accent" if chosen else "text"),
            (place.top() + side + 5, short_method(card), False, "muted"),
        ):
            painter.setFont(font("small" if not bold else "body", bold=bold))
            painter.setPen(self._theme.colour(colour))
            line = QRect(left, top, place.right() - left, side + 5)
            fitted = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, line.width())
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, fitted)
        if chosen:
            painter.fillRect(QRect(place.left(), 0, place.width(), 2), self._theme.colour("accent"))

    def _place(self, at: int) -> QRect:
        first = at * self._model.width_of_card
        left = self.sectionViewportPosition(first) + _GAP
        width = sum(self.sectionSize(first + k) for k in range(self._model.width_of_card)) - _GAP - 2
        return QRect(left, SPACE // 2, width, self.height())


class RowHeader(QHeaderView):
    """Corruptions, and the families over them."""

    def __init__(self, theme: Theme, model: MatrixModel) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self._theme, self._model = theme, model
        self.setAccessibleName("Corruptions")
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setHighlightSections(False)
        self.setMinimumSectionSize(10)

    def sizeHint(self) -> QSize:
        rows = self._model.grid.rows if self._model.grid is not None else ()
        metrics = QFontMetrics(font("small", bold=True))
        return QSize(max((metrics.horizontalAdvance(row.title) for row in rows), default=0) + 3 * SPACE, 0)

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        painter.fillRect(rect, self._theme.colour("surface"))
        if self._model.grid is None:
            return
        row = self._model.grid.rows[section]
        bold = row.kind in ("family", "mean")
        painter.setFont(font("small", bold=bold))
        painter.setPen(self._theme.colour("muted" if row.kind == "family" else "text"))
        bottom = Qt.AlignmentFlag.AlignBottom if row.kind == "family" else Qt.AlignmentFlag.AlignVCenter
        place = rect.adjusted(0, 0, -SPACE, -2 if row.kind == "family" else 0)
        painter.drawText(place, int(Qt.AlignmentFlag.AlignRight | bottom), row.title)


class MatrixView(QTableView):
    """The matrices; the arrow keys go through the cells."""

    card_chosen = Signal(str)
    described = Signal(str)
    """The cell under the cursor in words."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setAccessibleName("Accuracy by corruption and severity")
        self.model_ = MatrixModel()
        self.model_.setParent(self)
        self.setModel(self.model_)
        self.header = MatrixHeader(theme, self.model_)
        self.setHorizontalHeader(self.header)
        self.setItemDelegate(MatrixDelegate(theme, self))
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalHeader(RowHeader(theme, self.model_))
        self.header.setMinimumSectionSize(10)
        self.header.card_clicked.connect(self._on_card_clicked)
        self.selectionModel().currentChanged.connect(self._on_current)
        theme.changed.connect(self._on_theme_changed)

    def show_grid(self, grid: Grid | None) -> None:
        """Show a grid; the cursor stays where it was, if there still is such a cell."""
        at = self.currentIndex()
        before = (at.row(), at.column())
        self.clearSpans()
        self.model_.set_grid(grid)
        self._lay_out()
        if grid is not None and before[0] >= 0:
            self.setCurrentIndex(self.model_.index(*before))

    def select_card(self, card: CardId | None) -> None:
        """Mark a card's matrix, and bring it into view."""
        self.header.selected = card
        self.header.viewport().update()
        grid = self.model_.grid
        at = next((n for n, each in enumerate(grid.results) if each.card.id == card), None) if grid else None
        if at is not None and not self.hasFocus():
            row = max(0, self.currentIndex().row())
            self.scrollTo(self.model_.index(row, at * self.model_.width_of_card))

    def _lay_out(self) -> None:
        grid = self.model_.grid
        if grid is None:
            return
        unit = font_px("small")
        for row, line in enumerate(grid.rows):
            self.setRowHeight(row, unit + (14 if line.kind == "family" else 9))
            if line.kind == "clean":
                for card in range(len(grid.results)):
                    self.setSpan(row, card * self.model_.width_of_card, 1, self.model_.width_of_card)
        for column in range(self.model_.columnCount()):
            first = column % self.model_.width_of_card == 0
            self.setColumnWidth(column, round(unit * 4.3) + (_GAP if first else 0))

    def _on_card_clicked(self, at: int) -> None:
        assert self.model_.grid is not None
        self.card_chosen.emit(self.model_.grid.results[at].card.id)

    def _on_current(self, index: QModelIndex) -> None:
        cell: GridCell | None = index.data(CELL_ROLE)
        self.described.emit(cell.words if cell is not None else "")
        if index.isValid() and self.model_.grid is not None:
            self.card_chosen.emit(self.model_.grid.results[self.model_.card_of(index.column())].card.id)

    def _on_theme_changed(self) -> None:
        self._lay_out()
        self.viewport().update()

    def whole(self) -> "MatrixPrint":
        """Return a widget that shows every cell, for a picture."""
        return MatrixPrint(self)


class MatrixPrint:
    """The whole matrix for a picture, also what is scrolled out of view."""

    def __init__(self, view: MatrixView) -> None:
        self._view = view

    def size(self) -> QSize:
        """Return the room that all cells need."""
        view = self._view
        frame = 2 * view.frameWidth() + 2
        width = view.verticalHeader().sizeHint().width() + view.header.length() + frame
        return QSize(width, view.header.sizeHint().height() + view.verticalHeader().length() + frame)

    def render(self, painter: QPainter, at: QPoint) -> None:
        """Draw it, by giving the view all the room for a moment."""
        view, before = self._view, self._view.size()
        policy = Qt.ScrollBarPolicy
        for set_policy in (view.setHorizontalScrollBarPolicy, view.setVerticalScrollBarPolicy):
            set_policy(policy.ScrollBarAlwaysOff)
        view.resize(self.size())
        view.render(painter, at)
        for set_policy in (view.setHorizontalScrollBarPolicy, view.setVerticalScrollBarPolicy):
            set_policy(policy.ScrollBarAsNeeded)
        view.resize(before)
