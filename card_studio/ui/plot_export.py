"""A widget's picture and its sheet, out of the window: PNG at twice the size, SVG, CSV, LaTeX, the clipboard."""

from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QGraphicsView, QWidget

from card_studio.errors import UserError
from card_studio.files import replacing
from card_studio.studio.sheet import Sheet, as_csv, as_latex
from card_studio.ui.theme import SPACE, Theme, font, font_px

_SCALE = 2
KINDS = {".png": "Picture (*.png)", ".svg": "Vector picture (*.svg)", ".csv": "Table (*.csv)", ".tex": "LaTeX (*.tex)"}
"""By suffix, how a file dialog names it."""


class Whole(Protocol):
    """Stands in for a widget that only scrolls over what belongs into its picture."""

    def size(self) -> QSize:
        """Return the room that it takes."""

    def render(self, painter: QPainter, at: QPoint, /) -> object:
        """Draw it."""


class Print:
    """A picture of a widget with its title above and its definition below, as it leaves the window."""

    def __init__(self, theme: Theme, widget: QWidget | Whole, title: str, note: str) -> None:
        self._theme, self._widget, self._title, self._note = theme, widget, title, note
        self._width = max(widget.size().width(), 40 * SPACE)
        self._head = font_px("body") + 2 * SPACE
        self._foot = self._note_height() + 2 * SPACE

    @property
    def size(self) -> QSize:
        """In device-independent pixels."""
        return QSize(self._width + 2 * SPACE, self._head + self._widget.size().height() + self._foot)

    def paint(self, painter: QPainter) -> None:
        """Draw it all."""
        painter.fillRect(QRect(QPoint(0, 0), self.size), self._theme.colour("surface"))
        painter.setFont(font("body", bold=True))
        painter.setPen(self._theme.colour("text"))
        title = QRect(SPACE, 0, self._width, self._head)
        painter.drawText(title, Qt.AlignmentFlag.AlignVCenter, self._title)
        self._draw(painter, QPoint(SPACE, self._head))
        painter.setFont(font("small"))
        painter.setPen(self._theme.colour("muted"))
        foot = QRect(SPACE, self._head + self._widget.size().height() + SPACE, self._width, self._foot)
        painter.drawText(foot, int(Qt.TextFlag.TextWordWrap), self._note)

    def image(self) -> QImage:
        """Return it as pixels, twice as many each way."""
        image = QImage(self.size * _SCALE, QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(_SCALE)
        image.fill(self._theme.colour("surface"))
        with QPainter(image) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self.paint(painter)
        return image

    def svg(self) -> bytes:
        """Return it as a vector picture."""
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        generator = QSvgGenerator()
        generator.setOutputDevice(buffer)
        generator.setSize(self.size)
        generator.setViewBox(QRect(QPoint(0, 0), self.size))
        generator.setResolution(QImage(1, 1, QImage.Format.Format_RGB32).logicalDpiX())  # as the screen's, for axes
        generator.setTitle(self._title)
        generator.setDescription(self._note)
        with QPainter(generator) as painter:
            self.paint(painter)
        return bytes(buffer.data().data())

    def _draw(self, painter: QPainter, at: QPoint) -> None:
        widget = self._widget
        if isinstance(widget, QGraphicsView):  # whose render is of the scene
            widget.render(painter, QRectF(QRect(at, widget.size())), widget.viewport().rect())
        else:
            widget.render(painter, at)

    def _note_height(self) -> int:
        room = QRect(0, 0, self._width, 10_000)
        return QFontMetrics(font("small")).boundingRect(room, int(Qt.TextFlag.TextWordWrap), self._note).height()


def write(path: Path, picture: Print, sheet: Sheet, data: Sheet) -> Path:
    """Write a picture or a table, by the path's suffix.

    Args:
        path: ends in .png, .svg, .csv or .tex.
        picture: for the first two.
        sheet: as it is read, for LaTeX.
        data: every number, for CSV.

    Raises:
        UserError: another suffix, or the folder cannot be written to.
    """
    suffix = path.suffix.lower()
    if suffix not in KINDS:
        raise UserError(f"{path.name}: end the name in {', '.join(KINDS)}")
    if suffix == ".png":
        content = _png(picture.image())
    elif suffix == ".svg":
        content = picture.svg()
    else:
        content = (as_csv(data) if suffix == ".csv" else as_latex(sheet)).encode()
    with replacing(path) as temporary:
        temporary.write_bytes(content)
    return path


def _png(image: QImage) -> bytes:
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs want bytes here, Qt a str
    return bytes(content.data())
