"""The theme: contrasts that can be read, symbols that can be told apart, and the system's switch followed."""

import itertools

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QImage, QPainter, QPalette
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from card_studio.domain.names import AugmentationName
from card_studio.ui import theme as theme_module
from card_studio.ui.theme import DARK, LIGHT, SUIT_COLOURS, Theme, Tokens, draw_suit, font, font_px, mixed


def _luminance(colour: str) -> float:
    """WCAG 2.1's relative luminance."""
    channels = [QColor(colour).redF(), QColor(colour).greenF(), QColor(colour).blueF()]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """WCAG 2.1's contrast ratio."""
    bright, dim = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read_on_everything_behind_it(tokens: Tokens) -> None:
    for behind in (tokens.background, tokens.surface, tokens.raised, tokens.felt, tokens.hover, tokens.selection):
        assert contrast(tokens.text, behind) >= 7
    for behind in (tokens.background, tokens.surface, tokens.raised, tokens.hover):
        assert contrast(tokens.muted, behind) >= 4.5
    for signal in (tokens.accent, tokens.positive, tokens.negative, tokens.warning):
        assert contrast(signal, tokens.surface) >= 4.5
    assert contrast(tokens.accent_text, tokens.accent) >= 4.5


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_focus_and_suits_stand_out(tokens: Tokens) -> None:
    for behind in (tokens.background, tokens.surface, tokens.raised, tokens.felt):
        assert contrast(tokens.focus, behind) >= 3
    for suit in SUIT_COLOURS.values():
        assert contrast(suit, tokens.surface) >= 3


def _drawn(name: str) -> np.ndarray:
    image = QImage(32, 32, QImage.Format.Format_Grayscale8)
    image.fill(255)
    painter = QPainter(image)
    draw_suit(painter, name, QRectF(0, 0, 32, 32))
    painter.end()
    return np.frombuffer(image.constBits(), np.uint8).reshape(32, 32) < 250


def test_every_augmentation_has_a_colour_and_a_symbol_of_its_own(qapp: QApplication) -> None:
    assert set(SUIT_COLOURS) == set(map(str, AugmentationName))
    for first, second in itertools.combinations([*AugmentationName, "another"], 2):
        shapes = _drawn(first), _drawn(second)
        assert all(shape.sum() > 100 for shape in shapes)
        differing = (shapes[0] ^ shapes[1]).sum() / (shapes[0] | shapes[1]).sum()
        assert differing > 0.3, f"{first} and {second} look alike without colour"


def test_four_sizes_and_figures_of_equal_width(qapp: QApplication) -> None:
    sizes = [font_px(role) for role in ("small", "body", "title", "display")]
    assert sizes == sorted(set(sizes))
    assert font("body", bold=True).weight() > font("body").weight()
    assert any(tag.toString() == b"tnum" for tag in font().featureTags())


def test_it_follows_the_system_while_running(qapp: QApplication, qtbot: QtBot) -> None:
    theme = Theme()
    theme.apply(qapp, "system")
    system = QGuiApplication.styleHints().colorSchemeChanged
    with qtbot.waitSignal(theme.changed):
        system.emit(Qt.ColorScheme.Dark)
    assert theme.tokens is DARK
    assert qapp.palette().color(QPalette.ColorRole.Base) == QColor(DARK.surface)
    with qtbot.waitSignal(theme.changed):
        system.emit(Qt.ColorScheme.Light)
    assert theme.tokens is LIGHT
    theme.deleteLater()


def test_a_choice_outlasts_the_systems_switch(qapp: QApplication) -> None:
    theme = Theme()
    theme.apply(qapp, "dark")
    assert theme.dark
    assert theme.choice == "dark"
    QGuiApplication.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Light)
    assert theme.dark
    theme.apply(qapp, "light")
    assert not theme.dark
    theme.deleteLater()


def test_icons_take_the_themes_colour(qapp: QApplication, theme: Theme) -> None:
    light = theme.icon("mdi6.play")
    assert not light.isNull()
    assert theme.icon("mdi6.play") is light
    theme.apply(qapp, "dark")
    assert theme.icon("mdi6.play") is not light


def test_icons_are_drawn_in_every_size_and_paler_where_disabled(qapp: QApplication, theme: Theme) -> None:
    icon = theme.icon("mdi6.play", "accent")
    for side in (10, 16, 48):
        image = icon.pixmap(side, side).toImage()
        colours = {image.pixelColor(x, y).name() for x in range(side) for y in range(side)}
        assert LIGHT.accent in colours
        disabled = icon.pixmap(side, side, QIcon.Mode.Disabled).toImage()
        assert LIGHT.accent not in {disabled.pixelColor(x, y).name() for x in range(side) for y in range(side)}
    with pytest.raises(KeyError):
        theme.icon("mdi6.no-such-glyph")


def test_colour_maps_are_lookups_centred_and_growing() -> None:
    sequential, diverging = theme_module.SEQUENTIAL, theme_module.DIVERGING
    assert sequential.shape == diverging.shape == (256, 3)
    brightness = [_luminance(QColor(*map(int, colour)).name()) for colour in sequential]
    assert all(b >= a - 0.003 for a, b in itertools.pairwise(brightness))
    ends = [_luminance(QColor(*map(int, diverging[k])).name()) for k in (0, 128, 255)]
    assert ends[1] > ends[0]
    assert ends[1] > ends[2]


def test_mixing_colours() -> None:
    assert mixed("#000000", "#ffffff", 0.0) == "#000000"
    assert mixed("#000000", "#ffffff", 1.0) == "#ffffff"
    assert mixed("#102030", "#304050", 0.5) == "#203040"
