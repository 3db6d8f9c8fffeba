"""The sweep's axes: methods and augmentations to tick, sparsities and seeds to list, and how many jobs that makes."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QLayout, QLineEdit, QVBoxLayout, QWidget

from card_studio.domain.names import AugmentationName, Compression, MethodKind
from card_studio.domain.own import OwnMethods
from card_studio.domain.recipe import Recipe
from card_studio.ui.pieces import label
from card_studio.ui.sweep import Grid, numbers, sweep
from card_studio.ui.theme import SPACE, font_px

_METHODS_IN_A_ROW = 3


class SweepForm(QWidget):
    """Axes of a grid; all empty is the recipe alone."""

    edited = Signal()

    def __init__(self, own: OwnMethods | None = None) -> None:
        super().__init__()
        names = [*map(str, AugmentationName), *(own or OwnMethods()).names(MethodKind.AUGMENTATION)]
        self.methods = {name: self._tick(str(name)) for name in Compression}
        self.augmentations = {name: self._tick(name) for name in names}
        self.sparsities = self._line("Sparsities", "as in the recipe, or 0.8, 0.9, 0.95")
        self.seeds = self._line("Seeds", "as in the recipe, or 0-4")
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * SPACE)
        grid.setVerticalSpacing(3 * SPACE)
        grid.setColumnMinimumWidth(0, font_px("body") * 10)
        grid.setColumnStretch(1, 1)
        methods = QGridLayout()
        for number, box in enumerate(self.methods.values()):
            methods.addWidget(box, number // _METHODS_IN_A_ROW, number % _METHODS_IN_A_ROW)
        suits = QHBoxLayout()
        for box in self.augmentations.values():
            suits.addWidget(box)
        suits.addStretch(1)
        for line, (name, part) in enumerate(
            (("Methods", methods), ("Sparsities", self.sparsities), ("Augmentations", suits), ("Seeds", self.seeds))
        ):
            grid.addWidget(label(name), line, 0)
            if isinstance(part, QLayout):
                grid.addLayout(part, line, 1)
            elif isinstance(part, QWidget):
                grid.addWidget(part, line, 1)
        self._count = label("", "section", wrap=True)
        self._about = label(
            "Every combination becomes a job. What is left empty stays as in the recipe. Levels that jobs share are "
            "trained once.",
            "caption",
            wrap=True,
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * SPACE, 2 * SPACE, 3 * SPACE, 2 * SPACE)
        layout.setSpacing(2 * SPACE)
        layout.addWidget(self._about)
        layout.addLayout(grid)
        layout.addWidget(self._count)
        layout.addStretch(1)

    def recipes(self, recipe: Recipe) -> list[Recipe]:
        """Return the recipes of the grid around `recipe`.

        Raises:
            RecipeError: an axis or a combination is wrong.
        """
        return sweep(recipe, self.grid())

    def grid(self) -> Grid:
        """Return the axes.

        Raises:
            RecipeError: one is wrong.
        """
        return Grid(
            methods=tuple(name for name, box in self.methods.items() if box.isChecked()),
            sparsities=numbers(self.sparsities.text(), "Sparsities"),
            augmentations=tuple(name for name, box in self.augmentations.items() if box.isChecked()),
            seeds=numbers(self.seeds.text(), "Seeds", whole=True),
        )

    def say(self, text: str) -> None:
        """Show how many jobs there are, or what is wrong."""
        self._count.setText(text)

    def _tick(self, name: str) -> QCheckBox:
        box = QCheckBox(name)
        box.setAccessibleName(name)
        box.toggled.connect(lambda _on: self.edited.emit())
        return box

    def _line(self, name: str, hint: str) -> QLineEdit:
        line = QLineEdit()
        line.setAccessibleName(name)
        line.setPlaceholderText(hint)
        line.textChanged.connect(lambda _text: self.edited.emit())
        return line
