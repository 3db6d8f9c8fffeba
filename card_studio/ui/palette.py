"""The command palette: type a few letters of anything that can be done now, Enter does it."""

import itertools

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from card_studio.ui.actions import ActionRegistry, Entry, plain_text
from card_studio.ui.pieces import label
from card_studio.ui.theme import SPACE, font_px

_WIDTH, _HEIGHT = 560, 380
_PASSED_ON = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


def fuzzy_score(query: str, text: str) -> float | None:
    """Return how well letters typed in order fit a text, higher is better; None where they do not occur.

    Letters at the start of words and letters side by side count more; long texts count a little less.
    """
    letters, lower = query.lower().replace(" ", ""), text.lower()
    walks = [_walk(letters, lower, prefer_starts=prefer) for prefer in (True, False)]
    scores = [_worth(places, lower) for places in walks if places is not None]
    return max(scores) - len(text) / 100 if scores else None


def _walk(letters: str, text: str, *, prefer_starts: bool) -> list[int] | None:
    """Return where the letters occur in order: side by side if they can, else at a word's start if preferred."""
    places: list[int] = []
    for letter in letters:
        start = places[-1] + 1 if places else 0
        found = [i for i in range(start, len(text)) if text[i] == letter]
        if not found:
            return None
        at_starts = [i for i in found if _starts_word(text, i)] if prefer_starts else []
        side_by_side = bool(places) and found[0] == start
        places.append(found[0] if side_by_side or not at_starts else at_starts[0])
    return places


def _worth(places: list[int], text: str) -> float:
    starts = sum(_starts_word(text, place) for place in places)
    neighbours = sum(later == earlier + 1 for earlier, later in itertools.pairwise(places))
    return len(places) + 2 * starts + 1.5 * neighbours


def _starts_word(text: str, place: int) -> bool:
    return place == 0 or not text[place - 1].isalnum()


class CommandPalette(QDialog):
    """A list of actions that narrows as one types."""

    def __init__(self, actions: ActionRegistry, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Commands")
        self.setProperty("panel", "raised")
        self._entries = actions.usable()
        self._field = QLineEdit()
        self._field.setPlaceholderText("Type a command")
        self._field.setAccessibleName("Command")
        self._field.setMinimumHeight(4 * SPACE)
        self._field.textChanged.connect(self._on_typed)
        self._field.installEventFilter(self)
        self._list = QListWidget()
        self._list.setAccessibleName("Commands that fit")
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.itemClicked.connect(self._on_accepted)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        layout.addWidget(self._field)
        layout.addWidget(self._list)
        self._place(parent)
        self._on_typed("")

    def fitting(self) -> list[str]:
        """Return the ids of the listed actions, best first."""
        return [self._list.item(i).data(Qt.ItemDataRole.UserRole).id for i in range(self._list.count())]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in _PASSED_ON:
                self._list.event(event)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._on_accepted()
                return True
        return False

    def _place(self, parent: QWidget) -> None:
        width, height = min(_WIDTH, parent.width() - 4 * SPACE), min(_HEIGHT, parent.height() - 10 * SPACE)
        self.resize(width, height)
        corner = parent.mapToGlobal(parent.rect().topLeft())
        self.move(corner.x() + (parent.width() - width) // 2, corner.y() + 8 * SPACE)

    def _on_typed(self, query: str) -> None:
        scored = [(fuzzy_score(query, _said(entry)), entry) for entry in self._entries]
        fitting = [(score, entry) for score, entry in scored if score is not None]
        if query.strip():
            fitting.sort(key=lambda pair: -pair[0])
        self._list.clear()
        for _score, entry in fitting:
            self._add(entry)
        self._list.setCurrentRow(0)

    def _add(self, entry: Entry) -> None:
        item = QListWidgetItem()
        item.setData(Qt.ItemDataRole.UserRole, entry)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, _said(entry))
        item.setSizeHint(QSize(0, font_px("body") + 2 * SPACE))
        self._list.addItem(item)
        line = QWidget()
        layout = QHBoxLayout(line)
        layout.setContentsMargins(SPACE, 0, SPACE, 0)
        picture = QLabel()
        picture.setFixedWidth(3 * SPACE)
        picture.setPixmap(entry.action.icon().pixmap(16, 16))
        keys = entry.action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        layout.addWidget(picture)
        layout.addWidget(label(plain_text(entry.action)))
        layout.addWidget(label(entry.menu, "caption"), 1)
        layout.addWidget(label(keys, "caption"))
        self._list.setItemWidget(item, line)

    def _on_accepted(self) -> None:
        item = self._list.currentItem()
        entry = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        self.accept()
        if entry is not None and entry.alive:
            entry.action.trigger()


def _said(entry: Entry) -> str:
    return f"{plain_text(entry.action)} {entry.menu}".strip()
