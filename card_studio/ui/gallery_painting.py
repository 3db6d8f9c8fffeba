"""How the gallery's wall is laid out and painted, on the screen and into a file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPen

from card_studio.ui.gallery_sheet import COLUMNS, Line, Section, Wall
from card_studio.ui.suits import draw_suit
from card_studio.ui.theme import SPACE, Theme, font

GAP = 2 * SPACE
"""Between the pictures of two columns."""
BETWEEN = 2
"""Between an image and its spectrum."""
MARGIN = 2 * SPACE
SYMBOL = 22
"""Room for a suit's symbol."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Where everything lies, in device-independent pixels."""

    wall: Wall
    side: float
    """Of one picture."""
    parts: int
    names: float
    """Width of the lines' names, margins included."""
    head: float
    """Height of a section's heading."""

    @property
    def cell(self) -> float:
        """Width of the pictures in one column."""
        return self.parts * self.side + (self.parts - 1) * BETWEEN

    @property
    def line(self) -> float:
        """Height of a line."""
        return self.side + SPACE

    @property
    def width(self) -> float:
        """Width of the whole wall."""
        return self.names + COLUMNS * (self.cell + GAP) - GAP + MARGIN

    @property
    def height(self) -> float:
        """Height of the whole wall."""
        return sum(self.section(section) for section in self.wall.sections) + SPACE

    def section(self, section: Section) -> float:
        """Return the height of a section."""
        return self.head + len(section.lines) * self.line + 1.5 * SPACE

    def left(self, column: int) -> float:
        """Return where a column begins."""
        return self.names + column * (self.cell + GAP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The current picture."""

    line: int
    column: int
    focused: bool
    """Whether keys go to the wall."""


ImagesOf = Callable[[Line, int], list[QImage] | None]


def places(metrics: Metrics) -> Iterator[tuple[int, int, QRectF]]:
    """Yield each picture's line, column and place on the wall."""
    top, number = 0.0, 0
    for section in metrics.wall.sections:
        for inside in range(len(section.lines)):
            y = top + metrics.head + inside * metrics.line
            for column in range(COLUMNS):
                yield number, column, QRectF(metrics.left(column), y, metrics.cell, metrics.side)
            number += 1
        top += metrics.section(section)


class Painting:
    """The wall being painted: pictures first, then names and headings, which stay in sight while it is scrolled."""

    def __init__(
        self, painter: QPainter, images: ImagesOf, metrics: Metrics, theme: Theme, mark: Mark | None = None
    ) -> None:
        """Take what to paint.

        Args:
            painter: moved to the wall's upper left corner.
            images: returns what a cell shows, one image per part; None while its picture is not made.
            metrics: where everything lies.
            theme: colours.
            mark: the current picture; None for none.
        """
        self.p, self.images, self.m, self.theme, self.mark = painter, images, metrics, theme, mark

    def all(self, seen: QRectF) -> None:
        """Paint what lies in `seen`, in the wall's coordinates."""
        for line, column, rect in places(self.m):
            if rect.intersects(seen):
                self._cell(line, column, rect)
        self._names(seen)
        self._heads(seen)

    def _cell(self, line: int, column: int, rect: QRectF) -> None:
        images = self.images(self.m.wall.lines[line], column)
        for part in range(self.m.parts):
            square = QRectF(rect.left() + part * (self.m.side + BETWEEN), rect.top(), self.m.side, self.m.side)
            if images is None:
                self.p.fillRect(square, self.theme.colour("hover"))
            else:
                self.p.drawImage(square, images[part])
        if self.mark is not None and (line, column) == (self.mark.line, self.mark.column):
            self.p.setPen(QPen(self.theme.colour("focus" if self.mark.focused else "muted"), 2))
            self.p.setBrush(Qt.BrushStyle.NoBrush)
            self.p.drawRect(rect.adjusted(-3, -3, 3, 3))

    def _names(self, seen: QRectF) -> None:
        self.p.fillRect(
            QRectF(seen.left(), seen.top(), self.m.names - SPACE, seen.height()), self.theme.colour("surface")
        )
        for number, column, rect in places(self.m):
            if column or not rect.adjusted(-self.m.names, 0, 0, 0).intersects(seen.adjusted(-1e6, 0, 1e6, 0)):
                continue
            line = self.m.wall.lines[number]
            box = QRectF(seen.left() + MARGIN, rect.top(), self.m.names - MARGIN - SPACE, rect.height())
            if not line.is_corruption:
                draw_suit(self.p, line.key, QRectF(box.left(), box.center().y() - 7, 14, 14))
                box.adjust(SYMBOL, 0, 0, 0)
            current = self.mark is not None and number == self.mark.line
            self.p.setFont(font("body", current))
            self.p.setPen(self.theme.colour("text"))
            self.p.drawText(box, Qt.AlignmentFlag.AlignVCenter, line.label)

    def _heads(self, seen: QRectF) -> None:
        top = 0.0
        for section in self.m.wall.sections:
            height = self.m.section(section)
            y = min(max(top, seen.top()), top + height - self.m.head)
            if y < seen.bottom() and top + height > seen.top():
                self._head(section, QRectF(seen.left(), y, max(seen.width(), self.m.width), self.m.head - SPACE))
            top += height

    def _head(self, section: Section, band: QRectF) -> None:
        self.p.fillRect(band, self.theme.colour("surface"))
        middle = Qt.AlignmentFlag.AlignVCenter
        for column, caption in enumerate(section.captions):
            self.p.setFont(font("small"))
            self.p.setPen(self.theme.colour("muted"))
            self.p.drawText(QRectF(self.m.left(column), band.top(), self.m.cell, band.height()), middle, caption)
        self.p.fillRect(
            QRectF(band.left(), band.top(), self.m.names - SPACE, band.height()), self.theme.colour("surface")
        )
        self.p.setFont(font("body", True))
        self.p.setPen(self.theme.colour("text"))
        box = band.adjusted(MARGIN, 0, 0, 0)
        box.setWidth(self.m.names - MARGIN)
        self.p.drawText(box, middle, section.title)
        self.p.fillRect(QRectF(band.left(), band.bottom() - 1, band.width(), 1), self.theme.colour("hairline"))
