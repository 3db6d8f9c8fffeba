"""A line that says what a comparison lacks or must not mix, with a button that has it measured."""

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from card_studio.ui.pieces import button, label
from card_studio.ui.theme import SPACE, Theme, font_px


class Notice(QWidget):
    """A symbol, words, a button; hidden while there is nothing to say."""

    def __init__(self, theme: Theme, measure: Callable[[], object]) -> None:
        super().__init__()
        self._theme = theme
        self._picture, self.words = QLabel(), label("", wrap=True, selectable=True)
        self.button = button("Measure", measure)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * SPACE, SPACE // 2, 2 * SPACE, SPACE // 2)
        layout.setSpacing(SPACE)
        layout.addWidget(self._picture)
        layout.addWidget(self.words, 1)
        layout.addWidget(self.button)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self.say("")

    def say(self, text: str, offer: str = "") -> None:
        """Say something, and offer to have it measured; nothing hides the line."""
        self.words.setText(text)
        self.setAccessibleName(text)
        self.button.setText(offer)
        self.button.setAccessibleName(offer)
        self.button.setVisible(bool(offer))
        self.setVisible(bool(text))

    def _on_theme_changed(self) -> None:
        side = font_px("title")
        self._picture.setPixmap(self._theme.icon("mdi6.alert-outline", "warning").pixmap(side, side))
