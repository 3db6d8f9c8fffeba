"""The hand with its search, its order, and how large its cards are."""

from dataclasses import replace

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget

from card_studio.domain.card import CardOrder, CardQuery
from card_studio.ui.bridge import Bridge
from card_studio.ui.card_paint import CardPainter, CardSize
from card_studio.ui.deck_deal_work import HandChoice
from card_studio.ui.deck_faces import FaceStore
from card_studio.ui.deck_hand import HandView
from card_studio.ui.deck_hand_model import HandModel
from card_studio.ui.pieces import button, label, row
from card_studio.ui.theme import SPACE
from card_studio.ui.words import counted

_ORDERS: tuple[tuple[str, CardOrder, bool], ...] = (
    ("Newest", "created", True),
    ("Robust", "robust", True),
    ("Clean", "clean", True),
    ("Sparsest", "sparsity", True),
    ("Smallest", "bytes", False),
    ("By suit", "augmentation", False),
    ("By name", "name", False),
)
_SIZES = (("Small", CardSize.SMALL), ("Medium", CardSize.MEDIUM), ("Large", CardSize.LARGE))
_TYPING_MS = 150
_NO_CARDS = (
    "You have no cards yet.\n\nMake some in the Queue: each finished job becomes a card here. A deck needs cards of "
    "different suits: clean, gaussian, augmix."
)


class HandPanel(QWidget):
    """All cards at the left of the table."""

    make_asked = Signal()
    """There are no cards: the user wants to make some."""

    def __init__(self, bridge: Bridge, store: FaceStore, painter: CardPainter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = HandModel(bridge, store, self)
        self.view = HandView(self.model, painter)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search your hand")
        self.search.setAccessibleName("Search your hand: name, suit, method, network, tag")
        self.search.setClearButtonEnabled(True)
        self.order = QComboBox()
        self.order.setAccessibleName("Order of the hand")
        self.order.addItems([text for text, _, _ in _ORDERS])
        self.card_size = QComboBox()
        self.card_size.setAccessibleName("Size of the cards in the hand")
        self.card_size.addItems([text for text, _ in _SIZES])
        self._count = label("", "caption")
        self._make = button("Make a card", self.make_asked.emit, primary=True)
        self._make.hide()
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(_TYPING_MS)
        self._typing.timeout.connect(self._ask)
        self._lay_out()
        self.search.textChanged.connect(lambda _text: self._typing.start())
        self.order.activated.connect(lambda _index: self._ask())
        self.card_size.activated.connect(lambda index: self.view.set_card_size(_SIZES[index][1]))
        self.model.recounted.connect(self._on_counted)
        self._ask()

    def refresh(self) -> None:
        """Fetch anew what is shown."""
        self.model.refresh()

    def choices(self) -> list[HandChoice]:
        """Return what a deck can be proposed from: what is marked, what was found, all; the narrowest first."""
        marked = self.view.chosen_cards() if self.view.selectedIndexes() else []
        query = self.model.query
        found = [HandChoice(text="All cards", query=CardQuery(order=query.order, descending=query.descending))]
        if query.text:
            found.insert(0, HandChoice(text=f"Cards found by “{query.text}”", query=query))
        if len(marked) > 1:
            found.insert(0, HandChoice(text=f"The {len(marked)} marked cards", query=CardQuery(ids=tuple(marked))))
        return found

    def _ask(self) -> None:
        _, order, descending = _ORDERS[self.order.currentIndex()]
        query = replace(CardQuery(), text=self.search.text().strip(), order=order, descending=descending)
        self.model.set_query(query)

    def _on_counted(self) -> None:
        count, searching = self.model.rowCount(), bool(self.model.query.text)
        self._count.setText(f"{counted(count, 'card')} found" if searching else counted(count, "card"))
        self._make.setVisible(not count and not searching and self.model.counted)
        self.view.empty_text = (
            f"No card matches “{self.model.query.text}”." if searching else _NO_CARDS if self.model.counted else ""
        )
        self.view.setAccessibleName(f"Hand of {counted(count, 'card')}")
        self.view.viewport().update()

    def _lay_out(self) -> None:
        self.setMinimumWidth(268)
        head = QVBoxLayout()
        head.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, SPACE)
        head.setSpacing(SPACE)
        head.addLayout(row(label("Your hand", "section"), None, self._count))
        head.addWidget(self.search)
        head.addLayout(row(self.order, self.card_size))
        foot = row(None, self._make, None)
        foot.setContentsMargins(SPACE, 0, SPACE, 2 * SPACE)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(head)
        whole.addWidget(self.view, 1)
        whole.addLayout(foot)
