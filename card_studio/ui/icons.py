"""Icons: glyphs of the Material Design font that qtawesome brings, in one colour, and another where disabled.

The font is read here, not by qtawesome itself: on its first icon that loads eleven more fonts and wraps all of Qt for
four bindings, which is most of what a start of the window would take.
"""

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QIconEngine, QPainter, QPixmap

_PREFIX = "mdi6."
_FILES = "materialdesignicons6-webfont-"
_FILLS = 0.875
"""The share of an icon's height that a glyph's font takes: 14 pixels of 16, where it is sharp."""


def glyph_icon(name: str, colour: str, disabled: str) -> QIcon:
    """Return an icon that is drawn anew in every size.

    Args:
        name: such as `mdi6.play`.
        colour: `#rrggbb`.
        disabled: `#rrggbb` where what it stands for cannot be used.

    Raises:
        KeyError: there is no such glyph.
    """
    return QIcon(_GlyphEngine(chr(_characters()[name.removeprefix(_PREFIX)]), colour, disabled))


class _GlyphEngine(QIconEngine):
    """Draws one character."""

    def __init__(self, character: str, colour: str, disabled: str) -> None:
        super().__init__()
        self._character, self._colour, self._disabled = character, QColor(colour), QColor(disabled)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """Draw it in the middle of a place."""
        font = QFont(_family())
        font.setPixelSize(max(1, round(_FILLS * rect.height())))
        painter.save()
        painter.setFont(font)
        painter.setPen(self._disabled if mode == QIcon.Mode.Disabled else self._colour)
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self._character)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """Return it as a picture on nothing."""
        made = QPixmap(size)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return made


def _file(ending: str) -> Path:
    spec = find_spec("qtawesome")  # finds the package without running it
    assert spec is not None
    assert spec.origin is not None
    (found,) = (Path(spec.origin).parent / "fonts").glob(_FILES + ending)
    return found


@cache
def _characters() -> dict[str, int]:
    return {name: int(code, 16) for name, code in json.loads(_file("charmap-*.json").read_text("utf-8")).items()}


@cache
def _family() -> str:
    return QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(_file("[0-9]*.ttf"))))[0]
