"""The shelf: all decks as documents, made, duplicated and deleted here; each keeps its undo history."""

from PySide6.QtCore import QObject, Signal

from card_studio.domain.deck import Deck
from card_studio.ui.bridge import Bridge
from card_studio.ui.deck_document import DeckDocument


class DeckShelf(QObject):
    """Documents by deck id, in the order in which the decks were made."""

    changed = Signal()
    """There are other decks now, or another name."""
    made = Signal(int)
    """A deck that was asked for here is on the shelf."""
    said = Signal(str)
    refused = Signal(str)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.loaded = False
        """Whether the workspace has answered at least once."""
        self._bridge = bridge
        self._documents: dict[int, DeckDocument] = {}

    def documents(self) -> list[DeckDocument]:
        """Return all documents."""
        return [self._documents[key] for key in sorted(self._documents)]

    def document(self, deck_id: int) -> DeckDocument | None:
        """Return one document, if it is still there."""
        return self._documents.get(deck_id)

    def refresh(self) -> None:
        """Take over what others made, changed or deleted."""
        self._bridge.ask(self._bridge.workspace.decks, self._on_decks, owner=self, key="decks")

    def make(self, wanted: str = "Deck") -> None:
        """Make an empty deck under a name that is free."""
        name, workspace = self.free_name(wanted), self._bridge.workspace
        self._bridge.ask(lambda: workspace.deal(name, ()), self._on_made, owner=self, failed=self.refused.emit)

    def duplicate(self, document: DeckDocument) -> None:
        """Make a copy under a name that is free."""
        deck, workspace = document.deck, self._bridge.workspace
        name = self.free_name(f"{deck.name} copy")
        self._bridge.ask(
            lambda: workspace.duplicate_deck(deck, name), self._on_made, owner=self, failed=self.refused.emit
        )

    def delete(self, document: DeckDocument) -> None:
        """Delete a deck for good; its cards stay in the hand."""
        deck, workspace = document.deck, self._bridge.workspace
        self._bridge.ask(
            lambda: workspace.delete_deck(deck),
            lambda _none: self._on_deleted(deck),
            owner=self,
            failed=self.refused.emit,
        )

    def problem_with(self, name: str, document: DeckDocument) -> str:
        """Return why a deck cannot bear a name; empty where it can."""
        if not name.strip():
            return "a deck needs a name"
        taken = any(each.deck.name == name and each is not document for each in self._documents.values())
        return f"there is a deck called {name} already: choose another name" if taken else ""

    def free_name(self, wanted: str) -> str:
        """Return a name that no deck has yet: `wanted`, or that with a number."""
        taken = {document.deck.name for document in self._documents.values()}
        numbered = (f"{wanted} {number}" for number in range(2, len(taken) + 3))
        return next(name for name in (wanted, *numbered) if name not in taken)

    def _on_decks(self, decks: list[Deck]) -> None:
        first, self.loaded = not self.loaded, True
        before = [(each.deck.id, each.deck.name) for each in self.documents()]
        for deck in decks:
            self._put(deck)
        for gone in self._documents.keys() - {deck.id for deck in decks}:
            self._documents.pop(gone).deleteLater()
        if first or before != [(each.deck.id, each.deck.name) for each in self.documents()]:
            self.changed.emit()

    def _on_made(self, deck: Deck) -> None:
        self._put(deck)
        self.changed.emit()
        self.said.emit(f"Made {deck.name}")
        self.made.emit(deck.id)

    def _on_deleted(self, deck: Deck) -> None:
        document = self._documents.pop(deck.id, None)
        if document is not None:
            document.deleteLater()
        self.changed.emit()
        self.said.emit(f"Deleted {deck.name}")

    def _put(self, deck: Deck) -> None:
        known = self._documents.get(deck.id)
        if known is not None:
            known.adopt(deck)
            return
        document = DeckDocument(self._bridge, deck, self)
        document.said.connect(self.said)
        document.refused.connect(self.refused)
        self._documents[deck.id] = document
