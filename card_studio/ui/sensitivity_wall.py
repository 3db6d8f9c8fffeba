"""A wall of sensitivity maps on one colour scale, with one cursor that runs over all of them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from card_studio.domain.ids import CardId
from card_studio.studio.sensitivity_view import CardMap, frequency_words
from card_studio.ui.card_picker import short_method, short_title
from card_studio.ui.colour_maps import SEQUENTIAL
from card_studio.ui.plots import colour_at, draw_focus, ink_on, map_image
from card_studio.ui.sensitivity_layout import Place, by_kind, in_flow
from card_studio.ui.suits import draw_suit
from card_studio.ui.theme import SPACE, Theme, font, font_px

_LEAST_SIDE, _FLOW_SIDE, _MOST_SIDE = 132, 200, 340
_GAP = 2 * SPACE
_STEPS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class MapWall(QWidget):
    """The maps; the pointer or the arrow keys move the cursor, Page up and down go from map to map."""

    pointed = Signal(int, int)
    """Row and column of the frequency under the cursor."""
    left = Signal()
    card_chosen = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._maps: list[CardMap] = []
        self._values: list[NDArray[np.float32]] = []
        self._images: list[QImage] = []
        self._places: list[Place] = []
        self._grid = True
        self._low, self._high = 0.0, 1.0
        self._colours: NDArray[np.uint8] = SEQUENTIAL
        self._baseline: CardId | None = None
        self.chosen: CardId | None = None
        self.cursor_cell: tuple[int, int] | None = None
        self.setAccessibleName("Sensitivity maps")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.changed.connect(self.update)

    def show_maps(
        self,
        maps: Sequence[CardMap],
        values: Sequence[NDArray[np.float32]],
        scale: tuple[float, float],
        colours: NDArray[np.uint8],
        *,
        grid: bool,
        baseline: CardId | None = None,
    ) -> None:
        """Hang maps.

        Args:
            maps: in order.
            values: what is shown of each, [n, n].
            scale: the limits of all.
            colours: uint8 [256, 3].
            grid: rows are augmentations, columns method and sparsity; otherwise they flow.
            baseline: the card from which the others are told apart.
        """
        self._maps, self._values = list(maps), list(values)
        (self._low, self._high), self._colours, self._baseline = scale, colours, baseline
        self._images = [map_image(each, *scale, colours) for each in values]
        self._grid = grid
        if self.cursor_cell is not None and maps and max(self.cursor_cell) >= maps[0].map.size:
            self.cursor_cell = None
        self._hang()
        self._say()

    def point_at(self, row: int, column: int) -> None:
        """Move the cursor, as far as the maps reach."""
        if not self._maps:
            return
        last = self._maps[0].map.size - 1
        self.cursor_cell = (min(max(row, 0), last), min(max(column, 0), last))
        self._say()
        self.update()
        self.pointed.emit(*self.cursor_cell)

    def choose(self, card: CardId | None) -> None:
        """Mark a card's map."""
        self.chosen = card
        self._say()
        self.update()

    def picture_rect(self, at: int) -> QRectF:
        """Return where a map's picture lies."""
        place, side = self._places[at], self._side()
        left = _GAP + place.column * (side + _GAP)
        top = place.row * (side + self._head() + _GAP) + self._head()
        return QRectF(left, top, side, side)

    def sizeHint(self) -> QSize:
        return QSize(self._needed(240, 0), self._needed(240, 1))

    def minimumSizeHint(self) -> QSize:
        return QSize(
            self._needed(_LEAST_SIDE, 0) if self._grid else _LEAST_SIDE + 3 * _GAP, self._needed(_LEAST_SIDE, 1)
        )

    def resizeEvent(self, event: object) -> None:
        if not self._grid:
            self._hang()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        for at in range(len(self._maps)):
            self._paint_map(painter, at)
        if self.hasFocus():
            draw_focus(painter, self._theme, QRectF(self.visibleRegion().boundingRect()))
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        found = self._under(event.position())
        if found is not None:
            self.point_at(*found[1])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._under(event.position())
        if found is not None and event.button() == Qt.MouseButton.LeftButton:
            self.choose(self._maps[found[0]].card.id)
            self.card_chosen.emit(self._maps[found[0]].card.id)
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if not self._maps:
            super().keyPressEvent(event)
        elif key in _STEPS:
            half = self._maps[0].map.size // 2
            row, column = self.cursor_cell or (half, half)
            fast = 4 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            down, right = _STEPS[key]
            self.point_at(row + fast * down, column + fast * right)
        elif key == Qt.Key.Key_Home:
            half = self._maps[0].map.size // 2
            self.point_at(half, half)
        elif key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
            self._step(1 if key == Qt.Key.Key_PageDown else -1)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.update()
        return super().event(event)

    def _step(self, by: int) -> None:
        ids = [each.card.id for each in self._maps]
        at = ids.index(self.chosen) + by if self.chosen in ids else 0
        self.choose(ids[at % len(ids)])
        self.card_chosen.emit(self.chosen)

    def _under(self, place: QPointF) -> tuple[int, tuple[int, int]] | None:
        for at, each in enumerate(self._maps):
            rect = self.picture_rect(at)
            if rect.contains(place):
                cell = rect.width() / each.map.size
                last = each.map.size - 1
                row, column = int((place.y() - rect.top()) / cell), int((place.x() - rect.left()) / cell)
                return at, (min(row, last), min(column, last))
        return None

    def _hang(self) -> None:
        if self._grid:
            self._places = by_kind(self._maps)
        else:
            across = max(1, (self.width() - _GAP) // (_FLOW_SIDE + _GAP))
            self._places = in_flow(len(self._maps), across)
        self.updateGeometry()
        self.update()

    def _rows(self) -> int:
        return 1 + max((place.row for place in self._places), default=0)

    def _columns(self) -> int:
        return 1 + max((place.column for place in self._places), default=0)

    def _side(self) -> int:
        wide = (self.width() - _GAP - _GAP) / self._columns() - _GAP
        high = (self.height() - _GAP) / self._rows() - self._head() - _GAP
        return int(min(max(min(wide, high), _LEAST_SIDE), _MOST_SIDE))

    def _needed(self, side: int, axis: int) -> int:
        if axis == 0:
            return _GAP + self._columns() * (side + _GAP) + _GAP
        return self._rows() * (side + self._head() + _GAP) + _GAP

    def _head(self) -> int:
        return font_px("body") + font_px("small") + 2 * SPACE

    def _paint_map(self, painter: QPainter, at: int) -> None:
        each, rect = self._maps[at], self.picture_rect(at)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(rect, self._images[at])
        self._paint_head(painter, at, rect)
        if each.card.id == self.chosen:
            colour = self._theme.colour("focus" if self.hasFocus() else "text")
            painter.setPen(QPen(colour, 2))
            painter.drawRect(rect.adjusted(-2, -2, 2, 2))
        if self.cursor_cell is not None:
            self._paint_cursor(painter, at, rect)

    def _paint_head(self, painter: QPainter, at: int, rect: QRectF) -> None:
        card = self._maps[at].card
        side = font_px("body")
        top = rect.top() - self._head() + SPACE // 2
        draw_suit(painter, str(card.augmentation), QRectF(rect.left(), top + 2, side, side))
        left = round(rect.left()) + side + SPACE // 2
        width = round(rect.right()) - left
        note = " · compared with" if card.id == self._baseline else ""
        for y, text, bold, colour in (
            (top, short_title(card), True, "text"),
            (top + side + 4, short_method(card) + note, False, "muted"),
        ):
            painter.setFont(font("body", bold=True) if bold else font("small"))
            painter.setPen(self._theme.colour(colour))
            fitted = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, width)
            painter.drawText(QRect(left, round(y), width, side + 5), Qt.AlignmentFlag.AlignVCenter, fitted)

    def _paint_cursor(self, painter: QPainter, at: int, rect: QRectF) -> None:
        assert self.cursor_cell is not None
        row, column = self.cursor_cell
        cell = rect.width() / self._maps[at].map.size
        box = QRectF(rect.left() + column * cell, rect.top() + row * cell, cell, cell)
        value = float(self._values[at][row, column])
        ink = ink_on(colour_at(value, self._low, self._high, self._colours))
        faint = QColor(ink)
        faint.setAlphaF(0.35)
        painter.setPen(QPen(faint, 1))
        centre = box.center()
        painter.drawLine(QPointF(rect.left(), centre.y()), QPointF(box.left(), centre.y()))
        painter.drawLine(QPointF(box.right(), centre.y()), QPointF(rect.right(), centre.y()))
        painter.drawLine(QPointF(centre.x(), rect.top()), QPointF(centre.x(), box.top()))
        painter.drawLine(QPointF(centre.x(), box.bottom()), QPointF(centre.x(), rect.bottom()))
        for width, colour in ((3, QColor("#000000")), (1.4, QColor("#ffffff"))):
            painter.setPen(QPen(colour, width))
            painter.drawRect(box)

    def _say(self) -> None:
        if not self._maps:
            self.setAccessibleDescription("No maps")
            return
        if self.cursor_cell is None:
            self.setAccessibleDescription(f"{len(self._maps)} maps; arrow keys move the cursor over all of them")
            return
        row, column = self.cursor_cell
        values = "; ".join(
            f"{each.card.name}, {short_method(each.card)}: {100 * float(shown[row, column]):.1f}"
            for each, shown in zip(self._maps, self._values, strict=True)
        )
        self.setAccessibleDescription(f"Frequency {frequency_words(self._maps[0].map.size, row, column)}: {values}")
