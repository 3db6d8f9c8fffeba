"""Deal for me: a hand, a byte budget, and the deck that is proposed for it, with what each card added."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from card_studio.domain.deck import Deck, DeckMode, Selection
from card_studio.domain.job import Job
from card_studio.studio.deck_proposals import Answering
from card_studio.studio.proposing import Proposal, front_of
from card_studio.studio.sheet import Sheet
from card_studio.ui.bridge import Bridge
from card_studio.ui.card_face import size_text
from card_studio.ui.deck_bar import MODES
from card_studio.ui.deck_deal_budget import BudgetField
from card_studio.ui.deck_deal_plot import STEP, BudgetPlot, Place, selection_note, steps_sheet
from card_studio.ui.deck_deal_waiting import WaitingPanel
from card_studio.ui.deck_deal_work import HandChoice, Prepared, prepare
from card_studio.ui.deck_speech import speak
from card_studio.ui.pieces import label, on_surface, row, rule
from card_studio.ui.plot_panel import PlotPanel
from card_studio.ui.sheet_view import SheetView
from card_studio.ui.theme import SPACE, Theme
from card_studio.ui.words import counted

_TYPING_MS = 120
_NOTHING = Sheet(title="What each card added", headings=(), rows=(), note="")


class DealDialog(QDialog):
    """Proposes a deck; emits `dealt` with how it was chosen once the user takes it."""

    dealt = Signal(object, object, bool)
    """A Selection, the GateOptions that it was made with, and whether it goes onto the table that is there."""

    def __init__(
        self,
        bridge: Bridge,
        theme: Theme,
        hands: Sequence[HandChoice],
        deck: Deck | None,
        preferred: str | None,
        parent: QWidget,
    ) -> None:
        """Make it.

        Args:
            bridge: to the workspace.
            theme: the look.
            hands: what to choose from; the first is chosen.
            deck: on the table: how its cards answer is taken over, and the proposal can replace them.
            preferred: digest of the dataset wanted, where a hand has several.
            parent: the window.
        """
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Deal for me")
        self._bridge, self._theme, self._hands, self._preferred = bridge, theme, tuple(hands), preferred
        self._deck_name = deck.name if deck else ""
        self._answering = Answering()
        if deck is not None:
            self._answering = Answering(mode=deck.mode, gate=deck.gate, batch=deck.batch, temperature=deck.temperature)
        self.prepared: Prepared | None = None
        self.proposal: Proposal | None = None
        self.front: tuple[Proposal, ...] = ()
        self._tried: list[Proposal] = []
        self.chosen: Selection | None = None
        self._make()
        self._lay_out()
        self._connect()
        self._prepare()

    # --- parts -----------------------------------------------------------------------------------------------------

    def _make(self) -> None:
        self.hand, self.mode, self.budget = QComboBox(), QComboBox(), BudgetField()
        self.hand.addItems([each.text for each in self._hands])
        self.hand.setAccessibleName("Cards to choose from")
        for mode, text, tip in MODES:
            self.mode.addItem(text, mode)
            self.mode.setItemData(self.mode.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.mode.setCurrentIndex(self.mode.findData(self._answering.mode))
        self.mode.setAccessibleName("How the cards answer together")
        self.note = label("", "caption")
        self.plot = BudgetPlot(self._theme)
        self.panel = PlotPanel(self._theme, "Accuracy against bytes", self.plot, self._sheet)
        self.table = SheetView(self._theme, "What each card added")
        self.words = label("", wrap=True, selectable=True)
        self.words.setAccessibleName("The deck that would be dealt")
        self.waiting = WaitingPanel()
        self.refused = label("", "title", wrap=True)
        self.deal = QPushButton("Deal this deck")
        self.deal.setProperty("role", "primary")
        self.deal.setToolTip("Make a new deck of these cards; it can be undone")
        self.replace = QPushButton("Onto this table")
        self.replace.setToolTip(f"Put these cards in place of those of {self._deck_name}; it can be undone")
        self.replace.setVisible(bool(self._deck_name))
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(_TYPING_MS)

    def _lay_out(self) -> None:
        screen = self.screen().availableSize()
        self.resize(min(1080, screen.width() - 40), min(720, screen.height() - 60))
        head = QGridLayout()
        head.setContentsMargins(3 * SPACE, 2 * SPACE, 3 * SPACE, 2 * SPACE)
        head.setHorizontalSpacing(2 * SPACE)
        head.setVerticalSpacing(SPACE)
        head.addWidget(label("Deal for me", "title"), 0, 0, 1, 2)
        for number, text in enumerate(("Choose from", "Answer", "Budget"), 1):
            head.addWidget(label(text, "muted"), number, 0)
        head.addLayout(row(self.hand, self.note, None), 1, 1)
        head.addLayout(row(self.mode, None), 2, 1)
        head.addWidget(self.budget, 3, 1)
        head.setColumnStretch(1, 1)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(self.panel)
        split.addWidget(self.table)
        split.setSizes([460, 620])
        refused = QWidget()
        QVBoxLayout(refused).addWidget(self.refused)
        self.refused.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedWidget()
        for part_ in (split, self.waiting, refused):
            self._stack.addWidget(on_surface(part_))
        self._split, self._refused_page = split, refused
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        buttons.addButton(self.replace, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(self.deal, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.rejected.connect(self.reject)
        foot = QVBoxLayout()
        foot.addWidget(self.words)
        foot.addLayout(row(None, buttons))
        foot.setSpacing(SPACE)
        foot.setContentsMargins(3 * SPACE, SPACE, 3 * SPACE, 2 * SPACE)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(rule())
        layout.addWidget(self._stack, 1)
        layout.addWidget(rule())
        layout.addLayout(foot)
        self.deal.setDefault(True)
        self._show_chosen(None)

    def _connect(self) -> None:
        self.hand.activated.connect(lambda _index: self._prepare())
        self.mode.activated.connect(lambda _index: self._prepare())
        self.budget.edited.connect(self._typing.start)
        self._typing.timeout.connect(self._propose)
        self.plot.point_chosen.connect(self._on_point_chosen)
        self.table.selectionModel().currentRowChanged.connect(self._on_row_chosen)
        self.waiting.queue_asked.connect(self._on_queue_asked)
        self.deal.clicked.connect(lambda: self._take(False))
        self.replace.clicked.connect(lambda: self._take(True))
        self._bridge.changed.connect(self._on_changed)

    # --- asking ----------------------------------------------------------------------------------------------------

    @property
    def answering(self) -> Answering:
        """How the proposed deck's cards are to answer together."""
        mode: DeckMode = self.mode.currentData()
        return replace(self._answering, mode=mode)

    def _prepare(self) -> None:
        workspace, query = self._bridge.workspace, self._hands[self.hand.currentIndex()].query
        answering, preferred = self.answering, self._preferred
        self._bridge.ask(
            lambda: prepare(workspace, query, answering, preferred),
            self._on_prepared,
            owner=self,
            failed=self._on_refused,
            key="prepare",
        )

    def _on_prepared(self, prepared: Prepared) -> None:
        self.prepared, self.front, self._tried = prepared, (), []
        self.note.setText(prepared.note)
        self.budget.set_range(prepared.least_bytes, prepared.whole_bytes)
        self.budget.setEnabled(prepared.proposer is not None)
        if prepared.proposer is None:
            self._show_chosen(None)
            self.waiting.show_prepared(prepared)
            self._stack.setCurrentWidget(self.waiting)
            return
        self._stack.setCurrentWidget(self._split)
        self.words.setText(f"Choosing among {counted(len(prepared.cards), 'card')}…")
        self._propose()
        self._try_budget(list(prepared.proposer.budgets()))

    def _on_refused(self, reason: str) -> None:
        self.prepared = None
        self.note.clear()
        self.budget.setEnabled(False)
        self._show_chosen(None)
        self.refused.setText(reason)
        self._stack.setCurrentWidget(self._refused_page)

    def _propose(self) -> None:
        proposer = self.prepared.proposer if self.prepared else None
        if proposer is not None:
            budget = self.budget.bytes
            self._bridge.ask(lambda: proposer.propose(budget), self._on_proposed, owner=self, key="propose")

    def _on_proposed(self, proposal: Proposal) -> None:
        self.proposal = proposal
        self._show_plot()
        self._choose((STEP, len(proposal.cards) - 1) if proposal.cards else None)

    def _try_budget(self, budgets: list[int]) -> None:
        """Propose for one budget after the other, so that closing never waits for all."""
        prepared = self.prepared
        if prepared is None or prepared.proposer is None or not budgets:
            return
        proposer = prepared.proposer

        def took(proposal: Proposal) -> None:
            if self.prepared is prepared:
                self._tried.append(proposal)
                self.front = front_of(self._tried)
                self._show_plot()
                self._try_budget(budgets[1:])

        self._bridge.ask(lambda: proposer.propose(budgets[0]), took, owner=self)

    def _on_queue_asked(self) -> None:
        if self.prepared is not None:
            workspace, cards, answering = self._bridge.workspace, self.prepared.cards, self.answering
            self._bridge.ask(lambda: workspace.queue_for_proposal(cards, answering), self._on_queued, owner=self)

    def _on_queued(self, _jobs: list[Job]) -> None:
        self._bridge.poke()
        self._prepare()

    def _on_changed(self) -> None:
        if self.prepared is not None and self.prepared.proposer is None:
            self._prepare()

    # --- showing ---------------------------------------------------------------------------------------------------

    def _show_plot(self) -> None:
        if self.prepared is not None and self.proposal is not None:
            chosen = self.plot.chosen
            self.plot.show_proposal(self.proposal, self.front, self.prepared.titles, self.prepared.suits)
            self.plot.choose(chosen)
            self.panel.refreshed(selection_note(self.proposal.selection))

    def _on_point_chosen(self, place: Place) -> None:
        self._choose(place)

    def _on_row_chosen(self, current: QModelIndex, _previous: QModelIndex) -> None:
        """Deal up to the step of a row; the rows of another budget's deck belong to that deck as a whole."""
        place = self.plot.chosen
        if current.isValid() and isinstance(place, tuple) and place[0] == STEP and place[1] != current.row():
            self._choose((STEP, current.row()))

    def _choose(self, place: Place | None) -> None:
        self.plot.choose(place)
        if place is None or self.prepared is None or self.proposal is None:
            self._show_chosen(None)
            return
        kind, at = place
        shown = self.proposal if kind == STEP else self.front[at]
        sheet = steps_sheet(shown, self.prepared.titles, selection_note(shown.selection))
        if self.table.model_.sheet != sheet:
            self.table.show_sheet(sheet)
        last = at if kind == STEP else len(shown.cards) - 1
        if self.table.currentIndex().row() != last:
            self.table.selectRow(last)
        self._show_chosen(shown.selection_at(last))
        speak(self, self.plot.step_words(at) if kind == STEP else self.plot.budget_words(at))

    def _show_chosen(self, chosen: Selection | None) -> None:
        self.chosen = chosen
        for one in (self.deal, self.replace):
            one.setEnabled(chosen is not None)
        if chosen is None or self.prepared is None:
            self.words.clear()
            return
        counts = Counter(chosen.cards)
        parts = [self.prepared.titles[card] + (f" × {count}" if count > 1 else "") for card, count in counts.items()]
        told = f"{counted(len(counts), 'card')}, {100 * chosen.accuracy:.1f} % on the selection images"
        self.words.setText(f"{told}: {', '.join(parts)}")
        self.words.setToolTip("A card that lies in the deck twice counts twice in every mean")

    def _sheet(self) -> Sheet:
        if self.prepared is None or self.proposal is None:
            return _NOTHING
        return steps_sheet(self.proposal, self.prepared.titles, selection_note(self.proposal.selection))

    def _take(self, onto_table: bool) -> None:
        if self.chosen is not None:
            self.dealt.emit(self.chosen, self.answering.gate, onto_table)
            self.accept()


def budget_name(chosen: Selection) -> str:
    """Return what a deck that was proposed is called at first."""
    return f"Proposed for {size_text(chosen.budget_bytes)}"
