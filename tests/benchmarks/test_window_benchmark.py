"""How long the window's thread is blocked, while two jobs report: at the start, on each page, at a change of theme.

Nothing is asserted: what other processes take of the machine is in the numbers. `own work` is what the window's thread
itself has used, which they cannot stretch.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from card_studio.studio.workspace import Workspace
from card_studio.ui.app import make_application, make_window, open_first_page
from card_studio.ui.main_window import MainWindow
from card_studio.ui.rail import PLACES
from tests.benchmarks.feeding import begin
from tests.benchmarks.stalls import StallMeter

pytestmark = pytest.mark.benchmark
_SETTLES_S, _WATCHED_S = 2.0, 8.0


def spin(seconds: float) -> None:
    """Let the window live for so long."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> QApplication:
    """An application without the user's settings."""
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    return make_application(["card-studio"], remembered=False)


@pytest.fixture
def fed(tmp_path: Path) -> Iterator[Path]:
    """A workspace in which two jobs train."""
    workspace = Path(os.environ.get("CARD_STUDIO_STALLS_WORKSPACE", tmp_path / "workspace"))
    runs = begin(workspace)
    command = [sys.executable, "-m", "tests.benchmarks.feeding", str(workspace), "300", *map(str, runs)]
    feeder = subprocess.Popen(command)
    yield workspace
    feeder.terminate()
    feeder.wait()


def test_the_windows_thread(app: QApplication, fed: Path) -> None:
    reports = []
    workspace = Workspace(fed)
    with StallMeter() as meter:
        window = make_window(app, workspace, theme="light")
        window.show()
        spin(0.1)
    reports.append(meter.report("start, until the window shows"))
    with StallMeter() as meter:
        open_first_page(window)
        while len(window.pages) < len(PLACES):
            spin(0.1)
        spin(_SETTLES_S)
    reports.append(meter.report("Queue opens, all pages are made"))
    reports.append(watched("Queue while two jobs train", _WATCHED_S))
    for place in PLACES[1:]:
        reports.append(opened(window, place.key, "first time"))
    for place in PLACES:
        reports.append(opened(window, place.key, "again"))
    window.open_page("queue")
    for choice in ("dark", "light"):
        with StallMeter() as meter:
            window.theme.apply(app, choice)
            spin(_SETTLES_S)
        reports.append(meter.report(f"{choice} theme, every page made"))
    window.close()
    workspace.close()
    load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    print(f"\n{load}", *reports, sep="\n")  # noqa: T201 - the report is what this is for


def watched(name: str, seconds: float) -> str:
    """Return what was measured while nothing was asked of the window."""
    with StallMeter() as meter:
        spin(seconds)
    return meter.report(name)


def opened(window: MainWindow, key: str, time: str) -> str:
    """Return what opening a page took."""
    with StallMeter() as meter:
        window.open_page(key)
        spin(_SETTLES_S)
    return meter.report(f"{key} opened, {time}")
