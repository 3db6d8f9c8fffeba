"""The real window in a process of its own; on each line of its stdin it says where things are on the screen.

    python shown_window.py WORKSPACE DECK

Nothing is done to the window here: whoever asks moves a real mouse there. Questions and answers are JSON lines:

    {"ask": "ready"}             -> whether the Deck page is there and its cards are painted
    {"ask": "hand", "row": 2}    -> [x, y] of a card in the hand
    {"ask": "place", "index": 0} -> [x, y] of a card on the table
    {"ask": "gap", "index": 1}   -> [x, y] of the gap before a card on the table
    {"ask": "mark"}              -> the gap in which a drop would land now; null for none
    {"ask": "active"}            -> whether the window has the keyboard
"""

import json
import sys
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, QSocketNotifier
from PySide6.QtWidgets import QWidget

from card_studio.studio.workspace import Workspace
from card_studio.ui.app import keep_a_host, make_application, make_window, open_first_page
from card_studio.ui.deck_page import DeckPage
from card_studio.ui.main_window import MainWindow


def answer(window: MainWindow, page: DeckPage, question: dict[str, Any]) -> Any:
    """Return what a question asks for."""
    table, hand = page.pane.table, page.hand
    what = question["ask"]
    if what == "ready":
        rows = hand.model.rowCount()
        painted = rows > 0 and all(hand.model.face(row) is not None for row in range(rows))
        return painted and page.pane.deck is not None and page.settled
    if what == "active":
        return window.isActiveWindow()
    if what == "hand":
        return _on_screen(hand.view.viewport(), hand.view.visualRect(hand.model.index(question["row"])).center())
    if what == "place":
        return _on_screen(table.viewport(), table.mapFromScene(table.flow().place(question["index"]) + QPoint(60, 60)))
    if what == "gap":
        return _on_screen(table.viewport(), table.mapFromScene(table.flow().mark(question["index"]).center()))
    return table.gap


def _on_screen(widget: QWidget, point: QPoint) -> list[int]:
    at = widget.mapToGlobal(point)
    return [at.x(), at.y()]


def main() -> int:
    """Show the window, and answer until it is closed."""
    app = make_application(sys.argv[:1], remembered=False)
    workspace = Workspace(Path(sys.argv[1]))
    window = make_window(app, workspace, theme="light")
    keep_a_host(window)
    open_first_page(window, sys.argv[2])
    window.show()
    page = window.open_page("deck")  # once: opening it reads it anew, and whoever asks often would keep it busy
    assert isinstance(page, DeckPage)

    def on_asked() -> None:
        print(json.dumps(answer(window, page, json.loads(sys.stdin.readline()))), flush=True)  # noqa: T201 - the protocol

    notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(on_asked)
    status = app.exec()
    workspace.close()
    return status


if __name__ == "__main__":
    sys.exit(main())
