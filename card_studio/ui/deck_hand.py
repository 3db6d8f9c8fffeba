"""The hand: all cards, painted as cards, to search, sort, measure, and put on the table by drag or by key."""

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from card_studio.domain.ids import CardId
from card_studio.ui import deck_mime
from card_studio.ui.card_face import Face
from card_studio.ui.card_paint import CardPainter, CardSize, action_rect, card_extent, paint_states, rounded
from card_studio.ui.deck_hand_model import FACE_ROLE, HandModel
from card_studio.ui.deck_mime import Carried, carried_cards
from card_studio.ui.theme import SPACE, font

_Index = QModelIndex | QPersistentModelIndex
_MARGIN = 7


class HandDelegate(QStyledItemDelegate):
    """Paints a row as a card."""

    measure_asked = Signal(str)
    """The one-click action of the card with this id."""

    def __init__(self, painter: CardPainter, view: QListView) -> None:
        super().__init__(view)
        self.size = CardSize.SMALL
        self.cell_width = 0
        """Width of a cell, so that the columns fill the view; a card lies in its middle."""
        self._painter = painter
        self._view = view
        self.on_table: frozenset[CardId] = frozenset()
        """Cards that lie on the table: shown paler."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: _Index) -> QSize:
        """Return a card's extent and its margin."""
        least = card_extent(self.size) + QSize(2 * _MARGIN, 2 * _MARGIN)
        return QSize(max(least.width(), self.cell_width), least.height())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Draw the card with its states."""
        face = index.data(FACE_ROLE)
        rect = self._card_rect(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if face is None:
            painter.setPen(QPen(self._painter.theme.colour("hairline"), 1, Qt.PenStyle.DashLine))
            painter.drawPath(rounded(QRectF(rect), 8))
        else:
            self._paint_face(painter, option, face, rect)
        painter.restore()

    def editorEvent(self, event: QEvent, model: object, option: QStyleOptionViewItem, index: _Index) -> bool:
        """Take a click on a card's one-click action."""
        face = index.data(FACE_ROLE)
        if isinstance(event, QMouseEvent) and isinstance(face, Face) and not face.queued:
            at = event.position() - QPointF(self._card_rect(option.rect).topLeft())
            if action_rect(face, self.size).contains(at):
                if event.type() == QEvent.Type.MouseButtonRelease:
                    self.measure_asked.emit(face.id)
                return True
        return super().editorEvent(event, model, option, index)  # type: ignore[arg-type]  # Qt hands over its model

    def _paint_face(self, painter: QPainter, option: QStyleOptionViewItem, face: Face, rect: QRect) -> None:
        painter.setOpacity(0.5 if face.id in self.on_table else 1.0)
        dpr = self._view.devicePixelRatioF()
        painter.drawPixmap(rect.topLeft(), self._painter.pixmap(face, self.size, dpr))
        painter.setOpacity(1.0)
        state = option.state
        paint_states(
            painter,
            QRectF(rect),
            self._painter.theme.tokens,
            selected=bool(state & QStyle.StateFlag.State_Selected),
            focused=bool(state & QStyle.StateFlag.State_HasFocus),
        )

    def _card_rect(self, cell: QRect) -> QRect:
        extent = card_extent(self.size)
        left = cell.left() + (cell.width() - extent.width()) // 2
        return QRect(QPoint(left, cell.top() + _MARGIN), extent)


