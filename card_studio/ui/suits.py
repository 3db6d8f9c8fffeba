"""Suits: each augmentation's fixed colour (Okabe and Ito 2008) and a symbol that tells it without colour."""

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPolygonF

SUIT_COLOURS: dict[str, str] = {"clean": "#0072b2", "gaussian": "#d55e00", "augmix": "#009e73"}
"""By augmentation; the same in light and dark."""
_OTHER_COLOUR = "#cc79a7"


def suit_colour(name: str) -> str:
    """Return an augmentation's colour; one that is not known has a colour of its own."""
    return SUIT_COLOURS.get(name, _OTHER_COLOUR)


def suit_path(name: str, box: QRectF) -> QPainterPath:
    """Return a suit's symbol, filled, centred in `box`: a ring, a diamond, a club; a star for any other."""
    side = min(box.width(), box.height())
    square = QRectF(0, 0, side, side)
    square.moveCenter(box.center())
    shape = {"clean": _ring, "gaussian": _diamond, "augmix": _club}.get(name, _star)
    return shape(square)


def draw_suit(painter: QPainter, name: str, box: QRectF) -> None:
    """Paint a suit's symbol in its colour into `box`."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(suit_colour(name)))
    painter.drawPath(suit_path(name, box))
    painter.restore()


def _ring(box: QRectF) -> QPainterPath:
    path = QPainterPath()
    outer = _shrunk(box, 0.06)
    path.addEllipse(outer)
    path.addEllipse(_shrunk(outer, 0.27))
    return path


def _diamond(box: QRectF) -> QPainterPath:
    centre, half, narrow = box.center(), box.height() / 2, box.width() * 0.4
    path = QPainterPath()
    corners = [(0, -half), (narrow, 0), (0, half), (-narrow, 0)]
    path.addPolygon(QPolygonF([centre + QPointF(x, y) for x, y in corners]))
    path.closeSubpath()
    return path


def _club(box: QRectF) -> QPainterPath:
    side, centre = box.width(), box.center()
    radius = side * 0.23
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.WindingFill)
    for x, y in ((0, -0.25), (-0.25, 0.1), (0.25, 0.1)):
        path.addEllipse(centre + QPointF(x * side, y * side), radius, radius)
    stem = [(-0.05, -0.1), (0.05, -0.1), (0.06, 0.25), (0.18, 0.48), (-0.18, 0.48), (-0.06, 0.25)]
    path.addPolygon(QPolygonF([centre + QPointF(x * side, y * side) for x, y in stem]))
    path.closeSubpath()
    return path.simplified()


def _star(box: QRectF) -> QPainterPath:
    centre, radius = box.center(), box.width() / 2
    points = []
    for k in range(10):
        angle, length = math.pi * (k / 5 - 0.5), radius if k % 2 == 0 else radius * 0.45
        points.append(centre + QPointF(length * math.cos(angle), length * math.sin(angle)))
    path = QPainterPath()
    path.addPolygon(QPolygonF(points))
    path.closeSubpath()
    return path


def _shrunk(box: QRectF, share: float) -> QRectF:
    margin = box.width() * share
    return box.adjusted(margin, margin, -margin, -margin)
