"""The dialog of one's own methods: what is offered and where it comes from; adding asks, as it runs the file's code."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFileDialog, QVBoxLayout, QWidget

from card_studio.domain.ids import short
from card_studio.domain.own import Extension, OwnMethod, OwnMethods
from card_studio.studio.examples import example_extension
from card_studio.ui.bridge import Bridge
from card_studio.ui.pieces import button, label, row
from card_studio.ui.questions import ask_first
from card_studio.ui.tables import Column, RecordModel, Table
from card_studio.ui.theme import SPACE

_ABOUT = (
    "Networks, augmentations, corruptions and pruning criteria that a Python file of yours, or an installed package, "
    "registers. Their code runs in processes of its own, never in this window; each recipe records the hash of it."
)
_NONE = "None yet. A documented example to copy is"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A method and what it comes from."""

    method: OwnMethod
    extension: Extension


COLUMNS: tuple[Column[Offered], ...] = (
    Column(key="about", header="What it does", text=lambda each: each.method.explanation, width=300),
    Column(key="name", header="Method", text=lambda each: each.method.name, width=150),
    Column(key="kind", header="Kind", text=lambda each: str(each.method.kind), width=110),
    Column(key="from", header="From", text=lambda each: each.extension.label, width=150),
    Column(key="code", header="Code", text=lambda each: short(each.extension.source), width=90),
)


class OwnDialog(QDialog):
    """Lists, adds and removes; emits `edited` once something was."""

    edited = Signal()

    def __init__(self, bridge: Bridge, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Own methods")
        self.bridge = bridge
        self.model: RecordModel[Offered] = RecordModel(COLUMNS, lambda each: (each.method.kind, each.method.name))
        self.model.setParent(self)
        self.table = Table(self.model, COLUMNS, "Own methods")
        self.said = label("", "caption", wrap=True)
        self.add_file = button("Add file…", self._on_file_asked)
        self.add_installed = button("Add installed…", self._on_installed_asked, tip="What installed packages offer")
        self.remove = button("Remove…", self._on_removal_asked)
        self._build()
        self.resize(min(900, parent.window().width() - 40), min(520, parent.window().height() - 40))
        self.table.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self._on_selection_changed()
        self._read("")

    def ask_to_add(self, path: Path) -> None:
        """Add a file, with a question unless it was added before just as it is."""
        workspace = self.bridge.workspace

        def ask(known: bool) -> None:
            if known:
                self._work(lambda: workspace.add_extension(path), f"{path.name} is added")
            else:
                self._ask_to_run(path.name, lambda: workspace.add_extension(path), f"{path.name} is added")

        self.bridge.ask(lambda: workspace.knows_extension(path), ask, owner=self, failed=self._refuse)

    def _build(self) -> None:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * SPACE, 2 * SPACE, 3 * SPACE, 2 * SPACE)
        layout.setSpacing(2 * SPACE)
        layout.addWidget(label("Own methods", "title"))
        layout.addWidget(label(_ABOUT, "muted", wrap=True))
        layout.addWidget(self.table, 1)
        layout.addWidget(self.said)
        layout.addLayout(row(self.add_file, self.add_installed, self.remove, None, buttons))

    def _on_file_asked(self) -> None:
        dialog = QFileDialog(self, "Add a file of methods", "", "Python files (*.py)")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda path: self.ask_to_add(Path(path)))
        dialog.open()

    def _on_installed_asked(self) -> None:
        self._ask_to_run(
            "installed packages", self.bridge.workspace.add_installed_extensions, "What is installed is added"
        )

    def _ask_to_run(self, what: str, work: Callable[[], object], said: str) -> None:
        ask_first(
            self,
            f"Run code from {what}?",
            "It can do all that you can do on this machine: only add what you trust. It is run now, and whenever a job "
            "or a preview needs it.",
            "Run and add",
            lambda: self._work(work, said),
            otherwise="Do not add",
        )

    def _on_removal_asked(self) -> None:
        labels = list(dict.fromkeys(each.extension.label for each in self.table.selected_records()))
        if labels:
            ask_first(
                self,
                f"Remove {', '.join(labels)}?",
                "All its methods go, with the workspace's copies of their code. Cards made with its networks cannot be "
                "measured or dealt until it is added again.",
                "Remove",
                lambda: self._work(lambda: self._remove_all(labels), f"{', '.join(labels)} removed"),
            )

    def _remove_all(self, labels: list[str]) -> None:
        for each in labels:
            self.bridge.workspace.remove_extension(each)

    def _work(self, work: Callable[[], object], said: str) -> None:
        """Do it in a thread, and say so meanwhile; a child that tries code takes seconds."""
        self._say("Working: a child process runs the code and tries each method…", "caption")
        self._set_usable(False)
        self.bridge.ask(work, lambda _done: self._on_done(said), owner=self, failed=self._refuse)

    def _on_done(self, said: str) -> None:
        self._set_usable(True)
        self._read(said)
        self.edited.emit()

    def _read(self, said: str) -> None:
        self.bridge.ask(self.bridge.workspace.own_methods, lambda own: self._show(own, said), owner=self)

    def _show(self, own: OwnMethods, said: str) -> None:
        current = [each for each in own.extensions if each.current]
        self.model.set_records([Offered(method=method, extension=each) for each in current for method in each.methods])
        self._say(said or ("" if current else f"{_NONE} {example_extension()}"), "caption")

    def _refuse(self, text: str) -> None:
        self._set_usable(True)
        self._say(text, "problem")

    def _say(self, text: str, role: str) -> None:
        self.said.setProperty("role", role)
        self.said.style().unpolish(self.said)
        self.said.style().polish(self.said)
        self.said.setText(text)
        self.said.setVisible(bool(text))

    def _set_usable(self, usable: bool) -> None:
        for each in (self.add_file, self.add_installed):
            each.setEnabled(usable)
        self._on_selection_changed()

    def _on_selection_changed(self) -> None:
        self.remove.setEnabled(self.add_file.isEnabled() and bool(self.table.selected_records()))
