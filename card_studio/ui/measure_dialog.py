"""How cards are to be measured or written: a form of a suite, of a map's options, of an export's."""

from pydantic import ValidationError
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPushButton, QVBoxLayout, QWidget

from card_studio.domain.options import Options
from card_studio.ui.form import OptionForm
from card_studio.ui.pieces import label
from card_studio.ui.theme import SPACE


class MeasureDialog(QDialog):
    """Emits `confirmed` with the options, once they are valid and confirmed."""

    confirmed = Signal(object)

    def __init__(self, title: str, text: str, options: Options, parent: QWidget, *, verb: str = "Queue") -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self._options: Options | None = options
        self.form = OptionForm(type(options))
        self.form.set_values(options.model_dump(mode="json"))
        self.form.edited.connect(self._on_edited)
        self.accept_button = QPushButton(verb)
        self.accept_button.setProperty("role", "primary")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        buttons.addButton(self.accept_button, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * SPACE, 2 * SPACE, 3 * SPACE, 2 * SPACE)
        layout.setSpacing(2 * SPACE)
        layout.addWidget(label(title, "title"))
        layout.addWidget(label(text, "muted", wrap=True))
        layout.addWidget(self.form, 1)
        layout.addWidget(buttons)
        self.accept_button.setDefault(True)
        self.resize(min(760, parent.window().width()), self.sizeHint().height())

    def accept(self) -> None:
        """Tell of the options and close."""
        if self._options is not None:
            self.confirmed.emit(self._options)
            super().accept()

    def _on_edited(self) -> None:
        self.form.clear_problems()
        try:
            self._options = self.form.kind.model_validate(self.form.values())
        except ValidationError as error:
            self._options = None
            for problem in error.errors():
                text = problem["msg"].removeprefix("Value error, ")
                any(self.form.show_problem(str(name), text) for name in reversed(problem["loc"]))
        self.accept_button.setEnabled(self._options is not None)
