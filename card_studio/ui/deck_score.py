"""The score line under a table: what the deck is worth, from stored answers, with what the numbers mean."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from card_studio.domain.deck import DeckScore
from card_studio.domain.ids import CardId
from card_studio.ui.card_face import size_text
from card_studio.ui.deck_judge import Judgement
from card_studio.ui.theme import SPACE
from card_studio.ui.words import percent

_FIGURES = ("Clean %", "Robust %", "Memory", "Averaging %", "Gain over averaging")
_TIPS = {
    "Clean %": "Accuracy on the clean test images",
    "Robust %": "Plain mean of the accuracy over the suite's corruptions and severities",
    "Memory": "Bytes of the deck's card files together",
    "Averaging %": "Robust accuracy of the plain mean over all cards, without the gate",
    "Gain over averaging": "Robust accuracy with the gate less that without, in percentage points; 95 % interval, "
    "paired bootstrap over images",
}


class ScoreLine(QWidget):
    """Figures of one deck, or what is missing and one click to queue it."""

    queue_asked = Signal(tuple)
    """These jobs (JobSpec, ...) are to be queued."""
    matrix_toggled = Signal(bool)

    def __init__(self, name_of: Callable[[CardId], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name_of = name_of
        self._jobs: tuple[object, ...] = ()
        self._values = {name: _label("title") for name in _FIGURES}
        self._bounds, self._definition, self._lacking = _label("caption"), _label("caption"), _label("")
        self._queue = QPushButton("Queue")
        self._queue.clicked.connect(lambda: self.queue_asked.emit(self._jobs))
        self.matrix_button = QToolButton()
        self.matrix_button.setText("Gate's choices")
        self.matrix_button.setProperty("role", "button")
        self.matrix_button.setCheckable(True)
        self.matrix_button.setToolTip("How often the gate chose each suit, by corruption and severity")
        self.matrix_button.toggled.connect(self.matrix_toggled)
        self._scored, self._unscored = QWidget(), QWidget()
        self._lay_out()
        self.show_judgement(Judgement())

    def show_judgement(self, judgement: Judgement) -> None:
        """Show a score, or what it lacks."""
        self._scored.setVisible(judgement.score is not None)
        self._unscored.setVisible(judgement.score is None)
        if judgement.score is not None:
            self._show_score(judgement.score)
            return
        self._jobs = judgement.jobs
        count = len(judgement.jobs)
        self._queue.setVisible(bool(count))
        self._queue.setText(f"Queue {count} job{'s' if count > 1 else ''}")
        waiting = judgement.waiting
        note = f" {waiting} job{'s are' if waiting > 1 else ' is'} in the queue for it." if waiting else ""
        self._lacking.setText(judgement.lacking + note)
        self.setAccessibleDescription(judgement.lacking + note)

    def _show_score(self, score: DeckScore) -> None:
        low, high = score.gain_interval
        texts = {
            "Clean %": percent(score.clean),
            "Robust %": percent(score.robust),
            "Memory": size_text(score.file_bytes),
            "Averaging %": percent(score.agnostic_robust),
            "Gain over averaging": f"{signed(score.gain)}  ({signed(low)} to {signed(high)})",
        }
        for name, text in texts.items():
            self._values[name].setText(text)
            self._values[name].setAccessibleName(f"{name}: {text}")
        self._bounds.setText(
            f"Bounds, robust %: best suit for each cell {percent(score.best_suit_robust)}  ·  best single card "
            f"{percent(score.best_card_robust)} ({self._name_of(score.best_card)})  ·  any card right "
            f"{percent(score.any_card_robust)}, which no gate can reach"
        )
        self._definition.setText(
            f"{score.mode.value}, m = {score.m}; {score.suite.definition}; {score.images} images in each cell"
        )
        spoken = ", ".join(f"{name} {text}" for name, text in texts.items())
        self.setAccessibleDescription(f"{spoken}. {self._bounds.text()}. {self._definition.text()}")

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(3 * SPACE)
        grid.setVerticalSpacing(0)
        for column, name in enumerate(_FIGURES):
            caption = _label("caption")
            caption.setText(name)
            caption.setToolTip(_TIPS[name])
            self._values[name].setToolTip(_TIPS[name])
            grid.addWidget(caption, 0, column)
            grid.addWidget(self._values[name], 1, column)
        grid.setColumnStretch(len(_FIGURES), 1)
        grid.addWidget(self.matrix_button, 0, len(_FIGURES) + 1, 2, 1, Qt.AlignmentFlag.AlignBottom)
        scored = QVBoxLayout(self._scored)
        scored.setContentsMargins(0, 0, 0, 0)
        scored.setSpacing(SPACE // 2)
        scored.addLayout(grid)
        for label in (self._bounds, self._definition):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            scored.addWidget(label)
        unscored = QHBoxLayout(self._unscored)
        unscored.setContentsMargins(0, 0, 0, 0)
        self._lacking.setWordWrap(True)
        self._lacking.setProperty("role", "muted")
        unscored.addWidget(self._lacking, 1)
        unscored.addWidget(self._queue)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, SPACE)
        whole.addWidget(self._scored)
        whole.addWidget(self._unscored)
        self.setAccessibleName("Score of the deck")


def signed(share: float) -> str:
    """Return a difference of shares in percentage points, with its sign: `+1.3`, `−0.4`."""
    text = f"{100 * share:+.1f}"
    return text.replace("-", "\N{MINUS SIGN}")


def _label(role: str) -> QLabel:
    label = QLabel()
    if role:
        label.setProperty("role", role)
    return label
