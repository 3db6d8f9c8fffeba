"""The error by frequency: each map's mean over rings around frequency 0."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from card_studio.domain.fourier import radial_profile
from card_studio.studio.sensitivity_view import CardMap, MapKind, profile_sheet
from card_studio.studio.sheet import Sheet
from card_studio.ui.card_picker import short_method, short_title
from card_studio.ui.plot_labels import PlotLabel
from card_studio.ui.plots import Plot
from card_studio.ui.suits import suit_colour
from card_studio.ui.theme import Theme

_MOST_NAMES = 5
_STYLES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)


class ProfilePlot(Plot):
    """A line for each map in its suit's colour; lines of one suit differ in their dashes."""

    def __init__(self, theme: Theme) -> None:
        self._kind: MapKind | None = None
        self._maps: list[CardMap] = []
        self._drawn: list[Any] = []
        self._at: float | None = None
        self._line_of: Any = None
        super().__init__(theme, "Error by frequency", "Frequency (cycles per image)", "Mean error (%)")

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
        for each in self._maps:
            suit = str(each.card.augmentation)
            number = used[suit] = used.get(suit, -1) + 1
            self._draw(each, number)
        self._line_of = pg.InfiniteLine(self._at or 0, 90, pen=pg.mkPen(self.theme.tokens.muted, width=1))
        self._line_of.setVisible(self._at is not None)
        self._keep(self._line_of)
        few = len(self._maps) <= _MOST_NAMES  # more would hide the lines; the chosen one is named
        named = [each for each in self._maps if few or each.card.id == self.chosen]
        self.labels.set_labels([self._label(each) for each in named])

    def sheet(self) -> Sheet:
        """Return the profiles as a table."""
        assert self._kind is not None
        return profile_sheet(self._kind, self._maps)

    def _draw(self, each: CardMap, number: int) -> None:
        radius, mean = radial_profile(each.map.errors)
        colour = QColor(suit_colour(str(each.card.augmentation)))
        chosen = each.card.id == self.chosen
        style = _STYLES[number % len(_STYLES)]
        pen = pg.mkPen(colour, width=3 if chosen else 1.6, style=style)
        curve = pg.PlotDataItem(radius, 100 * mean, pen=pen)
        self.addItem(curve)
        self._drawn.append(curve)

    def _label(self, each: CardMap) -> PlotLabel:
        """Return a name at the steepest fall, where lines lie apart."""
        radius, mean = radial_profile(each.map.errors)
        at = int(np.argmin(np.diff(mean))) if len(mean) > 1 else 0
        chosen = each.card.id == self.chosen
        text = f"{short_title(each.card)} · {short_method(each.card)}"
        colour = self.theme.tokens.text if chosen else self.theme.tokens.muted
        return PlotLabel(text=text, x=float(radius[at]), y=100 * float(mean[at]), colour=colour, bold=chosen)

    def _keep(self, item: Any) -> None:
        self.addItem(item, ignoreBounds=True)
        self._drawn.append(item)
