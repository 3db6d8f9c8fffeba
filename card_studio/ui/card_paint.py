"""A card as a playing card: painted once into a pixmap for each look, size, theme and screen, then kept."""

from collections import OrderedDict
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen, QPixmap

from card_studio.ui.card_face import Face, size_text
from card_studio.ui.colour_maps import SEQUENTIAL
from card_studio.ui.suits import suit_colour, suit_path
from card_studio.ui.theme import FontRole, Theme, font, font_px
from card_studio.ui.tokens import Tokens, mixed
from card_studio.ui.words import percent

_KEPT = 600
_BODY_PX = 13
_RATIO = 1.38


class CardSize(IntEnum):
    """Widths of a card in device-independent pixels, where the system's font is 13 px; it grows with the font."""

    SMALL = 108
    MEDIUM = 156
    LARGE = 204


def card_extent(size: CardSize) -> QSize:
    """Return width and height of a card, for the system's font size."""
    width = round(size * font_px("body") / _BODY_PX)
    return QSize(width, round(width * _RATIO))


class CardPainter:
    """Paints faces, and keeps the latest 600 pixmaps."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self._kept: OrderedDict[tuple[object, ...], QPixmap] = OrderedDict()

    def pixmap(self, face: Face, size: CardSize, dpr: float) -> QPixmap:
        """Return a face's picture.

        Args:
            face: what to show.
            size: how large.
            dpr: device pixels per device-independent pixel of the screen it is for.
        """
        key = (face.key, size, dpr, self.theme.dark, font_px("body"))
        if key not in self._kept:
            self._kept[key] = _painted(face, size, dpr, self.theme.tokens)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]


def action_rect(face: Face, size: CardSize) -> QRectF:
    """Return where on a card the one-click action lies; empty where nothing can be queued."""
    if not face.action:
        return QRectF()
    extent = card_extent(size)
    unit = font_px("body") / _BODY_PX
    height, width = 20 * unit, extent.width() - 20 * unit
    if face.clean is None:
        return QRectF(10 * unit, extent.height() - height - 8 * unit, width, height)
    picture = _picture_rect(size)
    return QRectF(picture.left() + 8 * unit, picture.bottom() - height - 6 * unit, picture.width() - 16 * unit, height)


def map_image(errors: NDArray[np.float32]) -> QImage:
    """Return a sensitivity map [n, n] of error rates as n x n pixels; the scale is 0 to 1 on every card."""
    return lookup_image(np.asarray(errors, np.float32))


def lookup_image(shares: NDArray[np.float32]) -> QImage:
    """Return [h, w] values of 0 to 1 in the sequential colours, as h x w pixels."""
    index = np.rint(np.clip(np.nan_to_num(shares), 0, 1) * 255).astype(np.uint8)
    colours = np.ascontiguousarray(SEQUENTIAL[index])
    height, width = index.shape
    return QImage(colours.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def rounded(rect: QRectF, radius: float) -> QPainterPath:
    """Return a rectangle with round corners."""
    path = QPainterPath()
    path.addRoundedRect(rect, radius, radius)
    return path


def _picture_rect(size: CardSize) -> QRectF:
    extent, unit = card_extent(size), font_px("body") / _BODY_PX
    if size is CardSize.SMALL:
        top, margin = 25 * unit, 20 * unit
    else:
        top, margin = 12 * unit, 30 * unit
    side = extent.width() - 2 * margin
    return QRectF(margin, top, side, side)


def _painted(face: Face, size: CardSize, dpr: float, tokens: Tokens) -> QPixmap:
    extent = card_extent(size)
    pixmap = QPixmap(extent * dpr)
    pixmap.setDevicePixelRatio(dpr)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    _Drawing(painter, face, size, tokens).all()
    painter.end()
    return pixmap


class _Drawing:
    """One card being drawn."""

    def __init__(self, painter: QPainter, face: Face, size: CardSize, tokens: Tokens) -> None:
        self.p, self.face, self.size, self.tokens = painter, face, size, tokens
        self.unit = font_px("body") / _BODY_PX
        extent = card_extent(size)
        self.width, self.height = float(extent.width()), float(extent.height())
        suit = suit_colour(face.suit)
        self.colour = QColor(suit)
        self.ink = QColor(mixed(suit, tokens.text, 0.25))  # the rank is text: it needs more contrast than a symbol

    def all(self) -> None:
        """Draw everything, from the back to the front."""
        edge = rounded(QRectF(0.5, 0.5, self.width - 1, self.height - 1), 8 * self.unit)
        self.p.setPen(QPen(QColor(self.tokens.hairline), 1))
        self.p.setBrush(QColor(self.tokens.raised))
        self.p.drawPath(edge)
        self._picture()
        if self.size is CardSize.SMALL:
            self._small()
        else:
            self._corners()
            self._middle()
            self._figures()
        self._action()

    def _small(self) -> None:
        unit, face = self.unit, self.face
        row = QRectF(8 * unit, 6 * unit, self.width - 16 * unit, 16 * unit)
        self._text(row, face.rank, font("body", True), self.ink, Qt.AlignmentFlag.AlignLeft)
        rank_width = QFontMetricsF(font("body", True)).horizontalAdvance(face.rank)
        self._symbol(QRectF(row.left() + rank_width + 4 * unit, row.top() + 2 * unit, 12 * unit, 12 * unit))
        left = row.left() + rank_width + 20 * unit
        self._text(
            QRectF(left, row.top(), row.right() - left, row.height()),
            face.method,
            font("small"),
            "muted",
            Qt.AlignmentFlag.AlignRight,
        )
        top = _picture_rect(self.size).bottom() + 5 * unit
        line = QRectF(6 * unit, top, self.width - 12 * unit, 15 * unit)
        self._text(line, face.network, font("small"), "muted", Qt.AlignmentFlag.AlignHCenter)
        line.translate(0, 17 * unit)
        line.setHeight(18 * unit)
        if face.clean is None or face.robust is None:
            if not face.action:
                self._text(line, "not evaluated", font("small"), "muted", Qt.AlignmentFlag.AlignHCenter)
            return
        text = f"{percent(face.clean)} · {percent(face.robust)}"
        self._text(line, text, font("body", True), "text", Qt.AlignmentFlag.AlignHCenter)

    def _corners(self) -> None:
        """Rank over suit at the top left, and the same upside down at the picture's lower right."""
        for turned in (False, True):
            self.p.save()
            if turned:
                bottom = _picture_rect(self.size).bottom() + 12 * self.unit
                self.p.translate(self.width, bottom)
                self.p.rotate(180)
            column = _picture_rect(self.size).left()
            role: FontRole = "title" if self.size is CardSize.LARGE else "body"
            rank = self._fitted(self.face.rank, font(role, True), column - 5 * self.unit)
            line = QFontMetricsF(rank).height()
            self._text(
                QRectF(2 * self.unit, 9 * self.unit, column - 3 * self.unit, line),
                self.face.rank,
                rank,
                self.colour,
                Qt.AlignmentFlag.AlignHCenter,
            )
            side = (17 if self.size is CardSize.LARGE else 13) * self.unit
            middle = 2 * self.unit + (column - 3 * self.unit) / 2
            self._symbol(QRectF(middle - side / 2, 10 * self.unit + line, side, side))
            self.p.restore()

    def _picture(self) -> None:
        rect, tokens = _picture_rect(self.size), self.tokens
        self.p.save()
        self.p.setClipPath(rounded(rect, 3 * self.unit))
        if self.face.picture is None:
            self.p.fillRect(rect, QColor(mixed(tokens.raised, tokens.hairline, 0.35)))
            self._rings(rect)
        else:
            self.p.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            self.p.drawImage(rect, map_image(self.face.picture))
        self.p.restore()
        if self.face.picture is None:
            text = QRectF(rect)
            if self.face.clean is not None:
                text.setBottom(rect.bottom() - 22 * self.unit)
            self._text(text, "not\nmapped yet", font("small"), "muted", Qt.AlignmentFlag.AlignHCenter)

    def _rings(self, rect: QRectF) -> None:
        """Draw frequencies as rings: what a map will show, quietly."""
        self.p.setBrush(Qt.BrushStyle.NoBrush)
        self.p.setPen(QPen(QColor(mixed(self.tokens.raised, self.tokens.hairline, 0.7)), 1))
        for share in (0.42, 0.7, 0.98):
            radius = rect.width() / 2 * share
            self.p.drawEllipse(rect.center(), radius, radius)

    def _middle(self) -> None:
        unit, face = self.unit, self.face
        top = _picture_rect(self.size).bottom() + (14 if self.size is CardSize.LARGE else 9) * unit
        line = QRectF(10 * unit, top, self.width - 20 * unit, 17 * unit)
        bold = font("body", True)
        self._text(line, face.method, bold, "text", Qt.AlignmentFlag.AlignLeft)
        taken = QFontMetricsF(bold).horizontalAdvance(face.method) + 8 * unit
        if self.size is CardSize.LARGE:
            right = line.adjusted(taken, 0, 0, 0)
            self._text(right, face.network, font("small"), "muted", Qt.AlignmentFlag.AlignRight)
        line.translate(0, 18 * unit)
        below = face.name if self.size is CardSize.LARGE else face.network
        self._text(line, below, font("small"), "muted", Qt.AlignmentFlag.AlignLeft)

    def _figures(self) -> None:
        unit, face = self.unit, self.face
        large = self.size is CardSize.LARGE
        block = (46 if large else 42) * unit
        area = QRectF(10 * unit, self.height - block - 7 * unit, self.width - 20 * unit, block)
        self.p.setPen(QPen(QColor(self.tokens.hairline), 1))
        self.p.drawLine(area.topLeft(), area.topRight())
        if face.clean is None or face.robust is None:
            if large or not face.action:
                half = area.adjusted(0, 4 * unit, 0, -block / 2 + 4 * unit)
                self._text(half, "not evaluated yet", font("small"), "muted", Qt.AlignmentFlag.AlignHCenter)
            return
        number, unit_text = size_text(face.file_bytes).split(" ")
        small = self._fitted("robust %", font("small"), area.width() / 3 - 2)
        columns = (("clean %", percent(face.clean)), ("robust %", percent(face.robust)), (unit_text, number))
        for index, (label, value) in enumerate(columns):
            width = area.width() / len(columns)
            column = QRectF(area.left() + index * width, area.top() + 5 * unit, width, 19 * unit)
            flag = (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignRight)[index]
            self._text(column, value, self._fitted(value, font("body", True), width - 2), "text", flag)
            column.translate(0, 18 * unit)
            column.setHeight(16 * unit)
            self._text(column, label, small, "muted", flag)

    def _action(self) -> None:
        rect = action_rect(self.face, self.size)
        if rect.isEmpty():
            return
        waiting = self.face.queued
        self.p.setPen(QPen(QColor(self.tokens.hairline if waiting else self.tokens.accent), 1))
        self.p.setBrush(QColor(self.tokens.raised))
        self.p.drawPath(rounded(rect, 4 * self.unit))
        colour = "muted" if waiting else "accent"
        self._text(rect, self.face.action, font("small", not waiting), colour, Qt.AlignmentFlag.AlignHCenter)

    def _symbol(self, rect: QRectF) -> None:
        self.p.setPen(Qt.PenStyle.NoPen)
        self.p.setBrush(self.colour)
        self.p.drawPath(suit_path(self.face.suit, rect))

    def _fitted(self, text: str, wanted: QFont, width: float) -> QFont:
        while wanted.pixelSize() > 8 and QFontMetricsF(wanted).horizontalAdvance(text) > width:
            wanted.setPixelSize(wanted.pixelSize() - 1)
        return wanted

    def _text(self, rect: QRectF, text: str, face: QFont, colour: QColor | str, alignment: Qt.AlignmentFlag) -> None:
        self.p.setFont(face)
        self.p.setPen(QColor(getattr(self.tokens, colour)) if isinstance(colour, str) else colour)
        if "\n" not in text:
            text = QFontMetricsF(face).elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
        self.p.drawText(rect, alignment | Qt.AlignmentFlag.AlignVCenter, text)


