"""A sheet of results as a table: figures right-aligned, units in the headers, marks kept."""

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QTableView

from card_studio.studio.sheet import Sheet
from card_studio.ui.delegates import RowDelegate
from card_studio.ui.tables import Index
from card_studio.ui.theme import SPACE, Theme, font, font_px

_EMPTY = Sheet(title="", headings=(), rows=(), note="")
_LEAST_WORDS = 17 * SPACE
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class SheetModel(QAbstractTableModel):
    """A sheet's cells."""

    def __init__(self) -> None:
        super().__init__()
        self.sheet = _EMPTY

    def set_sheet(self, sheet: Sheet) -> None:
        """Show another sheet."""
        self.beginResetModel()
        self.sheet = sheet
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default, which is immutable
        return 0 if parent.isValid() else len(self.sheet.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default, which is immutable
        return 0 if parent.isValid() else len(self.sheet.headings)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = index.row(), index.column()
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self.sheet.written(row, column)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{self._heading(column)}: {self.sheet.written(row, column)}"
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _LEFT if self.sheet.headings[column].digits is None else _RIGHT
        return font("body") if role == Qt.ItemDataRole.FontRole else None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.sheet.headings):
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._heading(section)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _LEFT if self.sheet.headings[section].digits is None else _RIGHT
        return None

    def _heading(self, column: int) -> str:
        passed = 0
        for name, count in self.sheet.groups:
            passed += count
            if column < passed:
                return f"{name} {self.sheet.headings[column].text}".strip()
        return self.sheet.headings[column].text


class SheetView(QTableView):
    """The table; Ctrl+C copies the selected cells."""

    def __init__(self, theme: Theme, name: str, *, whole_names: bool = False) -> None:
        """Make a table.

        Args:
            theme: the look.
            name: what it shows.
            whole_names: the words of the first column are never cut: where there is no room, one scrolls.
        """
        super().__init__()
        self._whole_names = whole_names
        self.setAccessibleName(f"{name}, as a table")
        self.model_ = SheetModel()
        self.model_.setParent(self)
        self.setModel(self.model_)
        self.setItemDelegate(RowDelegate(theme, self))
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(font_px("body") + 13)
        self.horizontalHeader().setHighlightSections(False)

    def show_sheet(self, sheet: Sheet) -> None:
        """Show a sheet."""
        self.model_.set_sheet(sheet)
        self.setAccessibleDescription(sheet.note)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Give figures the room that they need, and the words of the first column what is left."""
        header = self.horizontalHeader()
        for column in range(1, header.count()):
            self.setColumnWidth(column, max(self.sizeHintForColumn(column), header.sectionSizeHint(column)) + SPACE)
        if header.count():
            others = sum(header.sectionSize(column) for column in range(1, header.count()))
            wanted = max(self.sizeHintForColumn(0), header.sectionSizeHint(0)) + 2 * SPACE
            left = self.viewport().width() - others
            fitting = min(wanted, left) if left > _LEAST_WORDS else _LEAST_WORDS
            self.setColumnWidth(0, wanted if self._whole_names else fitting)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            QApplication.clipboard().setText(self.selected_text())
            return
        super().keyPressEvent(event)

    def selected_text(self) -> str:
        """Return the selected cells, tabs between."""
        chosen = sorted((index.row(), index.column()) for index in self.selectedIndexes())
        lines: dict[int, list[str]] = {}
        for row, column in chosen:
            lines.setdefault(row, []).append(self.model_.sheet.written(row, column))
        return "\n".join("\t".join(line) for line in lines.values())
