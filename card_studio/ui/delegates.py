"""How rows are painted: a hairline under each, a mark where the keyboard is, a job's two lines and its bar."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from card_studio.domain.job import Job, JobState
from card_studio.ui.queue_rules import second_line
from card_studio.ui.tables import RECORD_ROLE
from card_studio.ui.theme import SPACE, FontRole, Theme, font, font_px
from card_studio.ui.words import percent

_BAR_HEIGHT = 4
_MARK_WIDTH = 3
STATE_ICONS: dict[JobState, tuple[str, str]] = {
    JobState.RUNNING: ("mdi6.play-circle", "accent"),
    JobState.QUEUED: ("mdi6.clock-outline", "muted"),
    JobState.PAUSED: ("mdi6.pause-circle-outline", "warning"),
    JobState.FINISHED: ("mdi6.check-circle-outline", "positive"),
    JobState.FAILED: ("mdi6.alert-circle", "negative"),
    JobState.CANCELLED: ("mdi6.minus-circle-outline", "muted"),
}
"""By state: a symbol that tells it without colour, and a token."""


class RowDelegate(QStyledItemDelegate):
    """Rows with a hairline beneath and a visible focus."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        plain = QStyleOptionViewItem(option)
        plain.state &= ~QStyle.StateFlag.State_HasFocus
        super().paint(painter, plain, index)
        rect: QRect = option.rect
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, self.theme.colour("hairline"))
        if index.column() == 0 and self._has_focus(index):
            painter.fillRect(rect.left(), rect.top(), _MARK_WIDTH, rect.height() - 1, self.theme.colour("focus"))

    def _has_focus(self, index: QModelIndex | QPersistentModelIndex) -> bool:
        view = self.parent()
        return isinstance(view, QAbstractItemView) and view.hasFocus() and view.currentIndex().row() == index.row()


class JobNameDelegate(RowDelegate):
    """A job's name over what it is doing, or why it failed."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        job = index.data(RECORD_ROLE)
        super().paint(painter, option, index)
        rect: QRect = option.rect
        side = font_px("title")
        place = QRect(rect.left() + SPACE * 3 // 2, rect.center().y() - side // 2, side, side)
        icon, colour = STATE_ICONS[job.state]
        self.theme.icon(icon, colour).paint(painter, place)
        words = rect.adjusted(side + SPACE * 3, SPACE // 2, -SPACE, -SPACE // 2)
        top = QRect(words.left(), words.top(), words.width(), words.height() // 2)
        below = top.translated(0, words.height() // 2)
        _line(painter, top, job.name, "body", self.theme.colour("text"), Qt.AlignmentFlag.AlignBottom)
        failed = job.state is JobState.FAILED
        colour_below = self.theme.colour("negative" if failed else "muted")
        _line(painter, below, second_line(job), "small", colour_below, Qt.AlignmentFlag.AlignTop)

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().initStyleOption(option, index)
        option.text = ""  # the two lines are painted instead

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(30 * SPACE, font_px("body") + font_px("small") + 3 * SPACE)


class ProgressDelegate(RowDelegate):
    """A thin bar and its percentage."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        job: Job = index.data(RECORD_ROLE)
        if not job.progress and job.state is not JobState.RUNNING:
            return
        rect: QRect = option.rect
        width = QFontMetrics(font("small")).horizontalAdvance("100 %") + SPACE
        words = rect.adjusted(rect.width() - width - SPACE, 0, -SPACE, 0)
        bar = QRectF(rect.left() + SPACE, rect.center().y() - 1, rect.width() - width - 3 * SPACE, _BAR_HEIGHT)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.theme.colour("hairline"))
        painter.drawRoundedRect(bar, 2, 2)
        done = QRectF(bar)
        done.setWidth(max(0.0, bar.width() * job.progress))
        painter.setBrush(self.theme.colour(_bar_colour(job.state)))
        painter.drawRoundedRect(done, 2, 2)
        painter.restore()
        said = f"{percent(job.progress, 0)} %"
        _line(painter, words, said, "small", self.theme.colour("muted"), Qt.AlignmentFlag.AlignVCenter, right=True)

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().initStyleOption(option, index)
        option.text = ""  # the bar is painted instead


def _bar_colour(state: JobState) -> str:
    if state is JobState.RUNNING:
        return "accent"
    return "negative" if state is JobState.FAILED else "muted"


def _line(
    painter: QPainter,
    place: QRect,
    text: str,
    size: FontRole,
    colour: QColor,
    upright: Qt.AlignmentFlag,
    *,
    right: bool = False,
) -> None:
    painter.save()
    painter.setFont(font(size))
    painter.setPen(colour)
    fitted = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, place.width())
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    painter.drawText(place, int(upright | side), fitted)
    painter.restore()
