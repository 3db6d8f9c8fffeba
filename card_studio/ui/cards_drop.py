"""Files dropped on the Cards page: a place over the whole page that says what it takes, or why it does not."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from card_studio.ui.cards_transfer import sorted_out, spoken_suffixes
from card_studio.ui.pieces import label
from card_studio.ui.theme import SPACE, Theme
from card_studio.ui.words import counted

_VEIL = 235
"""How much of the page the place covers, of 255."""


class DropPlace(QWidget):
    """Covers its page while files are dragged over it; emits what was dropped."""

    dropped = Signal(list)
    """Files (Path) that can be imported."""
    refused = Signal(str)
    """Why some of a drop were left out."""

    def __init__(self, theme: Theme, page: QWidget, *, ours_only: bool = False) -> None:
        """Lie in wait for drags over a page.

        Args:
            theme: of the window.
            page: what it covers.
            ours_only: whether the page takes other files in other ways, so that these are no mistake.
        """
        super().__init__(page)
        self._ours_only = ours_only
        self._theme = theme
        self._welcome = True
        self.setAccessibleName("Drop files to import them")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._title, self._text = label("", "title"), label("", "muted", wrap=True)
        layout = QVBoxLayout(self)
        layout.addStretch(1)
        for line in (self._title, self._text):
            line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            layout.addWidget(line)
        layout.addStretch(1)
        layout.setContentsMargins(6 * SPACE, 6 * SPACE, 6 * SPACE, 6 * SPACE)
        layout.setSpacing(SPACE)
        page.setAcceptDrops(True)
        page.installEventFilter(self)
        self.hide()

    @property
    def text(self) -> str:
        """What it says."""
        return f"{self._title.text()}\n{self._text.text()}"

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the page's drags of files; others are not ours."""
        if isinstance(event, QDragEnterEvent):
            return self._on_entered(event)
        if self.isHidden():
            return False
        if event.type() == QEvent.Type.DragLeave:
            self.hide()
            return False
        if event.type() == QEvent.Type.Drop and isinstance(event, QDropEvent):
            return self._on_dropped(event)
        if event.type() == QEvent.Type.DragMove and isinstance(event, QDropEvent):
            event.setAccepted(self._welcome)
            return True
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        veil = self._theme.colour("surface")
        veil.setAlpha(_VEIL)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), veil)
        colour = self._theme.colour("accent" if self._welcome else "negative")
        painter.setPen(QPen(colour, 2, Qt.PenStyle.DashLine))
        inset = 2 * SPACE
        painter.drawRoundedRect(self.rect().adjusted(inset, inset, -inset, -inset), SPACE, SPACE)
        painter.end()

    def _on_entered(self, event: QDragEnterEvent) -> bool:
        files = files_of(event.mimeData())
        if not files:
            return False
        good, reason = sorted_out(files)
        if self._ours_only and not good:
            return False
        self._welcome = bool(good)
        self._title.setText(f"Import {counted(len(good), 'file')}" if good else "Not to be imported")
        self._text.setText(reason or f"Cards, decks and state dicts: {spoken_suffixes()}")
        self.setGeometry(self._page().rect())
        self.raise_()
        self.show()
        self.update()
        event.setAccepted(self._welcome)
        if self._welcome:
            event.setDropAction(Qt.DropAction.CopyAction)
        return True

    def _on_dropped(self, event: QDropEvent) -> bool:
        self.hide()
        good, reason = sorted_out(files_of(event.mimeData()))
        event.setAccepted(bool(good))
        if good:
            event.setDropAction(Qt.DropAction.CopyAction)
            self.dropped.emit(good)
        if reason:
            self.refused.emit(reason)
        return True

    def _page(self) -> QWidget:
        page = self.parentWidget()
        assert page is not None
        return page


def files_of(mime: QMimeData) -> Sequence[Path]:
    """Return the files of this machine that a drag carries."""
    return [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
