"""A deck built with a real mouse and real keys: a window in a process of its own, on a virtual X screen."""

import ctypes.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from card_studio.domain.ids import CardId
from card_studio.studio.workspace import Workspace
from tests.processes import end_processes_of, wait_until
from tests.ui.deck.filling import opened

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
_PROGRAMS = ("Xvfb", "xdotool", "openbox")
_WINDOW = Path(__file__).with_name("shown_window.py")
_ROOT = Path(__file__).parents[2]
_STEPS = 12
_PATIENCE_S = 20


def _lacking() -> str:
    missing = [program for program in _PROGRAMS if shutil.which(program) is None]
    if not missing and ctypes.util.find_library("xcb-cursor") is None:
        missing = ["libxcb-cursor0"]
    return f"a virtual screen needs {', '.join(missing).lower()}: install these packages" if missing else ""


@contextmanager
def _running(command: list[str], **options: Any) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(command, text=True, stderr=subprocess.DEVNULL, **options)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@dataclass
class Screen:
    """A virtual screen with the window on it, moved by a real pointer and real keys."""

    environment: dict[str, str]
    window: subprocess.Popen[str]

    def tool(self, *words: object) -> str:
        """Let xdotool do something."""
        command = ["timeout", "10", "xdotool", *map(str, words)]
        return subprocess.run(command, check=True, env=self.environment, capture_output=True, text=True).stdout

    def ask(self, what: str, **values: int) -> Any:
        """Ask the window where something is, or how things are."""
        assert self.window.stdin is not None
        assert self.window.stdout is not None
        self.window.stdin.write(json.dumps({"ask": what, **values}) + "\n")
        self.window.stdin.flush()
        return json.loads(self.window.stdout.readline())

    def drag(self, start: list[int], end: list[int]) -> None:
        """Press, move in several steps, and hold there."""
        self.tool("mousemove", *start, "mousedown", 1)
        for step in range(1, _STEPS + 1):
            self.tool("mousemove", *(a + (b - a) * step // _STEPS for a, b in zip(start, end, strict=True)))

    def drop(self, start: list[int], gap: int) -> None:
        """Drag to a gap of the table, and let go once the mark is seen there."""
        end = self.ask("gap", index=gap)
        self.drag(start, end)
        wait_until(lambda: self._marks(gap, end), _PATIENCE_S)
        self.tool("mouseup", 1)

    def _marks(self, gap: int, at: list[int]) -> bool:
        """Return whether a drop would land in the gap; a drag that has just begun learns of it as the pointer moves."""
        self.tool("mousemove", at[0] + 2, at[1], "mousemove", *at)
        return bool(self.ask("mark") == gap)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[tuple[Path, list[CardId]]]:
    """A workspace with six cards, evaluated and mapped, and an empty deck named `mine`."""
    path = tmp_path / "workspace"
    with opened(path, {}) as filled:
        filled.deal_all()
        filled.workspace.deal("mine", [])
        yield path, list(filled.cards)
    end_processes_of(tmp_path)


@pytest.fixture
def screen(folder: tuple[Path, list[CardId]], tmp_path: Path) -> Iterator[Screen]:
    """The window on a virtual screen with a window manager."""
    if _lacking():
        pytest.skip(_lacking())
    with ExitStack() as running:
        server = ["Xvfb", "-displayfd", "1", "-screen", "0", "1500x950x24", "-nolisten", "tcp"]
        shown = running.enter_context(_running(server, stdout=subprocess.PIPE))
        assert shown.stdout is not None
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("QT_", "WAYLAND_"))}
        environment |= {
            "DISPLAY": f":{shown.stdout.readline().strip()}",
            "QT_QPA_PLATFORM": "xcb",
            "XDG_CONFIG_HOME": str(tmp_path / "config"),
            "XDG_RUNTIME_DIR": str(tmp_path),
            "PYTHONPATH": str(_ROOT),
        }
        running.enter_context(_running(["openbox"], env=environment))
        command = [sys.executable, str(_WINDOW), str(folder[0]), "mine"]
        window = running.enter_context(
            _running(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        )
        made = Screen(environment, window)
        wait_until(lambda: made.ask("ready") and made.ask("active"), 2 * _PATIENCE_S)
        yield made


@pytest.fixture
def stored(folder: tuple[Path, list[CardId]]) -> Iterator[Callable[[], tuple[CardId, ...]]]:
    """Give a function that reads the deck's cards from the database."""
    workspace = Workspace(folder[0])
    yield lambda: workspace.deck("mine").cards
    workspace.close()


def test_a_deck_is_built_by_mouse_and_key(
    screen: Screen, folder: tuple[Path, list[CardId]], stored: Callable[[], tuple[CardId, ...]]
) -> None:
    screen.drop(screen.ask("hand", row=0), gap=0)
    wait_until(lambda: len(stored()) == 1, _PATIENCE_S)
    (first,) = stored()
    assert first in folder[1]

    screen.drop(screen.ask("hand", row=1), gap=0)
    wait_until(lambda: len(stored()) == 2, _PATIENCE_S)
    second = stored()[0]
    assert stored() == (second, first)

    screen.drop(screen.ask("place", index=0), gap=2)
    wait_until(lambda: stored() == (first, second), _PATIENCE_S)
    screen.tool("key", "ctrl+z")
    wait_until(lambda: stored() == (second, first), _PATIENCE_S)

    screen.drag(screen.ask("hand", row=2), screen.ask("gap", index=2))
    wait_until(lambda: screen._marks(2, screen.ask("gap", index=2)), _PATIENCE_S)
    screen.tool("key", "Escape")
    wait_until(lambda: screen.ask("mark") is None, _PATIENCE_S)
    screen.tool("mouseup", 1)
    screen.tool("key", "ctrl+shift+z")
    wait_until(lambda: stored() == (first, second), _PATIENCE_S)

    screen.tool("key", "ctrl+q")
    assert screen.window.wait(_PATIENCE_S) == 0
    assert stored() == (first, second)
