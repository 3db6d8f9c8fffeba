"""What a machine and a workspace are, and what is amiss: a first look when nothing works, and a report for others."""

import os
import platform
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from card_studio import __version__
from card_studio.errors import UserError
from card_studio.settings import cores
from card_studio.studio.workspace import Workspace

_LOW_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    what: str
    found: str
    good: bool


def examine(workspace: Path) -> list[Finding]:
    """Look at the machine, the libraries, the display and the workspace; nothing is changed but a workspace opened."""
    return [
        Finding("card-studio", f"{__version__}, Python {sys.version.split()[0]}, {platform.platform()}", True),
        Finding("processors", str(cores()), True),
        Finding("SQLite", sqlite3.sqlite_version, sqlite3.sqlite_version_info >= (3, 35)),
        _engine(),
        _display(),
        _tried("workspace", lambda: _workspace(workspace)),
    ]


def _engine() -> Finding:
    """Import the engine in a child, as the window must not."""
    code = (
        "import torch, card_studio.engine.tasks; "
        "print('torch', torch.__version__, 'cuda' if torch.cuda.is_available() else 'cpu')"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    lines = (result.stdout if result.returncode == 0 else result.stderr).strip().splitlines()
    return Finding("engine", lines[-1] if lines else "no answer", result.returncode == 0)


def _display() -> Finding:
    shown = sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return Finding("display", "there is one" if shown else "none: the command line works, the window does not", True)


def _workspace(path: Path) -> tuple[str, bool]:
    opened = Workspace(path)
    free = shutil.disk_usage(opened.path).free
    host = "a host is at work" if opened.host() else "no host"
    counts = f"{opened.count_cards()} cards, {len(opened.jobs())} jobs"
    return f"{opened.path}: {counts}, {host}, {free / 1e9:.0f} GB free", free > _LOW_BYTES


def _tried(what: str, look: Callable[[], tuple[str, bool]]) -> Finding:
    try:
        found, good = look()
    except UserError as error:
        return Finding(what, str(error), False)
    return Finding(what, found, good)
