"""The Robustness page: what compression and augmentation do to accuracy under corruption, on one suite at a time."""

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QSplitter, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from card_studio.domain.card import Card
from card_studio.domain.ids import CardId
from card_studio.studio.robustness import SuiteAnswers
from card_studio.studio.robustness_sheets import data_sheet, reading_sheet, summary_sheet
from card_studio.ui.actions import ActionRegistry
from card_studio.ui.bridge import Bridge
from card_studio.ui.card_picker import CardPicker, short_method
from card_studio.ui.colour_maps import DIVERGING, SEQUENTIAL
from card_studio.ui.pieces import EmptyState, button, label, on_surface, row, rule
from card_studio.ui.plot_actions import add_plot_actions
from card_studio.ui.plot_panel import PlotPanel
from card_studio.ui.robustness_data import Results, View, read_suites, read_view
from card_studio.ui.robustness_matrix import MatrixView
from card_studio.ui.robustness_plots import SparsityPlot, TradeOffPlot
from card_studio.ui.robustness_published import PublishedChoice
from card_studio.ui.scale_bar import ScaleBar
from card_studio.ui.sheet_view import SheetView
from card_studio.ui.theme import SPACE, Theme
from card_studio.ui.words import counted, percent

_MOST = 8
"""Cards side by side."""


