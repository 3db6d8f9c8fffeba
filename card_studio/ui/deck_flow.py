"""Where cards lie on the table: rows from the left, wrapped to the width; and which gap a point means."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF

GAP = 20.0
MARGIN = 28.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """The layout of `count` cards of one extent on a table of some width."""

    count: int
    extent: QSize
    width: float

    @property
    def columns(self) -> int:
        """How many cards a row holds."""
        return max(1, int((self.width - 2 * MARGIN + GAP) // (self.extent.width() + GAP)))

    @property
    def size(self) -> QSizeF:
        """The extent of the whole."""
        rows = max(1, -(-self.count // self.columns))
        return QSizeF(self.width, 2 * MARGIN + rows * self._row_step - GAP)

    def place(self, index: int) -> QPointF:
        """Return the top left corner of the card at `index`."""
        row, column = divmod(index, self.columns)
        return QPointF(MARGIN + column * self._column_step, MARGIN + row * self._row_step)

    def gap_at(self, point: QPointF) -> int:
        """Return before which card something dropped at `point` goes; `count` is the end."""
        row = int(max(0.0, point.y() - MARGIN + GAP / 2) // self._row_step)
        column = int((point.x() - MARGIN + GAP / 2 + self._column_step / 2) // self._column_step)
        return min(row * self.columns + min(max(column, 0), self.columns), self.count)

    def mark(self, gap: int, point: QPointF | None = None) -> QRectF:
        """Return where to draw the insertion mark for a gap.

        At a row's end it is drawn there, rather than at the next row's start, if `point` is in that row.
        """
        row, column = divmod(gap, self.columns)
        at_row_end = column == 0 and gap > 0 and (gap == self.count or self._in_row(point, row - 1))
        if at_row_end:
            row, column = row - 1, self.columns
        left = MARGIN + column * self._column_step - GAP / 2
        return QRectF(left - 2, MARGIN + row * self._row_step, 4, self.extent.height())

    def _in_row(self, point: QPointF | None, row: int) -> bool:
        return point is not None and int(max(0.0, point.y() - MARGIN + GAP / 2) // self._row_step) == row

    @property
    def _column_step(self) -> float:
        return self.extent.width() + GAP

    @property
    def _row_step(self) -> float:
        return self.extent.height() + GAP + 8
