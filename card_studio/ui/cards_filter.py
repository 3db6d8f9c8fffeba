"""What narrows the Cards table: words, methods, augmentations; and views of it saved under a name."""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QSettings, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLineEdit, QMenu, QToolButton, QWidget

from card_studio.domain.card import CardQuery
from card_studio.domain.names import AugmentationName, Compression, MethodKind
from card_studio.domain.own import OwnMethods
from card_studio.ui.pieces import row
from card_studio.ui.questions import ask_text
from card_studio.ui.theme import SPACE

_TYPING_PAUSE_MS = 150
_VIEWS = "views/cards"


class Choice(QToolButton):
    """A button whose menu ticks several of some names; none ticked is all."""

    edited = Signal()

    def __init__(self, title: str, names: list[str]) -> None:
        super().__init__()
        self._title = title
        self.setProperty("role", "button")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setAccessibleName(f"Filter by {title.lower()}")
        self.ticks: dict[str, QAction] = {}
        self.setMenu(QMenu(self))
        self.offer(names)
        self._say()

    def chosen(self) -> tuple[str, ...]:
        """Return the ticked names."""
        return tuple(name for name, action in self.ticks.items() if action.isChecked())

    def offer(self, names: Sequence[str]) -> None:
        """Offer these names; those that were ticked and are still there stay so."""
        if list(names) == list(self.ticks):
            return
        chosen = self.chosen()
        self.ticks = {}
        self.menu().clear()
        for name in names:
            action = self.menu().addAction(name)
            action.setCheckable(True)
            action.setChecked(name in chosen)
            action.toggled.connect(self._on_toggled)
            self.ticks[name] = action
        self._say()

    def choose(self, names: tuple[str, ...]) -> None:
        """Tick exactly these, without counting it as an edit."""
        for name, action in self.ticks.items():
            action.blockSignals(True)
            action.setChecked(name in names)
            action.blockSignals(False)
        self._say()

    def _on_toggled(self) -> None:
        self._say()
        self.edited.emit()

    def _say(self) -> None:
        chosen = self.chosen()
        self.setText(f"{self._title}: {', '.join(chosen)}" if chosen else self._title)


class CardsFilter(QWidget):
    """The row above the table; emits `edited` when the query has changed."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.words = QLineEdit()
        self.words.setPlaceholderText("Filter by name, notes, tag, network, data, id")
        self.words.setAccessibleName("Filter cards")
        self.words.setClearButtonEnabled(True)
        self.methods = Choice("Method", [str(name) for name in Compression])
        self.augmentations = Choice("Augmentation", [str(name) for name in AugmentationName])
        self.views = QToolButton()
        self.views.setText("Views")
        self.views.setProperty("role", "button")
        self.views.setAccessibleName("Saved views")
        self.views.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.views.setMenu(QMenu(self.views))
        self.views.menu().aboutToShow.connect(self._fill_views)
        layout = row(self.words, self.methods, self.augmentations, self.views)
        layout.setStretch(0, 1)
        layout.setContentsMargins(2 * SPACE, 0, 2 * SPACE, SPACE * 3 // 2)
        self.setLayout(layout)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_TYPING_PAUSE_MS)
        self._pause.timeout.connect(self.edited)
        self.words.textChanged.connect(lambda _text: self._pause.start())
        self.methods.edited.connect(self.edited)
        self.augmentations.edited.connect(self.edited)

    def offer_own(self, own: OwnMethods) -> None:
        """Offer one's own augmentations too."""
        self.augmentations.offer([*map(str, AugmentationName), *own.names(MethodKind.AUGMENTATION)])

    def applied_to(self, query: CardQuery) -> CardQuery:
        """Return the query with these conditions."""
        return replace(
            query,
            text=self.words.text(),
            methods=tuple(Compression(name) for name in self.methods.chosen()),
            augmentations=self.augmentations.chosen(),
        )

    @property
    def empty(self) -> bool:
        """Whether nothing is left out."""
        return not (self.words.text().strip() or self.methods.chosen() or self.augmentations.chosen())

    def clear(self) -> None:
        """Leave nothing out."""
        self.show_view({"text": "", "methods": [], "augmentations": []})

    def view(self) -> dict[str, object]:
        """Return these conditions as plain values."""
        return {
            "text": self.words.text(),
            "methods": list(self.methods.chosen()),
            "augmentations": list(self.augmentations.chosen()),
        }

    def show_view(self, view: dict[str, object]) -> None:
        """Show conditions that `view` returned."""
        self.words.blockSignals(True)
        self.words.setText(str(view.get("text", "")))
        self.words.blockSignals(False)
        for part, key in ((self.methods, "methods"), (self.augmentations, "augmentations")):
            names = view.get(key)
            part.choose(tuple(map(str, names)) if isinstance(names, list) else ())
        self.edited.emit()

    def save_view(self, name: str) -> None:
        """Save these conditions under a name."""
        if name.strip():
            _store({**saved_views(), name.strip(): self.view()})

    def _fill_views(self) -> None:
        menu = self.views.menu()
        menu.clear()
        views = saved_views()
        menu.addAction("All cards", self.clear)
        for name, view in views.items():
            menu.addAction(name, partial(self.show_view, view))
        menu.addSeparator()
        menu.addAction("Save this view…", self._on_save_asked)
        if views:
            remove = menu.addMenu("Remove")
            for name in views:
                remove.addAction(name, partial(_remove, name))

    def _on_save_asked(self) -> None:
        ask_text(self, "Save this view", "Name of the view", "", self.save_view)


def saved_views() -> dict[str, dict[str, object]]:
    """Return the saved views by name; what cannot be read is as if it were not there."""
    try:
        found = json.loads(str(QSettings().value(_VIEWS, "{}")))
    except json.JSONDecodeError:
        return {}
    return (
        {str(name): view for name, view in found.items() if isinstance(view, dict)} if isinstance(found, dict) else {}
    )


def _remove(name: str) -> None:
    _store({key: view for key, view in saved_views().items() if key != name})


def _store(views: dict[str, dict[str, object]]) -> None:
    QSettings().setValue(_VIEWS, json.dumps(views))
