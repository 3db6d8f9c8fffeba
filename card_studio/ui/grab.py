"""Pictures of every page of the window with a workspace's content, drawn without a display.

python -m card_studio.ui.grab WORKSPACE OUT [--theme light|dark] [--scale 1|2] [--deck NAME] [--image FILE ...]
"""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from card_studio.errors import UserError

if TYPE_CHECKING:
    from card_studio.ui.main_window import MainWindow

_WIDTH, _HEIGHT = 1440, 900
_QUIET_S = 0.6
"""A page that has asked for nothing for so long is loaded."""
_PATIENCE_S = 60.0
_LOOK_EVERY_MS = 20
_LOADED, _NOT_LOADED = 0, 1


def main(arguments: list[str] | None = None) -> int:
    """Draw the pages; return the exit status: 2 for a mistake of the user's, with one line."""
    options = _parser().parse_args(arguments)
    os.environ["QT_QPA_PLATFORM"] = "offscreen"  # before Qt is imported, which reads them once
    os.environ["QT_SCALE_FACTOR"] = str(options.scale)
    try:
        grab_pages(options.workspace, options.out, options.theme, options.deck, options.image)
    except UserError as error:
        print(f"card-studio: {error}", file=sys.stderr)  # noqa: T201 - a command's own voice
        return 2
    return 0


def grab_pages(workspace: Path, out: Path, theme: str, deck: str | None, images: list[Path]) -> list[Path]:
    """Draw each page into `out`, named by its key.

    Args:
        workspace: the workspace's folder; nothing in it is changed, and no host is started.
        out: a folder, made if it is not there.
        theme: "light" or "dark".
        deck: a deck to open on the Deck page.
        images: picture files to drop on its table.

    Returns:
        The pictures' paths.

    Raises:
        UserError: there is no such workspace, or it cannot be read.
    """
    if not (workspace / "studio.db").exists():
        raise UserError(f"{workspace}: no workspace there: give the folder that holds studio.db")
    from card_studio.files import explained
    from card_studio.studio.workspace import Workspace
    from card_studio.ui.app import make_application, make_window
    from card_studio.ui.rail import PLACES

    with explained(out):
        out.mkdir(parents=True, exist_ok=True)
    app = make_application(["card-studio"], remembered=False)
    opened = Workspace(workspace)
    window = make_window(app, opened, theme="dark" if theme == "dark" else "light")
    window.resize(_WIDTH, _HEIGHT)
    window.show()
    made = []
    for place in PLACES:
        page = window.open_page(place.key)
        _settle(window, page)
        if place.key == "deck":
            _lay_out(window, page, deck, images)
        path = out / f"{place.key}.png"
        if not window.grab().save(str(path)):
            raise UserError(f"{path}: cannot be written: choose another folder")
        made.append(path)
    window.close()
    opened.close()
    return made


def _lay_out(window: "MainWindow", page: Any, deck: str | None, images: list[Path]) -> None:
    if deck is not None:
        if not page.open_deck(deck):
            raise UserError(f"{deck}: no deck of that name in the workspace")
        _settle(window, page)
    if images:
        page.show_images(images)
        _settle(window, page)


def _settle(window: "MainWindow", page: Any) -> None:
    """Run the window's loop until a page's questions are answered.

    A loop of its own, since it lets the other threads run while it waits, which processEvents() does not.
    """
    from PySide6.QtCore import QEventLoop, QTimer

    loop, timer = QEventLoop(), QTimer()
    start = quiet_since = time.monotonic()

    def look() -> None:
        nonlocal quiet_since
        now = time.monotonic()
        if window.bridge.busy or not getattr(page, "settled", True):
            quiet_since = now
        if now - quiet_since > _QUIET_S:
            loop.exit(_LOADED)
        elif now - start > _PATIENCE_S:
            loop.exit(_NOT_LOADED)

    timer.timeout.connect(look)
    timer.start(_LOOK_EVERY_MS)
    status = loop.exec()
    timer.stop()
    if status != _LOADED:
        raise UserError(
            f"the {page.accessibleName()} page was not loaded in {_PATIENCE_S:.0f} s: "
            "is the machine busy, or the workspace on a slow disk?"
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m card_studio.ui.grab", description="Pictures of the window's pages")
    parser.add_argument("workspace", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--theme", choices=("light", "dark"), default="light")
    parser.add_argument("--scale", type=int, choices=(1, 2), default=1)
    parser.add_argument("--deck", help="a deck's name")
    parser.add_argument("--image", type=Path, action="append", default=[], help="a picture file, several times")
    return parser


if __name__ == "__main__":
    sys.exit(main())
