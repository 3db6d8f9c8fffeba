"""Words of the deck page: what an edit did is spoken as it is shown, and long paths are broken into lines."""

import re

from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget


def speak(widget: QWidget, text: str) -> None:
    """Let a screen reader, where one is at work, say a line on behalf of `widget`."""
    if QAccessible.isActive():
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, text))


def breakable(text: str) -> str:
    """Return the text with places where a long path may be broken into lines."""
    return re.sub(r"(\S{24})(?=\S)", "\\1\N{ZERO WIDTH SPACE}", text)
