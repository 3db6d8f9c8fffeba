"""The score line under a table: what the deck is worth, from stored answers, with what the numbers mean."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from card_studio.domain.deck import DeckScore
from card_studio.domain.ids import CardId
from card_studio.ui.card_face import size_text
from card_studio.ui.deck_bar import MODES
from card_studio.ui.deck_judge import Judgement
from card_studio.ui.theme import SPACE, Theme, font_px
from card_studio.ui.words import percent

_FIGURES = ("Clean %", "Robust %", "Memory", "Averaging %", "Gain over averaging")
_MODES = {mode: text for mode, text, _ in MODES}
_ONE_ROW_PX = 600
_WORDS_PX = 860
"""From this width on there is room for the buttons' words."""
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

    queue_asked = Signal()
    """What is missing is to be queued."""
    drawer_asked = Signal(int)
    """CORRUPTIONS or CHOICES is to be shown below; -1 for neither."""

    def __init__(self, name_of: Callable[[CardId], str], theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name_of, self._theme = name_of, theme
        self._columns = 0
        self._values = {name: _label("title") for name in _FIGURES}
        self._bounds, self._definition, self._lacking = _label("caption"), _label("caption"), _label("")
        self._queue = QPushButton("Queue")
        self._queue.clicked.connect(self.queue_asked)
        self.table_button = self._toggle("By corruption", "mdi6.table", "Accuracy, bounds and gain by corruption")
        self.matrix_button = self._toggle(
            "Gate's choices", "mdi6.grid", "How often the gate chose each suit, by corruption and severity"
        )
        self._origin = _label("caption")
        self._scored, self._unscored = QWidget(), QWidget()
        self._lay_out()
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self.show_judgement(Judgement())

    def close_drawer(self) -> None:
        """Let neither button be down."""
        for each in self._toggles:
            each.setChecked(False)

    def show_judgement(self, judgement: Judgement) -> None:
        """Show a score, or what it lacks."""
        self._origin.setText(judgement.origin)
        self._origin.setVisible(bool(judgement.origin))
        self._scored.setVisible(judgement.score is not None)
        self._unscored.setVisible(judgement.score is None)
        if judgement.score is not None:
            self._show_score(judgement.score)
            return
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
            "Gain over averaging": f"{signed(score.gain)} ({signed(low)} to {signed(high)})",
        }
        for name, text in texts.items():
            value, bracket, interval = text.partition(" (")
            style = f"font-size: {font_px('small')}px; font-weight: 400"
            self._values[name].setText(f'{value} <span style="{style}">({interval}</span>' if bracket else value)
            self._values[name].setAccessibleName(f"{name}: {text}")
        self._bounds.setText(
            f"Bounds on robust %: best suit per cell {percent(score.best_suit_robust)}  ·  best card "
            f"{percent(score.best_card_robust)} ({self._name_of(score.best_card)})  ·  any card right "
            f"{percent(score.any_card_robust)} (unreachable)"
        )
        self._definition.setText(
            f"{_MODES[score.mode]}, m = {score.m}; {score.suite.definition}; {score.images} images in each cell"
        )
        spoken = ", ".join(f"{name} {text}" for name, text in texts.items())
        lines = (spoken, self._bounds.text(), self._definition.text(), self._origin.text())
        self.setAccessibleDescription(". ".join(line for line in lines if line))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the figures into as many rows as the width asks for."""
        super().resizeEvent(event)
        width = event.size().width() * 13 / font_px("body")
        self._arrange(len(_FIGURES) if width >= _ONE_ROW_PX else 3)
        style = Qt.ToolButtonStyle
        for each in self._toggles:
            words = style.ToolButtonTextBesideIcon if width >= _WORDS_PX else style.ToolButtonIconOnly
            each.setToolButtonStyle(words)

    def minimumSizeHint(self) -> QSize:
        """Return a width at which the figures stand in two rows."""
        return QSize(round(300 * font_px("body") / 13), super().minimumSizeHint().height())

    @property
    def _toggles(self) -> tuple[QToolButton, QToolButton]:
        return (self.table_button, self.matrix_button)

    def _toggle(self, text: str, icon: str, tip: str) -> QToolButton:
        made = QToolButton()
        made.setText(text)
        made.setProperty("role", "button")
        made.setProperty("icon_name", icon)
        made.setCheckable(True)
        made.setToolTip(tip)
        made.setAccessibleName(tip)
        made.toggled.connect(lambda on: self._on_toggled(made, on))
        return made

    def _on_toggled(self, one: QToolButton, on: bool) -> None:
        if on:
            for other in self._toggles:
                if other is not one:
                    other.setChecked(False)
        down = [number for number, each in enumerate(self._toggles) if each.isChecked()]
        self.drawer_asked.emit(down[0] if down else -1)

    def _on_theme_changed(self) -> None:
        for each in self._toggles:
            each.setIcon(self._theme.icon(str(each.property("icon_name"))))

    def _figure(self, name: str) -> QWidget:
        holder, caption = QWidget(), _label("caption")
        caption.setText(name)
        holder.setToolTip(_TIPS[name])
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(caption)
        column.addWidget(self._values[name])
        return holder

    def _arrange(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        one_row = columns == len(self._figures)
        for index, figure in enumerate(self._figures):
            last = index == len(self._figures) - 1
            self._grid.addWidget(figure, index // columns, index % columns, 1, 1 if one_row or not last else 2)
        self._grid.setColumnStretch(len(self._figures), 1)
        for place, each in enumerate(self._toggles):
            self._grid.addWidget(each, 0, len(self._figures) + 1 + place)

    def _lay_out(self) -> None:
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(3 * SPACE)
        self._grid.setVerticalSpacing(0)
        self._figures = [self._figure(name) for name in _FIGURES]
        self._arrange(len(_FIGURES))
        scored = QVBoxLayout(self._scored)
        scored.setContentsMargins(0, 0, 0, 0)
        scored.setSpacing(SPACE // 2)
        scored.addLayout(self._grid)
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
        self._origin.setWordWrap(True)
        whole.addWidget(self._origin)
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
