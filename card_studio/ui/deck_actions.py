"""What can be done on the Deck page, for menus, keys, the palette and the help: each drag has its key here."""

from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence

from card_studio.ui.actions import ActionRegistry

if TYPE_CHECKING:
    from card_studio.ui.deck_page import DeckPage


def add_deck_actions(page: "DeckPage", actions: ActionRegistry) -> None:
    """Add the page's actions; they work while it is shown."""
    _add_edits(page, actions)
    _add_deck(page, actions)
    _add_files(page, actions)
    _add_pictures(page, actions)


def _add_edits(page: "DeckPage", actions: ActionRegistry) -> None:
    def can(what: str) -> bool:
        document = page.active.document
        return document is not None and bool(getattr(document.stack, what)())

    actions.add(
        "deck.undo",
        "&Undo",
        QKeySequence.StandardKey.Undo,
        page.undo,
        menu="Edit",
        icon="mdi6.undo",
        enabled=lambda: can("canUndo"),
        scope=page,
        tip="Take back the last edit of the deck",
    )
    actions.add(
        "deck.redo",
        "&Redo",
        "Ctrl+Shift+Z",
        page.redo,
        menu="Edit",
        icon="mdi6.redo",
        enabled=lambda: can("canRedo"),
        scope=page,
        tip="Do the edit again",
    )
    for id_, text, keys, slot, tip in (
        ("deck.add", "&Add to the table", "Insert", lambda: page.add_cards(page.hand.view.chosen_cards()), "Enter too"),
        ("deck.take_out", "&Take out", "Delete", page.take_out, "Take the marked cards off the table"),
        ("deck.left", "Move &left", "Alt+Left", lambda: page.shift(-1), "Move the card towards the start"),
        ("deck.right", "Move &right", "Alt+Right", lambda: page.shift(1), "Move the card towards the end"),
        ("deck.across", "Move to the &other deck", "Alt+Return", page.send_across, "Between two decks side by side"),
        ("deck.measure", "&Measure", "Ctrl+M", page.measure, "Queue the evaluation and the map that cards lack"),
    ):
        actions.add(id_, text, keys, slot, menu="Deck", scope=page, tip=tip)


def _add_deck(page: "DeckPage", actions: ActionRegistry) -> None:
    for id_, text, keys, slot, icon in (
        ("deck.new", "&New deck", "Ctrl+Shift+N", page.shelf.make, "mdi6.plus"),
        ("deck.rename", "Re&name…", "F2", page.start_renaming, ""),
        ("deck.duplicate", "&Duplicate", "Ctrl+D", page.duplicate_deck, ""),
        ("deck.delete", "Delete the deck…", "", page.delete_deck, ""),
        ("deck.search", "&Search the hand", "Ctrl+F", page.search, "mdi6.magnify"),
    ):
        actions.add(id_, text, keys, slot, menu="Deck", icon=icon, scope=page)
    actions.add(
        "deck.propose",
        "Deal for &me…",
        "Ctrl+Shift+D",
        page.ask_deal,
        menu="Deck",
        icon="mdi6.cards-outline",
        scope=page,
        tip="Propose the best deck within a byte budget, chosen on validation images only",
    )
    beside = actions.add(
        "deck.beside",
        "Two decks side &by side",
        "Ctrl+B",
        lambda: page.show_beside(beside.isChecked()),
        menu="Deck",
        icon="mdi6.view-split-vertical",
        scope=page,
        checkable=True,
        tip="Drag cards between two decks, and see what differs",
    )


def _add_files(page: "DeckPage", actions: ActionRegistry) -> None:
    for id_, text, keys, slot, icon, tip in (
        ("deck.import", "&Import…", "Ctrl+I", page.files.ask_files, "mdi6.tray-arrow-down", "Or drop the file here"),
        ("deck.export", "E&xport…", "Ctrl+Shift+E", page.files.ask_export, "mdi6.tray-arrow-up", "As .deck or ONNX"),
    ):
        actions.add(id_, text, keys, slot, menu="Deck", icon=icon, scope=page, tip=tip)


def _add_pictures(page: "DeckPage", actions: ActionRegistry) -> None:
    for id_, text, keys, slot, icon in (
        ("deck.open", "&Open pictures…", "Ctrl+O", page.preview.choose_files, "mdi6.image-outline"),
        ("deck.paste", "&Paste a picture", "Ctrl+V", page.preview.paste, "mdi6.content-paste"),
        ("deck.clear", "Put pictures away", "", page.oracle.clear, ""),
    ):
        actions.add(id_, text, keys, slot, menu="Deck", icon=icon, scope=page)
