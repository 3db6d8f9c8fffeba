"""The window: a rail, a page, a status line; all it can do is in the action registry."""

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings, QSize, QTimer, SignalInstance
from PySide6.QtGui import QActionGroup, QCloseEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QDialog, QMainWindow, QMenu, QStackedWidget, QWidget

from card_studio import __version__
from card_studio.ui.actions import ActionRegistry
from card_studio.ui.bridge import Bridge
from card_studio.ui.host_line import HostLine
from card_studio.ui.palette import CommandPalette
from card_studio.ui.pieces import row, rule
from card_studio.ui.rail import EVERY_PLACE, PLACES, Place, Rail
from card_studio.ui.shortcuts_help import ShortcutsHelp
from card_studio.ui.theme import Theme, ThemeChoice
from card_studio.ui.toasts import Toasts

_FIRST_SIZE = QSize(1440, 900)
_DECK_TRIES, _DECK_PAUSE_MS = 30, 100
_BETWEEN_PAGES_MS = 300
_MENU_ORDER = ("File", "Edit", "Jobs", "Cards", "Plot", "Deck", "Gallery", "View", "Help")
_THEMES: tuple[tuple[ThemeChoice, str, str], ...] = (
    ("system", "Theme of the &system", "mdi6.theme-light-dark"),
    ("light", "&Light theme", "mdi6.white-balance-sunny"),
    ("dark", "&Dark theme", "mdi6.weather-night"),
)


