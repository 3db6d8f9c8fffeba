"""The gate's choices as a matrix: for each corruption and severity, the share of images sent to each suit."""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from card_studio.domain.deck import CellScore, DeckScore
from card_studio.ui.suits import draw_suit, suit_colour
from card_studio.ui.theme import SPACE, Theme, font, font_px
from card_studio.ui.words import percent

_LABEL = 128


class ChoiceMatrix(QWidget):
    """One row for each corruption, one cell for each severity, split by suit in the suits' colours."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._score: DeckScore | None = None
        self._rows: list[tuple[str, list[CellScore]]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setAccessibleName("The gate's choices by corruption and severity")
        theme.changed.connect(self.update)

    def show_score(self, score: DeckScore | None) -> None:
        """Show a score's cells."""
        self._score = score
        rows: dict[str, list[CellScore]] = {}
        for cell in score.cells if score else ():
            rows.setdefault(str(cell.corruption or "clean images"), []).append(cell)
        self._rows = list(rows.items())
        self.setAccessibleDescription(
            "; ".join(self._words(name, cell) for name, cells in self._rows for cell in cells)
        )
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for all rows."""
        return QSize(420, round((len(self._rows) + 1) * self._step()) + 2 * SPACE)

    def minimumSizeHint(self) -> QSize:
        """Return the same height as the hint: rows are not squeezed."""
        return QSize(280, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the legend, then row by row."""
        if self._score is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font("small"))
        self._legend(painter)
        for row, (name, cells) in enumerate(self._rows):
            top = SPACE + (row + 1) * self._step()
            painter.setPen(self._theme.colour("text"))
            label = QRectF(2 * SPACE, top, _LABEL - SPACE, self._step())
            painter.drawText(label, Qt.AlignmentFlag.AlignVCenter, name.replace("_", " "))
            for cell in cells:
                self._cell(painter, self._cell_rect(row, cell), cell)
        painter.end()

    def event(self, event: QEvent) -> bool:
        """Tell the numbers of the cell under the pointer."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            words = self._at(QPointF(event.pos()))
            if words:
                QToolTip.showText(event.globalPos(), words, self)
                return True
        return super().event(event)

    def _legend(self, painter: QPainter) -> None:
        assert self._score is not None
        x = float(2 * SPACE + _LABEL)
        for suit in self._score.suits:
            draw_suit(painter, suit.split()[0], QRectF(x, SPACE + 2, 12, 12))
            painter.setPen(self._theme.colour("muted"))
            width = painter.fontMetrics().horizontalAdvance(suit)
            painter.drawText(QPointF(x + 16, SPACE + 12), suit)
            x += width + 36
        painter.setPen(self._theme.colour("muted"))
        last = QRectF(0, SPACE, self.width() - 2 * SPACE, self._step())
        severities = ", ".join(map(str, self._score.suite.severities))
        painter.drawText(last, Qt.AlignmentFlag.AlignRight, f"severities {severities}")

    def _cell(self, painter: QPainter, rect: QRectF, cell: CellScore) -> None:
        assert self._score is not None
        left = rect.left()
        painter.setPen(Qt.PenStyle.NoPen)
        for suit, share in zip(self._score.suits, cell.chosen, strict=True):
            width = rect.width() * share
            painter.setBrush(QColor(suit_colour(suit.split()[0])))
            painter.drawRect(QRectF(left, rect.top(), width, rect.height()))
            left += width

    def _cell_rect(self, row: int, cell: CellScore) -> QRectF:
        room = self.width() - _LABEL - 4 * SPACE
        left = 2 * SPACE + _LABEL
        top = SPACE + (row + 1) * self._step() + 2
        if cell.corruption is None:
            return QRectF(left, top, room - 4, self._step() - 4)
        assert self._score is not None
        severities = self._score.suite.severities
        width = room / len(severities)
        return QRectF(left + severities.index(cell.severity) * width, top, width - 4, self._step() - 4)

    def _at(self, point: QPointF) -> str:
        for row, (name, cells) in enumerate(self._rows):
            for cell in cells:
                if self._cell_rect(row, cell).contains(point):
                    return self._words(name, cell)
        return ""

    def _words(self, name: str, cell: CellScore) -> str:
        assert self._score is not None
        shares = ", ".join(
            f"{suit} {percent(share)} %" for suit, share in zip(self._score.suits, cell.chosen, strict=True)
        )
        severity = f" severity {cell.severity}" if cell.corruption else ""
        return (
            f"{name.replace('_', ' ')}{severity}: {shares}; deck {percent(cell.accuracy)} %, averaging "
            f"{percent(cell.agnostic)} %"
        )

    def _step(self) -> float:
        return font_px("small") + 9.0
