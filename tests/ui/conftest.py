"""Every ui test: one application, a theme, and a check that no widget, timer or thread outlives the test."""

import gc
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings, QThreadPool, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
from pytestqt.qtbot import QtBot

from card_studio.ui.actions import ActionRegistry
from card_studio.ui.theme import Theme

_PATIENCE_S = 3.0


@pytest.fixture(scope="session", autouse=True)
def _settings_of_their_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the tests' window settings away from the user's."""
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(
        QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path_factory.mktemp("window-settings"))
    )
    QCoreApplication.setOrganizationName("card-studio-tests")
    QCoreApplication.setApplicationName("card-studio-tests")


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(qapp: QApplication, request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a window, an active timer, a busy pool or a thread."""
    QSettings().clear()
    threads_before = set(threading.enumerate())
    timers_before = _active_timers()
    yield
    _let_go()
    windows = [widget for widget in QApplication.topLevelWidgets() if not _is_qts_own(widget)]
    timers = [timer for timer in _active_timers() if timer not in timers_before]
    threads = _threads_still_there(threads_before)
    busy = QThreadPool.globalInstance().activeThreadCount()
    for widget in windows:
        widget.deleteLater()
    _let_go()
    assert not windows, f"windows left: {windows}"
    assert not timers, f"timers left running: {timers}"
    assert not threads, f"threads left: {threads}"
    assert not busy, f"{busy} threads busy in the global pool"


def _let_go() -> None:
    for _ in range(2):
        gc.collect()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        QCoreApplication.processEvents()


def _is_qts_own(widget: object) -> bool:
    name = type(widget).__name__
    return name in ("QTipLabel", "QComboBoxPrivateContainer", "QDesktopWidget", "QDesktopScreenWidget")


def _active_timers() -> list[QTimer]:
    return [thing for thing in gc.get_objects() if isinstance(thing, QTimer) and _is_active(thing)]


def _is_active(timer: QTimer) -> bool:
    try:
        return timer.isActive()
    except RuntimeError:  # its C++ half is gone
        return False


def _threads_still_there(before: set[threading.Thread]) -> list[threading.Thread]:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        left = [
            thread
            for thread in threading.enumerate()
            if thread not in before and not isinstance(thread, threading._DummyThread)
        ]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.02)


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    """The light theme, applied."""
    made = Theme()
    made.apply(qapp, "light")
    yield made
    made.deleteLater()


@pytest.fixture
def window(qtbot: QtBot, theme: Theme) -> QMainWindow:
    """A bare window to put a page into."""
    made = QMainWindow()
    made.resize(1200, 800)
    qtbot.addWidget(made)
    return made


@pytest.fixture
def actions(window: QMainWindow, theme: Theme) -> ActionRegistry:
    """A registry of that window."""
    return ActionRegistry(window, theme)


@pytest.fixture
def workspace_folder(tmp_path: Path) -> Path:
    """A folder for a workspace."""
    return tmp_path / "workspace"