def paint_states(
    painter: QPainter, rect: QRectF, tokens: Tokens, *, selected: bool, focused: bool, outline: QColor | None = None
) -> None:
    """Draw what a card's state adds around it.

    Args:
        painter: where.
        rect: the card.
        tokens: the colours.
        selected: a ring in the accent colour.
        focused: a dashed ring outside it, in the focus colour.
        outline: colour of the ring of a chosen card.
    """
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if outline is not None:
        painter.setPen(QPen(outline, 3))
        painter.drawPath(rounded(rect.adjusted(-1, -1, 1, 1), 9))
    elif selected:
        painter.setPen(QPen(QColor(tokens.accent), 2))
        painter.drawPath(rounded(rect, 8))
    if focused:
        painter.setPen(QPen(QColor(tokens.focus), 2, Qt.PenStyle.DotLine))
        painter.drawPath(rounded(rect.adjusted(-4, -4, 4, 4), 11))


def shadow(painter: QPainter, rect: QRectF, depth: float, tokens: Tokens) -> None:
    """Draw a soft shadow under a card that lies `depth` pixels above the table."""
    painter.setPen(Qt.PenStyle.NoPen)
    ink = QColor(0, 0, 0)
    ink.setAlphaF(0.035 if QColor(tokens.background).lightnessF() > 0.5 else 0.12)
    painter.setBrush(ink)
    for step in range(4):
        spread = step * (0.6 + depth / 6)
        moved = QPointF(0, 1 + depth * 0.7)
        painter.drawPath(rounded(rect.translated(moved).adjusted(-spread, -spread, spread, spread), 8 + spread))
