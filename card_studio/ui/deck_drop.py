"""What a table does with drags over it: shows where cards would go, scrolls at its edges, takes cards and pictures."""

from PySide6.QtCore import QObject, QPointF, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent

from card_studio.ui.deck_mime import Carried, carried_cards, may_hold_pictures, pictures_of
from card_studio.ui.deck_table import TableView

_EDGE = 36
_SCROLL_PX = 14
_SCROLL_MS = 25


class DropTable(TableView):
    """A table that takes drops."""

    pictures_dropped = Signal(object)
    """Pictures, or why there are none (Pictures)."""
    took_from = Signal(int, list)
    """Cards came from another deck (its id, their places there) and are to be taken out of it."""

    first_cards = Signal(list)
    """Cards (ids) were dropped where no deck lies yet."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they are
        self._scroller = _EdgeScroller(self)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcome cards and pictures."""
        self._consider(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Show where the cards would go, and scroll near the edges."""
        self._consider(event)
        self._scroller.at(event.position())

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Forget the drag: it left, or Escape was pressed."""
        self._forget()
        event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        """Put the cards where the mark is, or hand on the pictures."""
        carried = carried_cards(event.mimeData())
        gap = self.flow().gap_at(self.mapToScene(event.position().toPoint()))
        self._forget()
        if carried is not None and not self.refusal(carried.cards):
            event.acceptProposedAction()
            self._take(carried, gap)
        elif may_hold_pictures(event.mimeData()):
            event.acceptProposedAction()
            self.pictures_dropped.emit(pictures_of(event.mimeData()))
        else:
            event.ignore()

    def _consider(self, event: QDropEvent) -> None:
        carried = carried_cards(event.mimeData())
        if carried is None:
            event.setAccepted(may_hold_pictures(event.mimeData()))
            return
        self.notice = self.refusal(carried.cards)
        point = self.mapToScene(event.position().toPoint())
        self.gap_point = point
        self.gap = None if self.notice else self.flow().gap_at(point)
        self.viewport().update()
        if self.notice:
            event.ignore()
        else:
            event.acceptProposedAction()

    def _take(self, carried: Carried, gap: int) -> None:
        if self.document is None:
            self.first_cards.emit(list(carried.cards))
            return
        title = self.title_of(carried.cards)
        if carried.deck == self.document.deck.id:
            self.document.move(carried.indices, gap, title=title)
        else:
            self.document.insert(carried.cards, gap, title=title)
            if carried.deck is not None:
                self.took_from.emit(carried.deck, list(carried.indices))
        self.set_current(self.cards.index(carried.cards[0]))

    def _forget(self) -> None:
        self._scroller.stop()
        self.gap, self.notice = None, ""
        self.viewport().update()


class _EdgeScroller(QObject):
    """Scrolls a table while something is dragged near its upper or lower edge."""

    def __init__(self, table: TableView) -> None:
        super().__init__(table)
        self._table = table
        self._step = 0
        self._timer = QTimer(self)
        self._timer.setInterval(_SCROLL_MS)
        self._timer.timeout.connect(self._on_tick)

    def at(self, point: QPointF) -> None:
        """Take note of where the pointer is, in the viewport."""
        height = self._table.viewport().height()
        self._step = -_SCROLL_PX if point.y() < _EDGE else _SCROLL_PX if point.y() > height - _EDGE else 0
        if self._step and not self._timer.isActive():
            self._timer.start()
        elif not self._step:
            self._timer.stop()

    def stop(self) -> None:
        """Scroll no more."""
        self._timer.stop()

    def _on_tick(self) -> None:
        bar = self._table.verticalScrollBar()
        before = bar.value()
        bar.setValue(before + self._step)
        if bar.value() == before:
            self._timer.stop()
