"""The gallery's wall: a line for each augmentation and corruption, five pictures in each, painted pixel by pixel."""

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QFocusEvent,
    QFontMetricsF,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip, QWidget

from card_studio.ui.gallery_painting import MARGIN, SYMBOL, Mark, Metrics, Painting, places
from card_studio.ui.gallery_pictures import Look, Original
from card_studio.ui.gallery_sheet import COLUMNS, OURS, Line, Sheet, Wall, change
from card_studio.ui.theme import SPACE, Theme, font, font_px

_FIRST = (next(at for at, line in enumerate(OURS.lines) if line.is_corruption), 2)
_SMALLEST_SIDE, _LARGEST_SIDE = 24, 512
_STEPS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
    Qt.Key.Key_PageUp: (-4, 0),
    Qt.Key.Key_PageDown: (4, 0),
}


class GalleryGrid(QAbstractScrollArea):
    """The wall, with one current picture; arrows move it, Ctrl and the wheel zoom."""

    current_changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.sheet: Sheet | None = None
        self.look = Look()
        self.zoom: int | None = None
        """Device pixels on each side of an image's pixel; None fits the columns into the width."""
        self.line, self.column = _FIRST
        self._original: Original | None = None
        self._images: dict[tuple[str, int, Look], list[QImage]] = {}
        self.setAccessibleName("Gallery of augmentations and corruptions")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(self.Shape.NoFrame)
        self.viewport().setMouseTracking(False)
        theme.changed.connect(self.viewport().update)

    @property
    def current(self) -> Line:
        """The line of the current picture."""
        return self.wall.lines[self.line]

    @property
    def wall(self) -> Wall:
        """What hangs there."""
        return OURS if self.sheet is None else self.sheet.wall

    def show_sheet(self, sheet: Sheet | None, original: Original | None) -> None:
        """Show a picture's sheet, however much of it is made."""
        self.sheet, self._original = sheet, original
        self.line = min(self.line, len(self.wall.lines) - 1)
        self._images.clear()
        self._lay_out()
        self._tell()

    def on_drawn(self) -> None:
        """More of the sheet is made."""
        self.viewport().update()
        self._tell()

    def show_look(self, look: Look) -> None:
        """Show images, spectra, or both; themselves or their differences."""
        self.look = look
        self._lay_out()
        self._make_visible()

    def set_zoom(self, zoom: int | None) -> None:
        """Show an image's pixels so many device pixels large; None fits the width."""
        if zoom is not None:
            dpr = self.devicePixelRatioF()
            least = max(1, round(_SMALLEST_SIDE * dpr / self._size()))
            zoom = max(least, min(zoom, max(least, round(_LARGEST_SIDE * dpr / self._size()))))
        self.zoom = zoom
        self._lay_out()
        self._make_visible()

    def zoom_by(self, steps: int) -> None:
        """Zoom in, or out."""
        self.set_zoom((self.zoom or self._fitting()) + steps)

    def set_current(self, line: int, column: int) -> None:
        """Make a picture the current one, and bring it into sight."""
        self.line = max(0, min(line, len(self.wall.lines) - 1))
        self.column = max(0, min(column, COLUMNS - 1))
        self._make_visible()
        self.viewport().update()
        self._tell()

    def sheet_image(self, scale: float = 2.0) -> QImage:
        """Return the whole wall as a picture, heading included, at so many device pixels for each."""
        metrics = self._metrics()
        heading = font_px("title") + 4 * SPACE
        image = QImage(
            round(metrics.width * scale), round((metrics.height + heading) * scale), QImage.Format.Format_RGB32
        )
        image.setDevicePixelRatio(scale)
        image.fill(self._theme.colour("surface"))
        painter = QPainter(image)
        if self.sheet is not None:
            painter.setFont(font("title", True))
            painter.setPen(self._theme.colour("text"))
            text = f"{self.sheet.name} · {self.sheet.size} × {self.sheet.size} px · seed {self.sheet.seed}"
            painter.drawText(QPointF(MARGIN, 2.2 * SPACE + font_px("title")), text)
        painter.translate(0, heading)
        Painting(painter, self.images_of, metrics, self._theme).all(QRectF(0, 0, metrics.width, metrics.height))
        painter.end()
        return image

    def images_of(self, line: Line, column: int) -> list[QImage] | None:
        """Return what a cell shows, one image per part; None while its picture is not made."""
        made = None if self.sheet is None else self.sheet.picture(line, column)
        if made is None or self._original is None:
            return None
        key = (line.key, column, self.look)
        if key not in self._images:
            self._images[key] = self._original.images(made, self.look)
        return self._images[key]

    # --- Qt --------------------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        """Return room for pictures of three times their size."""
        return QSize(860, 640)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint what is in sight."""
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), self._theme.colour("surface"))
        across, down = self.horizontalScrollBar().value(), self.verticalScrollBar().value()
        painter.translate(-across, -down)
        seen = QRectF(across, down, self.viewport().width(), self.viewport().height())
        mark = Mark(line=self.line, column=self.column, focused=self.hasFocus())
        Painting(painter, self.images_of, self._metrics(), self._theme, mark).all(seen)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit anew."""
        super().resizeEvent(event)
        self._lay_out()

    def changeEvent(self, event: QEvent) -> None:
        """Fit anew where the font is another."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.ApplicationFontChange):
            self._lay_out()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the current picture."""
        step = _STEPS.get(Qt.Key(event.key()))
        if step is not None and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.set_current(self.line + step[0], self.column + step[1])
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End):
            whole = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            at_end = event.key() == Qt.Key.Key_End
            line = (len(self.wall.lines) - 1 if at_end else 0) if whole else self.line
            self.set_current(line, COLUMNS - 1 if at_end else 0)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Make the picture under the pointer the current one."""
        found = self._at(event.position().toPoint())
        if found is not None and event.button() == Qt.MouseButton.LeftButton:
            self.set_current(*found)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll; with Ctrl, zoom."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier and event.angleDelta().y():
            self.zoom_by(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
        else:
            super().wheelEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where the focus is."""
        self.viewport().update()
        event.accept()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show that the focus is gone."""
        self.viewport().update()
        event.accept()

    def viewportEvent(self, event: QEvent) -> bool:
        """Tell what is under the pointer."""
        if isinstance(event, QHelpEvent):
            found = self._at(event.pos())
            text = self.words(*found) if found is not None else ""
            QToolTip.showText(event.globalPos(), text, self.viewport())
            return True
        return super().viewportEvent(event)

    def words(self, line: int, column: int) -> str:
        """Return what a picture is called and how far it is from the original."""
        of = self.wall.lines[line]
        title = of.title(column)
        made = None if self.sheet is None else self.sheet.picture(of, column)
        if made is None or self.sheet is None:
            problem = "" if self.sheet is None else self.sheet.problems.get(of.key, "")
            return f"{title}: {problem}" if problem else title
        return f"{title}: {change(self.sheet.original, made).mean:.1f} grey levels of change on average"

    # --- within ----------------------------------------------------------------------------------------------------

    def _tell(self) -> None:
        self.setAccessibleDescription(self.words(self.line, self.column))
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))
        self.current_changed.emit()

    def _size(self) -> int:
        return self.sheet.size if self.sheet is not None else 32

    def _metrics(self) -> Metrics:
        zoom = self.zoom or self._fitting()
        return self._metrics_at(zoom)

    def _metrics_at(self, zoom: int) -> Metrics:
        face = QFontMetricsF(font("body", True))
        lines, sections = self.wall.lines, self.wall.sections
        labels = [face.horizontalAdvance(line.label) + (0 if line.is_corruption else SYMBOL) for line in lines]
        widest = max(*labels, *(face.horizontalAdvance(section.title) for section in sections))
        return Metrics(
            wall=self.wall,
            side=self._size() * zoom / self.devicePixelRatioF(),
            parts=self.look.parts,
            names=widest + MARGIN + 2.5 * SPACE,
            head=font_px("body") + 3 * SPACE,
        )

    def _fitting(self) -> int:
        """Return the largest zoom at which all columns are in sight."""
        zoom = max(1, round(_SMALLEST_SIDE * self.devicePixelRatioF() / self._size()))
        most = max(zoom, round(_LARGEST_SIDE * self.devicePixelRatioF() / self._size()))
        while zoom < most and self._metrics_at(zoom + 1).width <= self.viewport().width():
            zoom += 1
        return zoom

    def _lay_out(self) -> None:
        metrics = self._metrics()
        view = self.viewport().size()
        for bar, needed, there in (
            (self.verticalScrollBar(), metrics.height, view.height()),
            (self.horizontalScrollBar(), metrics.width, view.width()),
        ):
            bar.setRange(0, max(0, round(needed - there)))
            bar.setPageStep(there)
            bar.setSingleStep(round(metrics.line / 2))
        self.viewport().update()

    def _make_visible(self) -> None:
        metrics = self._metrics()
        place = next(rect for line, column, rect in places(metrics) if (line, column) == (self.line, self.column))
        down, across = self.verticalScrollBar(), self.horizontalScrollBar()
        top, bottom = round(place.top() - metrics.head), round(place.bottom() + SPACE - self.viewport().height())
        down.setValue(max(min(down.value(), top), bottom))
        left, right = round(place.left() - metrics.names), round(place.right() + SPACE - self.viewport().width())
        across.setValue(max(min(across.value(), left), right))

    def _at(self, point: QPoint) -> tuple[int, int] | None:
        spot = QPointF(point) + QPointF(self.horizontalScrollBar().value(), self.verticalScrollBar().value())
        for line, column, rect in places(self._metrics()):
            if rect.contains(spot):
                return line, column
        return None
