"""The look in one place: colour tokens, type, spacing, and the theme that follows the system while running."""

import weakref
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Literal

import shiboken6
from PySide6.QtCore import QObject, QSettings, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QGuiApplication, QIcon, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from card_studio.ui.icons import glyph_icon
from card_studio.ui.slices import Slices, Step
from card_studio.ui.stylesheet import stylesheet
from card_studio.ui.suits import SUIT_COLOURS, draw_suit, suit_path
from card_studio.ui.tokens import DARK, LIGHT, Tokens, mixed

if TYPE_CHECKING:
    from card_studio.ui.colour_maps import DIVERGING, SEQUENTIAL

__all__ = [
    "DARK",
    "DIVERGING",
    "FONT_SIZES",
    "LIGHT",
    "SEQUENTIAL",
    "SPACE",
    "SUIT_COLOURS",
    "FontRole",
    "Theme",
    "ThemeChoice",
    "Tokens",
    "draw_suit",
    "fixed_font",
    "font",
    "font_px",
    "mixed",
    "palette",
    "saved_choice",
    "suit_path",
]

SPACE = 8
"""The grid, in device-independent pixels; distances are multiples of it, or half of it."""

FontRole = Literal["small", "body", "title", "display"]
ThemeChoice = Literal["system", "light", "dark"]

FONT_SIZES: dict[FontRole, float] = {"small": 0.86, "body": 1.0, "title": 1.3, "display": 2.0}
"""The four sizes, as multiples of the system's own; a user who sets a larger font gets it everywhere."""

_SMALLEST_BODY_PX = 13
_LARGEST_BODY_PX = 26


class Theme(QObject):
    """The present tokens; emits `changed` when they change, by choice or because the system's did."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._choice: ThemeChoice = "system"
        self._dark = False
        self._icons: dict[tuple[str, str], QIcon] = {}
        self._sheet = ""
        self._dressed: list[weakref.ref[QWidget]] = []
        self._waiting: list[tuple[QWidget, Step]] = []
        self._turns = Slices(self)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._on_system_scheme_changed)

    @property
    def tokens(self) -> Tokens:
        """The colours to paint with now."""
        return DARK if self._dark else LIGHT

    @property
    def dark(self) -> bool:
        """Whether the present colours are the dark ones."""
        return self._dark

    @property
    def choice(self) -> ThemeChoice:
        """What the user asked for."""
        return self._choice

    def apply(self, app: QApplication, choice: ThemeChoice) -> None:
        """Dress the application; with "system" it follows the desktop from now on.

        Args:
            app: the application; its style becomes Fusion.
            choice: which colours.
        """
        self._choice = choice
        if app.style().name() != "fusion":
            app.setStyle("Fusion")
        hints = QGuiApplication.styleHints()
        if choice == "system":
            hints.unsetColorScheme()
        else:
            hints.setColorScheme(Qt.ColorScheme.Dark if choice == "dark" else Qt.ColorScheme.Light)
        self._dress(app, hints.colorScheme())

    def dress(self, *parts: QWidget) -> None:
        """Give parts of a window, and whatever has them as a parent, the style sheet, now and soon after each change.

        The sheet is each part's, not the application's: under one of the application's, Qt polishes a widget again
        for each of its ancestors whenever the sheet changes, and whole pages each time a part of them gets a parent.
        Nor is it the window's: so a change dresses what is seen first, and hidden pages one at a time.
        """
        for part in parts:
            self._dressed.append(weakref.ref(part))
            part.setStyleSheet(self._sheet)

    def in_turn(self, part: QWidget, step: Step) -> None:
        """Take a step of the change that is being told of in a turn of its own: for what takes over some 10 ms.

        Args:
            part: what is changed; if it is seen, its step comes before those of what is hidden.
            step: what is done.
        """
        self._waiting.append((part, step))

    def icon(self, name: str, colour: str = "text") -> QIcon:
        """Return an icon, such as `mdi6.play`, in a token's colour; paler where disabled."""
        key = (name, colour)
        if key not in self._icons:
            tokens = self.tokens
            faded = mixed(tokens.muted, tokens.surface, 0.5)
            self._icons[key] = glyph_icon(name, getattr(tokens, colour), faded)
        return self._icons[key]

    def colour(self, token: str) -> QColor:
        """Return a token, such as `accent`, as a QColor."""
        return QColor(getattr(self.tokens, token))

    def _on_system_scheme_changed(self, scheme: Qt.ColorScheme) -> None:
        app = QApplication.instance()
        if self._choice == "system" and isinstance(app, QApplication):
            self._dress(app, scheme)

    def _dress(self, app: QApplication, scheme: Qt.ColorScheme) -> None:
        was = self._dark
        self._dark = self._choice == "dark" or (self._choice == "system" and scheme == Qt.ColorScheme.Dark)
        if was != self._dark:
            self._icons.clear()
        _body_px.cache_clear()
        app.setFont(font("body"))
        app.setPalette(palette(self.tokens))
        self._sheet = stylesheet(self.tokens, {role: font_px(role) for role in FONT_SIZES})
        living = [part for each in self._dressed if (part := each()) is not None and shiboken6.isValid(part)]
        self._dressed = [weakref.ref(part) for part in living]
        self._waiting = [(part, partial(self._change_sheet, part)) for part in living]
        self.changed.emit()
        self._take_turns()

    def _take_turns(self) -> None:
        """Take the steps of a change: those for what is seen before anything is painted, then those for the rest."""
        seen = [(part, step) for part, step in self._waiting if part.isVisible()]
        hidden = [(part, step) for part, step in self._waiting if not part.isVisible()]
        windows = {part.window() for part, _step in seen}
        for window in windows:
            window.setUpdatesEnabled(False)
        painting: list[tuple[QWidget, Step]] = [(window, partial(window.setUpdatesEnabled, True)) for window in windows]
        self._turns.start([partial(_if_alive, part, step) for part, step in (*seen, *painting, *hidden)])

    def _change_sheet(self, part: QWidget) -> None:
        """Take the old sheet off first: then each widget is polished once, not once for each of its ancestors."""
        part.setStyleSheet("")
        part.setStyleSheet(self._sheet)


