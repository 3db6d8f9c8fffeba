"""Small pictures of the preview: an image pixel by pixel, its spectrum, and distances as bars in suit colours."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from card_studio.ui.card_paint import lookup_image, rounded
from card_studio.ui.suits import draw_suit, suit_colour
from card_studio.ui.theme import SPACE, Theme, font, font_px

_SIDE = 128


def image_of(pixels: NDArray[np.uint8]) -> QImage:
    """Return a uint8 image [3, H, W] as a QImage."""
    rows = np.ascontiguousarray(pixels.transpose(1, 2, 0))
    height, width, _ = rows.shape
    return QImage(rows.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def thumbnail(pixels: NDArray[np.uint8], side: int, dpr: float = 1.0) -> QPixmap:
    """Return a uint8 image [3, H, W] as a square pixmap of `side`, each pixel a little square."""
    device = round(side * dpr)
    scaled = image_of(pixels).scaled(device, device, Qt.AspectRatioMode.KeepAspectRatio)
    pixmap = QPixmap.fromImage(scaled)
    pixmap.setDevicePixelRatio(dpr)
    return pixmap


def spectrum_image(spectrum: NDArray[np.float32]) -> QImage:
    """Return a spectrum [H, W] of log amplitudes in the sequential colours, from its least to its largest."""
    low, high = float(spectrum.min()), float(spectrum.max())
    return lookup_image(np.asarray((spectrum - low) / max(high - low, 1e-9), np.float32))


class PixelView(QWidget):
    """An image whose pixels are shown as squares, never smoothed."""

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._image: QImage | None = None
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_image(self, image: QImage | None, words: str = "") -> None:
        """Show an image, described in words."""
        self._image = image
        self.setAccessibleDescription(words)
        self.update()

    def sizeHint(self) -> QSize:
        """Return a square."""
        return QSize(_SIDE, _SIDE)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the image as large as it fits."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = float(min(self.width(), self.height()))
        square = QRectF(0, (self.height() - side) / 2, side, side)
        painter.setClipPath(rounded(square, 3))
        if self._image is None:
            painter.fillRect(square, self._theme.colour("hover"))
        else:
            painter.drawImage(square, self._image)
        painter.end()


class SuitMark(QWidget):
    """A suit's symbol beside the verdict."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._suit = ""
        self.setFixedSize(3 * SPACE, 3 * SPACE)
        theme.changed.connect(self.update)

    def show_suit(self, suit: str) -> None:
        """Show another suit."""
        self._suit = suit
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the symbol in its colour."""
        if self._suit:
            painter = QPainter(self)
            draw_suit(painter, self._suit.split()[0], self.rect().toRectF().adjusted(2, 2, -2, -2))
            painter.end()


class DistanceBars(QWidget):
    """The distance to each suit's references: the shortest bar is the nearest, and it is named so."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows: list[tuple[str, float]] = []
        self._chosen = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Distance to each suit's references")
        theme.changed.connect(self.update)

    def show_distances(self, suits: tuple[str, ...], distances: tuple[float, ...], chosen: str) -> None:
        """Show a distance for each suit; `chosen` is the nearest."""
        self._rows = list(zip(suits, distances, strict=True))
        self._chosen = chosen
        words = ", ".join(f"{suit} {distance:.2f}" for suit, distance in self._rows)
        self.setAccessibleDescription(f"{words}; nearest: {chosen}" if self._rows else "")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for a row for each suit."""
        return QSize(240, round(len(self._rows) * self._step()))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw symbol, name, bar and number in rows; a hairline through all bars at the least distance."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        step, largest = self._step(), max((value for _, value in self._rows), default=1.0) or 1.0
        bold = font("body", True)
        names = max((_width(bold, suit) for suit, _ in self._rows), default=0.0)
        left, right = 22 + names + 1.5 * SPACE, self.width() - _width(bold, f"{largest:.2f}") - 1.5 * SPACE
        for row, (suit, value) in enumerate(self._rows):
            chosen = suit == self._chosen
            line = QRectF(0, row * step, self.width(), step)
            draw_suit(painter, suit.split()[0], QRectF(0, line.center().y() - 7, 14, 14))
            painter.setFont(font("body", chosen))
            painter.setPen(self._theme.colour("text" if chosen else "muted"))
            painter.drawText(line.adjusted(22, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, suit)
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, f"{value:.2f}")
            colour = QColor(suit_colour(suit.split()[0]))
            colour.setAlphaF(1.0 if chosen else 0.45)
            bar = QRectF(left, line.center().y() - 5, max(2.0, (right - left) * value / largest), 10)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawPath(rounded(bar, 2))
        if len(self._rows) > 1:
            least = left + (right - left) * min(value for _, value in self._rows) / largest
            painter.setPen(QPen(self._theme.colour("text"), 1, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(least, 2), QPointF(least, len(self._rows) * step - 2))
        painter.end()

    def _step(self) -> float:
        return font_px("body") + 11.0


def _width(face: QFont, text: str) -> float:
    return QFontMetricsF(face).horizontalAdvance(text)
