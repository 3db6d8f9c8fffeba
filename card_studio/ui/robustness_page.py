"""The Robustness page: what compression and augmentation do to accuracy under corruption, on one suite at a time."""

from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QTabWidget, QVBoxLayout, QWidget

from card_studio.domain.card import Card
from card_studio.domain.ids import CardId
from card_studio.studio.robustness import SuiteAnswers
from card_studio.studio.robustness_grid import Grid
from card_studio.studio.robustness_sheets import data_sheet, reading_sheet, summary_sheet
from card_studio.ui.actions import ActionRegistry
from card_studio.ui.bridge import Bridge
from card_studio.ui.card_picker import CardPicker
from card_studio.ui.colour_maps import DIVERGING, SEQUENTIAL
from card_studio.ui.pieces import label, on_surface
from card_studio.ui.plot_panel import PlotPanel
from card_studio.ui.results_page import ResultsPage, choice_box, offer_cards
from card_studio.ui.robustness_data import Results, View, read_suites, read_view
from card_studio.ui.robustness_matrix import MatrixView
from card_studio.ui.robustness_plots import SparsityPlot, TradeOffPlot
from card_studio.ui.robustness_published import PublishedChoice
from card_studio.ui.scale_bar import ScaleBar
from card_studio.ui.sheet_view import SheetView
from card_studio.ui.slices import Step
from card_studio.ui.theme import SPACE, Theme
from card_studio.ui.words import counted, percent

_MOST = 8
"""Cards side by side."""
_EMPTY = (
    "mdi6.shield-half-full",
    "No card was evaluated yet",
    "Here you see how accuracy holds up under corruption: by kind and severity, against clean accuracy, and against "
    "sparsity. Select cards on the Cards page and evaluate them.",
)


