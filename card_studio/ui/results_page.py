"""What the pages of results have in common: choices at the top, cards at the left, plots, and a word where none is."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QBoxLayout, QComboBox, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from card_studio.domain.card import Card
from card_studio.domain.ids import CardId
from card_studio.studio.side_by_side import FEWEST, MOST
from card_studio.ui.actions import ActionRegistry
from card_studio.ui.bridge import Bridge
from card_studio.ui.card_picker import CardPicker, short_method
from card_studio.ui.pieces import EmptyState, button, label, on_surface, rule
from card_studio.ui.plot_actions import add_plot_actions
from card_studio.ui.plot_panel import PlotPanel
from card_studio.ui.slices import Slices, Step
from card_studio.ui.theme import SPACE, Theme


class ResultsPage(QWidget):
    """A page that reads results, and is built part by part once there are any: it never holds up the window."""

    open_page = Signal(str)
    said = Signal(str)
    compare_cards = Signal(list)

    def __init__(
        self,
        bridge: Bridge,
        theme: Theme,
        actions: ActionRegistry,
        parent: QWidget | None,
        *,
        name: str,
        picker: CardPicker,
        empty: tuple[str, str, str],
    ) -> None:
        """Make the page's frame.

        Args:
            bridge: to the workspace.
            theme: the look.
            actions: where the plots' actions go.
            parent: the page's parent.
            name: the page's title.
            picker: of its cards.
            empty: icon, title and text of what it says where there are no results.
        """
        super().__init__(parent)
        self.setAccessibleName(name)
        self.bridge, self.theme, self.actions_ = bridge, theme, actions
        self.is_loaded = False
        self.picker = picker
        self.panels: list[PlotPanel] = []
        self.definition = label("", "caption", wrap=True, selectable=True)
        self.head = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self.body = QSplitter()
        self.slices = Slices(self)
        self.empty = self._empty(*empty)
        self._built = False
        self._found: Any = None
        self._lay_out()
        self.setFocusProxy(picker)

    @property
    def settled(self) -> bool:
        """Whether everything that was read is on show."""
        return not self.slices.busy

    def refresh(self) -> None:
        """Read the results again."""
        self.bridge.ask(self._read, self._on_read, owner=self, key="results")

    @abstractmethod
    def choose_card(self, card_id: str) -> None:
        """Mark a card in the list and the plots."""

    @abstractmethod
    def _read(self) -> Sequence[object]:
        """Return all results, in a thread; none where there are none."""

    @abstractmethod
    def _parts(self) -> Sequence[Step]:
        """Return what builds the page, each step a part that takes few milliseconds."""

    @abstractmethod
    def _show(self, found: Any) -> None:
        """Show what was read; the page is built."""

    def _empty(self, icon: str, title: str, text: str) -> EmptyState:
        buttons = [
            button("Open the cards", lambda: self.open_page.emit("cards"), primary=True),
            button("Open the queue", lambda: self.open_page.emit("queue")),
        ]
        return EmptyState(self.theme, icon, title, text, buttons)

    def _lay_out(self) -> None:
        self.head.setContentsMargins(2 * SPACE, SPACE * 3 // 2, 2 * SPACE, SPACE)
        self.head.setSpacing(SPACE)
        self.head.addWidget(label(self.accessibleName(), "title"))
        self.head.addStretch(1)
        self.definition.setContentsMargins(2 * SPACE, 0, 2 * SPACE, SPACE)
        self.body.setChildrenCollapsible(False)
        self.body.addWidget(self.picker)
        page = on_surface(QWidget())
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self.head)
        layout.addWidget(self.definition)
        layout.addWidget(rule())
        layout.addWidget(self.body, 1)
        self._stack = QStackedWidget()
        for part in (QWidget(), self.empty, page):
            self._stack.addWidget(part)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)

    def _on_read(self, found: Sequence[object]) -> None:
        if not found:
            self.is_loaded = True
            self._stack.setCurrentIndex(1)
            return
        self._found = found
        self._stack.setCurrentIndex(2)
        if self._built:
            self._show(found)
        elif not self.slices.busy:
            self.slices.start([*self._parts(), self._on_built])

    def _on_built(self) -> None:
        self._built = True
        for panel in self.panels:
            panel.said.connect(self.said)
            panel.failed.connect(self.bridge.failed)
        prefix = self.accessibleName().lower()
        add_plot_actions(self, self.actions_, prefix, self.panels)
        self.actions_.add(
            f"{prefix}.compare",
            "C&ompare the ticked cards",
            "Ctrl+Shift+M",
            lambda: self.compare_cards.emit(self.picker.ticked()),
            menu="Plot",
            icon="mdi6.compare",
            scope=self,
            enabled=lambda: FEWEST <= len(self.picker.ticked()) <= MOST,
            tip=f"{FEWEST} to {MOST} cards side by side, and the images on which they disagree",
        )
        self.picker.edited.connect(self.actions_.refresh)
        self._show(self._found)


def choice_box(name: str, least: int = 0) -> QComboBox:
    """Return a box to choose from, as wide as `least` letters, or as its longest entry."""
    made = QComboBox()
    made.setAccessibleName(name)
    made.setToolTip(name)
    policy = QComboBox.SizeAdjustPolicy
    made.setSizeAdjustPolicy(policy.AdjustToMinimumContentsLengthWithIcon if least else policy.AdjustToContents)
    made.setMinimumContentsLength(least)
    return made


def offer_cards(box: QComboBox, nothing: str, cards: Sequence[Card], chosen: CardId | None) -> None:
    """Offer these cards, or none of them under the name of `nothing`; a card that is not among them is not chosen."""
    box.clear()
    box.addItem(nothing, "")
    for card in cards:
        box.addItem(f"{card.name} ({short_method(card)})", card.id)
    box.setCurrentIndex(max(0, box.findData(chosen or "")))
