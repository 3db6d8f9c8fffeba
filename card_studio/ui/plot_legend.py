"""The names of a plot's lines, beneath its axis and inside its picture: where no line can run through them."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QGraphicsWidget, QSizePolicy, QStyleOptionGraphicsItem, QWidget

from card_studio.ui.theme import SPACE, Theme, font

MOST = 6
"""Lines that are named; the chosen one always is."""
_SAMPLE = 4.0 * SPACE
"""Pixels: the length of the piece of line before its name."""
_ANY = QSizeF()


@dataclass(frozen=True, slots=True, kw_only=True)
class LineName:
    """A line's name and how the line is drawn."""

    text: str
    colour: QColor
    style: Qt.PenStyle
    chosen: bool = False


class PlotLegend(QGraphicsWidget):
    """A row for each line: a piece of it and its name; beyond `MOST`, how many more there are."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._names: list[LineName] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def texts(self) -> list[str]:
        """What is written, from top to bottom."""
        shown = [name.text for name in self._shown()]
        beyond = len(self._names) - len(shown)
        return [*shown, f"and {beyond} more: choose a card to see its name"] if beyond else shown

    def set_names(self, names: Sequence[LineName]) -> None:
        """Name these lines and no others."""
        self._names = list(names)
        self.updateGeometry()
        self.update()

    def sizeHint(self, which: Qt.SizeHint, constraint: QSizeF | QSize = _ANY) -> QSizeF:
        height = len(self.texts) * self._row() + (SPACE if self._names else 0)
        return QSizeF(-1 if which == Qt.SizeHint.MaximumSize else 0, height)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        shown = self._shown()
        for number, text in enumerate(self.texts):
            room = QRectF(0, SPACE + number * self._row(), self.size().width(), self._row())
            name = shown[number] if number < len(shown) else None
            if name is not None:
                painter.setPen(QPen(name.colour, 3 if name.chosen else 1.6, name.style))
                painter.drawLine(QPointF(0, room.center().y()), QPointF(_SAMPLE, room.center().y()))
            self._write(painter, room.adjusted(_SAMPLE + SPACE, 0, 0, 0), text, name is not None and name.chosen)

    def _write(self, painter: QPainter, room: QRectF, text: str, chosen: bool) -> None:
        used = font("small", bold=chosen)
        painter.setFont(used)
        painter.setPen(self._theme.colour("text" if chosen else "muted"))
        fitting = QFontMetricsF(used).elidedText(text, Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, fitting)

    def _shown(self) -> list[LineName]:
        """Return the names that are written: the first ones, and the chosen one in the last one's place."""
        first, rest = self._names[:MOST], self._names[MOST:]
        chosen = [name for name in rest if name.chosen]
        return [*first[: MOST - len(chosen)], *chosen]

    @staticmethod
    def _row() -> float:
        return QFontMetricsF(font("small")).height() + 2
