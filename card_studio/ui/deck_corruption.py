"""Corruption and severity, as a slider that shows where the gate's choice flips."""

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QSlider, QVBoxLayout, QWidget

from card_studio.domain.names import FAMILIES, OWN_PREFIX, SEVERITIES, AnyCorruption, is_own
from card_studio.ui.card_paint import rounded
from card_studio.ui.pieces import label
from card_studio.ui.suits import draw_suit, suit_colour
from card_studio.ui.theme import SPACE, Theme

_STOPS = 1 + len(SEVERITIES)


class CorruptionBar(QWidget):
    """A choice of corruption, a slider from 0 (as it came) to 5, and a strip with the suit chosen at each stop."""

    corruption_picked = Signal(object)
    """The name of a corruption, ours or one's own, or None."""
    severity_picked = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.names = QComboBox()
        self.names.setAccessibleName("Corruption")
        self.names.addItem("No corruption", None)
        for members in FAMILIES.values():
            self.names.insertSeparator(self.names.count())
            for name in members:
                self.names.addItem(told(name), name)
        self._ours = self.names.count()
        self.names.activated.connect(lambda index: self.corruption_picked.emit(self.names.itemData(index)))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, len(SEVERITIES))
        self.slider.setPageStep(1)
        self.slider.setAccessibleName("Severity")
        self.slider.valueChanged.connect(self._on_moved)
        self.strip = FlipStrip(theme)
        self._value, self._flips = label("", "muted"), label("", "caption", wrap=True)
        self._lay_out()

    def show_state(
        self,
        corruption: AnyCorruption | None,
        severity: int,
        choices: Sequence[str],
        *,
        own: Sequence[str],
        usable: bool,
        note: str,
    ) -> None:
        """Show which corruption is looked at, and what was chosen at each severity.

        Args:
            corruption: None for the pictures as they came.
            severity: where the slider stands.
            choices: suits at severities 0, 1, ...; fewer than six while they are being made.
            own: corruptions of one's own, offered below ours.
            usable: whether there are pictures to corrupt.
            note: what to say in place of the flips, if anything.
        """
        blockers = [QSignalBlocker(self.names), QSignalBlocker(self.slider)]
        self._list_own(own)
        self.names.setCurrentIndex(max(0, self.names.findData(corruption)))
        self.slider.setValue(severity)
        for blocker in blockers:
            blocker.unblock()
        self.names.setEnabled(usable)
        self.slider.setEnabled(usable and corruption is not None)
        self._value.setText(f"severity {severity}" if corruption else "as it came")
        self.strip.show_choices(choices if corruption else (), severity)
        self._flips.setText(note or (flips(choices) if corruption and len(choices) == _STOPS else ""))
        self.slider.setAccessibleDescription(self._flips.text())

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.names, 1)
        top.addWidget(self._value)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(SPACE // 2)
        whole.addLayout(top)
        whole.addWidget(self.slider)
        whole.addWidget(self.strip)
        whole.addWidget(self._flips)

    def _list_own(self, names: Sequence[str]) -> None:
        """List one's own anew, if they are others."""
        if [self.names.itemData(at) for at in range(self._ours + 1, self.names.count())] == list(names):
            return
        while self.names.count() > self._ours:
            self.names.removeItem(self._ours)
        if names:
            self.names.insertSeparator(self._ours)
        for name in names:
            self.names.addItem(told(name), name)

    def _on_moved(self, severity: int) -> None:
        self.severity_picked.emit(severity)


def told(corruption: AnyCorruption) -> str:
    """Return a corruption's name in words: `gaussian noise`, `own: posterise bars`."""
    words = corruption.replace("_", " ")
    return f"own: {words.removeprefix(OWN_PREFIX)}" if is_own(corruption) else words


def flips(choices: Sequence[str]) -> str:
    """Return in words where the choice changes as the severity rises."""
    changes = [
        f"to {after} at severity {severity}"
        for severity, (before, after) in enumerate(pairwise(choices), start=1)
        if before != after
    ]
    return "The choice flips " + ", ".join(changes) + "." if changes else f"The choice stays {choices[0]}."


class FlipStrip(QWidget):
    """Six cells under the slider in the colours of the suits chosen there; a mark where two neighbours differ."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._choices: tuple[str, ...] = ()
        self._severity = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Suit chosen at each severity")
        theme.changed.connect(self.update)

    def show_choices(self, choices: Sequence[str], severity: int) -> None:
        """Show the suit at each severity; `severity` is where the slider stands."""
        self._choices, self._severity = tuple(choices), severity
        self.setAccessibleDescription(", ".join(f"{level}: {suit}" for level, suit in enumerate(choices)))
        self.setVisible(bool(choices))
        self.update()

    def sizeHint(self) -> QSize:
        """Return a band one symbol high."""
        return QSize(200, 26)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the cells, each centred under its stop of the slider."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        inset = 6.0
        step = (self.width() - 2 * inset) / (_STOPS - 1)
        for level in range(_STOPS):
            middle = inset + level * step
            left, right = max(0.0, middle - step / 2), min(float(self.width()), middle + step / 2)
            cell = QRectF(left, 0, right - left, self.height()).adjusted(1, 1, -1, -1)
            suit = self._choices[level] if level < len(self._choices) else ""
            tint = QColor(suit_colour(suit.split()[0])) if suit else self._theme.colour("hairline")
            tint.setAlphaF(0.3 if level == self._severity else 0.14)
            painter.setPen(QPen(self._theme.colour("text"), 1) if level == self._severity else Qt.PenStyle.NoPen)
            painter.setBrush(tint)
            painter.drawPath(rounded(cell, 3))
            if suit:
                draw_suit(painter, suit.split()[0], QRectF(cell.center().x() - 7, cell.center().y() - 7, 14, 14))
            if level and level < len(self._choices) and self._choices[level] != self._choices[level - 1]:
                painter.setPen(QPen(self._theme.colour("text"), 2))
                flip = cell.translated(-1, 0)
                painter.drawLine(flip.topLeft(), flip.bottomLeft())
        painter.end()
