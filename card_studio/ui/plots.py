"""Plots in the studio's look: themed axes, and points that a pointer or the arrow keys choose."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QImage, QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QGraphicsView, QSizePolicy

from card_studio.ui.plot_labels import LabelLayer
from card_studio.ui.plot_menus import adopt_menus
from card_studio.ui.suits import suit_path
from card_studio.ui.theme import SPACE, Theme, font, font_px

_UNIT_BOX = QRectF(-0.5, -0.5, 1, 1)
_EQUAL_CONTRAST = 0.197
"""The luminance on which both inks read equally well."""
_NEAR = 14
"""Pixels around a point's centre that count as on it, at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotPoint:
    """Something to choose in a plot."""

    key: Hashable
    x: float
    y: float
    words: str
    """What it is and its numbers: tool tip, and what a screen reader says."""


def suit_symbol(name: str) -> QPainterPath:
    """Return a suit's symbol as pyqtgraph wants it: one unit wide around the origin."""
    return suit_path(name, _UNIT_BOX)


def symbols() -> Any:
    """Return an item of symbols that are drawn as paths: from pyqtgraph's cache of pixels, an SVG would be wrong."""
    return pg.ScatterPlotItem(pxMode=True, useCache=False)


class Plot(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """A plot with themed axes; its points can be pointed at, clicked, and reached by the arrow keys."""

    point_chosen = Signal(object)
    """The key of a point that the user chose."""

    def __init__(self, theme: Theme, name: str, x_label: str, y_label: str) -> None:
        super().__init__(enableMenu=False)
        self.theme = theme
        self._name, self._labels = name, {"bottom": x_label, "left": y_label}
        self._points: list[PlotPoint] = []
        self._chosen: Hashable = None
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.viewport().setMouseTracking(True)
        item = self.getPlotItem()
        adopt_menus(item, self)
        item.hideButtons()
        item.layout.setContentsMargins(4, SPACE, SPACE, 4)
        self._ring = symbols()
        self._ring.setZValue(50)
        self.addItem(self._ring)
        self.setMouseEnabled(x=False, y=False)
        self.labels = LabelLayer(self)
        self.scene().sigMouseMoved.connect(self._on_moved)
        self.scene().sigMouseClicked.connect(self._on_clicked)
        theme.changed.connect(self._on_theme_changed)
        self.dress()

    @property
    def points(self) -> list[PlotPoint]:
        """What can be chosen, in the order of the arrow keys."""
        return list(self._points)

    @property
    def chosen(self) -> Hashable:
        """The key of the chosen point; None for none."""
        return self._chosen

    def set_points(self, points: Sequence[PlotPoint]) -> None:
        """Say what can be chosen; the arrow keys go from left to right."""
        self._points = sorted(points, key=lambda point: (point.x, point.y))
        self._say()

    def choose(self, key: Hashable) -> None:
        """Mark the points of a key, without a signal."""
        self._chosen = key
        self._say()

    def dress(self) -> None:
        """Take the theme's colours; a plot with items of its own extends it."""
        tokens = self.theme.tokens
        self.setBackground(tokens.surface)
        for side, text in self._labels.items():
            axis = self.getAxis(side)
            axis.setPen(tokens.hairline)
            axis.setTextPen(tokens.muted)
            axis.setTickFont(font("small"))
            axis.setStyle(tickLength=-4, hideOverlappingLabels=True)
            axis.setLabel(text, **{"color": tokens.muted, "font-size": f"{font_px('small')}px"})
            axis.enableAutoSIPrefix(False)
        self.showGrid(x=True, y=True, alpha=0.10)
        self._draw_ring()

    def sizeHint(self) -> QSize:
        return QSize(52 * SPACE, 36 * SPACE)

    def minimumSizeHint(self) -> QSize:
        return QSize(30 * SPACE, 22 * SPACE)

    def close(self) -> bool:
        """Close as any widget: pyqtgraph's own way also empties the scene, under labels that still follow it."""
        closed: bool = QGraphicsView.close(self)
        return closed

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = Qt.Key
        step = {keys.Key_Right: 1, keys.Key_Down: 1, keys.Key_Left: -1, keys.Key_Up: -1}.get(keys(event.key()))
        if step is None or not self._points:
            super().keyPressEvent(event)
            return
        at = next((n for n, point in enumerate(self._points) if point.key == self._chosen), None)
        new = self._points[0 if at is None else (at + step) % len(self._points)]
        self.choose(new.key)
        self.point_chosen.emit(new.key)
        event.accept()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._draw_ring()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._draw_ring()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self.viewport())
            draw_focus(painter, self.theme, QRectF(self.viewport().rect()))
            painter.end()

    def nearest(self, place: QPointF) -> PlotPoint | None:
        """Return the nearest point under a place in the scene's coordinates."""
        box = self.getPlotItem().getViewBox()
        best, nearest = None, float(_NEAR)
        for point in self._points:
            there = box.mapViewToScene(QPointF(point.x, point.y))
            distance = float(np.hypot(there.x() - place.x(), there.y() - place.y()))
            if distance < nearest:
                best, nearest = point, distance
        return best

    def _draw_ring(self) -> None:
        marked = [point for point in self._points if point.key == self._chosen and self._chosen is not None]
        tokens = self.theme.tokens
        pen = pg.mkPen(tokens.focus if self.hasFocus() else tokens.text, width=2)
        spots = [{"pos": (point.x, point.y), "size": 26, "pen": pen, "brush": None} for point in marked]
        self._ring.setData(spots)

    def _say(self) -> None:
        self._draw_ring()
        said = [point.words for point in self._points if point.key == self._chosen]
        everything = f"{len(self._points)} points; arrow keys go through them"
        self.setAccessibleDescription("; ".join(said) or everything)

    def _on_moved(self, place: QPointF) -> None:
        point = self.nearest(place)
        self.viewport().setToolTip(point.words if point else "")
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if point else Qt.CursorShape.ArrowCursor)

    def _on_clicked(self, event: Any) -> None:
        point = self.nearest(event.scenePos())
        if point is not None and event.button() == Qt.MouseButton.LeftButton:
            self.choose(point.key)
            self.point_chosen.emit(point.key)

    def _on_theme_changed(self) -> None:
        self.theme.in_turn(self, self.dress)