class MainWindow(QMainWindow):
    """The studio's window on one workspace."""

    def __init__(self, bridge: Bridge, theme: Theme) -> None:
        super().__init__()
        self.bridge, self.theme = bridge, theme
        self.actions_ = ActionRegistry(self, theme)
        self.pages: dict[str, Any] = {}
        self._stale: set[str] = set()
        self._menus: dict[str, QMenu] = {}
        self._preparing = QTimer(self)
        self._preparing.setSingleShot(True)
        self._preparing.timeout.connect(self._make_next_page)
        self.setWindowTitle(str(bridge.workspace.path))
        self._build()
        self._add_actions()
        self.toasts = Toasts(theme, self)
        theme.dress(self.toasts)
        bridge.changed.connect(self._on_workspace_changed)
        bridge.failed.connect(self._on_failed)
        self._restore_geometry()
        self.host_line.refresh()

    @property
    def page_key(self) -> str:
        """The key of the page that is shown."""
        return EVERY_PLACE[self._place].key

    def open_page(self, key: str) -> Any:
        """Show a page, made on first use; return it.

        Raises:
            KeyError: there is no such page.
        """
        keys = [place.key for place in EVERY_PLACE]
        if key not in keys:
            raise KeyError(key)
        self._place = index = keys.index(key)
        page: Any = self.pages.get(key) or self._make_page(index)
        self._stack.setCurrentWidget(page)
        self._rail.select(keys.index(EVERY_PLACE[index].home or key))
        self._stale.discard(key)
        page.refresh()
        page.setFocus()
        self.actions_.refresh()
        return page

    def begin(self, key: str, then: Callable[[], object]) -> None:
        """Show the first page as soon as its code is there, and get the other pages ready one at a time.

        Code is loaded in a thread, so that the window, which is on the screen by now, answers meanwhile.

        Args:
            key: the page.
            then: called once it is shown.
        """
        first = next(place for place in PLACES if place.key == key)

        def loaded(_none: None) -> None:
            if not self.pages:  # else the user has chosen meanwhile
                self.open_page(key)
            then()
            self.bridge.ask(_load_all, lambda _none: self._make_next_page(), owner=self)

        self.bridge.ask(lambda: _load(first), loaded, owner=self)

    def _make_next_page(self) -> None:
        waiting = next((index for index, place in enumerate(PLACES) if place.key not in self.pages), None)
        if waiting is not None:
            self._make_page(waiting)
            self._preparing.start(_BETWEEN_PAGES_MS)

    def show_card(self, card_id: str) -> None:
        """Show the Cards page with one card selected."""
        self.open_page("cards").show_card(card_id)

    def show_comparison(self, cards: Sequence[str]) -> None:
        """Show cards side by side; the way back leads to the page that is shown now."""
        came_from = self.page_key
        self.open_page("compare").compare(cards, came_from)

    def show_deck(self, name: str) -> None:
        """Show the Deck page with one deck open."""
        self._open_deck(self.open_page("deck"), name, _DECK_TRIES)

    def _open_deck(self, page: Any, name: str, tries: int) -> None:
        """Open a deck as soon as the page, which may be new, has read it."""
        if not page.open_deck(name) and tries:
            QTimer.singleShot(_DECK_PAUSE_MS, page, lambda: self._open_deck(page, name, tries - 1))

    def say(self, text: str) -> None:
        """Tell the user in a corner, taking no focus."""
        self.toasts.say(text)

    def say_written(self, text: str, file: Path) -> None:
        """Tell the user of a file that was written, with a way to it."""
        self.toasts.say(text, file=file)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Let go of everything that is the window's own; jobs go on in the host's process."""
        self._preparing.stop()
        settings = QSettings()
        settings.setValue("window/geometry", self.saveGeometry())
        settings.setValue("window/page", EVERY_PLACE[self._place].home or self.page_key)
        for page in self.pages.values():
            if hasattr(page, "let_go"):
                page.let_go()
        self.bridge.close()
        super().closeEvent(event)

    def _build(self) -> None:
        self._place = 0
        self._rail = Rail(self.theme)
        self._rail.chosen.connect(lambda index: self.open_page(PLACES[index].key))
        self._stack = QStackedWidget()
        middle, line = QWidget(), rule(upright=True)
        middle.setLayout(row(self._rail, line, self._stack, spacing=0))
        self.setCentralWidget(middle)
        self.host_line = HostLine(self.bridge, self.theme)
        self.statusBar().addWidget(self.host_line, 1)
        self.statusBar().setSizeGripEnabled(False)
        self.theme.dress(self.menuBar(), self._rail, line, self.statusBar())

    def _make_page(self, index: int) -> QWidget:
        place = EVERY_PLACE[index]
        kind = getattr(importlib.import_module(place.module), place.page)
        page: QWidget = kind(self.bridge, self.theme, self.actions_, self._stack)
        self.pages[place.key] = page
        self._stack.addWidget(page)
        self.theme.dress(page)
        self._connect_page(page)
        return page

    def _connect_page(self, page: QWidget) -> None:
        """Connect what a page may ask of the window; pages know nothing of each other."""
        wishes = {
            "show_card": self.show_card,
            "show_deck": self.show_deck,
            "compare_cards": self.show_comparison,
            "open_page": self.open_page,
            "said": self.say,
            "wrote": self.say_written,
        }
        for name, slot in wishes.items():
            signal = getattr(page, name, None)
            if isinstance(signal, SignalInstance):
                signal.connect(slot)

    def _add_actions(self) -> None:
        add = self.actions_.add
        for index, place in enumerate(PLACES):
            add(
                f"page.{place.key}",
                f"&{place.name}",
                f"Ctrl+{index + 1}",
                lambda key=place.key: self.open_page(key),  # type: ignore[misc]  # mypy cannot type the default
                menu="View",
                icon=place.icon,
                tip=place.tip,
            )
        self._add_theme_actions()
        add(
            "jobs.new",
            "&New job…",
            QKeySequence.StandardKey.New,
            lambda: self.open_page("queue").new_job(),
            menu="Jobs",
            icon="mdi6.plus",
            tip="A recipe from the form, or a sweep around it",
        )
        add("view.commands", "&Command palette", "Ctrl+K", self._on_commands_asked, menu="View", icon="mdi6.magnify")
        add("file.own", "Own &methods…", "", self._on_own_methods_asked, menu="File", icon="mdi6.puzzle-outline")
        add("file.quit", "&Quit", QKeySequence.StandardKey.Quit, self.close, menu="File", tip="Jobs go on")
        add("help.keys", "&Keyboard shortcuts", "F1", self._on_help_asked, menu="Help", icon="mdi6.keyboard-outline")
        add("help.about", "&About card-studio", "", self._on_about_asked, menu="Help")
        self.actions_.changed.connect(self._on_actions_changed)
        self._on_actions_changed()

    def _add_theme_actions(self) -> None:
        group = QActionGroup(self)
        for choice, text, icon in _THEMES:
            action = self.actions_.add(
                f"theme.{choice}",
                text,
                "",
                lambda choice=choice: self._on_theme_chosen(choice),  # type: ignore[misc]  # as above
                menu="View",
                icon=icon,
                checkable=True,
            )
            action.setChecked(choice == self.theme.choice)
            group.addAction(action)

    def _restore_geometry(self) -> None:
        stored = QSettings().value("window/geometry")
        if stored is None or not self.restoreGeometry(stored):
            screen = self.screen().availableSize()
            self.resize(_FIRST_SIZE.boundedTo(screen))

    def _on_actions_changed(self) -> None:
        present = self.actions_.menus()
        for name in sorted(present, key=lambda menu: _MENU_ORDER.index(menu) if menu in _MENU_ORDER else 5):
            if name not in self._menus:
                menu = QMenu(f"&{name}", self.menuBar())
                menu.aboutToShow.connect(lambda name=name: self._fill_menu(name))
                self._menus[name] = menu
        wanted = [self._menus[name] for name in _MENU_ORDER if name in self._menus]
        wanted += [menu for name, menu in self._menus.items() if name not in _MENU_ORDER]
        if [action.menu() for action in self.menuBar().actions()] != wanted:
            self.menuBar().clear()
            for menu in wanted:
                self.menuBar().addMenu(menu)

    def _fill_menu(self, name: str) -> None:
        menu = self._menus[name]
        menu.clear()
        self.actions_.refresh()
        group = ""
        for entry in self.actions_.menus().get(name, []):
            prefix = entry.id.partition(".")[0]
            if group and prefix != group:
                menu.addSeparator()
            group = prefix
            menu.addAction(entry.action)

    def _on_workspace_changed(self) -> None:
        self.host_line.refresh()
        self._stale.update(self.pages)
        if self.page_key in self.pages:
            self._stale.discard(self.page_key)
            self.pages[self.page_key].refresh()

    def _on_failed(self, text: str) -> None:
        self.toasts.say(text, "problem")

    def _on_commands_asked(self) -> None:
        self._open(CommandPalette(self.actions_, self))

    def _on_own_methods_asked(self) -> None:
        from card_studio.ui.own_dialog import OwnDialog  # here, since few starts need it

        dialog = OwnDialog(self.bridge, self)
        dialog.edited.connect(self._on_workspace_changed)
        self._open(dialog)

    def _open(self, dialog: QDialog) -> None:
        self.theme.dress(dialog)
        dialog.open()

    def _on_help_asked(self) -> None:
        self._open(ShortcutsHelp(self.actions_, self))

    def _on_about_asked(self) -> None:
        self.say(f"card-studio {__version__}; the workspace is {self.bridge.workspace.path}")

    def _on_theme_chosen(self, choice: ThemeChoice) -> None:
        QSettings().setValue("theme", choice)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        self.theme.apply(app, choice)


def _load(place: Place) -> None:
    importlib.import_module(place.module)


def _load_all() -> None:
    for place in EVERY_PLACE:
        _load(place)
