"""Pictures of the pages, drawn in a process of its own."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QColor, QImage

from card_studio.ui.rail import PLACES
from card_studio.ui.theme import DARK, LIGHT


def grab(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the command as the tour does."""
    command = [sys.executable, "-m", "card_studio.ui.grab", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(("theme", "scale"), [("light", 1), ("dark", 2)])
def test_every_page_is_drawn(workspace: Any, filler: Any, tmp_path: Path, theme: str, scale: int) -> None:
    card = filler.card()
    filler.evaluate(card)
    filler.map(card)
    done = grab(str(workspace.path), str(tmp_path / "out"), "--theme", theme, "--scale", str(scale))
    assert done.returncode == 0, done.stderr
    tokens = DARK if theme == "dark" else LIGHT
    for place in PLACES:
        image = QImage(str(tmp_path / "out" / f"{place.key}.png"))
        assert (image.width(), image.height()) == (1440 * scale, 900 * scale)
        assert image.pixelColor(4 * scale, 700 * scale) == QColor(tokens.background)
    assert "Traceback" not in done.stderr


def test_a_folder_that_is_no_workspace_is_one_line(tmp_path: Path) -> None:
    done = grab(str(tmp_path), str(tmp_path / "out"))
    assert done.returncode == 2
    assert done.stderr.strip() == f"card-studio: {tmp_path}: no workspace there: give the folder that holds studio.db"
    assert not (tmp_path / "out").exists()
