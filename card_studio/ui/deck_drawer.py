"""Under a deck's score: its figures corruption by corruption, and the gate's choices; both can be read as tables."""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedWidget, QWidget

from card_studio.domain.deck import DeckScore
from card_studio.studio.sheet import Heading, Sheet, Value
from card_studio.ui.deck_matrix import ChoiceMatrix
from card_studio.ui.plot_panel import PlotPanel
from card_studio.ui.sheet_view import SheetView
from card_studio.ui.theme import Theme

CORRUPTIONS, CHOICES = 0, 1
_TITLE, _GATE = "Deck by corruption", "The gate's choices"


class ScoreDrawer(QStackedWidget):
    """Two panels, one of which is shown."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._score: DeckScore | None = None
        self.matrix = ChoiceMatrix(theme)
        self.table = SheetView(theme, _TITLE)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(self.matrix)
        self.corruptions = PlotPanel(theme, _TITLE, self.table, lambda: corruption_sheet(self._score))
        self.choices = PlotPanel(theme, _GATE, scroll, lambda: choice_sheet(self._score), printed=self.matrix)
        self.corruptions.table_action.setVisible(False)  # it is one
        for panel in (self.corruptions, self.choices):
            self.addWidget(panel)

    def show_score(self, score: DeckScore | None) -> None:
        """Show a score."""
        self._score = score
        self.matrix.show_score(score)
        self.table.show_sheet(corruption_sheet(score))
        self.choices.refreshed(choice_sheet(score).note)
        self.corruptions.refreshed(corruption_sheet(score).note)

    def sizeHint(self) -> QSize:
        """Return room for all rows of what is shown, with its title and its note."""
        rows = self._score.corruptions if self._score else ()
        table = (len(rows) + 3) * self.table.verticalHeader().defaultSectionSize()
        content = table if self.currentIndex() == CORRUPTIONS else self.matrix.sizeHint().height()
        panel = self.corruptions if self.currentIndex() == CORRUPTIONS else self.choices
        rest = panel.tools.sizeHint().height() + panel.caption.heightForWidth(max(self.width(), 300))
        return QSize(420, content + rest + 32)


def corruption_sheet(score: DeckScore | None) -> Sheet:
    """Return a deck's figures on the clean images, each corruption, and over all of those."""
    figures = ("Deck (%)", "Averaging (%)")
    bounds = ("Best suit (%)", "Best card (%)", "Any card (%)")
    headings = (
        Heading(text="Images"),
        *(Heading(text=text, digits=1) for text in figures),
        *(Heading(text=text, digits=1, signed=True) for text in ("Gain", "from", "to")),
        *(Heading(text=text, digits=1) for text in bounds),
    )
    if score is None:
        return Sheet(title=_TITLE, headings=headings, rows=(), note="")
    rows: list[tuple[Value, ...]] = []
    for each in score.corruptions:
        bound = (each.best_suit, each.best_card, each.any_card)
        shares = (each.accuracy, each.agnostic, each.gain, *each.gain_interval, *bound)
        name = str(each.corruption).replace("_", " ") if each.corruption else "clean images"
        rows.append((name, *(100 * share for share in shares)))
    if any(each.corruption for each in score.corruptions):
        bound = (score.best_suit_robust, score.best_card_robust, score.any_card_robust)
        shares = (score.robust, score.agnostic_robust, score.gain, *score.gain_interval, *bound)
        rows.append(("mean of the corrupted", *(100 * share for share in shares)))
    note = (
        f"{score.mode.value}, m = {score.m}; {score.suite.definition}; {score.images} images in each cell, the mean "
        "over severities. Gain: gate less averaging, in points; from and to: 95 %, paired bootstrap over images, each "
        "row by itself. Best card: the one that is best over all. Any card: at least one is right; no gate reaches it."
    )
    return Sheet(title=_TITLE, headings=headings, rows=tuple(rows), note=note)


def choice_sheet(score: DeckScore | None) -> Sheet:
    """Return how often the gate chose each suit, with the deck's accuracy, cell by cell."""
    suits = score.suits if score else ()
    headings = (
        Heading(text="Corruption"),
        Heading(text="Severity", digits=0),
        *(Heading(text=f"{suit} (%)", digits=1) for suit in suits),
        Heading(text="Deck (%)", digits=1),
        Heading(text="Averaging (%)", digits=1),
        Heading(text="Best suit (%)", digits=1),
        Heading(text="Any card (%)", digits=1),
    )
    if score is None:
        return Sheet(title=_GATE, headings=headings, rows=(), note="")
    rows: list[tuple[Value, ...]] = []
    for cell in score.cells:
        shares = (*cell.chosen, cell.accuracy, cell.agnostic, cell.best_suit, cell.any_card)
        name = str(cell.corruption).replace("_", " ") if cell.corruption else "clean images"
        rows.append((name, cell.severity or None, *(100 * share for share in shares)))
    note = (
        f"Share of the images sent to each suit, m = {score.m}; {score.suite.definition}; {score.images} images in "
        "each cell."
    )
    return Sheet(title=_GATE, headings=headings, rows=tuple(rows), note=note)
