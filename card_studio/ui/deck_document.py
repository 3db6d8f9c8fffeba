"""A deck as a document that is being edited: every edit can be undone and redone, and is saved by itself."""

import threading
from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from card_studio.domain.deck import Deck, DeckMode, Selection
from card_studio.domain.ids import CardId
from card_studio.domain.job import GateOptions
from card_studio.ui.bridge import Bridge
from card_studio.ui.deck_edits import inserted, moved, shifted, without

_MERGE_BATCH = 1
_MERGE_TEMPERATURE = 2


class DeckDocument(QObject):
    """One deck with its undo history.

    Saving is part of each edit: the newest state is handed to a thread at once, and closing the bridge waits for it.
    """

    changed = Signal()
    """The deck is another now: by an edit, by undo or redo, or because someone else saved it."""
    said = Signal(str)
    """What an edit did, in words."""
    refused = Signal(str)
    """Why the deck could not be saved."""

    def __init__(self, bridge: Bridge, deck: Deck, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.stack = QUndoStack(self)
        self._bridge = bridge
        self._deck = deck
        self._lock = threading.Lock()
        self._written = deck

    @property
    def deck(self) -> Deck:
        """The deck as it stands, saved or about to be."""
        return self._deck

    def insert(self, cards: Sequence[CardId], place: int | None = None, *, title: str) -> None:
        """Put cards in before `place`, or at the end; those that are there already move."""
        place = len(self._deck.cards) if place is None else place
        verb = "Move" if set(cards) <= set(self._deck.cards) else "Add"
        self._edit(replace(self._deck, cards=inserted(self._deck.cards, cards, place)), f"{verb} {title}")

    def move(self, indices: Sequence[int], place: int, *, title: str) -> None:
        """Put the cards at `indices` before the one at `place`."""
        self._edit(replace(self._deck, cards=moved(self._deck.cards, indices, place)), f"Move {title}")

    def shift(self, index: int, step: int, *, title: str) -> None:
        """Move one card by so many places."""
        self._edit(replace(self._deck, cards=shifted(self._deck.cards, index, step)), f"Move {title}")

    def take_out(self, indices: Sequence[int], *, title: str) -> None:
        """Take cards off the table."""
        self._edit(replace(self._deck, cards=without(self._deck.cards, indices)), f"Take out {title}")

    def rename(self, name: str) -> None:
        """Call the deck by another name."""
        self._edit(replace(self._deck, name=name), f"Rename to {name}")

    def deal(self, selection: Selection, gate: GateOptions) -> None:
        """Lay a proposed deck in place of the cards that are there, with the record of how it was chosen."""
        after = replace(
            self._deck,
            cards=selection.cards,
            mode=selection.mode,
            gate=gate,
            batch=selection.batch,
            temperature=selection.temperature,
            selection=selection,
        )
        count = len(selection.cards)
        self._edit(after, f"Deal {count} proposed card{'s' if count > 1 else ''}")

    def set_mode(self, mode: DeckMode) -> None:
        """Let the cards answer together in another way."""
        self._edit(replace(self._deck, mode=mode), f"Answer {mode.value.replace('_', ' ')}")

    def set_batch(self, batch: int) -> None:
        """Let the gate decide on so many images together; turning the wheel is one edit."""
        self._edit(replace(self._deck, batch=batch), f"Decide on {batch} together", _MERGE_BATCH)

    def set_temperature(self, temperature: float) -> None:
        """Set the temperature of the soft mode; turning the wheel is one edit."""
        self._edit(replace(self._deck, temperature=temperature), f"Temperature {temperature:g}", _MERGE_TEMPERATURE)

    def adopt(self, stored: Deck) -> None:
        """Take over what someone else saved since; one's own unsaved edits win."""
        unsaved = not self._same(self._deck, self._written)
        if unsaved or self._same(stored, self._deck) or stored.modified_at <= self._written.modified_at:
            return
        self._deck = self._written = stored
        self.stack.clear()
        self.changed.emit()

    def show(self, deck: Deck, text: str) -> None:
        """Make `deck` the present state: what a command does."""
        self._deck = deck
        self.changed.emit()
        self.said.emit(text)
        self._bridge.ask(self._write, lambda _none: None, owner=self, failed=self._on_not_saved)

    def _edit(self, after: Deck, text: str, merge: int = -1) -> None:
        if not self._same(after, self._deck):
            self.stack.push(_Edit(self, self._deck, after, text, merge))

    def _write(self) -> None:
        """Save the newest state, in a thread; edits that came meanwhile are saved with it."""
        with self._lock:
            deck = self._deck
            if not self._same(deck, self._written):
                self._written = self._bridge.workspace.save_deck(deck)

    def _on_not_saved(self, reason: str) -> None:
        self.refused.emit(f"{self._deck.name} is not saved: {reason}")

    @staticmethod
    def _same(one: Deck, other: Deck) -> bool:
        return replace(one, modified_at=other.modified_at) == other


class _Edit(QUndoCommand):
    """From one state of a deck to another."""

    def __init__(self, document: DeckDocument, before: Deck, after: Deck, text: str, merge: int) -> None:
        super().__init__(text)
        self._document = document
        self._before, self._after, self._merge = before, after, merge
        self._done_before = False

    def redo(self) -> None:
        """Do it, first or again."""
        prefix = "Redone: " if self._done_before else ""
        self._done_before = True
        self._document.show(self._after, prefix + self.text())

    def undo(self) -> None:
        """Take it back."""
        self._document.show(self._before, "Undone: " + self.text())

    def id(self) -> int:
        """Return the kind of edit; those of one kind in a row become one."""
        return self._merge

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Become one with the next edit of the same kind."""
        if not isinstance(other, _Edit):
            return False
        self._after = other._after
        self.setText(other.text())
        return True
