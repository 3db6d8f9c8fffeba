"""Parts that plots share: labels that keep apart, colours, pictures of numbers."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from card_studio.ui.colour_maps import DIVERGING, SEQUENTIAL
from card_studio.ui.plot_labels import PlotLabel, cut, spread_out
from card_studio.ui.plot_legend import MOST, LineName, PlotLegend
from card_studio.ui.plots import Plot, PlotPoint, colour_at, ink_on, map_image
from card_studio.ui.theme import Theme

FRAME = QRectF(0, 0, 400, 300)


@given(st.lists(st.tuples(st.floats(0, 300), st.floats(-50, 350)), max_size=10))
def test_labels_keep_apart_and_inside(places: list[tuple[float, float]]) -> None:
    wanted = [QRectF(x, y, 100, 16) for x, y in places]
    found = spread_out(wanted, FRAME)
    assert [rect.left() for rect in found] == [rect.left() for rect in wanted]
    assert all(FRAME.contains(rect) for rect in found)
    assert not any(a.intersects(b) for n, a in enumerate(found) for b in found[:n])


def test_a_long_name_loses_its_middle() -> None:
    assert cut("short") == "short"
    assert cut("a" * 50 + "b" * 50) == "a" * 16 + "…" + "b" * 16


def test_a_legend_names_a_few_lines_and_always_the_chosen_one(theme: Theme) -> None:
    legend = PlotLegend(theme)
    names = [LineName(text=f"line {k}", colour=QColor("#123456"), style=Qt.PenStyle.SolidLine) for k in range(MOST)]
    legend.set_names(names)
    low = legend.sizeHint(Qt.SizeHint.PreferredSize).height()
    assert legend.texts == [name.text for name in names]
    last = LineName(text="the chosen", colour=QColor("#654321"), style=Qt.PenStyle.DashLine, chosen=True)
    legend.set_names([*names, *names, last])
    assert legend.texts[:MOST] == [*[name.text for name in names[:-1]], "the chosen"]
    assert legend.texts[MOST] == f"and {MOST + 1} more: choose a card to see its name"
    assert legend.sizeHint(Qt.SizeHint.PreferredSize).height() > low
    legend.set_names([])
    assert legend.sizeHint(Qt.SizeHint.PreferredSize).height() == 0


def test_labels_lie_inside_a_shown_plot(qtbot: QtBot, theme: Theme) -> None:
    plot = Plot(theme, "A plot", "x", "y")
    qtbot.addWidget(plot)
    plot.resize(500, 300)
    plot.show()
    plot.setRange(xRange=(0, 10), yRange=(0, 10))
    plot.labels.set_labels([PlotLabel(text=f"a name {k}", x=9.9, y=9.9, colour="#000000") for k in range(5)])
    frame = plot.getPlotItem().getViewBox().sceneBoundingRect().adjusted(-1, -1, 1, 1)
    rects = plot.labels.rects()
    assert all(frame.contains(rect) for rect in rects)
    assert not any(a.intersects(b) for n, a in enumerate(rects) for b in rects[:n])


def test_a_picture_has_a_pixel_for_each_number() -> None:
    image = map_image(np.array([[0.0, 0.5, 1.0], [-9.0, 9.0, 0.25]]), 0, 1, SEQUENTIAL)
    assert (image.width(), image.height()) == (3, 2)
    for column, row, value in ((0, 0, 0), (1, 0, 0.5), (2, 0, 1), (0, 1, 0), (1, 1, 1)):
        assert image.pixelColor(column, row) == colour_at(value, 0, 1, SEQUENTIAL)


@pytest.mark.parametrize("colours", [SEQUENTIAL, DIVERGING])
def test_ink_is_legible_on_every_colour(colours: Any) -> None:
    for share in np.linspace(0, 1, 32):
        colour = colour_at(float(share), 0, 1, colours)
        assert _contrast(colour, ink_on(colour)) > 4.2


def test_no_difference_is_neither_of_the_two_colours() -> None:
    middle = colour_at(0, -1, 1, DIVERGING)
    assert middle.hslSaturationF() < 0.15
    assert abs(colour_at(-1, -1, 1, DIVERGING).hueF() - colour_at(1, -1, 1, DIVERGING).hueF()) > 0.3


def test_points_are_told_to_screen_readers(qtbot: QtBot, theme: Theme) -> None:
    plot = Plot(theme, "A plot", "x", "y")
    qtbot.addWidget(plot)
    plot.set_points([PlotPoint(key="a", x=1, y=2, words="the point a"), PlotPoint(key="b", x=0, y=2, words="b")])
    assert plot.accessibleDescription() == "2 points; arrow keys go through them"
    plot.choose("a")
    assert plot.accessibleDescription() == "the point a"


def _contrast(first: QColor, second: QColor) -> float:
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: QColor) -> float:
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.getRgbF()[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
