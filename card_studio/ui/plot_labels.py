"""Names beside the points of a plot: inside the frame, and none over another, whatever the size and the zoom."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFontMetricsF

from card_studio.ui.theme import font

_GAP = 9.0
"""Pixels between a point and its name, beyond the point's own size."""
_TRIES = 80
_GROUND = 170
"""Of 255: how much of the ground lies behind a name, so that a line through it does not strike it out."""
_LONGEST = 32
MOST = 24
"""Names on one plot; the first ones win."""


def cut(text: str) -> str:
    """Return a text that fits beside a point: long ones lose their middle."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]}…{text[-_LONGEST // 2 :]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotLabel:
    """A name at a point."""

    text: str
    x: float
    y: float
    colour: str
    radius: float = 0.0
    """Of the point's symbol, in pixels."""
    bold: bool = False


class LabelLayer:
    """Puts labels beside their points again whenever the plot's range or size changes."""

    def __init__(self, plot: Any) -> None:
        self._plot = plot
        self._labels: list[PlotLabel] = []
        self._items: list[Any] = []
        box = plot.getPlotItem().getViewBox()
        box.sigRangeChanged.connect(self._on_changed)
        box.sigResized.connect(self._on_changed)

    @property
    def labels(self) -> list[PlotLabel]:
        """What is written."""
        return list(self._labels)

    def set_labels(self, labels: Sequence[PlotLabel]) -> None:
        """Write these and no others."""
        for item in self._items:
            self._plot.removeItem(item)
        self._labels, self._items = list(labels[:MOST]), []
        ground = self._plot.theme.colour("surface")
        ground.setAlpha(_GROUND)
        for label in self._labels:
            item = pg.TextItem(cut(label.text), color=label.colour, anchor=(0, 0.5), fill=pg.mkBrush(ground))
            item.setFont(font("small", bold=label.bold))
            item.setZValue(40)
            self._plot.addItem(item, ignoreBounds=True)
            self._items.append(item)
        self._place()

    def rects(self) -> list[QRectF]:
        """Return where the labels lie, in pixels of the frame."""
        box = self._plot.getPlotItem().getViewBox()
        inside = self._frame()
        points = [box.mapViewToScene(QPointF(label.x, label.y)) for label in self._labels]
        wanted = [_beside(label, point, inside) for label, point in zip(self._labels, points, strict=True)]
        return spread_out(wanted, inside)

    def _place(self) -> None:
        box = self._plot.getPlotItem().getViewBox()
        for item, rect in zip(self._items, self.rects(), strict=True):
            item.setPos(box.mapSceneToView(QPointF(rect.left(), rect.center().y())))

    def _frame(self) -> QRectF:
        frame: QRectF = self._plot.getPlotItem().getViewBox().sceneBoundingRect()
        return frame

    def _on_changed(self, *_what: object) -> None:
        self._place()


def spread_out(wanted: Sequence[QRectF], frame: QRectF) -> list[QRectF]:
    """Return rectangles of the same sizes in the frame, none over another if there is room: moved up or down only."""
    order = sorted(range(len(wanted)), key=lambda at: wanted[at].center().y())
    placed: dict[int, QRectF] = {}
    for at in order:
        placed[at] = _first_free(QRectF(wanted[at]), list(placed.values()), frame)
    return [placed[at] for at in range(len(wanted))]


def _first_free(rect: QRectF, taken: Sequence[QRectF], frame: QRectF) -> QRectF:
    """Return the nearest place straight above or below where a rectangle meets no other; its own if there is none."""
    rect.moveTop(min(max(rect.top(), frame.top()), frame.bottom() - rect.height()))
    for number in range(2 * _TRIES):
        away = (number + 1) // 2 * rect.height() / 4 * (1 if number % 2 else -1)
        moved = rect.translated(0, away)
        inside = frame.top() <= moved.top() and moved.bottom() <= frame.bottom()
        if inside and not any(moved.intersects(other) for other in taken):
            return moved
    return rect


def _beside(label: PlotLabel, point: QPointF, frame: QRectF) -> QRectF:
    metrics = QFontMetricsF(font("small", bold=label.bold))
    width, height = metrics.horizontalAdvance(cut(label.text)) + 8, metrics.height()
    gap = _GAP + label.radius
    left = point.x() + gap
    if left + width > frame.right():
        left = point.x() - gap - width
    return QRectF(max(left, frame.left()), point.y() - height / 2, width, height)
