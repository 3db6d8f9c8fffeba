"""What can be done on the Cards page, with its keys; edits can be undone."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtGui import QUndoCommand

from card_studio.studio.side_by_side import FEWEST, MOST
from card_studio.ui.actions import ActionRegistry

if TYPE_CHECKING:
    from card_studio.ui.cards_page import CardsPage


class Edit(QUndoCommand):
    """An edit of cards: how it is done and undone, each asked of the workspace in a thread."""

    def __init__(self, text: str, do: Callable[[], object], undo: Callable[[], object]) -> None:
        super().__init__(text)
        self._do, self._undo = do, undo

    def redo(self) -> None:
        self._do()

    def undo(self) -> None:
        self._undo()


def add_cards_actions(page: "CardsPage", actions: ActionRegistry) -> None:
    """Register the page's actions."""

    def some() -> bool:
        return bool(page.selected())

    def one() -> bool:
        return len(page.selected()) == 1

    def add(
        name: str,
        text: str,
        keys: str,
        slot: Callable[[], object],
        icon: str,
        enabled: Callable[[], bool],
        tip: str = "",
    ) -> None:
        actions.add(f"cards.{name}", text, keys, slot, menu="Cards", icon=icon, scope=page, enabled=enabled, tip=tip)

    add(
        "evaluate",
        "&Evaluate…",
        "Ctrl+E",
        page.ask_evaluation,
        "mdi6.shield-check-outline",
        some,
        "Measure on clean and corrupted images",
    )
    add(
        "map",
        "&Map sensitivity…",
        "Ctrl+M",
        page.ask_map,
        "mdi6.sine-wave",
        some,
        "Measure the error at each spatial frequency",
    )
    add(
        "deal",
        "&Deal a deck from these…",
        "Ctrl+Shift+D",
        page.ask_deck,
        "mdi6.cards-playing-outline",
        some,
        "A new deck of the selected cards",
    )
    add(
        "compare",
        "&Compare",
        "Ctrl+Shift+M",
        lambda: page.compare_cards.emit([card.id for card in page.selected()]),
        "mdi6.compare",
        lambda: FEWEST <= len(page.selected()) <= MOST,
        f"{FEWEST} to {MOST} cards side by side, and the images on which they disagree",
    )
    add(
        "import",
        "&Import…",
        "Ctrl+I",
        page.files.ask_files,
        "mdi6.tray-arrow-down",
        lambda: True,
        "Cards of other workspaces, and state dicts; or drop files on this page",
    )
    add(
        "export",
        "E&xport…",
        "Ctrl+Shift+E",
        page.files.ask_export,
        "mdi6.tray-arrow-up",
        some,
        "To .card files, as they are or with their values in fewer bits",
    )
    add("rename", "&Rename…", "F2", page.ask_name, "mdi6.rename-box-outline", one)
    add("tags", "&Tags…", "Ctrl+Shift+T", page.ask_tags, "mdi6.tag-outline", some)
    add("notes", "&Notes…", "Ctrl+Shift+O", page.ask_notes, "mdi6.note-text-outline", one)
    add("find", "&Filter", "Ctrl+F", page.filter.words.setFocus, "mdi6.filter-outline", lambda: True)
    actions.add(
        "cards.undo",
        "&Undo",
        "Ctrl+Z",
        page.undo.undo,
        menu="Edit",
        icon="mdi6.undo",
        scope=page,
        enabled=page.undo.canUndo,
    )
    actions.add(
        "cards.redo",
        "&Redo",
        "Ctrl+Shift+Z",
        page.undo.redo,
        menu="Edit",
        icon="mdi6.redo",
        scope=page,
        enabled=page.undo.canRedo,
    )