def _if_alive(part: QWidget, step: Step) -> None:
    if shiboken6.isValid(part):
        step()


def font_px(role: FontRole) -> int:
    """Return a role's size in device-independent pixels, from the system's own font size."""
    return round(_body_px() * FONT_SIZES[role])


@cache
def _body_px() -> int:
    """Return the system's own size; kept, since every painted cell asks for it."""
    system = QFontInfo(QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)).pixelSize()
    return min(max(system, _SMALLEST_BODY_PX), _LARGEST_BODY_PX)


def font(role: FontRole = "body", bold: bool = False) -> QFont:
    """Return the system's font in one of four sizes and two weights, with figures of equal width."""
    made = QFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont))
    made.setPixelSize(font_px(role))
    made.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


def fixed_font() -> QFont:
    """Return the system's font of equal widths, for logs, hashes and TOML."""
    made = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    made.setPixelSize(font_px("small"))
    return made


def palette(tokens: Tokens) -> QPalette:
    """Return Fusion's palette in these colours."""
    made = QPalette()
    roles = QPalette.ColorRole
    for role, colour in {
        roles.Window: tokens.background,
        roles.WindowText: tokens.text,
        roles.Base: tokens.surface,
        roles.AlternateBase: tokens.background,
        roles.Text: tokens.text,
        roles.PlaceholderText: tokens.muted,
        roles.Button: tokens.surface,
        roles.ButtonText: tokens.text,
        roles.BrightText: tokens.negative,
        roles.ToolTipBase: tokens.raised,
        roles.ToolTipText: tokens.text,
        roles.Highlight: tokens.selection,
        roles.HighlightedText: tokens.text,
        roles.Accent: tokens.accent,
        roles.Link: tokens.accent,
        roles.LinkVisited: tokens.accent,
        roles.Light: mixed(tokens.raised, tokens.hairline, 0.3),
        roles.Midlight: tokens.hover,
        roles.Mid: tokens.hairline,
        roles.Dark: mixed(tokens.hairline, tokens.text, 0.2),
        roles.Shadow: mixed(tokens.hairline, tokens.text, 0.4),
    }.items():
        made.setColor(role, QColor(colour))
    faded = QColor(mixed(tokens.muted, tokens.surface, 0.4))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, role, faded)
    return made


def saved_choice() -> ThemeChoice:
    """Return the theme that the user chose last."""
    stored = QSettings().value("theme", "system")
    return stored if stored in ("light", "dark") else "system"


def __getattr__(name: str) -> Any:
    """Give the colour maps on first use: they come from pyqtgraph, which a start need not wait for."""
    if name not in ("SEQUENTIAL", "DIVERGING"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from card_studio.ui import colour_maps

    return getattr(colour_maps, name)
