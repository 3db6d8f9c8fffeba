"""Importing and exporting on the Cards page: its dialogs, drops, and the line that shows how far they are."""

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from card_studio.domain.card import Card
from card_studio.domain.options import Options, ValueType, option
from card_studio.studio.targets import CARD_SUFFIX, IMPORTABLE
from card_studio.ui.bridge import Bridge
from card_studio.ui.cards_drop import DropPlace
from card_studio.ui.cards_transfer import TransferLine, Transfers, sorted_out
from card_studio.ui.import_dialog import ImportDialog
from card_studio.ui.measure_dialog import MeasureDialog
from card_studio.ui.theme import Theme
from card_studio.ui.words import counted

if TYPE_CHECKING:
    from card_studio.ui.cards_page import CardsPage

_UNFIT = re.compile(r"[^\w.+-]+")


class ExportOptions(Options):
    """How a card leaves."""

    values: ValueType = option(
        "float32", "How kept weights are stored: fewer bits make a smaller file; what that costs is measured and told"
    )


class Files(QObject):
    """Joins a page to what brings files in and takes them out; what is told goes on to the page."""

    said = Signal(str)

    def __init__(self, page: QWidget, bridge: Bridge, theme: Theme, *, ours_only: bool = False) -> None:
        """Take the page's drops.

        Args:
            page: a page.
            bridge: to the workspace.
            theme: of the window.
            ours_only: whether the page takes other files in other ways.
        """
        super().__init__(page)
        self._widget, self._bridge = page, bridge
        self.line = TransferLine()
        self.transfers = Transfers(bridge, self)
        self.place = DropPlace(theme, page, ours_only=ours_only)
        self.transfers.said.connect(self.said)
        self.transfers.watching.connect(self.line.show_jobs)
        self.place.dropped.connect(self.bring)
        self.place.refused.connect(bridge.failed)

    def ask_files(self) -> QFileDialog:
        """Ask which files to import."""
        patterns = " ".join(f"*{suffix}" for suffix in IMPORTABLE)
        dialog = self._dialog("Import", f"Cards, decks and state dicts ({patterns});;All files (*)")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(lambda names: self._on_files_chosen([Path(name) for name in names]))
        dialog.open()
        return dialog

    def bring(self, files: Sequence[Path]) -> None:
        """Import files; ask first what is known of foreign networks among them."""
        foreign = [file for file in files if IMPORTABLE[file.suffix.lower()]]
        if not foreign:
            self.transfers.bring(files)
            return
        dialog = ImportDialog(foreign, self._widget)
        dialog.confirmed.connect(partial(self.transfers.bring, list(files)))
        dialog.open()

    def _dialog(self, title: str, names: str) -> QFileDialog:
        dialog = QFileDialog(self._widget, title, "", names)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return dialog

    def _on_files_chosen(self, files: Sequence[Path]) -> None:
        good, reason = sorted_out(files)
        if reason:
            self._bridge.failed.emit(reason)
        if good:
            self.bring(good)


class CardFiles(Files):
    """The Cards page's files."""

    def __init__(self, page: "CardsPage") -> None:
        super().__init__(page, page.bridge, page.theme)
        self._page = page
        self.said.connect(page.said)

    def ask_export(self) -> MeasureDialog:
        """Ask in which type the selected cards' values are stored, then where to."""
        cards = self._page.selected()
        text = f"{counted(len(cards), 'card')} to files that other workspaces can import. Binary layers stay signs."
        options = ExportOptions(values=cards[0].recipe.values)
        dialog = MeasureDialog("Export", text, options, self._page, verb="Choose where…")
        dialog.confirmed.connect(lambda chosen: self._ask_target(cards, chosen.values))
        dialog.open()
        return dialog

    def _ask_target(self, cards: Sequence[Card], values: ValueType) -> None:
        dialog = self._dialog("Export", f"Cards (*{CARD_SUFFIX})")
        if len(cards) == 1:
            dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            dialog.setDefaultSuffix(CARD_SUFFIX[1:])
            dialog.selectFile(file_name(cards[0]))
        else:
            dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(lambda name: self.transfers.take(cards, Path(name), values))
        dialog.open()


def file_name(card: Card) -> str:
    """Return a file name made of a card's name, that every system takes."""
    return plain_name(card.name, card.id[:12]) + CARD_SUFFIX


def plain_name(name: str, otherwise: str) -> str:
    """Return a name as files may bear it on every system; `otherwise` where nothing of it is left."""
    return _UNFIT.sub("-", name).strip("-.") or otherwise