class HandView(QListView):
    """The cards in rows; a drag takes them to the table, a drop from the table takes them off it."""

    add_asked = Signal(list)
    """Put these cards (ids) on the table."""
    put_back = Signal(object)
    """Cards (Carried) of a table were dropped here."""
    card_entered = Signal(str)
    """The card (id) on which the keyboard's mark is now."""

    def __init__(self, model: HandModel, painter: CardPainter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.delegate = HandDelegate(painter, self)
        self._painter = painter
        self._model = model
        self._receiving = False
        self.empty_text = ""
        self.setModel(model)
        self.setItemDelegate(self.delegate)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setLayoutMode(QListView.LayoutMode.Batched)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragEnabled(True)
        self.setAcceptDrops(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Hand of cards")
        self.setAccessibleDescription("Enter or Insert puts the card on the table; drag it to choose its place")

    def set_card_size(self, size: CardSize) -> None:
        """Show the cards larger or smaller."""
        self.delegate.size = size
        self._spread()

    def chosen_cards(self) -> list[CardId]:
        """Return the selected cards, in order; else the one with the keyboard's mark."""
        rows = sorted(index.row() for index in self.selectedIndexes())
        current = self.currentIndex()
        if not rows and current.isValid():
            rows = [current.row()]
        return [face.id for face in map(self._model.face, rows) if face is not None]

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Spread the columns over the new width."""
        super().resizeEvent(event)
        self._spread()

    def _spread(self) -> None:
        room = self.width() - self.verticalScrollBar().sizeHint().width() - 2
        columns = max(1, room // (card_extent(self.delegate.size).width() + 2 * _MARGIN))
        self.delegate.cell_width = room // columns
        self.scheduleDelayedItemsLayout()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Insert put cards on the table."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Insert):
            self.add_asked.emit(self.chosen_cards())
            return
        super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A double click puts the card on the table."""
        if self.indexAt(event.position().toPoint()).isValid():
            self.add_asked.emit(self.chosen_cards())
            return
        super().mouseDoubleClickEvent(event)

    def currentChanged(self, current: _Index, previous: _Index) -> None:
        """Tell which card the keyboard's mark is on."""
        super().currentChanged(current, previous)
        face = current.data(FACE_ROLE) if current.isValid() else None
        if isinstance(face, Face):
            self.card_entered.emit(face.id)

    def startDrag(self, _actions: Qt.DropAction) -> None:
        """Carry the selected cards, shown as a fan of at most three."""
        faces = [face for face in map(self._model.face, self._selected_rows()) if face is not None]
        if faces:
            mime = self._model.mimeData(self.selectedIndexes())
            picture = fan(faces, self._painter, self.delegate.size, self.devicePixelRatioF())
            deck_mime.carry(self, mime, picture, QPoint(40, 40))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Cards from a table may be put back."""
        self._show_receiving(_from_table(event))
        event.setAccepted(self._receiving)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Cards from a table may be put back, anywhere here."""
        event.setAccepted(_from_table(event))

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Nothing is over the hand any more."""
        self._show_receiving(False)
        event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take cards off the table they came from."""
        self._show_receiving(False)
        carried = carried_cards(event.mimeData())
        if carried is not None and carried.deck is not None:
            event.acceptProposedAction()
            self.put_back.emit(carried)

    def paintEvent(self, event: object) -> None:
        """Draw the cards, and what to do where there are none; a frame while cards can be put back."""
        super().paintEvent(event)  # type: ignore[arg-type]  # Qt's own event
        if not self._receiving and (self._model.rowCount() or not self.empty_text):
            return
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.viewport().rect()).adjusted(4, 4, -4, -4)
        theme = self._painter.theme
        if self._receiving:
            painter.setPen(QPen(theme.colour("accent"), 2))
            painter.drawPath(rounded(area, 6))
        else:
            painter.setFont(font("body"))
            painter.setPen(theme.colour("muted"))
            box = area.adjusted(2 * SPACE, 2 * SPACE, -2 * SPACE, -2 * SPACE)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.empty_text)
        painter.end()

    def _selected_rows(self) -> list[int]:
        return sorted(index.row() for index in self.selectedIndexes())

    def _show_receiving(self, receiving: bool) -> None:
        self._receiving = receiving
        self.viewport().update()


def _from_table(event: QDropEvent) -> bool:
    carried = carried_cards(event.mimeData())
    return isinstance(carried, Carried) and carried.deck is not None


def fan(faces: list[Face], painter: CardPainter, size: CardSize, dpr: float) -> QPixmap:
    """Return a picture of at most three cards, one over the other, to carry under the pointer."""
    shown = faces[:3]
    extent = card_extent(size)
    step = 14
    picture = QPixmap((extent + QSize(step * (len(shown) - 1), step * (len(shown) - 1))) * dpr)
    picture.setDevicePixelRatio(dpr)
    picture.fill(Qt.GlobalColor.transparent)
    brush = QPainter(picture)
    brush.setOpacity(0.9)
    for place in reversed(range(len(shown))):
        brush.drawPixmap(QPoint(step * place, step * place), painter.pixmap(shown[place], size, dpr))
    brush.end()
    return picture
