"""What is known of a foreign network: its file holds tensors only, so the rest can be said here."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFileDialog, QPushButton, QVBoxLayout, QWidget

from card_studio.ui.pieces import button, label, row
from card_studio.ui.presets import presets
from card_studio.ui.theme import SPACE
from card_studio.ui.words import counted

_NOT_KNOWN = "Not known: CIFAR by its number of classes"


class ImportDialog(QDialog):
    """Emits `confirmed` with a recipe, a recipe's file, or None where nothing is known."""

    confirmed = Signal(object)

    def __init__(self, files: Sequence[Path], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Import")
        self.recipes = QComboBox()
        self.recipes.setAccessibleName("Recipe of the foreign networks")
        self.recipes.addItem(_NOT_KNOWN, None)
        for title, recipe in presets().items():
            self.recipes.addItem(title, recipe)
        self.accept_button = QPushButton("Import")
        self.accept_button.setProperty("role", "primary")
        self.accept_button.setDefault(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        buttons.addButton(self.accept_button, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        names = files[0].name if len(files) == 1 else counted(len(files), "file")
        text = (
            f"{names}: only tensors are read, nothing is run. The network, its sparsity and whether it is binary are "
            "measured from them. A recipe says which data and augmentation it was made with."
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * SPACE, 2 * SPACE, 3 * SPACE, 2 * SPACE)
        layout.setSpacing(2 * SPACE)
        layout.addWidget(label("Import", "title"))
        layout.addWidget(label(text, "muted", wrap=True))
        choice = row(label("Made by"), self.recipes, button("Recipe file…", self._on_file_asked))
        choice.setStretch(1, 1)
        layout.addLayout(choice)
        layout.addStretch(1)
        layout.addWidget(buttons)
        self.resize(min(640, parent.window().width()), self.sizeHint().height())

    def accept(self) -> None:
        """Tell what is known and close."""
        self.confirmed.emit(self.recipes.currentData())
        super().accept()

    def choose_file(self, path: str) -> None:
        """Choose a recipe's file; it is read when the import is queued."""
        self.recipes.addItem(Path(path).name, Path(path))
        self.recipes.setCurrentIndex(self.recipes.count() - 1)

    def _on_file_asked(self) -> None:
        dialog = QFileDialog(self, "Recipe", "", "Recipes (*.toml)")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.choose_file)
        dialog.open()