class RobustnessPage(ResultsPage):
    """Cards, two plots, and matrices; what is chosen in one is marked in all."""

    trade_off: TradeOffPlot
    sparsity: SparsityPlot
    matrix: MatrixView
    summary: SheetView

    def __init__(self, bridge: Bridge, theme: Theme, actions: ActionRegistry, parent: QWidget | None = None) -> None:
        picker = CardPicker(theme, _MOST, "on this suite")
        super().__init__(bridge, theme, actions, parent, name="Robustness", picker=picker, empty=_EMPTY)
        self.suites: list[SuiteAnswers] = []
        self.view: View | None = None
        self._known = Results()
        self._suite_key = ""
        self._baseline: CardId | None = None
        self._normaliser: CardId | None = None
        self._chosen: CardId | None = None
        self.suite_box, self.baseline_box = choice_box("Suite", 24), choice_box("Baseline of the differences", 24)
        self.published = PublishedChoice()
        for caption, widget in (
            ("Suite", self.suite_box),
            ("Compare with", self.baseline_box),
            ("", self.published),
        ):
            if caption:
                self.head.addWidget(label(caption, "caption"))
            self.head.addWidget(widget)

    @property
    def answers(self) -> SuiteAnswers | None:
        """The suite on show."""
        return next((each for each in self.suites if each.key == self._suite_key), None)

    def choose_card(self, card_id: str) -> None:
        """Mark a card in the list, the plots and the matrices."""
        self._chosen = CardId(card_id)
        self.picker.select(self._chosen)
        self.trade_off.choose(self._chosen)
        self.sparsity.choose(self._chosen)
        self.matrix.select_card(self._chosen)

    def _read(self) -> list[SuiteAnswers]:
        return read_suites(self.bridge.workspace)

    def _parts(self) -> list[Step]:
        return [
            self._add_places,
            self._add_trade_off,
            self._add_sparsity,
            self._add_matrix,
            self._add_summary,
            self._connect,
        ]

    def _add_places(self) -> None:
        self._plots, right = QSplitter(), QSplitter(Qt.Orientation.Vertical)
        for splitter in (self._plots, right):
            splitter.setChildrenCollapsible(False)
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName("Matrix and summary")
        self.cell_words = label("", "caption", selectable=True)
        self.cell_words.setContentsMargins(SPACE, 0, SPACE, SPACE)
        lower = on_surface(QWidget())
        below = QVBoxLayout(lower)
        below.setContentsMargins(SPACE, 0, 0, 0)
        below.setSpacing(0)
        below.addWidget(self.tabs, 1)
        below.addWidget(self.cell_words)
        right.addWidget(self._plots)
        right.addWidget(lower)
        right.setSizes([330, 430])
        self.body.addWidget(right)
        self.body.setStretchFactor(1, 1)
        self.body.setSizes([250, 1100])

    def _add_trade_off(self) -> None:
        self.trade_off = TradeOffPlot(self.theme)
        self._add_plot(PlotPanel(self.theme, "Clean against robust accuracy", self.trade_off, self.trade_off.sheet))

    def _add_sparsity(self) -> None:
        self.sparsity = SparsityPlot(self.theme)
        self._add_plot(PlotPanel(self.theme, "Robust accuracy against sparsity", self.sparsity, self.sparsity.sheet))

    def _add_plot(self, panel: PlotPanel) -> None:
        self.panels.append(panel)
        self._plots.addWidget(panel)

    def _add_matrix(self) -> None:
        self.matrix, self.scale = MatrixView(self.theme), ScaleBar(self.theme)
        panel = PlotPanel(
            self.theme,
            "Accuracy by corruption and severity",
            self.matrix,
            lambda: reading_sheet(self.grid),
            data=lambda: data_sheet(self.grid),
            printed=self.matrix.whole(),
        )
        panel.tools.insertWidget(1, self.scale)
        panel.tools.insertSpacing(1, 2 * SPACE)
        self.panels.append(panel)
        self.tabs.addTab(panel, "Corruption × severity")

    def _add_summary(self) -> None:
        self.summary = SheetView(self.theme, "Cards on this suite")
        panel = PlotPanel(self.theme, "Cards on this suite", self.summary, lambda: summary_sheet(self.grid))
        self.normaliser_box = choice_box("Card whose errors normalise mCE", 24)
        for widget in (label("mCE normalised by", "caption"), self.normaliser_box):
            panel.tools.insertWidget(panel.tools.count() - 1, widget)
        self.panels.append(panel)
        self.tabs.addTab(panel, "Summary")

    def _connect(self) -> None:
        self.suite_box.activated.connect(self._on_suite_chosen)
        self.baseline_box.activated.connect(self._on_baseline_chosen)
        self.normaliser_box.activated.connect(self._on_normaliser_chosen)
        self.published.edited.connect(self._show_view)
        self.picker.edited.connect(self._ask_view)
        self.picker.chosen.connect(self.choose_card)
        self.matrix.card_chosen.connect(self.choose_card)
        self.matrix.described.connect(self.cell_words.setText)
        for plot in (self.trade_off, self.sparsity):
            plot.point_chosen.connect(self._on_point_chosen)

    def _show(self, suites: list[SuiteAnswers]) -> None:
        if suites == self.suites:
            return
        self.suites = suites
        if self.answers is None:
            self._suite_key = suites[0].key
        self.suite_box.clear()
        for each in suites:
            self.suite_box.addItem(suite_text(each), each.key)
        self.suite_box.setCurrentIndex([each.key for each in suites].index(self._suite_key))
        self._show_suite()

    def _show_suite(self) -> None:
        answers = self.answers
        assert answers is not None
        self.picker.set_cards(answers.cards, partial(_figures, answers))
        if self._baseline not in answers.evaluations:
            self._baseline = None
        if self._normaliser not in answers.evaluations:
            self._normaliser = None
        offer_cards(self.baseline_box, "Nothing: accuracies", answers.cards, self._baseline)
        offer_cards(self.normaliser_box, "Nothing: no mCE", answers.cards, self._normaliser)
        self._ask_view()

    def _ask_view(self) -> None:
        answers, cards, baseline, normaliser = self.answers, self.picker.ticked(), self._baseline, self._normaliser
        if answers is None:
            return
        workspace, known = self.bridge.workspace, self._known
        self.bridge.ask(
            lambda: read_view(workspace, known, answers, cards, baseline, normaliser),
            self._on_view,
            owner=self,
            key="view",
        )

    def _on_view(self, view: View) -> None:
        self.view = view
        self._show_view()

    @property
    def grid(self) -> Grid:
        """The matrices on show, with the published columns that are ticked."""
        assert self.view is not None
        return replace(self.view.grid, published=self.published.columns())

    def _show_view(self) -> None:
        if self.view is not None:
            steps = (self._show_matrix, self._show_summary, self._show_trade_off, self._show_sparsity, self._on_shown)
            self.slices.start(steps)

    def _on_shown(self) -> None:
        if self._chosen is not None:
            self.choose_card(self._chosen)
        self.is_loaded = True

    def _show_matrix(self) -> None:
        grid = self.grid
        self.definition.setText(self._note())
        self.matrix.show_grid(grid)
        colours = DIVERGING[::-1] if grid.compares else SEQUENTIAL
        unit = "difference (points)" if grid.compares else "accuracy (%)"
        self.scale.show_scale(unit, self.matrix.model_.low, self.matrix.model_.high, colours)
        self.panels[2].refreshed(_matrix_caption(grid))

    def _show_summary(self) -> None:
        grid = self.grid
        self.summary.show_sheet(summary_sheet(grid))
        said = "Intervals: 95 %, bootstrap over images"
        said += ", paired for differences · * excludes 0" if grid.compares else ""
        if grid.normaliser is not None:
            said += f" · {grid.normaliser.definition}"
        self.panels[3].refreshed(said)

    def _show_trade_off(self) -> None:
        grid, figures = self.grid, self.published.figures()
        self.trade_off.note = f"{self._note()}\nArea: bytes of the card's file; dashed: Pareto front"
        self.trade_off.show_cards(grid.answers, self.picker.ticked(), figures)
        hollow = " · hollow: published, see above" if figures else ""
        self.panels[0].refreshed(f"Area: bytes · dashed: Pareto front · faint: not ticked{hollow}")

    def _show_sparsity(self) -> None:
        assert self.view is not None
        figures = self.published.figures()
        self.sparsity.note = f"{self._note()}\nBars: sd over replicates; one run has none, and gets no verdict"
        self.sparsity.show_lines(self.view.lines, self.picker.ticked(), figures)
        hollow = " · hollow: published, see above" if figures else ""
        self.panels[1].refreshed(f"Bars: sd over replicates · dotted: dense · faint: not ticked{hollow}")

    def _note(self) -> str:
        """Return what the numbers are."""
        return "\n".join(part for part in (self.grid.answers.definition(), self.published.definition()) if part)

    def _on_suite_chosen(self, at: int) -> None:
        self._suite_key = self.suite_box.itemData(at)
        self._show_suite()

    def _on_baseline_chosen(self, at: int) -> None:
        self._baseline = self.baseline_box.itemData(at) or None
        self._ask_view()

    def _on_normaliser_chosen(self, at: int) -> None:
        self._normaliser = self.normaliser_box.itemData(at) or None
        self._ask_view()

    def _on_point_chosen(self, key: object) -> None:
        if isinstance(key, str):
            self.choose_card(key)


def _matrix_caption(grid: Grid) -> str:
    if not grid.results:
        return "Tick cards at the left to see their matrices"
    framed = " · framed: published, see above" if grid.published else ""
    if grid.compares:
        return f"● significant: exact McNemar, Holm over the card's cells; the overall mean: paired bootstrap{framed}"
    return f"Point at a cell, or move there, for its interval{framed}"


def suite_text(answers: SuiteAnswers) -> str:
    """Return a suite in a few words, for a box to choose from."""
    suite = answers.suite
    flag = "" if suite.standard else " †"
    flag += "" if suite.precision == "float32" else f" · {suite.precision}"
    return f"{answers.data_label} · {counted(len(suite.corruptions), 'corruption')} · n = {answers.images:,}{flag}"


def _figures(answers: SuiteAnswers, card: Card) -> str:
    return f"robust {percent(answers.evaluations[card.id].robust_accuracy)} %"
