"""A plot with its title and definition, that can be copied, exported, and read as a table."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMenu, QSizePolicy, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from card_studio.errors import UserError
from card_studio.studio.sheet import Sheet, as_csv
from card_studio.ui.pieces import label, on_surface, row
from card_studio.ui.plot_export import KINDS, Print, Whole, write
from card_studio.ui.sheet_view import SheetView
from card_studio.ui.theme import SPACE, Theme


class PlotPanel(QWidget):
    """A title, a plot or its table, a line that says what the numbers are, and a menu."""

    said = Signal(str)
    failed = Signal(str)

    def __init__(
        self,
        theme: Theme,
        title: str,
        plot: QWidget,
        sheet: Callable[[], Sheet],
        *,
        data: Callable[[], Sheet] | None = None,
        printed: QWidget | Whole | None = None,
    ) -> None:
        """Make a panel.

        Args:
            theme: the look.
            title: what is shown.
            plot: what shows it.
            sheet: returns it as a table to read.
            data: returns every number behind it, for CSV; `sheet` if there is nothing more.
            printed: what goes into a picture, where `plot` only scrolls over it.
        """
        super().__init__()
        self.setAccessibleName(title)
        self.title = title
        self._theme, self.plot, self._sheet, self._data = theme, plot, sheet, data or sheet
        self._printed: QWidget | Whole = printed or plot
        self.caption = label("", "caption", wrap=True)
        self.table = SheetView(theme, title)
        self._stack = QStackedWidget()
        for part in (plot, self.table):
            self._stack.addWidget(part)
        self.menu_button = self._menu_button()
        self.tools = row(label(title, "section"), None)
        self.tools.addWidget(self.menu_button)
        self.caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        layout = QVBoxLayout(on_surface(self))
        layout.setContentsMargins(2 * SPACE, SPACE, SPACE, SPACE)
        layout.setSpacing(SPACE // 2)
        layout.addLayout(self.tools)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self.caption)

    @property
    def reads_as_table(self) -> bool:
        """Whether the table is shown in the plot's place."""
        return self._stack.currentIndex() == 1

    def read_as_table(self, table: bool) -> None:
        """Show the table, or the plot again."""
        if table:
            self.table.show_sheet(self._sheet())
        self._stack.setCurrentIndex(int(table))
        self.table_action.setChecked(table)
        if self.isAncestorOf(QGuiApplication.focusObject()):  # type: ignore[arg-type]  # None is allowed
            (self.table if table else self.plot).setFocus()

    def refreshed(self, note: str) -> None:
        """Say that the plot's numbers are new, and what they are."""
        self.caption.setText(note)
        self.caption.setToolTip(note)
        if self.reads_as_table:
            self.table.show_sheet(self._sheet())

    def picture(self) -> Print:
        """Return the plot's picture with its title and definition."""
        return Print(self._theme, self._printed, self.title, self._sheet().note)

    def copy_picture(self) -> None:
        """Put the picture on the clipboard."""
        QGuiApplication.clipboard().setImage(self.picture().image())
        self.said.emit(f"{self.title}: picture copied")

    def copy_table(self) -> None:
        """Put the numbers on the clipboard, as text that a spreadsheet takes."""
        QGuiApplication.clipboard().setText(as_csv(self._data(), "\t"))
        self.said.emit(f"{self.title}: table copied")

    def export(self, path: Path) -> None:
        """Write a .png, .svg, .csv or .tex file."""
        try:
            write(path, self.picture(), self._sheet(), self._data())
        except UserError as error:
            self.failed.emit(str(error))
        else:
            self.said.emit(f"{path.name} written")

    def ask_export(self, suffix: str = ".png") -> QFileDialog:
        """Ask for a file, then write it."""
        dialog = QFileDialog(self, f"Export {self.title}")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([KINDS[suffix], *(text for kind, text in KINDS.items() if kind != suffix)])
        dialog.setDefaultSuffix(suffix[1:])
        dialog.selectFile(self.title.lower().replace(" ", "-") + suffix)
        dialog.fileSelected.connect(lambda name: self.export(Path(name)))
        dialog.open()
        return dialog

    def _menu_button(self) -> QToolButton:
        made = QToolButton()
        made.setText("⋯")
        made.setAccessibleName(f"Copy or export {self.title.lower()}")
        made.setToolTip("Copy, export, read as a table")
        made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        made.setProperty("role", "more")
        made.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        menu = QMenu(made)
        self.table_action = menu.addAction("Read as a table")
        self.table_action.setCheckable(True)
        self.table_action.toggled.connect(self.read_as_table)
        menu.addSeparator()
        menu.addAction("Copy picture", self.copy_picture)
        menu.addAction("Copy table", self.copy_table)
        menu.addSeparator()
        for suffix, text in KINDS.items():
            menu.addAction(f"Export {text}…", lambda suffix=suffix: self.ask_export(suffix))  # type: ignore[misc]  # the default
        made.setMenu(menu)
        return made
