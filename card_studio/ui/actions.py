"""One registry of everything a user can do: it feeds menus, shortcuts, the command palette and the help."""

from collections.abc import Callable
from dataclasses import dataclass

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from card_studio.ui.theme import Theme

Shortcut = str | QKeySequence | QKeySequence.StandardKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An action with its place."""

    id: str
    action: QAction
    menu: str
    icon: str
    enabled: Callable[[], bool]
    scope: QWidget | None
    """The page to which it belongs: it can only be used while that is shown."""

    @property
    def alive(self) -> bool:
        """Whether the action still exists: a page's actions go with the page."""
        return shiboken6.isValid(self.action)


class ActionRegistry(QObject):
    """All actions by id; emits `changed` when one is added or a state was refreshed."""

    changed = Signal()

    def __init__(self, window: QWidget, theme: Theme | None = None) -> None:
        super().__init__(window)
        self._window = window
        self._theme = theme
        self._entries: dict[str, Entry] = {}
        if theme is not None:
            theme.changed.connect(self._on_theme_changed)

    def add(
        self,
        id: str,
        text: str,
        shortcut: Shortcut,
        slot: Callable[[], object],
        *,
        menu: str,
        icon: str = "",
        enabled: Callable[[], bool] | None = None,
        scope: QWidget | None = None,
        tip: str = "",
        checkable: bool = False,
    ) -> QAction:
        """Make an action and give it its shortcut.

        Args:
            id: unique, such as "queue.pause".
            text: what a menu says, with `&` before its access key.
            shortcut: such as "Alt+Up"; "" for none.
            slot: what it does; for a checkable action it may ask `action.isChecked()`.
            menu: the menu that shows it, such as "Jobs"; "" for none.
            icon: its name, such as "mdi6.pause".
            enabled: whether it can be used now; asked at each `refresh`.
            scope: the page to which it belongs: elsewhere it is disabled, and another page may use the same keys.
            tip: one line of help.
            checkable: whether it is a switch.

        Raises:
            ValueError: the id is taken.
        """
        present = self._entries.get(id)
        if present is not None and present.alive:
            raise ValueError(f"there is an action {id} already")
        owner = scope or self._window
        action = QAction(text, owner)
        action.setObjectName(id)
        action.setCheckable(checkable)
        action.setShortcut(QKeySequence(shortcut))
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.setToolTip(_tip(tip or text, action.shortcut()))
        action.setStatusTip(tip)
        action.triggered.connect(lambda _checked=False: slot())
        owner.addAction(action)
        entry = Entry(id=id, action=action, menu=menu, icon=icon, enabled=enabled or (lambda: True), scope=scope)
        self._entries[id] = entry
        self._dress(entry)
        if scope is None:
            self._judge(entry)
        else:
            action.setEnabled(False)  # until the page is made and shown: `enabled` may ask it for its selection
        self.changed.emit()
        return action

    def action(self, id: str) -> QAction:
        """Return an action by its id.

        Raises:
            KeyError: there is none.
        """
        return self._entries[id].action

    def entries(self) -> list[Entry]:
        """Return all actions, in the order in which they were added."""
        return [entry for entry in self._entries.values() if entry.alive]

    def usable(self) -> list[Entry]:
        """Return the actions that can be used now."""
        self.refresh()
        return [entry for entry in self.entries() if entry.action.isEnabled()]

    def menus(self) -> dict[str, list[Entry]]:
        """Return the actions by menu, menus and actions in the order in which they were added."""
        found: dict[str, list[Entry]] = {}
        for entry in self.entries():
            if entry.menu:
                found.setdefault(entry.menu, []).append(entry)
        return found

    def refresh(self) -> None:
        """Ask every action whether it can be used now: after a selection or the page changed."""
        for entry in self.entries():
            self._judge(entry)

    def _judge(self, entry: Entry) -> None:
        scope = entry.scope
        here = scope is None or (shiboken6.isValid(scope) and scope.isVisibleTo(self._window))
        entry.action.setEnabled(here and entry.enabled())

    def _dress(self, entry: Entry) -> None:
        if entry.icon and self._theme is not None:
            entry.action.setIcon(self._theme.icon(entry.icon))

    def _on_theme_changed(self) -> None:
        for entry in self.entries():
            self._dress(entry)


def plain_text(action: QAction) -> str:
    """Return an action's text without the mark of its access key."""
    return action.text().replace("&&", "\0").replace("&", "").replace("\0", "&").rstrip("…")


def _tip(text: str, keys: QKeySequence) -> str:
    text = text.replace("&", "").rstrip("…")
    return f"{text}  ({keys.toString(QKeySequence.SequenceFormat.NativeText)})" if not keys.isEmpty() else text
