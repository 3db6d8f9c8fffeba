"""The Compare page's images: where to look, who is to be right or wrong, and the images in order of disagreement."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QStackedWidget, QVBoxLayout, QWidget

from card_studio.domain.card import Card
from card_studio.studio.disagreement import Disagreements, Question, disagreement_sheet
from card_studio.studio.robustness import SuiteAnswers
from card_studio.studio.sheet import Sheet
from card_studio.ui.bridge import Bridge
from card_studio.ui.compare_data import Part, read_disagreements, read_part
from card_studio.ui.compare_image_list import ImageList
from card_studio.ui.compare_labels import short_labels
from card_studio.ui.pieces import EmptyState, label, on_surface, row
from card_studio.ui.plot_panel import PlotPanel
from card_studio.ui.theme import SPACE, Theme

_PART = 48
"""Images that are read at a time."""
_EVERYWHERE, _CLEAN = "all", "clean"
_NOT_ENOUGH = "At least two of these cards must have answered one suite. Evaluate them together, then look here."
_TITLE = "Images of most disagreement"


class CompareImages(QWidget):
    """Boxes for the question, and the list of images; it reads them itself."""

    said = Signal(str)

    def __init__(self, bridge: Bridge, theme: Theme) -> None:
        super().__init__()
        self.setAccessibleName(_TITLE)
        self._bridge = bridge
        self._answers: SuiteAnswers | None = None
        self._asked: tuple[SuiteAnswers, Question] | None = None
        self.list = ImageList(theme)
        self.panel = PlotPanel(theme, _TITLE, self.list, self.sheet, printed=self.list.contact_sheet())
        self.empty = EmptyState(theme, "mdi6.image-search-outline", "Nothing to disagree on yet", _NOT_ENOUGH)
        self.is_loaded = True
        self._build()
        self.list.model_.wanted.connect(self._ask_part)
        self.panel.said.connect(self.said)
        self.panel.failed.connect(bridge.failed)

    @property
    def question(self) -> Question:
        """What the boxes ask."""
        return Question(
            cell=self._cell(),
            right=self.right_box.currentData() or None,
            wrong=self.wrong_box.currentData() or None,
        )

    def show_answers(self, answers: SuiteAnswers | None) -> None:
        """Offer a suite's cells and cards; images are read once this is visible."""
        usable = answers if answers is not None and len(answers.cards) > 1 else None
        if usable != self._answers:
            self._answers = usable
            self._stack.setCurrentIndex(0 if usable is None else 1)
            self._fill()
        self.ask()

    def ask(self) -> None:
        """Read the images that fit the boxes, unless they are on show or nobody would see them."""
        answers, question = self._answers, self.question
        if answers is None or not self.isVisible() or self._asked == (answers, question):
            return
        self._asked = answers, question
        self.is_loaded = False
        workspace = self._bridge.workspace
        self.panel.refreshed("Looking …")
        self._bridge.ask(
            lambda: read_disagreements(workspace, answers, question), self._on_found, owner=self, key="found"
        )

    def sheet(self) -> Sheet:
        """Return the images that were read so far as a table."""
        found = self.list.model_.found
        if found is None:
            return Sheet(title=_TITLE, headings=(), rows=(), note="")
        return disagreement_sheet(found, [item.seen.found for item in self.list.model_.items])

    def showEvent(self, event: object) -> None:
        """Read what was put off."""
        self.ask()

    def _build(self) -> None:
        self.where_box, self.severity_box, self.right_box, self.wrong_box = (QComboBox() for _ in range(4))
        for box, name in (
            (self.where_box, "Corruption"),
            (self.severity_box, "Severity"),
            (self.right_box, "Only images that this card answers rightly"),
            (self.wrong_box, "Only images that this card answers wrongly"),
        ):
            box.setAccessibleName(name)
            box.setToolTip(name)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            box.activated.connect(lambda _at: self._on_chosen())
        bar = row(
            label("On", "caption"),
            self.where_box,
            label("severity", "caption"),
            self.severity_box,
            2 * SPACE,
            label("Right", "caption"),
            self.right_box,
            label("Wrong", "caption"),
            self.wrong_box,
            None,
        )
        bar.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, 0)
        inside = on_surface(QWidget())
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(self.panel, 1)
        self._stack = QStackedWidget()
        for part in (self.empty, inside):
            self._stack.addWidget(part)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)
        self.setFocusProxy(self.list)

    def _fill(self) -> None:
        answers = self._answers
        cards: Sequence[Card] = answers.cards if answers is not None else ()
        suite = answers.suite if answers is not None else None
        where = self.where_box.currentData()
        self.where_box.clear()
        self.where_box.addItem("All cells, each image where they disagree most", _EVERYWHERE)
        self.where_box.addItem("Clean images", _CLEAN)
        for name in suite.corruptions if suite is not None else ():
            self.where_box.addItem(name.replace("_", " ").capitalize(), str(name))
        self.where_box.setCurrentIndex(max(0, self.where_box.findData(where)))
        self.severity_box.clear()
        for severity in sorted(suite.severities) if suite is not None else ():
            self.severity_box.addItem(str(severity), severity)
        self.severity_box.setCurrentIndex(self.severity_box.count() - 1)
        for box in (self.right_box, self.wrong_box):
            before = box.currentData()
            box.clear()
            box.addItem("anyone", "")
            for card, said in zip(cards, short_labels(cards), strict=True):
                box.addItem(f"{card.augmentation} {said}", card.id)
            box.setCurrentIndex(max(0, box.findData(before)))
        self._judge()

    def _cell(self) -> int | None:
        where = self.where_box.currentData()
        if self._answers is None or where in (None, _EVERYWHERE):
            return None
        if where == _CLEAN:
            return 0
        first = self._answers.evaluations[self._answers.cards[0].id]
        places = [(str(cell.corruption), cell.severity) for cell in first.cells]
        return places.index((where, self.severity_box.currentData()))

    def _judge(self) -> None:
        self.severity_box.setEnabled(self.where_box.currentData() not in (_EVERYWHERE, _CLEAN))

    def _on_chosen(self) -> None:
        self._judge()
        self.ask()

    def _on_found(self, found: Disagreements) -> None:
        self.list.model_.show(found)
        self.is_loaded = len(found) == 0
        self._say(found)
        if len(found):
            self.list.model_.fetchMore(self.list.rootIndex())

    def _ask_part(self, start: int) -> None:
        found, workspace = self.list.model_.found, self._bridge.workspace
        assert found is not None
        self._bridge.ask(
            lambda: (found, read_part(workspace, found, start, _PART)), self._on_part, owner=self, key="part"
        )

    def _on_part(self, answer: tuple[Disagreements, Part]) -> None:
        found, part = answer
        if found is not self.list.model_.found:
            return
        first = not self.list.model_.items
        self.list.model_.add(part.images)
        if first and part.images:
            self.list.setCurrentIndex(self.list.model_.index(0, 0))
        self.is_loaded = True
        self._say(found, part.problem)

    def _say(self, found: Disagreements, problem: str = "") -> None:
        read = len(self.list.model_.items)
        note = (
            f"{len(found):,} of {len(found.labels):,} images are answered unlike; {read:,} read, more as you scroll · "
            "✓ right, ✗ wrong · % beside the image: Jensen-Shannon divergence of the answers, of its maximum"
        )
        if not len(found):
            note = "No image is answered unlike here: choose another cell, or let anyone be right or wrong"
        self.panel.refreshed(f"No pictures: {problem} · {note}" if problem else note)
