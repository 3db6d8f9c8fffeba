"""Questions before what cannot be undone; they block nothing but their window."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog, QMessageBox, QWidget


def ask_first(
    parent: QWidget,
    question: str,
    consequence: str,
    verb: str,
    then: Callable[[], object],
    *,
    otherwise: str = "Keep",
) -> QMessageBox:
    """Ask, and call `then` only if the answer is `verb`; Escape and Enter do nothing.

    Args:
        parent: the window that is asked in.
        question: one line, such as "Cancel 2 jobs?".
        consequence: what will be lost.
        verb: what the button that does it says.
        then: what to do.
        otherwise: what the button that does nothing says.
    """
    box = QMessageBox(QMessageBox.Icon.NoIcon, "card-studio", question, parent=parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setInformativeText(consequence)
    yes = box.addButton(verb, QMessageBox.ButtonRole.DestructiveRole)
    keep = box.addButton(otherwise, QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(keep)
    box.setEscapeButton(keep)
    yes.clicked.connect(lambda _checked=False: then())
    box.open()
    return box


def ask_text(
    parent: QWidget, title: str, prompt: str, text: str, then: Callable[[str], object], *, lines: bool = False
) -> QInputDialog:
    """Ask for a text, and call `then` with it if it was confirmed.

    Args:
        parent: the window that is asked in.
        title: of the dialog.
        prompt: what is asked.
        text: to begin with.
        then: gets the text.
        lines: whether it may have several lines.
    """
    box = QInputDialog(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle(title)
    box.setLabelText(prompt)
    box.setTextValue(text)
    box.setOption(QInputDialog.InputDialogOption.UsePlainTextEditForTextInput, lines)
    box.setMinimumWidth(420)
    box.textValueSelected.connect(then)
    box.open()
    return box
