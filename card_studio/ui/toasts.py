"""Word of what happened, in a corner, taking no focus: it goes by itself, and stays while the pointer is on it."""

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, QUrl
from PySide6.QtGui import QAccessible, QAccessibleEvent, QDesktopServices, QEnterEvent
from PySide6.QtWidgets import QFrame, QLabel, QToolButton, QVBoxLayout, QWidget

from card_studio.ui.pieces import button, label, row
from card_studio.ui.theme import SPACE, Theme

_SHOWN_MS = {"info": 5_000, "problem": 12_000}
_MOST = 3
_WIDTH = 420


class Toast(QFrame):
    """One line of news, with a way to the folder of the file that it is about, if there is one."""

    def __init__(self, theme: Theme, text: str, kind: str, file: Path | None = None) -> None:
        super().__init__()
        self.text = text
        self.setProperty("panel", "toast")
        self.setProperty("kind", kind)
        self.setAccessibleName(text)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        mark = QLabel()
        icon = ("mdi6.alert-circle-outline", "negative") if kind == "problem" else ("mdi6.check", "positive")
        mark.setPixmap(theme.icon(*icon).pixmap(18, 18))
        words = label(text, wrap=True, selectable=True)
        words.setMinimumWidth(_WIDTH - 10 * SPACE)
        close = QToolButton()
        close.setIcon(theme.icon("mdi6.close", "muted"))
        close.setAccessibleName("Dismiss")
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.clicked.connect(self.deleteLater)
        layout = row(mark, words, close)
        layout.setStretch(1, 1)
        if file is not None:
            show = button("Show in folder", lambda: _show_folder(file))
            show.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            layout.insertWidget(2, show)
            words.setMinimumWidth(words.minimumWidth() - show.sizeHint().width() - SPACE)
        layout.setContentsMargins(SPACE * 3 // 2, SPACE, SPACE, SPACE)
        self.setLayout(layout)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.deleteLater)
        self._timer.start(_SHOWN_MS["problem" if file is not None else kind])

    def enterEvent(self, event: QEnterEvent) -> None:
        self._timer.stop()

    def leaveEvent(self, event: QEvent) -> None:
        self._timer.start()


class Toasts(QWidget):
    """The corner where toasts pile up, over the window's content."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._over = theme, parent
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(SPACE)
        parent.installEventFilter(self)
        self.hide()

    def say(self, text: str, kind: str = "info", *, file: Path | None = None) -> None:
        """Show a line; the same line is not shown twice at once.

        Args:
            text: what happened.
            kind: "info" or "problem".
            file: what it is about: its folder can be opened from here.
        """
        shown = self.shown()
        if text in [toast.text for toast in shown]:
            return
        for old in shown[: max(0, len(shown) - _MOST + 1)]:
            old.deleteLater()
        toast = Toast(self._theme, text, kind, file)
        toast.destroyed.connect(self._on_toast_gone, Qt.ConnectionType.QueuedConnection)
        self._layout.addWidget(toast)
        toast.show()  # a layout does not count what is hidden, and this corner still may be
        QAccessible.updateAccessibility(QAccessibleEvent(toast, QAccessible.Event.Alert))
        self._place()

    def shown(self) -> list[Toast]:
        """Return the toasts that are shown, oldest first."""
        return self.findChildren(Toast, options=Qt.FindChildOption.FindDirectChildrenOnly)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _on_toast_gone(self) -> None:
        self._place()

    def _place(self) -> None:
        parent = self._over
        self.setVisible(bool(self.shown()))
        width = min(_WIDTH, parent.width() - 4 * SPACE)
        self.setFixedWidth(width)
        self._layout.activate()
        height = (
            self._layout.totalHeightForWidth(width) if self._layout.hasHeightForWidth() else self.sizeHint().height()
        )
        self.setGeometry(parent.width() - width - 2 * SPACE, parent.height() - height - 5 * SPACE, width, height)
        self.raise_()


def _show_folder(file: Path) -> None:
    """Open the folder of a file in the system's file manager."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(file.parent)))
