"""Decks that go out of the Deck page as one file, and files that are dropped on it or chosen for import."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog

from card_studio.domain.job import DECK_SUFFIX, ONNX_SUFFIX
from card_studio.ui.bridge import Bridge
from card_studio.ui.cards_files import Files, plain_name
from card_studio.ui.theme import Theme

if TYPE_CHECKING:
    from card_studio.ui.deck_page import DeckPage

_KINDS = {
    f"Deck for another workspace (*{DECK_SUFFIX})": DECK_SUFFIX,
    f"ONNX with the gate inside (*{ONNX_SUFFIX})": ONNX_SUFFIX,
}


class DeckFiles(Files):
    """The Deck page's files; a deck that came is laid on the table."""

    def __init__(self, page: "DeckPage", bridge: Bridge, theme: Theme) -> None:
        super().__init__(page, bridge, theme, ours_only=True)
        self._page = page
        self._came = ""
        self.said.connect(page.said)
        self.transfers.wrote.connect(page.wrote)
        self.transfers.brought.connect(self._on_brought)
        page.shelf.changed.connect(self._show_what_came)

    def ask_export(self) -> QFileDialog | None:
        """Ask where the active deck is written, and as what; None where there is nothing to write."""
        deck = self._page.active.deck
        if deck is None or not deck.cards:
            self._bridge.failed.emit("There is no deck to export: put a card on the table first")
            return None
        dialog = self._dialog("Export the deck", ";;".join(_KINDS))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(DECK_SUFFIX[1:])
        dialog.filterSelected.connect(lambda kind: dialog.setDefaultSuffix(_KINDS[kind][1:]))
        dialog.selectFile(plain_name(deck.name, "deck") + DECK_SUFFIX)
        dialog.fileSelected.connect(lambda name: self.transfers.take_deck(deck, Path(name)))
        dialog.open()
        return dialog

    def _on_brought(self, name: str) -> None:
        self._came = name
        self._show_what_came()

    def _show_what_came(self) -> None:
        """Lay the deck on the table as soon as the shelf knows it."""
        if self._came and self._page.open_deck(self._came):
            self._came = ""
