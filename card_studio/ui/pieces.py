"""Small widgets that every page uses: labels in their roles, buttons, hairlines, and what an empty page says."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from card_studio.ui.theme import SPACE, Theme, font_px

_TEXT_WIDTH = 460


def label(text: str = "", role: str = "", *, wrap: bool = False, selectable: bool = False) -> QLabel:
    """Return a label in one of the style sheet's roles: title, display, section, caption, muted, problem."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if role:
        made.setProperty("role", role)
    made.setWordWrap(wrap)
    if selectable:
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


def button(text: str, slot: Callable[[], object], *, primary: bool = False, tip: str = "") -> QPushButton:
    """Return a push button; the one that matters most on a page is `primary`."""
    made = QPushButton(text)
    made.setAccessibleName(text.replace("&", ""))
    made.setToolTip(tip)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    if primary:
        made.setProperty("role", "primary")
    made.clicked.connect(lambda _checked=False: slot())
    return made


def action_button(action: QAction, *, text: bool = False) -> QToolButton:
    """Return a tool button of an action: it shows the action's icon, tip and state."""
    made = QToolButton()
    made.setDefaultAction(action)
    made.setAccessibleName(action.text().replace("&", "").rstrip("…"))
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    side = font_px("title")
    made.setIconSize(QSize(side, side))
    style = Qt.ToolButtonStyle
    made.setToolButtonStyle(style.ToolButtonTextBesideIcon if text else style.ToolButtonIconOnly)
    return made


def rule(*, upright: bool = False) -> QFrame:
    """Return a hairline."""
    made = QFrame()
    made.setFrameShape(QFrame.Shape.NoFrame)
    made.setProperty("panel", "hairline")
    if upright:
        made.setFixedWidth(1)
    else:
        made.setFixedHeight(1)
    return made


def row(*things: QWidget | int | None, spacing: int = SPACE) -> QHBoxLayout:
    """Return widgets in a row; None takes the room that is left, a number is a gap in pixels."""
    made = QHBoxLayout()
    made.setContentsMargins(0, 0, 0, 0)
    made.setSpacing(spacing)
    for thing in things:
        if thing is None:
            made.addStretch(1)
        elif isinstance(thing, int):
            made.addSpacing(thing)
        else:
            made.addWidget(thing)
    return made


def on_surface(widget: QWidget) -> QWidget:
    """Give a plain widget the surface's background; return it."""
    widget.setProperty("panel", "surface")
    widget.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    return widget


class EmptyState(QWidget):
    """What a page with nothing to show says: what it is for, what to do first, and a button that does it."""

    def __init__(self, theme: Theme, icon: str, title: str, text: str, buttons: Sequence[QPushButton] = ()) -> None:
        super().__init__()
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)
        self._theme, self._icon = theme, icon
        if buttons:
            self.setFocusProxy(buttons[0])
        self._picture = QLabel()
        self._title, self._text = label(title, "title"), label(text, "muted", wrap=True)
        for line in (self._picture, self._title, self._text):
            line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._text.setFixedWidth(round(_TEXT_WIDTH * font_px("body") / 13))
        layout = QVBoxLayout(self)
        layout.setSpacing(SPACE)
        layout.addStretch(2)
        for line in (self._picture, self._title, self._text):
            layout.addLayout(row(None, line, None))
        layout.addSpacing(SPACE)
        layout.addLayout(row(None, *buttons, None))
        layout.addStretch(3)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def say(self, title: str, text: str) -> None:
        """Change the words."""
        self._title.setText(title)
        self._text.setText(text)
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)

    def _on_theme_changed(self) -> None:
        self._picture.setPixmap(self._theme.icon(self._icon, "muted").pixmap(6 * SPACE, 6 * SPACE))
