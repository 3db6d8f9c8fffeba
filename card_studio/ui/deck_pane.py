"""A table with its bar above and its score below: one deck being worked on. Two can lie side by side."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from card_studio.domain.deck import Deck, DeckMode
from card_studio.domain.ids import CardId, short
from card_studio.domain.job import Job
from card_studio.ui.bridge import Bridge
from card_studio.ui.card_paint import CardPainter
from card_studio.ui.deck_bar import DeckBar
from card_studio.ui.deck_document import DeckDocument
from card_studio.ui.deck_drawer import ScoreDrawer
from card_studio.ui.deck_drop import DropTable
from card_studio.ui.deck_faces import FaceStore
from card_studio.ui.deck_judge import Judgement, judge
from card_studio.ui.deck_score import ScoreLine
from card_studio.ui.deck_shelf import DeckShelf
from card_studio.ui.deck_table import EMPTY
from card_studio.ui.pieces import rule
from card_studio.ui.questions import ask_first
from card_studio.ui.theme import Theme

_NO_DECK = "Make your first deck: drag a card here, or press Enter on one in your hand"


class DeckPane(QWidget):
    """One deck on its table."""

    document_changed = Signal()
    """Another deck lies here, or it was edited."""
    said = Signal(str)
    history_changed = Signal()
    """There is more, or less, to undo or redo."""
    judged = Signal()
    """A new judgement is shown."""

    def __init__(
        self,
        bridge: Bridge,
        shelf: DeckShelf,
        store: FaceStore,
        painter: CardPainter,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._bridge, self._shelf, self._store = bridge, shelf, store
        self.judgement = Judgement()
        self.bar = DeckBar(theme)
        self.table = DropTable(store, painter)
        self.score = ScoreLine(self._name_of, theme)
        self.drawer = ScoreDrawer(theme)
        self._lay_out()
        self._connect()
        self._show_document(None)

    @property
    def document(self) -> DeckDocument | None:
        """The deck that lies here."""
        return self.table.document

    @property
    def deck(self) -> Deck | None:
        """The deck as it stands."""
        return self.document.deck if self.document else None

    def show_deck(self, deck_id: int | None) -> None:
        """Lay another deck on the table; None for an empty place."""
        self._show_document(None if deck_id is None else self._shelf.document(deck_id))

    def refresh(self) -> None:
        """Judge the deck anew: something in the workspace changed."""
        self._judge()

    def delete(self) -> None:
        """Ask, then delete the deck."""
        document = self.document
        if document is not None:
            ask_first(
                self,
                f"Delete the deck “{document.deck.name}”?",
                "This cannot be undone. Its cards stay in your hand.",
                "Delete it",
                lambda: self._shelf.delete(document),
            )

    def rename(self, name: str) -> None:
        """Rename the deck, unless the name is taken."""
        if self.document is None:
            return
        problem = self._shelf.problem_with(name, self.document)
        if problem:
            self.said.emit(problem[:1].upper() + problem[1:])
            return
        self.bar.stop_renaming()
        self.document.rename(name)

    # --- within ----------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.drawer.hide()
        self._split = split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.table)
        split.addWidget(self.drawer)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setChildrenCollapsible(False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        for widget in (self.bar, rule(), split, rule(), self.score):
            whole.addWidget(widget, 1 if widget is split else 0)

    def _connect(self) -> None:
        bar, shelf = self.bar, self._shelf
        bar.picked.connect(self.show_deck)
        bar.renamed.connect(self.rename)
        bar.delete_asked.connect(self.delete)
        bar.duplicate_asked.connect(self._on_duplicate_asked)
        bar.mode_picked.connect(self._on_mode_picked)
        bar.batch_picked.connect(self._on_batch_picked)
        bar.temperature_picked.connect(self._on_temperature_picked)
        shelf.changed.connect(self._on_shelf_changed)
        self.score.queue_asked.connect(self._on_queue_asked)
        self.score.drawer_asked.connect(self._on_drawer_asked)

    def _show_document(self, document: DeckDocument | None) -> None:
        if self.document is not None:
            self.document.changed.disconnect(self._on_edited)
            self.document.stack.indexChanged.disconnect(self._on_history)
        self.table.empty_text = EMPTY if document else _NO_DECK
        self.table.set_document(document)
        if document is not None:
            document.changed.connect(self._on_edited)
            document.stack.indexChanged.connect(self._on_history)
        self._on_shelf_changed()
        self._on_edited()

    def _on_shelf_changed(self) -> None:
        documents = self._shelf.documents()
        if self.document is not None and self.document not in documents:
            self.table.document = None  # it was deleted, and its signals with it
            self._show_document(documents[-1] if documents else None)
            return
        shown = self.deck.id if self.deck else None
        self.bar.show_decks([each.deck for each in documents], shown)

    def _on_edited(self) -> None:
        self._show_name()
        self.bar.show_deck(self.deck)
        self._judge()
        self.document_changed.emit()

    def _on_history(self, _index: int) -> None:
        self.history_changed.emit()

    def _show_name(self) -> None:
        if self.deck is not None and self.bar.decks.currentText() != self.deck.name:
            self.bar.decks.setItemText(self.bar.decks.findData(int(self.deck.id)), self.deck.name)

    def _judge(self) -> None:
        workspace, deck = self._bridge.workspace, self.deck
        if deck is None:
            self._on_judged(Judgement(lacking="There is no deck on this table."))
            return
        self._bridge.ask(lambda: judge(workspace, deck), self._on_judged, owner=self, key="judge")

    def _on_judged(self, judgement: Judgement) -> None:
        self.judgement = judgement
        self.score.show_judgement(judgement)
        self.drawer.show_score(judgement.score)
        if judgement.score is None:
            self.score.close_drawer()
        self.judged.emit()

    def _on_drawer_asked(self, panel: int) -> None:
        """Open the drawer as far as its rows need, at most to half of the table; -1 closes it."""
        self.drawer.setVisible(panel >= 0)
        if panel >= 0:
            self.drawer.setCurrentIndex(panel)
            wanted = min(self.drawer.sizeHint().height(), self._split.height() // 2)
            self._split.setSizes([self._split.height() - wanted, wanted])

    def _on_duplicate_asked(self) -> None:
        if self.document is not None:
            self._shelf.duplicate(self.document)

    def _on_mode_picked(self, mode: DeckMode) -> None:
        if self.document is not None:
            self.document.set_mode(mode)

    def _on_batch_picked(self, batch: int) -> None:
        if self.document is not None:
            self.document.set_batch(batch)

    def _on_temperature_picked(self, temperature: float) -> None:
        if self.document is not None:
            self.document.set_temperature(temperature)

    def _on_queue_asked(self) -> None:
        workspace, deck = self._bridge.workspace, self.deck
        if deck is not None:
            self._bridge.ask(lambda: workspace.queue_missing(deck), self._on_queued, owner=self)

    def _on_queued(self, jobs: list[Job]) -> None:
        self.said.emit(f"Queued {len(jobs)} job{'s' if len(jobs) > 1 else ''} for this deck")
        self._bridge.poke()
        self._judge()

    def _name_of(self, card: CardId) -> str:
        face = self._store.get(card)
        return face.title if face else short(card)
