"""A colour scale with its limits and unit, as it stands beside every picture of numbers."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from card_studio.ui.plots import map_image
from card_studio.ui.theme import SEQUENTIAL, SPACE, Theme, font, font_px

_BAR_WIDTH = 18 * SPACE


class ScaleBar(QWidget):
    """What the colours mean: the unit, the first colour's value, the bar, the last one's; a mark may point into it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._unit, self._low, self._high, self._digits = "", 0.0, 1.0, 0
        self._colours: NDArray[np.uint8] = SEQUENTIAL
        self._mark: float | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_scale(self, unit: str, low: float, high: float, colours: NDArray[np.uint8], *, digits: int = 0) -> None:
        """Say what the colours mean.

        Args:
            unit: such as `error rate (%)`.
            low: the first colour's value, in that unit.
            high: the last one's.
            colours: uint8 [256, 3].
            digits: after the point of the limits.
        """
        self._unit, self._low, self._high, self._digits = unit, low, high, digits
        self._colours, self._mark = colours, None
        self.setAccessibleName(f"Colour scale: {unit}, from {self._said(low)} to {self._said(high)}")
        self.updateGeometry()
        self.update()

    def mark(self, value: float | None) -> None:
        """Point at a value."""
        self._mark = value
        self.update()

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(font("small"))
        words = sum(metrics.horizontalAdvance(text) for text in self._texts())
        return QSize(words + _BAR_WIDTH + 4 * SPACE, font_px("small") + 2 * SPACE)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(font("small"))
        painter.setPen(self._theme.colour("muted"))
        unit, low, high = self._texts()
        left = self._text(painter, 0, unit) + SPACE
        left = self._text(painter, left, low) + SPACE // 2
        bar = QRectF(left, self.height() / 2 - 5, _BAR_WIDTH, 10)
        ramp = np.linspace(0, 1, 256)[None, :]
        painter.drawImage(bar, map_image(ramp, 0, 1, self._colours))
        self._text(painter, round(bar.right()) + SPACE // 2, high)
        if self._mark is not None:
            share = min(max((self._mark - self._low) / (self._high - self._low), 0), 1)
            x = bar.left() + share * bar.width()
            painter.setPen(self._theme.colour("text"))
            painter.drawLine(QPointF(x, bar.top() - 4), QPointF(x, bar.bottom() + 4))
        painter.end()

    def _texts(self) -> tuple[str, str, str]:
        return self._unit, self._said(self._low), self._said(self._high)

    def _said(self, value: float) -> str:
        return f"{value:{'+' if self._low < 0 and value > 0 else ''}.{self._digits}f}".replace("-", "−")

    def _text(self, painter: QPainter, left: int, text: str) -> int:
        width = painter.fontMetrics().horizontalAdvance(text)
        painter.drawText(QRect(left, 0, width + 2, self.height()), Qt.AlignmentFlag.AlignVCenter, text)
        return left + width