class RobustnessPage(QWidget):
    """Cards, two plots, and matrices; what is chosen in one is marked in all."""

    open_page = Signal(str)
    said = Signal(str)

    def __init__(self, bridge: Bridge, theme: Theme, actions: ActionRegistry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Robustness")
        self.bridge, self.theme, self.actions_ = bridge, theme, actions
        self.suites: list[SuiteAnswers] = []
        self.view: View | None = None
        self.is_loaded = False
        self._known = Results()
        self._suite_key = ""
        self._baseline: CardId | None = None
        self._chosen: CardId | None = None
        self.picker = CardPicker(theme, _MOST, "on this suite")
        self.trade_off, self.sparsity, self.matrix = TradeOffPlot(theme), SparsityPlot(theme), MatrixView(theme)
        self.summary = SheetView(theme, "Cards on this suite")
        self.panels = self._panels()
        self.empty = EmptyState(
            theme,
            "mdi6.shield-half-full",
            "No card was evaluated yet",
            "Here you see how accuracy holds up under corruption: by kind and severity, against clean accuracy, and "
            "against sparsity. Select cards on the Cards page and evaluate them.",
            [
                button("Open the cards", lambda: self.open_page.emit("cards"), primary=True),
                button("Open the queue", lambda: self.open_page.emit("queue")),
            ],
        )
        self._build()
        self._connect()
        add_plot_actions(self, actions, "robustness", self.panels)

    def refresh(self) -> None:
        """Read again which suites cards have answered, then what is on show."""
        workspace = self.bridge.workspace
        self.bridge.ask(lambda: read_suites(workspace), self._on_suites, owner=self, key="suites")

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

    def _panels(self) -> list[PlotPanel]:
        self.cell_words = label("", "caption", selectable=True)
        self.scale = ScaleBar(self.theme)
        made = [
            PlotPanel(self.theme, "Clean against robust accuracy", self.trade_off, self.trade_off.sheet),
            PlotPanel(self.theme, "Robust accuracy against sparsity", self.sparsity, self.sparsity.sheet),
            PlotPanel(
                self.theme,
                "Accuracy by corruption and severity",
                self.matrix,
                lambda: reading_sheet(self._shown().grid),
                data=lambda: data_sheet(self._shown().grid),
                printed=self.matrix.whole(),
            ),
            PlotPanel(self.theme, "Cards on this suite", self.summary, lambda: summary_sheet(self._shown().grid)),
        ]
        made[2].tools.insertWidget(1, self.scale)
        made[2].tools.insertSpacing(1, 2 * SPACE)
        return made

    def _shown(self) -> View:
        assert self.view is not None
        return self.view

    def _build(self) -> None:
        self.suite_box, self.baseline_box = QComboBox(), QComboBox()
        for box, name in ((self.suite_box, "Suite"), (self.baseline_box, "Baseline of the differences")):
            box.setAccessibleName(name)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(24)
        self.published = PublishedChoice()
        bar = row(
            label("Robustness", "title"),
            None,
            label("Suite", "caption"),
            self.suite_box,
            SPACE,
            label("Compare with", "caption"),
            self.baseline_box,
            SPACE,
            self.published,
        )
        bar.setContentsMargins(2 * SPACE, SPACE * 3 // 2, 2 * SPACE, SPACE)
        self.definition = label("", "caption", wrap=True, selectable=True)
        self.definition.setContentsMargins(2 * SPACE, 0, 2 * SPACE, SPACE)
        page = on_surface(QWidget())
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(self.definition)
        layout.addWidget(rule())
        layout.addWidget(self._split(), 1)
        self._stack = QStackedWidget()
        for part in (QWidget(), self.empty, page):
            self._stack.addWidget(part)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)

    def _split(self) -> QSplitter:
        plots = QSplitter()
        for panel in self.panels[:2]:
            plots.addWidget(panel)
        tabs = QTabWidget()
        tabs.setAccessibleName("Matrix and summary")
        tabs.addTab(self.panels[2], "Corruption × severity")
        tabs.addTab(self.panels[3], "Summary")
        lower = on_surface(QWidget())
        below = QVBoxLayout(lower)
        below.setContentsMargins(SPACE, 0, 0, 0)
        below.setSpacing(0)
        below.addWidget(tabs, 1)
        self.cell_words.setContentsMargins(SPACE, 0, SPACE, SPACE)
        below.addWidget(self.cell_words)
        right = QSplitter(Qt.Orientation.Vertical)
        right.addWidget(plots)
        right.addWidget(lower)
        right.setSizes([330, 430])
        whole = QSplitter()
        whole.addWidget(self.picker)
        whole.addWidget(right)
        whole.setStretchFactor(1, 1)
        whole.setSizes([250, 1100])
        for splitter in (plots, right, whole):
            splitter.setChildrenCollapsible(False)
        return whole

    def _connect(self) -> None:
        self.suite_box.activated.connect(self._on_suite_chosen)
        self.baseline_box.activated.connect(self._on_baseline_chosen)
        self.published.edited.connect(self._show_view)
        self.picker.edited.connect(self._ask_view)
        self.picker.chosen.connect(self.choose_card)
        self.matrix.card_chosen.connect(self.choose_card)
        self.matrix.described.connect(self.cell_words.setText)
        for plot in (self.trade_off, self.sparsity):
            plot.point_chosen.connect(self._on_point_chosen)
        for panel in self.panels:
            panel.said.connect(self.said)
            panel.failed.connect(self.bridge.failed)
        self.setFocusProxy(self.picker)

    def _on_suites(self, suites: list[SuiteAnswers]) -> None:
        if suites and suites == self.suites:
            return
        self.suites = suites
        self.is_loaded = self.is_loaded or not suites
        self._stack.setCurrentIndex(2 if suites else 1)
        if not suites:
            return
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
        self.baseline_box.clear()
        self.baseline_box.addItem("Nothing: accuracies", "")
        for card in answers.cards:
            self.baseline_box.addItem(f"{card.name} ({short_method(card)})", card.id)
        at = self.baseline_box.findData(self._baseline or "")
        self.baseline_box.setCurrentIndex(max(0, at))
        self._ask_view()

    def _ask_view(self) -> None:
        answers, cards, baseline = self.answers, self.picker.ticked(), self._baseline
        if answers is None:
            return
        workspace, known = self.bridge.workspace, self._known
        self.bridge.ask(
            lambda: read_view(workspace, known, answers, cards, baseline), self._on_view, owner=self, key="view"
        )

    def _on_view(self, view: View) -> None:
        self.view = view
        self.is_loaded = True
        grid = view.grid
        self.matrix.show_grid(grid)
        colours = DIVERGING[::-1] if grid.compares else SEQUENTIAL
        unit = "difference (points)" if grid.compares else "accuracy (%)"
        self.scale.show_scale(unit, self.matrix.model_.low, self.matrix.model_.high, colours)
        self.summary.show_sheet(summary_sheet(grid))
        self._show_view()
        if self._chosen is not None:
            self.choose_card(self._chosen)

    def _show_view(self) -> None:
        if self.view is None:
            return
        grid, figures = self.view.grid, self.published.figures()
        ticked = self.picker.ticked()
        note = "\n".join(part for part in (_definition(grid.answers), self.published.definition()) if part)
        self.definition.setText(note)
        self.trade_off.note = f"{note}\nArea: bytes of the card's file; dashed: Pareto front"
        self.sparsity.note = f"{note}\nBars: sd over replicates; one run has none, and gets no verdict"
        self.trade_off.show_cards(grid.answers, ticked, figures)
        self.sparsity.show_lines(self.view.lines, ticked, figures)
        hollow = " · hollow: published, see above" if figures else ""
        self.panels[0].refreshed(f"Area: bytes · dashed: Pareto front · faint: not ticked{hollow}")
        self.panels[1].refreshed(f"Bars: sd over replicates · dotted: dense · faint: not ticked{hollow}")
        self.panels[2].refreshed(self._matrix_caption())
        intervals = "Intervals: 95 %, bootstrap over images"
        self.panels[3].refreshed(f"{intervals}, paired for differences · * excludes 0" if grid.compares else intervals)

    def _matrix_caption(self) -> str:
        grid = self._shown().grid
        if not grid.results:
            return "Tick cards at the left to see their matrices"
        if grid.compares:
            return "● significant: exact McNemar, Holm over the card's cells; the overall mean: paired bootstrap"
        return "Point at a cell, or move there, for its interval"

    def _on_suite_chosen(self, at: int) -> None:
        self._suite_key = self.suite_box.itemData(at)
        self._show_suite()

    def _on_baseline_chosen(self, at: int) -> None:
        self._baseline = self.baseline_box.itemData(at) or None
        self._ask_view()

    def _on_point_chosen(self, key: object) -> None:
        if isinstance(key, str):
            self.choose_card(key)


def _definition(answers: SuiteAnswers) -> str:
    flag = "" if answers.suite.standard else "† "
    return f"{flag}{answers.data_label} · {answers.suite.definition} · n = {answers.images:,}"


def suite_text(answers: SuiteAnswers) -> str:
    """Return a suite in a few words, for a box to choose from."""
    suite = answers.suite
    flag = "" if suite.standard else " †"
    return f"{answers.data_label} · {counted(len(suite.corruptions), 'corruption')} · n = {answers.images:,}{flag}"


def _figures(answers: SuiteAnswers, card: Card) -> str:
    return f"robust {percent(answers.evaluations[card.id].robust_accuracy)} %"
