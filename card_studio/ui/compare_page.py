"""Two to six cards side by side: recipes, headline numbers, matrices, maps, and the images they disagree on most."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from card_studio.domain.ids import CardId
from card_studio.domain.job import MapOptions, Suite
from card_studio.studio.robustness import SuiteAnswers
from card_studio.studio.robustness_grid import card_title
from card_studio.studio.side_by_side import FEWEST, MOST
from card_studio.ui.actions import ActionRegistry
from card_studio.ui.bridge import Bridge
from card_studio.ui.compare_data import (
    Compared,
    Numbers,
    evaluating,
    mapping,
    queue_evaluations,
    queue_maps,
    read_compared,
    read_numbers,
)
from card_studio.ui.compare_images import CompareImages
from card_studio.ui.compare_labels import CardRow
from card_studio.ui.compare_maps import CompareMaps
from card_studio.ui.compare_matrices import CompareMatrices
from card_studio.ui.compare_notice import Notice
from card_studio.ui.compare_overview import CompareOverview
from card_studio.ui.pieces import EmptyState, action_button, button, label, on_surface, row, rule
from card_studio.ui.plot_actions import add_plot_actions
from card_studio.ui.robustness_data import Results
from card_studio.ui.robustness_page import suite_text
from card_studio.ui.theme import SPACE, Theme
from card_studio.ui.words import counted


class ComparePage(QWidget):
    """Tabs over the compared cards, one suite and one baseline for all of them."""

    open_page = Signal(str)
    said = Signal(str)

    def __init__(self, bridge: Bridge, theme: Theme, actions: ActionRegistry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Compare")
        self.bridge, self.theme, self.actions_ = bridge, theme, actions
        self.compared: Compared | None = None
        self.numbers: Numbers | None = None
        self._ids: tuple[CardId, ...] = ()
        self._came_from = "cards"
        self._suite_key = ""
        self._baseline: CardId | None = None
        self._known = Results()
        self._pending = False
        self.cards = CardRow(theme)
        self.notice = Notice(theme, self._on_evaluation_asked)
        self.overview = CompareOverview(bridge, theme)
        self.matrices = CompareMatrices(bridge, theme)
        self.maps = CompareMaps(bridge, theme)
        self.images = CompareImages(bridge, theme)
        actions.add("compare.back", "&Back", "Alt+Left", self._on_back, menu="View", icon="mdi6.arrow-left", scope=self)
        self.empty = EmptyState(
            theme,
            "mdi6.compare",
            "Nothing to compare yet",
            f"Select {FEWEST} to {MOST} cards on the Cards page and choose Compare there: their recipes, numbers, "
            "matrices, maps, and the images on which they disagree most.",
            [button("Open the cards", lambda: self.open_page.emit("cards"), primary=True)],
        )
        self._build()
        self._connect()
        panels = [*self.overview.panels, self.matrices.panel, self.maps.panel, self.images.panel]
        add_plot_actions(self, actions, "compare", panels)

    @property
    def is_loaded(self) -> bool:
        """Whether all that was asked for is on show."""
        return not self._pending and self.images.is_loaded

    settled = is_loaded

    @property
    def answers(self) -> SuiteAnswers | None:
        """The suite on show."""
        suites = self.compared.sides.suites if self.compared is not None else ()
        return next((each for each in suites if each.key == self._suite_key), suites[0] if suites else None)

    def compare(self, ids: Sequence[str], came_from: str = "cards") -> None:
        """Compare these cards; the first is the baseline.

        Args:
            ids: two to six cards.
            came_from: the page to which Back leads.
        """
        self._ids, self._came_from = tuple(CardId(each) for each in ids), came_from
        self._baseline = self._ids[0]
        self.refresh()

    def refresh(self) -> None:
        """Read again what was measured of the cards."""
        if not self._ids:
            self._stack.setCurrentIndex(0)
            return
        workspace, ids = self.bridge.workspace, self._ids
        self._pending = True
        self.bridge.ask(
            lambda: read_compared(workspace, ids), self._on_compared, owner=self, failed=self._on_failed, key="compared"
        )

    def _build(self) -> None:
        self.suite_box, self.baseline_box = QComboBox(), QComboBox()
        for box, name in ((self.suite_box, "Suite"), (self.baseline_box, "Baseline of the differences")):
            box.setAccessibleName(name)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(30)
        top = row(
            action_button(self.actions_.action("compare.back")),
            label("Compare", "title"),
            None,
            label("Suite", "caption"),
            self.suite_box,
            SPACE,
            label("Differences to", "caption"),
            self.baseline_box,
        )
        top.setContentsMargins(SPACE, SPACE * 3 // 2, 2 * SPACE, SPACE // 2)
        who = row(self.cards)
        who.setContentsMargins(2 * SPACE, 0, 2 * SPACE, SPACE // 2)
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName("What is compared")
        for part, name in (
            (self.overview, "&Overview"),
            (self.matrices, "Corruption × &severity"),
            (self.maps, "Sensitivit&y"),
            (self.images, "&Images"),
        ):
            self.tabs.addTab(part, name)
        page = on_surface(QWidget())
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addLayout(who)
        layout.addWidget(self.notice)
        layout.addWidget(rule())
        below = row(self.tabs)
        below.setContentsMargins(SPACE, 0, 0, 0)
        layout.addLayout(below, 1)
        self._stack = QStackedWidget()
        for each in (self.empty, page):
            self._stack.addWidget(each)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)
        self.setFocusProxy(self.tabs)

    def _connect(self) -> None:
        self.suite_box.activated.connect(self._on_suite_chosen)
        self.baseline_box.activated.connect(self._on_baseline_chosen)
        self.maps.measure.connect(self._on_maps_asked)
        self.matrices.measure.connect(self._on_evaluation_asked)
        for part in (self.overview, self.matrices, self.maps, self.images):
            part.said.connect(self.said)

    def _on_compared(self, compared: Compared) -> None:
        same = compared == self.compared and self._stack.currentIndex() == 1
        changed = self.compared is None or compared.sides.cards != self.compared.sides.cards
        self.compared = compared
        self._stack.setCurrentIndex(1)
        if same:
            self._pending = False
            return
        self._fill_boxes()
        if changed:
            self.cards.show_cards(compared.sides.cards)
            self.overview.show_cards(compared.sides.cards)
        self._show_notices()
        self._ask_numbers()

    def _fill_boxes(self) -> None:
        assert self.compared is not None
        sides = self.compared.sides
        self._suite_key = self.answers.key if self.answers is not None else ""
        self.suite_box.clear()
        for each in sides.suites:
            self.suite_box.addItem(f"{suite_text(each)} · {counted(len(each.cards), 'card')}", each.key)
        if not sides.suites:
            self.suite_box.addItem("None was answered", "")
        self.suite_box.setCurrentIndex(max(0, self.suite_box.findData(self._suite_key)))
        self.baseline_box.clear()
        self.baseline_box.addItem("Nothing: plain figures", "")
        for card in sides.cards:
            self.baseline_box.addItem(card_title(card), card.id)
        self.baseline_box.setCurrentIndex(max(0, self.baseline_box.findData(self._baseline or "")))

    def _ask_numbers(self) -> None:
        assert self.compared is not None
        sides, answers, baseline = self.compared.sides, self.answers, self._baseline
        workspace, known = self.bridge.workspace, self._known
        self._pending = True
        self.maps.show_sides(sides, baseline)
        self.images.show_answers(answers)
        self.bridge.ask(
            lambda: read_numbers(workspace, known, sides, answers, baseline),
            self._on_numbers,
            owner=self,
            failed=self._on_failed,
            key="numbers",
        )

    def _on_numbers(self, numbers: Numbers) -> None:
        self._pending = False
        self.numbers = numbers
        self.overview.show_headline(numbers.headline, numbers.data)
        self.matrices.show_grid(numbers.grid)

    def _show_notices(self) -> None:
        self.notice.say(*self._evaluation_notice())
        self.maps.notice.say(*self._map_notice())

    def _evaluation_notice(self) -> tuple[str, str]:
        """Return what the suite lacks or must not mix, and what the button offers."""
        assert self.compared is not None
        sides, answers = self.compared.sides, self.answers
        if answers is None:
            job = evaluating(self.compared.at_work, sides.cards, Suite())
            if job is not None:
                return f"Job {job.id} evaluates them: {100 * job.progress:.0f} %", ""
            return "None of these cards was evaluated: there are no accuracies to compare.", "Evaluate them"
        missing = sides.unanswered(answers)
        if not missing:
            return "", ""
        names = ", ".join(card_title(card) for card in missing)
        foreign = [card for card in missing if card.data_digest != answers.cards[0].data_digest]
        said = f"Not on this suite, and left out of its numbers: {names}."
        if foreign:
            data = ", ".join(dict.fromkeys(card.data_label for card in foreign))
            said += f" Other data ({data}): their accuracies are of other images, and are not set beside these."
        if len(foreign) == len(missing):
            return said, ""
        job = evaluating(self.compared.at_work, missing, answers.suite)
        if job is not None:
            return f"{said} Job {job.id} evaluates: {100 * job.progress:.0f} %", ""
        return said, "Evaluate on this suite"

    def _map_notice(self) -> tuple[str, str]:
        assert self.compared is not None
        sides, kind = self.compared.sides, self.maps.kind
        if kind is None:
            job = mapping(self.compared.at_work, sides.cards, MapOptions())
            self.maps.map_button.setEnabled(job is None)
            return "", ""
        missing = sides.unmapped(kind)
        if not missing:
            return "", ""
        names = ", ".join(card_title(card) for card in missing)
        job = mapping(self.compared.at_work, missing, kind.options)
        said = f"No map measured like these: {names}."
        if job is not None:
            return f"{said} Job {job.id} maps: {100 * job.progress:.0f} %", ""
        return said, "Map like these"

    def _on_evaluation_asked(self) -> None:
        assert self.compared is not None
        sides, answers, workspace = self.compared.sides, self.answers, self.bridge.workspace
        suite = answers.suite if answers is not None else Suite()
        cards = sides.cards
        if answers is not None:
            digest = answers.cards[0].data_digest
            cards = tuple(card for card in sides.unanswered(answers) if card.data_digest == digest)
        self.bridge.ask(lambda: queue_evaluations(workspace, cards, suite), self._on_queued, owner=self)

    def _on_maps_asked(self) -> None:
        assert self.compared is not None
        sides, kind, workspace = self.compared.sides, self.maps.kind, self.bridge.workspace
        cards = sides.cards if kind is None else sides.unmapped(kind)
        options = MapOptions() if kind is None else kind.options
        self.bridge.ask(lambda: queue_maps(workspace, cards, options), self._on_queued, owner=self)

    def _on_queued(self, jobs: Sequence[object]) -> None:
        self.said.emit(f"{counted(len(jobs), 'job')} queued")
        self.refresh()

    def _on_suite_chosen(self, at: int) -> None:
        self._suite_key = self.suite_box.itemData(at)
        self._show_notices()
        self._ask_numbers()

    def _on_baseline_chosen(self, at: int) -> None:
        self._baseline = self.baseline_box.itemData(at) or None
        self._ask_numbers()

    def _on_back(self) -> None:
        self.open_page.emit(self._came_from)

    def _on_failed(self, text: str) -> None:
        self._pending = False
        self.bridge.failed.emit(text)
