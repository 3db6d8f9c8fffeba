"""The help: every action with its keys, by menu, from the registry itself."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from card_studio.ui.actions import ActionRegistry, Entry, plain_text
from card_studio.ui.pieces import label, row
from card_studio.ui.theme import SPACE, fixed_font

_ELSEWHERE = (
    ("Tables", "Select several", "Shift or Ctrl + click"),
    ("Tables", "Choose columns", "Right click on a header"),
    ("Tables", "Next field or list", "Tab"),
)
_COLUMNS = 2


class ShortcutsHelp(QDialog):
    """All shortcuts on one sheet."""

    def __init__(self, actions: ActionRegistry, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Keyboard shortcuts")
        self.resize(min(820, parent.width()), min(620, parent.height()))
        sheet = QWidget()
        grid = QGridLayout(sheet)
        grid.setContentsMargins(3 * SPACE, 2 * SPACE, 3 * SPACE, 2 * SPACE)
        grid.setHorizontalSpacing(5 * SPACE)
        grid.setVerticalSpacing(2 * SPACE)
        for number, (menu, lines) in enumerate(shortcuts(actions).items()):
            place = grid.itemAtPosition(number // _COLUMNS, number % _COLUMNS)
            if place is None:
                grid.addLayout(_block(menu, lines), number // _COLUMNS, number % _COLUMNS, Qt.AlignmentFlag.AlignTop)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(sheet)
        area.setAccessibleName("Keyboard shortcuts")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(area)
        layout.addLayout(row(label("A page's own keys are listed once it has been opened.", "caption"), None, buttons))


def shortcuts(actions: ActionRegistry) -> dict[str, list[tuple[str, str]]]:
    """Return what can be done from the keyboard: by menu, pairs of text and keys."""
    found: dict[str, list[tuple[str, str]]] = {}
    for entry in actions.entries():
        if keys := _keys(entry):
            found.setdefault(entry.menu or "Elsewhere", []).append((plain_text(entry.action), keys))
    for menu, text, keys in _ELSEWHERE:
        found.setdefault(menu, []).append((text, keys))
    return found


def _keys(entry: Entry) -> str:
    return entry.action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)


def _block(menu: str, lines: list[tuple[str, str]]) -> QGridLayout:
    block = QGridLayout()
    block.setHorizontalSpacing(2 * SPACE)
    block.setVerticalSpacing(SPACE // 2)
    block.addWidget(label(menu, "section"), 0, 0, 1, 2)
    for number, (text, keys) in enumerate(lines, start=1):
        cap = label(keys)
        cap.setFont(fixed_font())
        block.addWidget(label(text), number, 0)
        block.addWidget(cap, number, 1, Qt.AlignmentFlag.AlignRight)
    block.setColumnStretch(0, 1)
    return block
