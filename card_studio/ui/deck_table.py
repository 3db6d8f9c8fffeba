"""The table: a deck's cards in order, laid by drag or by key, and raised when the gate chooses them."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QApplication, QFrame, QGraphicsScene, QGraphicsView, QWidget

from card_studio.domain.ids import CardId
from card_studio.ui import deck_mime
from card_studio.ui.card_face import Face, unknown_face
from card_studio.ui.card_item import CardItem
from card_studio.ui.card_paint import CardPainter, CardSize, card_extent, rounded
from card_studio.ui.deck_document import DeckDocument
from card_studio.ui.deck_faces import FaceStore
from card_studio.ui.deck_flow import Flow
from card_studio.ui.deck_hand import fan
from card_studio.ui.deck_mime import Carried, cards_mime
from card_studio.ui.theme import SPACE, font

EMPTY = "Drag cards here, or press Enter on a card in your hand"
_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


class TableView(QGraphicsView):
    """One deck's table. Drops are taken by its DropTarget (deck_drop.py)."""

    measure_asked = Signal(str)
    """The one-click action of the card with this id."""
    opened = Signal(str)
    """A card (id) was double-clicked."""
    entered = Signal()
    """The keyboard came here: this is the deck that is being worked on."""
    current_changed = Signal()

    def __init__(self, store: FaceStore, painter: CardPainter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.store = store
        self.card_size = CardSize.MEDIUM
        self.document: DeckDocument | None = None
        self.gap: int | None = None
        """Where a drop would go, while something is dragged over the table."""
        self.gap_point = QPointF()
        self.notice = ""
        """Shown over the table: why what is dragged cannot lie here."""
        self.empty_text = EMPTY
        self._painter = painter
        self._items: list[CardItem] = []
        self._current = -1
        self._selected: set[int] = set()
        self._pressed: QPoint | None = None
        self._choice: frozenset[CardId] | None = None
        self.setScene(QGraphicsScene(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self.setMinimumSize(220, 200)
        store.changed.connect(self._on_faces_changed)
        painter.theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    # --- what is shown ---------------------------------------------------------------------------------------------

    @property
    def cards(self) -> tuple[CardId, ...]:
        """The cards on the table, in order."""
        return self.document.deck.cards if self.document else ()

    @property
    def current(self) -> int:
        """The place of the card with the keyboard's mark; -1 for none."""
        return self._current

    def marked(self) -> list[int]:
        """Return the places of the selected cards, else of the one with the keyboard's mark."""
        if self._selected:
            return sorted(self._selected)
        return [self._current] if 0 <= self._current < len(self._items) else []

    def set_document(self, document: DeckDocument | None) -> None:
        """Show another deck."""
        if self.document is not None:
            self.document.changed.disconnect(self.sync)
        self.document = document
        self._current, self._selected = -1, set()
        for item in self._items:
            self.scene().removeItem(item)
        self._items = []
        if document is not None:
            document.changed.connect(self.sync)
        self.sync()

    def set_card_size(self, size: CardSize) -> None:
        """Show the cards larger or smaller."""
        self.card_size = size
        for item in self._items:
            item.prepareGeometryChange()
            item.size = size
        self.lay_out(at_once=True)

    def show_choice(self, chosen: frozenset[CardId] | None) -> None:
        """Raise the chosen cards and dim the others; None for no choice."""
        self._choice = chosen
        for item in self._items:
            item.set_chosen(
                chosen is not None and item.face.id in chosen, dimmed=chosen is not None and item.face.id not in chosen
            )

    def sync(self) -> None:
        """Bring the items into line with the deck: keep those that stay, so that they slide to their places."""
        marked = self._items[self._current].face.id if 0 <= self._current < len(self._items) else None
        spare: dict[CardId, list[CardItem]] = {}
        for item in self._items:
            spare.setdefault(item.face.id, []).append(item)
        fresh: list[CardItem] = []
        self._items = []
        for card in self.cards:
            if spare.get(card):
                self._items.append(spare[card].pop(0))
            else:
                fresh.append(self._new_item(card))
                self._items.append(fresh[-1])
        for item in (left for items in spare.values() for left in items):
            self.scene().removeItem(item)
        self.store.want(self.cards)
        self._selected = set()
        if marked in self.cards:
            self._current = self.cards.index(marked)
        self._current = min(self._current, len(self._items) - 1)
        self.lay_out(at_once=False, fresh=fresh)
        self._show_states()

    def lay_out(self, *, at_once: bool, fresh: Sequence[CardItem] = ()) -> None:
        """Send each card to its place; those that are new are there at once."""
        flow = self.flow()
        size = flow.size
        self.setSceneRect(0, 0, size.width(), max(size.height(), self.viewport().height()))
        for index, item in enumerate(self._items):
            item.go_to(flow.place(index), at_once=at_once or item in fresh)
        self.viewport().update()

    def flow(self) -> Flow:
        """Return the layout as it is now."""
        return Flow(count=len(self._items), extent=card_extent(self.card_size), width=self.viewport().width())

    def title_of(self, cards: Sequence[CardId]) -> str:
        """Return what to call these cards in a sentence."""
        if len(cards) != 1:
            return f"{len(cards)} cards"
        face = self.store.get(cards[0])
        return face.title if face else "a card"

    def refusal(self, cards: Sequence[CardId]) -> str:
        """Return why these cards cannot lie together with those on the table; empty where they can."""
        faces = [face for face in map(self.store.get, (*self.cards, *cards)) if face is not None]
        for face in faces[1:]:
            if face.data_digest != faces[0].data_digest:
                return (
                    f"{face.name} was trained on {face.data_label}, {faces[0].name} on {faces[0].data_label}: "
                    "a deck needs cards of one dataset and split"
                )
        return ""

    # --- keys ------------------------------------------------------------------------------------------------------

    def set_current(self, index: int) -> None:
        """Put the keyboard's mark on a card."""
        if self._items:
            self._current = min(max(index, 0), len(self._items) - 1)
            self.ensureVisible(self._items[self._current], 8, 8)
        self._show_states()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move the mark, Home and End go to the ends, Space selects, Ctrl+A selects all."""
        key, columns = event.key(), self.flow().columns
        steps = {**_STEPS, Qt.Key.Key_Up: -columns, Qt.Key.Key_Down: columns}
        plain = not event.modifiers() & (Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ControlModifier)
        if plain and key in steps:
            self._selected = set()
            self.set_current(self._current + steps[Qt.Key(key)])
        elif plain and key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self.set_current(0 if key == Qt.Key.Key_Home else len(self._items) - 1)
        elif plain and key == Qt.Key.Key_Space and self._current >= 0:
            self._selected ^= {self._current}
            self._show_states()
        elif key == Qt.Key.Key_A and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self._selected = set(range(len(self._items)))
            self._show_states()
        elif plain and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._current >= 0:
            self.opened.emit(self._items[self._current].face.id)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the mark."""
        super().focusInEvent(event)
        self.entered.emit()
        if self._current < 0 and self._items:
            self._current = 0
        self._show_states()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hide the mark."""
        super().focusOutEvent(event)
        self._show_states()

    # --- mouse -----------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select a card; with Ctrl, add it to the selection or take it out."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._pressed = event.position().toPoint()
        index = self.index_at(event.position())
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier and index >= 0:
            self._selected ^= {index}
        elif index not in self._selected:
            self._selected = {index} if index >= 0 else set()
        if index >= 0:
            self._current = index
        self._show_states()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Begin a drag once the pointer has moved far enough."""
        if self._pressed is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        far = (event.position().toPoint() - self._pressed).manhattanLength() >= QApplication.startDragDistance()
        if far and self.index_at(QPointF(self._pressed)) >= 0:
            self._pressed = None
            self._carry()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click on a card's one-click action asks for it; any other leaves just that card selected."""
        pressed, self._pressed = self._pressed, None
        index = self.index_at(event.position())
        if pressed is None or index < 0:
            return
        item = self._items[index]
        if item.on_action(item.mapFromScene(self.mapToScene(event.position().toPoint()))):
            self.measure_asked.emit(item.face.id)
        elif not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._selected = {index}
            self._show_states()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A double click opens the card's page."""
        index = self.index_at(event.position())
        if index >= 0:
            self.opened.emit(self._items[index].face.id)

    def index_at(self, point: QPointF) -> int:
        """Return the place of the card under a point of the viewport; -1 for none."""
        at = self.mapToScene(point.toPoint())
        for index, item in enumerate(self._items):
            if item.card_rect().translated(item.pos()).contains(at):
                return index
        return -1

    def _carry(self) -> None:
        assert self.document is not None
        indices = self.marked()
        cards = tuple(self.cards[index] for index in indices)
        mime = cards_mime(Carried(cards=cards, deck=self.document.deck.id, indices=tuple(indices)))
        faces = [self._items[index].face for index in indices]
        picture = fan(faces, self._painter, CardSize.SMALL, self.devicePixelRatioF())
        deck_mime.carry(self, mime, picture, QPoint(40, 40))

    # --- painting --------------------------------------------------------------------------------------------------

    def drawForeground(self, painter: QPainter, rect: QRectF | object) -> None:
        """Draw the insertion mark, what to do on an empty table, and why something cannot lie here."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        view = self.mapToScene(self.viewport().rect()).boundingRect()
        theme = self._painter.theme
        if not self._items:
            self._draw_empty(painter, view)
        if self.gap is not None and self._items:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("accent"))
            mark = self.flow().mark(self.gap, self.gap_point)
            painter.drawPath(rounded(mark, 2))
            for end in (mark.top(), mark.bottom()):
                painter.drawEllipse(QPointF(mark.center().x(), end), 5, 5)
        if self.notice:
            self._draw_notice(painter, view)

    def _draw_empty(self, painter: QPainter, view: QRectF) -> None:
        theme = self._painter.theme
        box = view.adjusted(3 * SPACE, 3 * SPACE, -3 * SPACE, -3 * SPACE)
        over = self.gap is not None
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.colour("accent" if over else "muted"), 2 if over else 1, Qt.PenStyle.DashLine))
        painter.drawPath(rounded(box, 12))
        painter.setFont(font("title"))
        painter.setPen(theme.colour("text" if over else "muted"))
        inner = box.adjusted(3 * SPACE, 0, -3 * SPACE, 0)
        painter.drawText(inner, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.empty_text)

    def _draw_notice(self, painter: QPainter, view: QRectF) -> None:
        theme = self._painter.theme
        painter.setFont(font("body"))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        room = view.adjusted(4 * SPACE, 2 * SPACE, -4 * SPACE, -2 * SPACE)
        text = painter.boundingRect(room, flags, self.notice)
        text.moveTop(view.top() + 2 * SPACE)
        painter.setPen(QPen(theme.colour("negative"), 1))
        painter.setBrush(theme.colour("raised"))
        painter.drawPath(rounded(text.adjusted(-12, -8, 12, 8), 6))
        painter.setPen(theme.colour("negative"))
        painter.drawText(text, flags, self.notice)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the cards out for the new width, at once."""
        super().resizeEvent(event)
        self.lay_out(at_once=True)

    # --- within ----------------------------------------------------------------------------------------------------

    def _new_item(self, card: CardId) -> CardItem:
        item = CardItem(self.store.get(card) or unknown_face(card), self._painter, self.card_size)
        self.scene().addItem(item)
        if self._choice is not None:
            item.set_chosen(card in self._choice, dimmed=card not in self._choice)
        return item

    def _show_states(self) -> None:
        focused = self.hasFocus()
        for index, item in enumerate(self._items):
            item.set_states(selected=index in self._selected, focused=focused and index == self._current)
        name = self.document.deck.name if self.document else "none"
        self.setAccessibleName(f"Table of deck {name}, {len(self._items)} cards")
        if 0 <= self._current < len(self._items):
            spoken = self._items[self._current].face.spoken
            self.setAccessibleDescription(f"Card {self._current + 1}: {spoken}")
        else:
            self.setAccessibleDescription(self.empty_text)
        self.current_changed.emit()

    def _on_faces_changed(self) -> None:
        for item in self._items:
            face: Face | None = self.store.get(item.face.id)
            if face is not None:
                item.show_face(face)

    def _on_theme_changed(self) -> None:
        self.setBackgroundBrush(self._painter.theme.colour("felt"))
        self.viewport().update()
