"""What is measured once a card is made: its evaluation on a suite, its sensitivity map."""

from collections.abc import Callable

from pydantic import ValidationError
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from card_studio.domain.job import MapOptions, Suite
from card_studio.domain.recipe import explain
from card_studio.errors import RecipeError
from card_studio.ui.form import OptionForm
from card_studio.ui.pieces import label
from card_studio.ui.theme import SPACE


class Afterwards(QWidget):
    """Two switches, each with its options."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.evaluate = QCheckBox("Evaluate it on clean and corrupted images")
        self.map = QCheckBox("Map its Fourier sensitivity")
        self.suite_form, self.map_form = OptionForm(Suite), OptionForm(MapOptions)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * SPACE, 2 * SPACE, 3 * SPACE, 2 * SPACE)
        layout.setSpacing(SPACE)
        layout.addWidget(label("As soon as a card is made, these are queued for it.", "caption"))
        for box, form in ((self.evaluate, self.suite_form), (self.map, self.map_form)):
            box.setChecked(True)
            box.toggled.connect(form.setEnabled)
            box.toggled.connect(lambda _on: self.edited.emit())
            form.edited.connect(self.edited)
            layout.addSpacing(SPACE)
            layout.addWidget(box)
            layout.addWidget(form)
        layout.addStretch(1)

    def show_choices(self, suite: Suite | None, options: MapOptions | None) -> None:
        """Show what another job asked for."""
        self.evaluate.setChecked(suite is not None)
        self.map.setChecked(options is not None)
        if suite is not None:
            self.suite_form.set_values(suite.model_dump(mode="json"))
        if options is not None:
            self.map_form.set_values(options.model_dump(mode="json"))

    def suite(self) -> Suite | None:
        """Return the suite, None where none is wanted."""
        return Suite.model_validate(self.suite_form.values()) if self.evaluate.isChecked() else None

    def map_options(self) -> MapOptions | None:
        """Return how the map is measured, None where none is wanted."""
        return MapOptions.model_validate(self.map_form.values()) if self.map.isChecked() else None

    def check(self) -> None:
        """Check both, and show each problem where it is.

        Raises:
            RecipeError: something is wrong.
        """
        self._check("Evaluation", self.suite_form, self.suite)
        self._check("Map", self.map_form, self.map_options)

    def _check(self, name: str, form: OptionForm, read: Callable[[], object]) -> None:
        form.clear_problems()
        try:
            read()
        except ValidationError as error:
            for problem in error.errors():
                form.show_problem(str(problem["loc"][0]) if problem["loc"] else "", problem["msg"])
            raise RecipeError(f"{name}: {explain(error)}") from error
