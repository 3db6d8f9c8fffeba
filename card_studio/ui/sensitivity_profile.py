"""The error by frequency: each map's mean over rings around frequency 0."""

from collections.abc import Hashable, Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from card_studio.domain.fourier import radial_profile
from card_studio.studio.sensitivity_view import CardMap, MapKind, profile_sheet
from card_studio.studio.sheet import Sheet
from card_studio.ui.card_picker import short_method, short_title
from card_studio.ui.plot_legend import LineName, PlotLegend
from card_studio.ui.plots import Plot
from card_studio.ui.suits import suit_colour
from card_studio.ui.theme import Theme

_BELOW_THE_AXIS = 4
"""Row of pyqtgraph's own layout: title, upper axis, view, lower axis and nothing fill those before."""
_STYLES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)


class ProfilePlot(Plot):
    """A line for each map in its suit's colour; lines of one suit differ in their dashes."""

    def __init__(self, theme: Theme) -> None:
        self._kind: MapKind | None = None
        self._maps: list[CardMap] = []
        self._drawn: list[Any] = []
        self._at: float | None = None
        self._line_of: Any = None
        self.legend = PlotLegend(theme)
        super().__init__(theme, "Error by frequency", "Frequency (cycles per image)", "Mean error (%)")
        self.getPlotItem().layout.addItem(self.legend, _BELOW_THE_AXIS, 1)

    def show_maps(self, kind: MapKind, maps: Sequence[CardMap]) -> None:
        """Show these maps' profiles."""
        self._kind, self._maps = kind, list(maps)
        self.dress()
        self.autoRange(padding=0.08)

    def mark_frequency(self, radius: float | None) -> None:
        """Draw a line at a frequency: where the wall's cursor is."""
        self._at = radius
        if self._line_of is not None:
            self._line_of.setVisible(radius is not None)
            self._line_of.setValue(radius or 0)

    def choose(self, key: Hashable) -> None:
        super().choose(key)
        self.dress()

    def dress(self) -> None:
        super().dress()
        for item in self._drawn:
            self.removeItem(item)
        self._drawn = []
        used: dict[str, int] = {}
        names = []
        for each in self._maps:
            suit = str(each.card.augmentation)
            number = used[suit] = used.get(suit, -1) + 1
            names.append(self._line_name(each, number))
            self._draw(each, names[-1])
        self._line_of = pg.InfiniteLine(self._at or 0, 90, pen=pg.mkPen(self.theme.tokens.muted, width=1))
        self._line_of.setVisible(self._at is not None)
        self._keep(self._line_of)
        self.legend.set_names(names)

    def sheet(self) -> Sheet:
        """Return the profiles as a table."""
        assert self._kind is not None
        return profile_sheet(self._kind, self._maps)

    def _draw(self, each: CardMap, name: LineName) -> None:
        radius, mean = radial_profile(each.map.errors)
        pen = pg.mkPen(name.colour, width=3 if name.chosen else 1.6, style=name.style)
        curve = pg.PlotDataItem(radius, 100 * mean, pen=pen)
        self.addItem(curve)
        self._drawn.append(curve)

    def _line_name(self, each: CardMap, number: int) -> LineName:
        return LineName(
            text=f"{short_title(each.card)} · {short_method(each.card)}",
            colour=QColor(suit_colour(str(each.card.augmentation))),
            style=_STYLES[number % len(_STYLES)],
            chosen=each.card.id == self.chosen,
        )

    def _keep(self, item: Any) -> None:
        self.addItem(item, ignoreBounds=True)
        self._drawn.append(item)
