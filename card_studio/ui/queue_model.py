"""The queue as a table, and the drag that orders it."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QMimeData, QModelIndex, QPersistentModelIndex, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QDrag, QDragMoveEvent, QDropEvent, QFontMetrics, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QAbstractItemView

from card_studio.domain.ids import JobId
from card_studio.domain.job import Job, JobState
from card_studio.ui.delegates import JobNameDelegate, ProgressDelegate, RowDelegate
from card_studio.ui.queue_rules import MOVABLE, elapsed_s, place_after_drop, second_line
from card_studio.ui.tables import RECORD_ROLE, Column, Index, RecordModel, Table
from card_studio.ui.theme import SPACE, Theme, font, font_px
from card_studio.ui.words import NONE, counted, duration, moment, percent, spoken

JOBS_MIME = "application/x-card-studio-jobs"
PAGE = 200
"""Jobs that are read at once: ended ones stay on the list for long."""
_DRAGGABLE = Qt.ItemFlag.ItemIsDragEnabled


def _time_left(job: Job) -> str:
    return duration(job.eta_s) if job.state is JobState.RUNNING else NONE


COLUMNS: tuple[Column[Job], ...] = (
    Column(key="job", header="Job", text=lambda job: job.name, width=220),
    Column(key="state", header="State", text=lambda job: spoken(job.state), width=90),
    Column(key="progress", header="Progress", text=lambda job: f"{percent(job.progress, 0)} %", width=150),
    Column(key="left", header="Time left", text=_time_left, figures=True, width=86, tip="Expected time to its end"),
    Column(key="device", header="Device", text=lambda job: job.device or NONE, width=76, tip="Where it runs, or ran"),
    Column(
        key="priority",
        header="Priority",
        text=lambda job: f"{job.priority:d}",
        figures=True,
        width=72,
        tip="Higher runs first",
    ),
    Column(key="took", header="Took", text=lambda job: duration(elapsed_s(job)), figures=True, width=84, shown=False),
    Column(key="queued", header="Queued", text=lambda job: moment(job.created_at), figures=True, width=96, shown=False),
    Column(key="attempt", header="Attempt", text=lambda job: f"{job.attempt:d}", figures=True, width=70, shown=False),
    Column(key="number", header="Number", text=lambda job: f"{job.id:d}", figures=True, width=70, shown=False),
)


class QueueModel(RecordModel[Job]):
    """Jobs in order; queued ones can be dragged."""

    moved = Signal(list, object)
    """Jobs were dropped: their ids, and the id before which they go, None for the end."""

    wants_more = Signal()
    """The list was scrolled to its end, and there are more jobs than it has."""

    def __init__(self) -> None:
        super().__init__(COLUMNS, lambda job: job.id)
        self.wanted = PAGE
        self.total = 0

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a cell says; the pointer finds the whole of the two lines that a row may cut short."""
        if role == Qt.ItemDataRole.ToolTipRole and index.isValid() and index.column() == 0:
            job = self.record(index.row())
            return f"{job.name}\n{second_line(job)}"
        return super().data(index, role)

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and self.rowCount() < self.total

    def fetchMore(self, parent: Index) -> None:
        if self.canFetchMore(parent) and self.wanted <= self.rowCount():
            self.wanted = self.rowCount() + PAGE
            self.wants_more.emit()

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        if not index.isValid():
            return flags | Qt.ItemFlag.ItemIsDropEnabled
        if self.record(index.row()).state in MOVABLE:
            flags |= Qt.ItemFlag.ItemIsDragEnabled
        return flags

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        return [JOBS_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        rows = sorted({index.row() for index in indexes})
        ids = [str(self.record(row).id) for row in rows if self.record(row).state in MOVABLE]
        data = QMimeData()
        data.setData(JOBS_MIME, ",".join(ids).encode())
        return data

    def dropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: QModelIndex | QPersistentModelIndex
    ) -> bool:
        if not data.hasFormat(JOBS_MIME):
            return False
        ids = [JobId(int(each)) for each in data.data(JOBS_MIME).toStdString().split(",") if each]
        place = parent.row() if parent.isValid() else row if row >= 0 else self.rowCount()
        if ids:
            self.moved.emit(ids, place_after_drop(self.records, place))
        return bool(ids)


class QueueTable(Table):
    """The queue's table: two-line rows, dragged into order."""

    def __init__(self, model: QueueModel, theme: Theme) -> None:
        super().__init__(model, COLUMNS, "Jobs")
        self._theme = theme
        self._drop_row: int | None = None
        self.setItemDelegate(RowDelegate(theme, self))
        self.setItemDelegateForColumn(0, JobNameDelegate(theme, self))
        self.setItemDelegateForColumn(2, ProgressDelegate(theme, self))
        self.set_row_height(font_px("body") + font_px("small") + 3 * SPACE)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDragDropOverwriteMode(False)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setAccessibleDescription("Drag queued jobs into order, or press Alt+Up and Alt+Down")
        theme.changed.connect(self.viewport().update)

    def startDrag(self, actions: Qt.DropAction) -> None:
        """Drag a small label beside the pointer, so that the line where it would go is seen."""
        indexes = [index for index in self.selectedIndexes() if self.model().flags(index) & _DRAGGABLE]
        jobs = {index.row(): index.data(RECORD_ROLE) for index in indexes}
        if not jobs:
            return
        drag = QDrag(self)
        drag.setMimeData(self.model().mimeData(indexes))
        only = next(iter(jobs.values()))
        drag.setPixmap(self._drag_label(only.name if len(jobs) == 1 else counted(len(jobs), "job")))
        drag.setHotSpot(QPoint(-2 * SPACE, -SPACE))
        drag.exec(Qt.DropAction.MoveAction)
        self._drop_row = None
        self.viewport().update()

    def _drag_label(self, text: str) -> QPixmap:
        words = font("body")
        room = QFontMetrics(words).boundingRect(text).adjusted(0, 0, 3 * SPACE, 2 * SPACE).size()
        ratio = self.devicePixelRatioF()
        label = QPixmap(room * ratio)
        label.setDevicePixelRatio(ratio)
        label.fill(self._theme.colour("accent"))
        painter = QPainter(label)
        painter.setFont(words)
        painter.setPen(self._theme.colour("accent_text"))
        painter.drawText(QRect(QPoint(0, 0), room), Qt.AlignmentFlag.AlignCenter, text)
        painter.end()
        return label

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        super().dragMoveEvent(event)
        self._drop_row = self._row_between(event.position().toPoint().y()) if event.isAccepted() else None
        self.viewport().update()

    def dropEvent(self, event: QDropEvent) -> None:
        self._drop_row = None
        super().dropEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._drop_row is None or self.state() != QAbstractItemView.State.DraggingState:
            return
        painter = QPainter(self.viewport())
        painter.fillRect(0, self._line_y(self._drop_row) - 1, self.viewport().width(), 3, self._theme.colour("accent"))
        painter.end()

    def _row_between(self, y: int) -> int:
        row = self.rowAt(y)
        if row < 0:
            return self.model().rowCount()
        return row + (y > self.rowViewportPosition(row) + self.rowHeight(row) // 2)

    def _line_y(self, row: int) -> int:
        last = self.model().rowCount() - 1
        if row <= last:
            return self.rowViewportPosition(row)
        return self.rowViewportPosition(last) + self.rowHeight(last)
