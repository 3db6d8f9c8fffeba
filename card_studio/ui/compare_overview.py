"""The Compare page's first view: the headline numbers, and in what the recipes differ."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QSplitter, QVBoxLayout, QWidget

from card_studio.domain.card import Card
from card_studio.studio.recipe_differences import recipe_sheet
from card_studio.studio.sheet import Sheet
from card_studio.ui.bridge import Bridge
from card_studio.ui.pieces import on_surface
from card_studio.ui.plot_panel import PlotPanel
from card_studio.ui.sheet_view import SheetView
from card_studio.ui.theme import SPACE, Theme

_NOTHING = Sheet(title="", headings=(), rows=(), note="")


class CompareOverview(QWidget):
    """Two tables with a column for each card; equal options are folded away until asked for."""

    said = Signal(str)

    def __init__(self, bridge: Bridge, theme: Theme) -> None:
        super().__init__()
        self.setAccessibleName("Overview")
        self._cards: Sequence[Card] = ()
        self._headline = self._data = _NOTHING
        self.numbers = SheetView(theme, "Headline numbers", whole_names=True)
        self.recipes = SheetView(theme, "Recipes", whole_names=True)
        self.equal = QCheckBox("Show equal options")
        self.equal.setAccessibleName("Show the options in which the recipes do not differ")
        self.panels = (
            PlotPanel(theme, "Headline numbers", self.numbers, lambda: self._headline, data=lambda: self._data),
            PlotPanel(theme, "Recipes", self.recipes, self._recipe_sheet),
        )
        self.panels[1].tools.insertWidget(2, self.equal)
        split = QSplitter(Qt.Orientation.Vertical)
        for panel in self.panels:
            split.addWidget(panel)
            panel.said.connect(self.said)
            panel.failed.connect(bridge.failed)
        split.setChildrenCollapsible(False)
        split.setSizes([420, 300])
        layout = QVBoxLayout(on_surface(self))
        layout.setContentsMargins(0, SPACE // 2, 0, 0)
        layout.addWidget(split)
        self.equal.toggled.connect(lambda _on: self._show_recipes())
        self.setFocusProxy(self.numbers)

    def show_cards(self, cards: Sequence[Card]) -> None:
        """Show in what these cards' recipes differ."""
        self._cards = cards
        self._show_recipes()

    def show_headline(self, sheet: Sheet, data: Sheet) -> None:
        """Show the headline numbers; `data` has them as plain numbers."""
        self._headline, self._data = sheet, data
        self.numbers.show_sheet(sheet)
        self.panels[0].refreshed(sheet.note)

    def _recipe_sheet(self) -> Sheet:
        return recipe_sheet(self._cards, equal=self.equal.isChecked())

    def _show_recipes(self) -> None:
        sheet = self._recipe_sheet()
        self.recipes.show_sheet(sheet)
        self.panels[1].refreshed(sheet.note)
