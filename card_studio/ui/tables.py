"""Tables as every page has them: right-aligned figures, units in headers, rows updated by what differs."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractItemModel, QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSettings, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView

from card_studio.ui.theme import font, font_px

R = TypeVar("R")
Index = QModelIndex | QPersistentModelIndex
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RECORD_ROLE = Qt.ItemDataRole.UserRole
"""The record behind a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Generic[R]):
    """A column: its header with the unit, what it says of a record, and how."""

    key: str
    header: str
    text: Callable[[R], str]
    tip: str = ""
    figures: bool = False
    """Right-aligned, with figures of equal width."""
    width: int = 90
    shown: bool = True
    """Whether it is shown until the user chooses otherwise."""


class RecordModel(QAbstractTableModel, Generic[R]):
    """Records as rows; a new list is brought in by inserting, removing and moving only what differs."""

    def __init__(self, columns: Sequence[Column[R]], identity: Callable[[R], Hashable]) -> None:
        super().__init__()
        self.columns = list(columns)
        self._identity = identity
        self._records: list[R] = []

    @property
    def records(self) -> list[R]:
        """The rows' records, in order."""
        return list(self._records)

    def record(self, row: int) -> R:
        """Return the record of a row."""
        return self._records[row]

    def row_of(self, identity: Hashable) -> int | None:
        """Return the row of a record by its identity."""
        return next((row for row, record in enumerate(self._records) if self._identity(record) == identity), None)

    def set_records(self, records: Sequence[R]) -> None:
        """Show these records, keeping what views know of rows that stay."""
        self._remove_all_but({self._identity(record) for record in records})
        self._insert_new(records)
        self._put_in_order(records)
        self._update_changed(records)

    def _remove_all_but(self, kept: set[Hashable]) -> None:
        for row in range(len(self._records) - 1, -1, -1):
            if self._identity(self._records[row]) not in kept:
                self.beginRemoveRows(QModelIndex(), row, row)
                del self._records[row]
                self.endRemoveRows()

    def _insert_new(self, records: Sequence[R]) -> None:
        known = {self._identity(record) for record in self._records}
        if not known and records:
            self.beginInsertRows(QModelIndex(), 0, len(records) - 1)
            self._records = list(records)
            self.endInsertRows()
            return
        for row, record in enumerate(records):
            if self._identity(record) not in known:
                place = min(row, len(self._records))
                self.beginInsertRows(QModelIndex(), place, place)
                self._records.insert(place, record)
                self.endInsertRows()

    def _put_in_order(self, records: Sequence[R]) -> None:
        wanted = [self._identity(record) for record in records]
        present = {self._identity(record): record for record in self._records}
        if wanted == list(present):
            return
        self.layoutAboutToBeChanged.emit()
        places = {identity: row for row, identity in enumerate(wanted)}
        before = self.persistentIndexList()
        after = [self.index(places[self._identity(self._records[i.row()])], i.column()) for i in before]
        self._records = [present[identity] for identity in wanted]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def _update_changed(self, records: Sequence[R]) -> None:
        last = len(self.columns) - 1
        for row, record in enumerate(records):
            if self._records[row] != record:
                self._records[row] = record
                self.dataChanged.emit(self.index(row, 0), self.index(row, last))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default, which is immutable
        return 0 if parent.isValid() else len(self._records)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default, which is immutable
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        column, record = self.columns[index.column()], self._records[index.row()]
        return cell_data(column, record, role)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        return header_data(self.columns[section], role)


def cell_data(column: Column[R], record: R, role: int) -> Any:
    """Return what a cell says in a role of Qt's."""
    if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
        return column.text(record)
    if role == Qt.ItemDataRole.TextAlignmentRole:
        return _RIGHT if column.figures else _LEFT
    if role == Qt.ItemDataRole.FontRole and column.figures:
        return font("body")
    if role == Qt.ItemDataRole.AccessibleTextRole:
        return f"{column.header}: {column.text(record)}"
    return record if role == RECORD_ROLE else None


def header_data(column: Column[Any], role: int) -> Any:
    """Return what a header says in a role of Qt's."""
    if role == Qt.ItemDataRole.DisplayRole:
        return column.header
    if role == Qt.ItemDataRole.ToolTipRole:
        return column.tip or column.header
    if role == Qt.ItemDataRole.TextAlignmentRole:
        return _RIGHT if column.figures else _LEFT
    return None


class Table(QTableView):
    """A table view in the studio's look; columns are chosen in the header's menu and remembered."""

    def __init__(self, model: QAbstractItemModel, columns: Sequence[Column[Any]], name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(name)
        self._columns = list(columns)
        self.setModel(model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.set_row_height(font_px("body") + 15)
        self._set_up_header(self.horizontalHeader())

    def set_row_height(self, pixels: int) -> None:
        """Set the height of all rows."""
        self.verticalHeader().setMinimumSectionSize(pixels)
        self.verticalHeader().setDefaultSectionSize(pixels)

    def selected_records(self) -> list[Any]:
        """Return the records of the selected rows, from top to bottom."""
        rows = sorted(self.selectionModel().selectedRows(), key=lambda index: index.row())
        return [index.data(RECORD_ROLE) for index in rows]

    def column_actions(self) -> list[QAction]:
        """Return a switch for each column; the first is always shown."""
        made = []
        for section, column in enumerate(self._columns[1:], start=1):
            action = QAction(column.header, self)
            action.setCheckable(True)
            action.setChecked(not self.isColumnHidden(section))
            action.toggled.connect(lambda shown, at=section: self._on_column_toggled(at, shown))
            made.append(action)
        return made

    def _set_up_header(self, header: QHeaderView) -> None:
        header.setHighlightSections(False)
        header.setSectionsMovable(True)
        header.setFirstSectionMovable(False)
        header.setMinimumSectionSize(40)
        for section, column in enumerate(self._columns):
            self.setColumnWidth(section, round(column.width * font_px("body") / 13))
            self.setColumnHidden(section, not self._is_shown(column))
        header.sectionResized.connect(self._on_section_resized)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._on_header_menu_asked)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fill()

    def _fill(self) -> None:
        """Give the first column the room that the others leave, but never less than it needs."""
        header = self.horizontalHeader()
        others = sum(header.sectionSize(section) for section in range(1, header.count()))
        least = round(self._columns[0].width * font_px("body") / 13)
        self.setColumnWidth(0, max(least, self.viewport().width() - others))

    def _on_section_resized(self, section: int, _before: int, _now: int) -> None:
        if section:
            self._fill()

    def _is_shown(self, column: Column[Any]) -> bool:
        stored = QSettings().value(f"columns/{self.objectName()}/{column.key}", column.shown)
        return stored in (True, "true")

    def _on_column_toggled(self, section: int, shown: bool) -> None:
        self.setColumnHidden(section, not shown)
        QSettings().setValue(f"columns/{self.objectName()}/{self._columns[section].key}", shown)

    def _on_header_menu_asked(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions(self.column_actions())
        menu.popup(self.cursor().pos())
