"""A Deck page that is shown, and what a test does to it: wait, look, drag, drop."""

import warnings
from dataclasses import dataclass

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from card_studio.domain.deck import Deck
from card_studio.ui.bridge import Bridge
from card_studio.ui.deck_page import DeckPage
from tests.ui.deck.filling import Dealt


@dataclass
class Played:
    """A page that is shown, with what a test does to it."""

    page: DeckPage
    dealt: Dealt
    bridge: Bridge
    qtbot: QtBot
    said: list[str]

    def settle(self) -> None:
        """Wait until the page has asked and shown everything."""
        quiet = 0

        def still() -> bool:
            nonlocal quiet
            quiet = quiet + 1 if self.page.settled else 0
            return quiet > 2

        self.qtbot.waitUntil(still, timeout=20_000)

    def deck(self) -> Deck:
        """Return the deck on the first table, as it stands."""
        deck = self.page.pane.deck
        assert deck is not None
        return deck

    def stored(self) -> Deck:
        """Return the same deck as the workspace has it."""
        return self.dealt.workspace.deck(self.deck().id)

    def mime_of_hand(self, *rows: int) -> QMimeData:
        """Return what a drag of these rows of the hand carries."""
        model = self.page.hand.model
        return model.mimeData([model.index(row) for row in rows])

    def row_of(self, number: int) -> int:
        """Return the row in the hand of one of the six cards."""
        return self.page.hand.model.row_of(self.dealt.cards[number])

    def gap(self, index: int) -> QPoint:
        """Return the point of the first table that lies in a gap, before the card at `index`."""
        table = self.page.pane.table
        mark = table.flow().mark(index)
        return table.mapFromScene(mark.center())


def drag_over(widget: QWidget, mime: QMimeData, point: QPoint) -> bool:
    """Bring a drag over a widget as Qt does, enter then move; return whether it would be accepted there."""
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    actions = Qt.DropAction.MoveAction | Qt.DropAction.CopyAction
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Qt deprecates making these oneself, and has no other way
        enter = QDragEnterEvent(point, actions, mime, buttons, keys)
        move = QDragMoveEvent(point, actions, mime, buttons, keys)
    QApplication.sendEvent(widget, enter)
    move.setAccepted(enter.isAccepted())
    QApplication.sendEvent(widget, move)
    return move.isAccepted()


def drop(widget: QWidget, mime: QMimeData, point: QPoint) -> bool:
    """Drag over a widget and let go; return whether the drop was taken."""
    if not drag_over(widget, mime, point):
        return False
    event = QDropEvent(
        QPointF(point),
        Qt.DropAction.MoveAction | Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(widget, event)
    return event.isAccepted()
