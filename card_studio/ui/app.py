"""Starting the window: the application, its look, and what happens when something goes wrong."""

import logging
import os
import sys
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QSettings, QTimer
from PySide6.QtWidgets import QApplication

from card_studio.errors import UserError
from card_studio.ui.bridge import Bridge
from card_studio.ui.main_window import MainWindow
from card_studio.ui.rail import PLACES
from card_studio.ui.theme import Theme, ThemeChoice, saved_choice

if TYPE_CHECKING:
    from card_studio.studio.workspace import Workspace

_NO_DISPLAY = "no display: the window needs one; use `card-studio tour --out DIR` to see pictures of its pages"
_log = logging.getLogger(__name__)


def run_window(workspace_path: Path | None, *, deck: str | None = None) -> int:
    """Open the window on a workspace and stay until it is closed.

    Args:
        workspace_path: the workspace's folder; None for the one in the settings.
        deck: a deck's name, with which the Deck page opens.

    Returns:
        The exit status.

    Raises:
        UserError: there is no display, or the workspace cannot be opened.
    """
    require_display()
    from card_studio.studio.workspace import Workspace  # here, so that the look into the display comes first

    workspace = Workspace(workspace_path)
    app = make_application(sys.argv[:1])
    window = make_window(app, workspace)
    sys.excepthook = lambda kind, error, trace: _report(window, kind, error, trace)
    keep_a_host(window)
    window.show()
    open_first_page(window, deck)
    status = app.exec()
    workspace.close()
    return status


def require_display() -> None:
    """Check that a window can be shown at all, before Qt would abort the process.

    Raises:
        UserError: there is no display.
    """
    if not sys.platform.startswith("linux"):
        return
    if not any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")):
        raise UserError(_NO_DISPLAY)


def make_application(arguments: list[str], *, remembered: bool = True) -> QApplication:
    """Return the application, named so that its settings are found again.

    Args:
        arguments: the command line.
        remembered: whether it takes up the user's settings, such as the columns shown, and saves them.
    """
    if not remembered:
        QSettings.setDefaultFormat(QSettings.Format.InvalidFormat)
    QCoreApplication.setOrganizationName("card-studio")
    QCoreApplication.setApplicationName("card-studio")
    app = QApplication.instance() or QApplication(arguments)
    assert isinstance(app, QApplication)
    app.setApplicationDisplayName("card-studio")
    return app


def make_window(app: QApplication, workspace: "Workspace", *, theme: ThemeChoice | None = None) -> MainWindow:
    """Return a window in a given look, or in the one that the user chose last."""
    look = Theme(app)
    look.apply(app, theme or saved_choice())
    return MainWindow(Bridge(workspace), look)


def open_first_page(window: MainWindow, deck: str | None = None) -> None:
    """Show the page that was shown last, or the deck that was asked for."""
    stored = QSettings().value("window/page", PLACES[0].key) if deck is None else "deck"
    key = stored if stored in {place.key for place in PLACES} else PLACES[0].key
    window.begin(key, lambda: window.show_deck(deck) if deck is not None else None)


def keep_a_host(window: MainWindow) -> None:
    """Start a host whenever work waits and none lives: at the start, after a request, and after a host has died."""
    bridge = window.bridge

    def start() -> None:
        bridge.ask(bridge.workspace.ensure_host, lambda _none: None, owner=window, key="host")

    window.host_line.wants_host.connect(start)
    window.host_line.refresh()


def _report(window: MainWindow, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Log a bug in full and tell of it in one line; the window lives on."""
    if issubclass(kind, KeyboardInterrupt):
        window.close()
        return
    _log.error("a bug in the window", exc_info=(kind, error, trace))
    text = f"Something went wrong, and a report is in the log: {kind.__name__}: {error}"
    QTimer.singleShot(0, window, lambda: window.toasts.say(text, "problem"))
