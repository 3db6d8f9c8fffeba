"""The reference images nearest to a picture in spectrum: for each suit a row of thumbnails with their distances."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QVBoxLayout, QWidget

from card_studio.domain.prediction import Neighbours
from card_studio.ui.deck_pictures import image_of
from card_studio.ui.pieces import button, label, row
from card_studio.ui.suits import draw_suit
from card_studio.ui.theme import SPACE, Theme, font, font_px

_SIDE = 48
_LEFT = 22


class NeighbourRows(QWidget):
    """A row for each suit in deck order; the chosen suit's is the one that stands out."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows: list[tuple[Neighbours, list[QImage]]] = []
        self._chosen = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Nearest reference images")
        theme.changed.connect(self.update)

    def show_rows(self, found: Sequence[Neighbours], chosen: str) -> None:
        """Show the neighbours of a picture that went to the suit `chosen`."""
        self._rows = [
            (each, [] if each.images is None else [image_of(image) for image in each.images]) for each in found
        ]
        self._chosen = chosen
        words = (f"{each.suit} {', '.join(f'{value:.2f}' for value in each.distances)}" for each in found)
        self.setAccessibleDescription("; ".join(words))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for all rows."""
        return QSize(240, round(len(self._rows) * self._step()))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw symbol, thumbnails and distances; a thumbnail's pixels are squares."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for place, (found, images) in enumerate(self._rows):
            chosen = found.suit == self._chosen
            top = place * self._step()
            draw_suit(painter, found.suit.split()[0], QRectF(0, top + _SIDE / 2 - 7, 14, 14))
            painter.setFont(font("small", chosen))
            for rank, distance in enumerate(found.distances):
                cell = self._cell(place, rank)
                painter.setPen(self._theme.colour("text" if chosen else "muted"))
                words = QRectF(cell.left() - 4, cell.bottom() + 1, cell.width() + 8, font_px("small") + 5)
                painter.drawText(words, Qt.AlignmentFlag.AlignCenter, f"{distance:.2f}")
                if images:
                    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, images[rank].width() > _SIDE)
                    painter.drawImage(cell, images[rank])
                else:
                    painter.setPen(QPen(self._theme.colour("hairline"), 1, Qt.PenStyle.DashLine))
                    painter.drawRect(cell)
        painter.end()

    def event(self, event: QEvent) -> bool:
        """Tell of the thumbnail under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.words_at(event.x(), event.y()), self)
            return True
        return super().event(event)

    def words_at(self, x: float, y: float) -> str:
        """Return what to say of the thumbnail at a point; nothing beside them."""
        for place, (found, _) in enumerate(self._rows):
            for rank, (distance, index) in enumerate(zip(found.distances, found.indices, strict=True)):
                if self._cell(place, rank).contains(x, y):
                    return f"{found.suit} reference {index + 1} of {found.references:,}, distance {distance:.3f}"
        return ""

    def _cell(self, place: int, rank: int) -> QRectF:
        return QRectF(_LEFT + rank * (_SIDE + SPACE), place * self._step() + 1, _SIDE, _SIDE)

    def _step(self) -> float:
        return _SIDE + font_px("small") + 10.0


class NeighboursPanel(QWidget):
    """The rows under their heading; where images are not kept here, a button that has them made."""

    images_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = NeighbourRows(theme)
        self.lacking = QWidget()
        self.make = button(
            "Make them", self._on_make, tip="Queue a short job that makes the gate's reference images anew"
        )
        self.lacking.setLayout(row(label("The images are not on this machine.", "caption"), None, self.make))
        self.lacking.hide()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(SPACE // 2)
        whole.addWidget(label("Nearest reference images", "section"))
        whole.addWidget(self.rows)
        whole.addWidget(self.lacking)
        self.hide()

    @property
    def wanting(self) -> bool:
        """Whether images are lacking that may have been made by now."""
        return not self.lacking.isHidden()

    def show_neighbours(self, found: Sequence[Neighbours], chosen: str) -> None:
        """Show the neighbours of a picture that went to the suit `chosen`; hidden without any."""
        self.setVisible(bool(found))
        self.rows.show_rows(found, chosen)
        wanting = any(each.images is None for each in found)
        if wanting != self.wanting:
            self.make.setEnabled(True)
            self.lacking.setVisible(wanting)

    def _on_make(self) -> None:
        self.make.setEnabled(False)
        self.images_asked.emit()
