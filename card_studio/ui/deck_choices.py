"""Several pictures: a table of what was chosen for each, by itself and with all as one batch."""

from collections import Counter

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from card_studio.domain.prediction import CLOSE_CALL, Prediction
from card_studio.ui.deck_pictures import thumbnail
from card_studio.ui.deck_reading import Reasons
from card_studio.ui.suits import draw_suit
from card_studio.ui.theme import font_px
from card_studio.ui.words import percent

_Index = QModelIndex | QPersistentModelIndex
_HEADS = ("Picture", "Chosen", "Margin %", "Answer")
_THUMB = 28
_LEAST_SHOWN = 0.0005


class ChoicesModel(QAbstractTableModel):
    """A row for each picture."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[Prediction, ...] = ()
        self._thumbs: dict[int, QPixmap] = {}

    def show_predictions(self, predictions: tuple[Prediction, ...]) -> None:
        """Show other pictures, or more of what is known of the same ones."""
        same = [each.source for each in predictions] == [each.source for each in self._rows]
        if same and self._rows:
            self._rows = predictions
            self._thumbs.clear()
            self.dataChanged.emit(self.index(0, 0), self.index(len(predictions) - 1, len(_HEADS) - 1))
            return
        self.beginResetModel()
        self._rows = predictions
        self._thumbs.clear()
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Return the number of pictures."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Return the number of columns."""
        return 0 if parent.isValid() else len(_HEADS)

    def data(self, index: _Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        """Return a cell's text, or its little picture."""
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        if role == Qt.ItemDataRole.DecorationRole and column == 0:
            return self._thumb(index.row())
        if role == Qt.ItemDataRole.DecorationRole and column == 1:
            return _symbol(row.chosen.split()[0])
        if role == Qt.ItemDataRole.TextAlignmentRole and column == _HEADS.index("Margin %"):
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return self._words(row) if role == Qt.ItemDataRole.ToolTipRole else None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = int(Qt.ItemDataRole.DisplayRole)
    ) -> object:
        """Return the columns' names."""
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return _HEADS[section]
        return None

    def _words(self, row: Prediction) -> str:
        said = (
            ""
            if row.label is None or row.probabilities is None
            else (f"; {row.label} {percent(float(row.probabilities.max()))} %")
        )
        return f"{row.source}: {row.chosen}, {row.verdict} ({margin_text(row.margin)} %){said}"

    def _text(self, row: Prediction, column: int) -> str:
        if column == len(_HEADS) - 1:
            return "…" if row.label is None else row.label
        close = "≈ " if row.margin < CLOSE_CALL else ""
        return (row.source, row.chosen, close + margin_text(row.margin))[column]

    def _thumb(self, row: int) -> QPixmap:
        if row not in self._thumbs:
            self._thumbs[row] = thumbnail(self._rows[row].image, _THUMB)
        return self._thumbs[row]


class ChoicesTable(QTableView):
    """The pictures, of which one is looked at."""

    picked = Signal(int)

    def __init__(self, model: ChoicesModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setIconSize(QSize(_THUMB, _THUMB))
        self.setStyleSheet("QTableView::item { padding: 2px 3px; }")  # so that the pictures' names have room
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(max(_THUMB + 6, font_px("body") + 12))
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setMinimumSectionSize(44)
        self.horizontalHeader().setStyleSheet("QHeaderView::section { padding: 6px 4px; }")
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.setAccessibleName("Pictures and what was chosen for each")
        self.selectionModel().currentRowChanged.connect(lambda now, _before: self.picked.emit(now.row()))


def margin_text(margin: float) -> str:
    """Return a margin in percent; an infinity sign where there is no second suit."""
    if margin == float("inf"):
        return "∞"
    return "< 0.1" if 0 < margin < _LEAST_SHOWN else percent(margin)


def compared(reasons: Reasons) -> str:
    """Return in words what is chosen image by image against all as one batch."""
    count = len(reasons.singly)
    tally = Counter(each.chosen for each in reasons.singly)
    apart = ", ".join(f"{number} {suit}" for suit, number in tally.most_common())
    whole = reasons.together[0]
    return (
        f"Image by image: {apart}. As one batch of {count}: {whole.chosen}, {whole.verdict} "
        f"({margin_text(whole.margin)} %)."
    )


def _symbol(suit: str) -> QPixmap:
    pixmap = QPixmap(36, 36)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    draw_suit(painter, suit, QRectF(1, 2, 14, 14))
    painter.end()
    return pixmap