def draw_focus(painter: QPainter, theme: Theme, box: QRectF) -> None:
    """Frame what has the keyboard's focus."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme.colour("focus"), 2))
    painter.drawRect(box.adjusted(1, 1, -1, -1))


def map_image(values: NDArray[np.floating], low: float, high: float, colours: NDArray[np.uint8]) -> QImage:
    """Return numbers as a picture, one pixel for each; what lies beyond the limits takes the ends' colours.

    Args:
        values: [rows, columns].
        low: the value of the first colour.
        high: the value of the last one, more than `low`.
        colours: uint8 [256, 3].
    """
    shares = np.clip((np.asarray(values, np.float64) - low) / (high - low), 0, 1)
    pixels = np.ascontiguousarray(colours[np.rint(255 * shares).astype(np.intp)])
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def colour_at(value: float, low: float, high: float, colours: NDArray[np.uint8]) -> QColor:
    """Return one value's colour in a map."""
    share = min(max((value - low) / (high - low), 0.0), 1.0)
    red, green, blue = (int(part) for part in colours[round(255 * share)])
    return QColor(red, green, blue)


def ink_on(colour: QColor) -> QColor:
    """Return near black or white, whichever has the higher contrast on a colour (WCAG's relative luminance)."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _channels(colour)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return QColor("#16171a") if luminance > _EQUAL_CONTRAST else QColor("#ffffff")


def _channels(colour: QColor) -> tuple[float, float, float]:
    return colour.redF(), colour.greenF(), colour.blueF()
