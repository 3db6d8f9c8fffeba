"""Class probabilities of a picture: a row for each class, the likeliest first; a column for the deck and each card."""

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QKeyEvent, QKeySequence, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from card_studio.domain.ids import CardId
from card_studio.domain.prediction import Prediction
from card_studio.ui.card_face import Face
from card_studio.ui.card_paint import rounded
from card_studio.ui.suits import draw_suit, suit_colour
from card_studio.ui.theme import Theme, font, font_px

_Index = QModelIndex | QPersistentModelIndex
_CLASS_COLUMN, _DECK_COLUMN, _FIRST_CARD = 0, 1, 2
SHARE_ROLE = int(Qt.ItemDataRole.UserRole) + 1
"""The cell's probability, 0 to 1."""
COLOUR_ROLE = SHARE_ROLE + 1
"""Colour of the cell's bar."""
COUNTS_ROLE = SHARE_ROLE + 2
"""Whether the column counts for the deck's answer."""


class AnswersModel(QAbstractTableModel):
    """A prediction's probabilities as a table, in percent."""

    def __init__(self, face_of: Callable[[CardId], Face | None], theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._face_of, self._theme = face_of, theme
        self._order: list[int] = []
        self._prediction: Prediction | None = None

    def show_prediction(self, prediction: Prediction | None) -> None:
        """Show another picture's answers; none while the cards have not spoken."""
        self.beginResetModel()
        spoken = prediction is not None and prediction.probabilities is not None
        self._prediction = prediction if spoken else None
        self._order = []
        if prediction is not None and prediction.probabilities is not None:
            self._order = [int(each) for each in np.argsort(-prediction.probabilities, kind="stable")]
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Return the number of classes."""
        return 0 if parent.isValid() else len(self._order)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Return one for the classes, one for the deck, and one for each card."""
        return 0 if parent.isValid() or self._prediction is None else _FIRST_CARD + len(self._prediction.cards)

    def data(self, index: _Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        """Return a probability in percent, or how to draw it."""
        if self._prediction is None or not index.isValid():
            return None
        if index.column() == _CLASS_COLUMN:
            return self._class(index.row()) if role == Qt.ItemDataRole.DisplayRole else None
        share = self._share(index.row(), index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{100 * share:.1f}"
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{self._column_words(index.column())}: {self._class(index.row())} {100 * share:.1f} percent"
        if role == SHARE_ROLE:
            return share
        if role == COUNTS_ROLE:
            return self._counts(index.column())
        return self._colour(index.column()) if role == COLOUR_ROLE else None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = int(Qt.ItemDataRole.DisplayRole)
    ) -> object:
        """Return the deck and its cards along the top."""
        if self._prediction is None or orientation == Qt.Orientation.Vertical or section == _CLASS_COLUMN:
            return None
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._column_tip(section)
        face = self._face(section)
        if role == Qt.ItemDataRole.DisplayRole:
            return "Deck" if section == _DECK_COLUMN else face.rank if face else "…"
        if role == Qt.ItemDataRole.DecorationRole and face is not None:
            return _symbol(face.suit)
        return None

    def as_text(self) -> str:
        """Return the table as tab-separated text, to paste elsewhere."""
        columns = range(_DECK_COLUMN, self.columnCount())
        head = "\t".join(["class", *(self._column_words(column) for column in columns)])
        rows = (
            "\t".join([self._class(row), *(f"{self._share(row, column):.4f}" for column in columns)])
            for row in range(self.rowCount())
        )
        return "\n".join([head, *rows])

    def _share(self, row: int, column: int) -> float:
        prediction = self._prediction
        assert prediction is not None
        assert prediction.probabilities is not None
        assert prediction.card_probabilities is not None
        if column == _DECK_COLUMN:
            return float(prediction.probabilities[self._order[row]])
        return float(prediction.card_probabilities[column - _FIRST_CARD, self._order[row]])

    def _class(self, row: int) -> str:
        assert self._prediction is not None
        return self._prediction.classes[self._order[row]]

    def _face(self, column: int) -> Face | None:
        if self._prediction is None or column < _FIRST_CARD:
            return None
        return self._face_of(self._prediction.cards[column - _FIRST_CARD])

    def _counts(self, column: int) -> bool:
        assert self._prediction is not None
        return column == _DECK_COLUMN or self._prediction.weights[column - _FIRST_CARD] > 0

    def _colour(self, column: int) -> QColor:
        face = self._face(column)
        return QColor(suit_colour(face.suit)) if face else self._theme.colour("accent")

    def _column_words(self, column: int) -> str:
        face = self._face(column)
        if column == _DECK_COLUMN:
            return "the deck"
        return face.name if face else "a card"

    def _column_tip(self, column: int) -> str:
        if self._prediction is None or column == _DECK_COLUMN:
            return self._column_words(column)
        return f"{self._column_words(column)}: counts {100 * self._prediction.weights[column - _FIRST_CARD]:.0f} %"


class BarDelegate(QStyledItemDelegate):
    """A number over a bar of its share."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Draw the bar, the number, and a ring where the keyboard is."""
        share, counts = float(index.data(SHARE_ROLE) or 0.0), bool(index.data(COUNTS_ROLE))
        cell = QRectF(option.rect).adjusted(3, 2, -3, -2)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = QColor(index.data(COLOUR_ROLE))
        colour.setAlphaF(0.42 if counts else 0.16)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawPath(rounded(QRectF(cell.left(), cell.top(), cell.width() * share, cell.height()), 2))
        painter.setFont(font("small", index.column() == _DECK_COLUMN))
        painter.setPen(self._theme.colour("text" if counts else "muted"))
        painter.drawText(
            cell.adjusted(0, 0, -3, 0), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(index.data())
        )
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(self._theme.colour("focus"))
            painter.drawPath(rounded(cell, 2))
        painter.restore()

    def sizeHint(self, _option: QStyleOptionViewItem, _index: _Index) -> QSize:
        """Return room for `100.0` and its margins."""
        return QSize(round(font_px("small") * 4.2), font_px("small") + 11)


class AnswersTable(QTableView):
    """The table of answers; Ctrl+C copies it whole."""

    def __init__(self, model: AnswersModel, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._answers = model
        self.setModel(model)
        self.setItemDelegate(BarDelegate(theme, self))
        self.setItemDelegateForColumn(_CLASS_COLUMN, QStyledItemDelegate(self))
        self.setShowGrid(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setMinimumSectionSize(round(font_px("small") * 4.2))
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.horizontalHeader().setStyleSheet("QHeaderView::section { padding: 6px 3px; }")
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(font_px("small") + 11)
        self.setAccessibleName("Class probabilities of the deck and of each card, in percent")

    def fit(self) -> None:
        """Let the classes take what they need, and the figures share the rest."""
        if self._answers.columnCount():
            self.horizontalHeader().setSectionResizeMode(_CLASS_COLUMN, QHeaderView.ResizeMode.ResizeToContents)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy the table as text."""
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(self._answers.as_text())
            return
        super().keyPressEvent(event)


def _symbol(suit: str) -> QPixmap:
    pixmap = QPixmap(24, 24)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    draw_suit(painter, suit, QRectF(1, 1, 10, 10))
    painter.end()
    return pixmap
