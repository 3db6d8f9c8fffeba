"""The Cards page: every card in a table that is filtered, sorted and paged in the database; one of them in full."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import (
    QApplication,
    QLineEdit,
    QMenu,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from card_studio.domain.card import Card, CardQuery
from card_studio.domain.ids import CardId
from card_studio.domain.job import MapOptions, Suite
from card_studio.studio.replicates import CardGroup, group_cards
from card_studio.ui.actions import ActionRegistry
from card_studio.ui.bridge import Bridge
from card_studio.ui.card_details import CardDetails
from card_studio.ui.card_groups import GROUP_COLUMNS
from card_studio.ui.cards_actions import Edit, add_cards_actions
from card_studio.ui.cards_files import CardFiles
from card_studio.ui.cards_filter import CardsFilter
from card_studio.ui.cards_model import COLUMNS, FLAG, CardNameDelegate, CardsModel
from card_studio.ui.delegates import RowDelegate
from card_studio.ui.measure_dialog import MeasureDialog
from card_studio.ui.pieces import EmptyState, action_button, button, label, on_surface, row, rule
from card_studio.ui.questions import ask_text
from card_studio.ui.tables import RecordModel, Table
from card_studio.ui.theme import SPACE, Theme
from card_studio.ui.words import counted

_MOST_GROUPED = 5_000
_BUTTONS = (
    "cards.import",
    "cards.export",
    "cards.compare",
    "cards.evaluate",
    "cards.map",
    "cards.tags",
    "cards.rename",
    "cards.deal",
)
_TABLE, _GROUPS, _NOTHING_FITS = 0, 1, 2


class CardsPage(QWidget):
    """All cards, and what can be done with them."""

    open_page = Signal(str)
    show_deck = Signal(str)
    compare_cards = Signal(list)
    said = Signal(str)

    def __init__(self, bridge: Bridge, theme: Theme, actions: ActionRegistry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Cards")
        self.bridge, self.theme, self.actions_ = bridge, theme, actions
        self.undo = QUndoStack(self)
        self.model = CardsModel(bridge)
        self.model.setParent(self)
        self.table = Table(self.model, COLUMNS, "Cards")
        self.table.setItemDelegate(RowDelegate(theme, self.table))
        self.table.setItemDelegateForColumn(0, CardNameDelegate(theme, self.table))
        self.groups: RecordModel[CardGroup] = RecordModel(GROUP_COLUMNS, lambda group: group.key)
        self.groups.setParent(self)
        self.group_table = Table(self.groups, GROUP_COLUMNS, "Cards by recipe")
        self.group_table.setItemDelegate(RowDelegate(theme, self.group_table))
        self.filter = CardsFilter()
        self.details = CardDetails(bridge, theme)
        self._wanted: CardId | None = None
        self.files = CardFiles(self)
        add_cards_actions(self, actions)
        self.empty = EmptyState(
            theme,
            "mdi6.cards-outline",
            "No cards yet",
            "A card is a compact, robust network. Make the first ones with the tour's two jobs: a dense card, and two "
            "at 80 % sparsity, on the embedded pictures.",
            [
                button("Run the tour's jobs", self.submit_tour, primary=True),
                button("Import files…", self.files.ask_files),
                button("Open the queue", lambda: self.open_page.emit("queue")),
            ],
        )
        self._build()
        self._connect()

    def refresh(self) -> None:
        """Read again what is on show."""
        self.bridge.ask(self.bridge.workspace.own_methods, self.filter.offer_own, owner=self, key="own")
        self.model.refresh()
        if self.grouped.isChecked():
            self._ask_groups()

    def selected(self) -> list[Card]:
        """Return the selected cards, from top to bottom."""
        if self.grouped.isChecked():
            return [card for group in self.group_table.selected_records() for card in group.cards]
        return self.table.selected_records()

    def show_card(self, card_id: str) -> None:
        """Select a card, whatever the filter was; it may be far down the list."""
        self.grouped.setChecked(False)
        self._wanted = CardId(card_id)
        if not self._select_wanted():
            self.filter.show_view({"text": card_id})

    def submit_tour(self) -> None:
        """Queue the tour's jobs."""
        from card_studio.studio.tour import tour_specs  # here, since few starts need it

        specs = tour_specs()
        self._work(lambda workspace: workspace.submit_all(specs), f"{counted(len(specs), 'job')} queued")
        self.open_page.emit("queue")

    def ask_evaluation(self) -> MeasureDialog:
        """Ask on which suite, then queue the evaluation of the selected cards."""
        cards = self.selected()
        text = (
            f"{counted(len(cards), 'card')} on clean and corrupted images. Each corrupted image is made once for all."
        )
        return self._ask_measure("Evaluate", text, Suite(), "evaluate", cards)

    def ask_map(self) -> MeasureDialog:
        """Ask how, then queue the maps of the selected cards."""
        cards = self.selected()
        text = f"{counted(len(cards), 'card')}: the error under a perturbation at each spatial frequency."
        return self._ask_measure("Map sensitivity", text, MapOptions(), "map", cards)

    def ask_deck(self) -> None:
        """Ask for a name, then deal a deck of the selected cards."""
        ids = [card.id for card in self.selected()]

        def deal(name: str) -> None:
            def then(_deck: object) -> None:
                self.said.emit(f"Deck {name} dealt")
                self.show_deck.emit(name)

            self._work(lambda workspace: workspace.deal(name, ids), "", then=then)

        ask_text(self, "Deal a deck", f"Name of the deck of {counted(len(ids), 'card')}", "New deck", deal)

    def ask_name(self) -> None:
        """Ask for another name."""
        card = self.selected()[0]

        def edit(name: str) -> None:
            if name.strip() and name != card.name:
                self._push(
                    "rename",
                    lambda workspace: workspace.rename(card.id, name.strip()),
                    lambda workspace: workspace.rename(card.id, card.name),
                )

        ask_text(self, "Rename", "Name", card.name, edit)

    def ask_tags(self) -> None:
        """Ask for tags, which replace those of the selected cards."""
        cards = self.selected()
        before = {card.id: card.tags for card in cards}

        def edit(text: str) -> None:
            tags = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
            self._push(
                "tags",
                lambda workspace: workspace.set_tags(list(before), tags),
                lambda workspace: [workspace.set_tags([card], old) for card, old in before.items()],
            )

        common = [tag for tag in cards[0].tags if all(tag in card.tags for card in cards)]
        ask_text(self, "Tags", f"Tags of {counted(len(cards), 'card')}, with commas between", ", ".join(common), edit)

    def ask_notes(self) -> None:
        """Ask for notes."""
        card = self.selected()[0]

        def edit(notes: str) -> None:
            if notes != card.notes:
                self._push(
                    "notes",
                    lambda workspace: workspace.set_notes(card.id, notes),
                    lambda workspace: workspace.set_notes(card.id, card.notes),
                )

        ask_text(self, "Notes", f"Notes on {card.name}", card.notes, edit, lines=True)

    def _build(self) -> None:
        self._count = label("", "caption")
        self._count.setMinimumWidth(1)
        self.grouped = QToolButton()
        self.grouped.setText("Group seeds")
        self.grouped.setProperty("role", "button")
        self.grouped.setCheckable(True)
        self.grouped.setAccessibleName("Group cards of one recipe over seeds")
        self.grouped.setToolTip("One line per recipe: mean ± sd over seeds")
        self.columns = QToolButton()
        self.columns.setText("Columns")
        self.columns.setProperty("role", "button")
        self.columns.setAccessibleName("Choose columns")
        self.columns.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.columns)
        menu.addActions(self.table.column_actions())
        self.columns.setMenu(menu)
        tools = [action_button(self.actions_.action(each)) for each in _BUTTONS]
        bar = row(label("Cards", "title"), self._count, None, *tools, SPACE, self.grouped, self.columns, spacing=4)
        bar.setContentsMargins(2 * SPACE, SPACE * 3 // 2, 2 * SPACE, SPACE)
        self._tables = QStackedWidget()
        nothing = label("No card fits the filter", "muted")
        nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        for part in (self.table, self.group_table, nothing):
            self._tables.addWidget(part)
        self._note = label(
            f"{FLAG}not the standard suite of 15 corruptions at 5 severities: hover to see it", "caption"
        )
        self._note.setContentsMargins(2 * SPACE, SPACE // 2, 2 * SPACE, SPACE // 2)
        left = on_surface(QWidget())
        layout = QVBoxLayout(left)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        for below in (self.filter, rule(), self._tables, self._note):
            layout.addWidget(below)
        layout.setStretchFactor(self._tables, 1)
        self._stack = QStackedWidget()
        for page in (QWidget(), self.empty, self._split(left)):
            self._stack.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack, 1)
        outer.addWidget(self.files.line)

    def _split(self, left: QWidget) -> QSplitter:
        splitter = QSplitter()
        splitter.addWidget(left)
        splitter.addWidget(self.details)
        splitter.setChildrenCollapsible(False)
        splitter.setStretchFactor(0, 1)
        splitter.setSizes([1000, 340])
        self.details.setMinimumWidth(36 * SPACE)
        return splitter

    def _connect(self) -> None:
        header = self.table.horizontalHeader()
        created = [column.key for column in COLUMNS].index("created")
        header.setSortIndicator(created, Qt.SortOrder.DescendingOrder)
        self.table.setSortingEnabled(True)
        for table in (self.table, self.group_table):
            table.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.table.addActions([e.action for e in self.actions_.entries() if e.scope is self and e.menu == "Cards"])
        self.model.counted.connect(self._on_counted)
        self.model.modelReset.connect(self._on_model_reset)
        self.filter.edited.connect(lambda: self.model.set_query(self.filter.applied_to(self.model.query)))
        self.filter.edited.connect(self._on_filter_edited)
        self.grouped.toggled.connect(self._on_grouped)
        self.undo.indexChanged.connect(lambda _index: self.actions_.refresh())
        self.setFocusProxy(self.table)

    def _ask_measure(
        self, title: str, text: str, options: Suite | MapOptions, kind: str, cards: Sequence[Card]
    ) -> MeasureDialog:
        dialog = MeasureDialog(title, text, options, self)

        def confirmed(chosen: Any) -> None:
            by_data: defaultdict[str, list[CardId]] = defaultdict(list)
            for card in cards:
                by_data[card.data_digest].append(card.id)
            done = f"{counted(len(by_data), 'job')} queued"
            self._work(lambda workspace: [getattr(workspace, kind)(ids, chosen) for ids in by_data.values()], done)

        dialog.confirmed.connect(confirmed)
        dialog.open()
        return dialog

    def _push(self, text: str, do: Callable[[Any], object], undo: Callable[[Any], object]) -> None:
        self.undo.push(Edit(text, lambda: self._work(do), lambda: self._work(undo)))

    def _work(
        self,
        work: Callable[[Any], object],
        done: str = "",
        *,
        then: Callable[[object], None] | None = None,
    ) -> None:
        """Do something to the workspace in a thread, then say so and look at what became of it."""
        workspace = self.bridge.workspace

        def finished(result: object) -> None:
            if done:
                self.said.emit(done)
            if then is not None:
                then(result)
            self.refresh()

        self.bridge.ask(lambda: work(workspace), finished, owner=self)

    def _ask_groups(self) -> None:
        workspace = self.bridge.workspace
        query = self.filter.applied_to(CardQuery(limit=_MOST_GROUPED))
        self.bridge.ask(lambda: group_cards(workspace.cards(query)), self.groups.set_records, owner=self, key="groups")

    def _select_wanted(self) -> bool:
        at = self.model.row_of(self._wanted) if self._wanted is not None else None
        if at is None:
            return False
        self._wanted = None
        self.table.selectRow(at)
        self.table.scrollTo(self.model.index(at, 0))
        return True

    def _on_counted(self, total: int) -> None:
        nothing_at_all = total == 0 and self.filter.empty
        first = self._stack.currentIndex() == 0
        self._stack.setCurrentIndex(1 if nothing_at_all else 2)
        if first and self.isVisible() and not isinstance(QApplication.focusWidget(), QLineEdit):
            (self.empty if nothing_at_all else self.table).setFocus()
        self._show_table()
        self._count.setText(counted(total, "card") + ("" if self.filter.empty else " that fit"))
        self._note.setVisible(any(card.suite is not None and not card.suite.standard for card in self.model.records))
        if not self._select_wanted() and total and not self.table.selectionModel().hasSelection():
            self.table.selectRow(0)
        self._on_selection_changed()

    def _show_table(self) -> None:
        if self.grouped.isChecked():
            self._tables.setCurrentIndex(_GROUPS)
        else:
            self._tables.setCurrentIndex(_TABLE if self.model.total else _NOTHING_FITS)

    def _on_model_reset(self) -> None:
        self.table.scrollToTop()

    def _on_filter_edited(self) -> None:
        if self.grouped.isChecked():
            self._ask_groups()

    def _on_grouped(self, grouped: bool) -> None:
        self._show_table()
        self.columns.setEnabled(not grouped)
        if grouped:
            self._ask_groups()
        self._on_selection_changed()

    def _on_selection_changed(self) -> None:
        cards = self.selected()
        self.details.show_card(cards[0] if cards else None, len(cards))
        self.actions_.refresh()
