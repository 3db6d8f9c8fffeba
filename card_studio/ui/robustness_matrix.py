"""The corruption x severity matrices of some cards side by side: a table whose cells are coloured."""

from PySide6.QtCore import QModelIndex, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyle, QStyleOptionViewItem, QTableView

from card_studio.domain.ids import CardId
from card_studio.studio.robustness_grid import Grid, GridCell, shown
from card_studio.ui.card_picker import short_method, short_title
from card_studio.ui.colour_maps import DIVERGING, SEQUENTIAL
from card_studio.ui.delegates import RowDelegate
from card_studio.ui.plots import colour_at, ink_on
from card_studio.ui.robustness_model import CELL_ROLE, MatrixModel, written
from card_studio.ui.suits import draw_suit
from card_studio.ui.tables import Index
from card_studio.ui.theme import SPACE, Theme, font, font_px

_GAP = 10
"""Pixels between two cards' matrices."""


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
        plain = cell.published or (model.grid.compares and cell.difference is None)
        value = shown(cell)
        assert value is not None
        if plain:
            fill, ink = self.theme.colour("surface"), self.theme.colour("muted")
        else:
            colours = DIVERGING[::-1] if model.grid.compares else SEQUENTIAL
            fill = colour_at(value, model.low, model.high, colours)
            ink = ink_on(fill)
        painter.fillRect(rect, fill)
        if cell.published:  # hollow, as the published points of the plots
            painter.setPen(self.theme.colour("hairline"))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))
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
        return column % model.width_of_card == 0 or column >= model.card_columns


class MatrixHeader(QHeaderView):
    """Severities, and over them each card's suit, name, method and sparsity."""

    card_clicked = Signal(str)

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
        left = _GAP if section % self._model.width_of_card == 0 or section >= self._model.card_columns else 0
        low = rect.adjusted(left, rect.height() - font_px("small") - SPACE, 0, 0)
        painter.drawText(low, Qt.AlignmentFlag.AlignCenter, str(self._model.headerData(section, self.orientation())))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        grid = self._model.grid
        for at in range(len(grid.results) if grid is not None else 0):
            self._title(painter, at)
        for at in range(len(grid.published) if grid is not None else 0):
            self._published_title(painter, at)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        card = self._model.card_at(self.logicalIndexAt(event.position().toPoint()))
        if card is not None:
            self.card_clicked.emit(card.id)
        super().mousePressEvent(event)

    def column_width(self, column: int) -> int:
        """Return the room that a column needs."""
        unit, card = font_px("small"), self._model.card_at(column)
        if card is not None:
            return round(unit * 4.3) + (_GAP if column % self._model.width_of_card == 0 else 0)
        assert self._model.grid is not None
        label = self._model.grid.published[column - self._model.card_columns].label
        return QFontMetrics(font("body", bold=True)).horizontalAdvance(label) + _GAP + SPACE

    def _published_title(self, painter: QPainter, at: int) -> None:
        assert self._model.grid is not None
        found = self._model.grid.published[at]
        section = self._model.card_columns + at
        left = self.sectionViewportPosition(section) + _GAP
        side = font_px("body")
        for top, text, bold, colour in (
            (SPACE // 2, found.label, True, "text"),
            (SPACE // 2 + side + 5, "published", False, "muted"),
        ):
            painter.setFont(font("body" if bold else "small", bold=bold))
            painter.setPen(self._theme.colour(colour))
            line = QRect(left, top, self.sectionSize(section) - _GAP, side + 5)
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, text)

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
        self.header.card_clicked.connect(self.card_chosen)
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
            self.setColumnWidth(column, self.header.column_width(column))

    def _on_current(self, index: QModelIndex) -> None:
        cell: GridCell | None = index.data(CELL_ROLE)
        self.described.emit(cell.words if cell is not None else "")
        card = self.model_.card_at(index.column())
        if card is not None:
            self.card_chosen.emit(card.id)

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
