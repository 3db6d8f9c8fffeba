"""How cards are to be measured or written: a form of a suite, of a map's options, of an export's."""

from pydantic import ValidationError
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFrame, QPushButton, QScrollArea, QVBoxLayout, QWidget

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
        self._area = _scrolled(self.form)
        layout.addWidget(self._area, 1)
        layout.addWidget(buttons)
        self.accept_button.setDefault(True)
        self.resize(min(900, parent.window().width()), self.sizeHint().height())

    def showEvent(self, event: QShowEvent) -> None:
        """Be as high as the form needs, now that its width is known."""
        super().showEvent(event)
        self._make_room()

    def accept(self) -> None:
        """Tell of the options and close."""
        if self._options is not None:
            self.confirmed.emit(self._options)
            super().accept()

    def _make_room(self) -> None:
        """Grow to what the form needs, as far as the screen allows; beyond that it scrolls."""
        self.form.ensurePolished()
        missing = self.form.heightForWidth(self._area.viewport().width()) - self._area.viewport().height()
        if missing > 0:
            most = self.screen().availableSize().height() - 8 * SPACE
            self.resize(self.width(), min(self.height() + missing, most))

    def _on_edited(self) -> None:
        self._make_room()
        self.form.clear_problems()
        try:
            self._options = self.form.kind.model_validate(self.form.values())
        except ValidationError as error:
            self._options = None
            for problem in error.errors():
                text = problem["msg"].removeprefix("Value error, ")
                any(self.form.show_problem(str(name), text) for name in reversed(problem["loc"]))
        self.accept_button.setEnabled(self._options is not None)


def _scrolled(form: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(form)
    area.viewport().setAutoFillBackground(False)
    form.setAutoFillBackground(False)
    return area
