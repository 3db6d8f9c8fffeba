"""The Deck page: your hand at the left, the table in the middle, the preview at the right."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from card_studio.domain.deck import Selection
from card_studio.domain.ids import CardId
from card_studio.domain.job import GateOptions, Job
from card_studio.ui.actions import ActionRegistry
from card_studio.ui.bridge import Bridge
from card_studio.ui.card_paint import CardPainter
from card_studio.ui.deck_actions import add_deck_actions
from card_studio.ui.deck_compare import CompareLine
from card_studio.ui.deck_deal_dialog import DealDialog, budget_name
from card_studio.ui.deck_faces import FaceStore
from card_studio.ui.deck_files import DeckFiles
from card_studio.ui.deck_hand_panel import HandPanel
from card_studio.ui.deck_measure import queue_missing
from card_studio.ui.deck_mime import Carried, Pictures, carried_cards
from card_studio.ui.deck_oracle import Oracle
from card_studio.ui.deck_pane import DeckPane
from card_studio.ui.deck_preview import Preview
from card_studio.ui.deck_shelf import DeckShelf
from card_studio.ui.deck_speech import breakable, speak
from card_studio.ui.pieces import label
from card_studio.ui.theme import SPACE, Theme
from card_studio.ui.words import counted

_WIDTHS = [284, 636, 390]


class DeckPage(QWidget):
    """Builds decks by drag and by key, scores them as they change, and shows why a card is chosen."""

    show_card = Signal(str)
    open_page = Signal(str)
    said = Signal(str)
    """Something that deserves a toast: a refusal, or jobs queued."""
    wrote = Signal(str, object)
    """A deck was written: what is to be said of it, and the file (Path)."""

    def __init__(self, bridge: Bridge, theme: Theme, actions: ActionRegistry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge, self._theme, self._actions = bridge, theme, actions
        self._waiting: list[CardId] = []
        self._proposed: tuple[Selection, GateOptions] | None = None
        self.store = FaceStore(bridge, self)
        self.shelf = DeckShelf(bridge, self)
        self.oracle = Oracle(bridge, self)
        self._painter = CardPainter(theme)
        self.hand = HandPanel(bridge, self.store, self._painter)
        self.pane = self._new_pane()
        self.beside = self._new_pane()
        self.active = self.pane
        self.preview = Preview(self.oracle, self.store, theme)
        self.compare = CompareLine(self.store)
        self.status = label("", "caption", wrap=True)
        self.status.setAccessibleName("Last edit")
        self.files = DeckFiles(self, bridge, theme)
        self._lay_out()
        self._connect()
        self.setAcceptDrops(True)
        self.setAccessibleName("Deck")
        add_deck_actions(self, actions)
        tools = [actions.action(f"deck.{name}") for name in ("undo", "redo", "beside")]
        self.pane.bar.add_tools(tools, named=actions.action("deck.propose"))

    # --- for the window ----------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Take over what changed in the workspace."""
        self.shelf.refresh()
        self.hand.refresh()
        self.store.refresh()
        for pane in self._panes():
            if pane.judgement.score is None:
                pane.refresh()
        self.oracle.refresh()
        self.preview.refresh()

    def open_deck(self, name: str) -> bool:
        """Lay the deck of that name on the table; return whether there is one."""
        for document in self.shelf.documents():
            if document.deck.name == name:
                self.pane.show_deck(document.deck.id)
                return True
        return False

    def show_images(self, paths: Sequence[Path]) -> None:
        """Show image files in the preview, as if they were dropped."""
        self.preview.take(Pictures(sources=tuple(paths)))

    @property
    def settled(self) -> bool:
        """Whether nothing is being read, asked or warmed up."""
        return not (self.oracle.reading or self.oracle.asking or self._bridge.busy)

    # --- edits, by key ---------------------------------------------------------------------------------------------

    def add_cards(self, cards: Sequence[CardId]) -> None:
        """Put cards at the end of the active table; without a deck, make one first."""
        if not cards:
            self._tell("No card is chosen in your hand, or it is still being fetched")
            return
        document, table = self.active.document, self.active.table
        reason = table.refusal(cards)
        if reason:
            self._announce(reason)
        elif document is None:
            self._waiting = list(cards)
            self.shelf.make()
        elif set(cards) <= set(document.deck.cards):
            self._tell(f"{table.title_of(cards)} is on the table already")
        else:
            fresh = [card for card in cards if card not in document.deck.cards]
            document.insert(fresh, title=table.title_of(fresh))

    def take_out(self) -> None:
        """Take the marked cards off the table: those marked there, or, from the hand, those marked here."""
        document, table = self.active.document, self.active.table
        if document is None:
            return
        if self.hand.view.hasFocus():
            marked = self.hand.view.chosen_cards()
            indices = [index for index, card in enumerate(table.cards) if card in marked]
        else:
            indices = table.marked() if table.hasFocus() else []
        if indices:
            document.take_out(indices, title=table.title_of([table.cards[index] for index in indices]))

    def shift(self, step: int) -> None:
        """Move the card with the keyboard's mark by so many places."""
        document, table = self.active.document, self.active.table
        index = table.current
        if document is not None and 0 <= index < len(table.cards):
            document.shift(index, step, title=table.title_of([table.cards[index]]))

    def send_across(self) -> None:
        """Move the marked cards to the end of the other table: what a drag between two decks does."""
        other = self.beside if self.active is self.pane else self.pane
        source, target = self.active.document, other.document
        if self.beside.isHidden() or source is None or target is None:
            self._tell("Show two decks side by side first: Ctrl+B")
            return
        table = self.active.table
        indices = table.marked()
        cards = [table.cards[index] for index in indices]
        reason = other.table.refusal(cards)
        if reason:
            self._announce(reason)
        elif cards and source is not target:
            title = table.title_of(cards)
            target.insert(cards, title=title)
            source.take_out(indices, title=title)
            self._tell(f"Moved {title} to {target.deck.name}")

    def undo(self) -> None:
        """Take back the last edit of the active deck."""
        if self.active.document is not None:
            self.active.document.stack.undo()

    def redo(self) -> None:
        """Do the edit again that was taken back."""
        if self.active.document is not None:
            self.active.document.stack.redo()

    def measure(self, cards: Sequence[CardId] | None = None) -> None:
        """Queue what cards lack: these, or those marked in the hand or on the table."""
        if cards is None:
            table = self.active.table
            in_hand = self.hand.view.hasFocus()
            cards = self.hand.view.chosen_cards() if in_hand else [table.cards[index] for index in table.marked()]
        faces = [face for face in map(self.store.get, cards) if face is not None]
        workspace = self._bridge.workspace
        self._bridge.ask(lambda: queue_missing(workspace, faces), self._on_queued, owner=self)

    def start_renaming(self) -> None:
        """Turn the active deck's name into a field."""
        self.active.bar.start_renaming()

    def duplicate_deck(self) -> None:
        """Copy the active deck."""
        if self.active.document is not None:
            self.shelf.duplicate(self.active.document)

    def delete_deck(self) -> None:
        """Ask, then delete the active deck."""
        self.active.delete()

    def ask_deal(self) -> DealDialog:
        """Ask for a hand and a budget, then lay the deck that is proposed."""
        deck = self.active.deck
        faces = [self.store.get(card) for card in (deck.cards if deck else ())]
        preferred = next((face.data_digest for face in faces if face is not None), None)
        dialog = DealDialog(self._bridge, self._theme, self.hand.choices(), deck, preferred, self)
        dialog.dealt.connect(self._on_dealt)
        dialog.open()
        return dialog

    def search(self) -> None:
        """Put the cursor into the hand's search."""
        self.hand.search.setFocus()
        self.hand.search.selectAll()

    def show_beside(self, shown: bool) -> None:
        """Show a second table, with another deck if there is one."""
        self.beside.setVisible(shown)
        self._tables.setSizes([self._tables.width() // 2] * 2)
        if shown and self.beside.document is None:
            others = [each for each in self.shelf.documents() if each is not self.pane.document]
            self.beside.show_deck(others[-1].deck.id if others else None)
        if not shown:
            self._activate(self.pane)
        self._show_comparison()

    # --- drops beside the tables -------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A card that was dragged away from its table is taken out of its deck."""
        carried = carried_cards(event.mimeData())
        event.setAccepted(carried is not None and carried.deck is not None)

    def dropEvent(self, event: QDropEvent) -> None:
        """Take the cards out of the deck they came from."""
        carried = carried_cards(event.mimeData())
        if carried is not None and carried.deck is not None:
            event.acceptProposedAction()
            self._on_put_back(carried)

    # --- within ----------------------------------------------------------------------------------------------------

    def _panes(self) -> tuple[DeckPane, DeckPane]:
        return (self.pane, self.beside)

    def _new_pane(self) -> DeckPane:
        return DeckPane(self._bridge, self.shelf, self.store, self._painter, self._theme)

    def _lay_out(self) -> None:
        self._tables = tables = QSplitter(Qt.Orientation.Horizontal)
        tables.setChildrenCollapsible(False)
        for pane in self._panes():
            tables.addWidget(pane)
        self.beside.hide()
        self.compare.hide()
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(tables, 1)
        column.addWidget(self.compare)
        self.status.setContentsMargins(2 * SPACE, 0, 2 * SPACE, SPACE // 2)
        column.addWidget(self.status)
        column.addWidget(self.files.line)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setChildrenCollapsible(False)
        for widget in (self.hand, middle, self.preview):
            self._split.addWidget(widget)
        self._split.setSizes(_WIDTHS)
        self._split.setStretchFactor(1, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._split)

    def _connect(self) -> None:
        self.hand.view.add_asked.connect(self.add_cards)
        self.hand.view.put_back.connect(self._on_put_back)
        self.hand.view.delegate.measure_asked.connect(self._on_measure_asked)
        self.hand.make_asked.connect(lambda: self.open_page.emit("queue"))
        for pane in self._panes():
            self._connect_pane(pane)
        self.shelf.changed.connect(self._on_shelf_changed)
        self.shelf.made.connect(self._on_made)
        self.shelf.said.connect(self._tell)
        self.shelf.refused.connect(self._announce)
        self.store.changed.connect(self._on_faces_changed)
        self.preview.chosen.connect(self._on_chosen)
        self.preview.said.connect(self._tell)
        self.oracle.queued.connect(self._on_queued)

    def _connect_pane(self, pane: DeckPane) -> None:
        table = pane.table
        table.entered.connect(lambda: self._activate(pane))
        table.measure_asked.connect(self._on_measure_asked)
        table.opened.connect(self.show_card)
        table.pictures_dropped.connect(lambda pictures: self._on_pictures(pane, pictures))
        table.took_from.connect(self._on_took_from)
        table.first_cards.connect(lambda cards: self._on_first_cards(pane, cards))
        table.current_changed.connect(self._actions.refresh)
        pane.bar.new_asked.connect(lambda: self._make_on(pane))
        pane.bar.export_asked.connect(lambda: self._export_from(pane))
        pane.said.connect(self._announce)
        pane.document_changed.connect(lambda: self._on_document_changed(pane))
        pane.history_changed.connect(self._actions.refresh)
        pane.judged.connect(self._show_comparison)

    def _activate(self, pane: DeckPane) -> None:
        if pane is not self.active:
            self.active.table.show_choice(None)
            self.active = pane
            self.oracle.set_deck(pane.deck)
            self._actions.refresh()

    def _make_on(self, pane: DeckPane) -> None:
        self._activate(pane)
        self.shelf.make()

    def _export_from(self, pane: DeckPane) -> None:
        self._activate(pane)
        self.files.ask_export()

    def _on_first_cards(self, pane: DeckPane, cards: list[CardId]) -> None:
        self._activate(pane)
        self.add_cards(cards)

    def _on_made(self, deck_id: int) -> None:
        self.active.show_deck(deck_id)
        waiting, self._waiting = self._waiting, []
        proposed, self._proposed = self._proposed, None
        if waiting:
            self.add_cards(waiting)
        if proposed is not None and self.active.document is not None:
            self.active.document.deal(*proposed)

    def _on_dealt(self, selection: Selection, gate: GateOptions, onto_table: bool) -> None:
        document = self.active.document
        if onto_table and document is not None:
            document.deal(selection, gate)
        else:
            self._proposed = (selection, gate)
            self.shelf.make(budget_name(selection))

    def _on_shelf_changed(self) -> None:
        documents = self.shelf.documents()
        if self.pane.document is None and documents and not self._waiting:
            self.pane.show_deck(max(documents, key=lambda each: each.deck.modified_at).deck.id)

    def _on_document_changed(self, pane: DeckPane) -> None:
        if pane is self.active:
            self.oracle.set_deck(pane.deck)
        table = self.active.table
        self.hand.view.delegate.on_table = frozenset(table.cards)
        self.hand.view.viewport().update()
        self._show_comparison()
        self._actions.refresh()

    def _on_faces_changed(self) -> None:
        for pane in self._panes():
            pane.refresh()

    def _on_chosen(self, cards: frozenset[CardId] | None) -> None:
        self.active.table.show_choice(cards)

    def _on_put_back(self, carried: Carried) -> None:
        if carried.deck is not None:
            self._on_took_from(carried.deck, list(carried.indices))

    def _on_took_from(self, deck_id: int, indices: list[int]) -> None:
        document = self.shelf.document(deck_id)
        if document is not None:
            cards = [document.deck.cards[index] for index in indices if index < len(document.deck.cards)]
            document.take_out(indices, title=self.active.table.title_of(cards))

    def _on_pictures(self, pane: DeckPane, pictures: Pictures) -> None:
        self._activate(pane)
        self.preview.take(pictures)

    def _on_measure_asked(self, card: str) -> None:
        self.measure([CardId(card)])

    def _on_queued(self, jobs: list[Job]) -> None:
        if jobs:
            self._announce(f"Queued {counted(len(jobs), 'job')}: " + "; ".join(job.name for job in jobs))
            self._bridge.poke()
        else:
            self._tell("Nothing is missing, or it is queued already")

    def _show_comparison(self) -> None:
        shown = not self.beside.isHidden()
        self.compare.setVisible(shown)
        if shown:
            self.compare.compare(self.pane, self.beside)

    def _tell(self, text: str) -> None:
        """Show and speak what an edit did."""
        self.status.setText(breakable(text))
        speak(self, text)

    def _announce(self, text: str) -> None:
        """Show, speak, and raise a toast."""
        self._tell(text)
        self.said.emit(text)
