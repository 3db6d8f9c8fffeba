"""Where pictures are taken: dropped from anywhere, pasted, or chosen as files; the same on every page."""

from pathlib import Path

from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QGuiApplication, QPainter, QPen
from PySide6.QtWidgets import QFileDialog, QWidget

from card_studio.pictures import PICTURE_SUFFIXES
from card_studio.ui.card_paint import rounded
from card_studio.ui.deck_mime import Pictures, may_hold_pictures, pictures_of
from card_studio.ui.theme import Theme


class PictureTarget(QWidget):
    """A widget that takes pictures; what it does with them, its heirs say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.receiving = False
        """Whether pictures are held over it and could be dropped."""
        self.setAcceptDrops(True)

    def take(self, pictures: Pictures) -> None:
        """Show pictures that were dropped, pasted or chosen, or say why there are none."""
        raise NotImplementedError

    def show_receiving(self) -> None:
        """`receiving` has changed: show it."""
        self.update()

    def paste(self) -> None:
        """Take what is on the clipboard."""
        mime = QGuiApplication.clipboard().mimeData()
        if mime is not None:
            self.take(pictures_of(mime))

    def choose_files(self, *, several: bool = True) -> None:
        """Ask for image files."""
        pattern = " ".join(f"*{suffix}" for suffix in sorted(PICTURE_SUFFIXES))
        filters = f"Pictures ({pattern});;All files (*)"
        if several:
            names, _ = QFileDialog.getOpenFileNames(self, "Open pictures", "", filters)
        else:
            name, _ = QFileDialog.getOpenFileName(self, "Open a picture", "", filters)
            names = [name] if name else []
        if names:
            self.take(Pictures(sources=tuple(Path(name) for name in names)))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcome pictures; whatever else is dragged is left to others."""
        self._receive(may_hold_pictures(event.mimeData()))
        event.setAccepted(self.receiving)
        if self.receiving:
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Nothing is held over the widget any more."""
        self._receive(False)
        event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take the pictures, or say why not."""
        self._receive(False)
        event.acceptProposedAction()
        self.take(pictures_of(event.mimeData()))

    def _receive(self, receiving: bool) -> None:
        if receiving != self.receiving:
            self.receiving = receiving
            self.show_receiving()


def draw_receiving_frame(widget: QWidget, theme: Theme) -> None:
    """Draw a frame just within a widget's edge; called while it is painted."""
    painter = QPainter(widget)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.colour("accent"), 2))
    painter.drawPath(rounded(widget.rect().toRectF().adjusted(3, 3, -3, -3), 6))
    painter.end()
