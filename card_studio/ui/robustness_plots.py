"""Two plots of a suite's cards: clean against robust accuracy, and robust accuracy over sparsity."""

from collections.abc import Collection, Hashable, Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from card_studio.domain.card import Card, Evaluation
from card_studio.domain.ids import CardId
from card_studio.domain.names import Compression
from card_studio.studio.published import ROBUSTNETS, PublishedFigure
from card_studio.studio.robustness import Line, SuiteAnswers, pareto_front
from card_studio.studio.sheet import Heading, Sheet
from card_studio.ui.card_face import size_text
from card_studio.ui.card_picker import short_method, short_title
from card_studio.ui.plot_labels import PlotLabel
from card_studio.ui.plots import Plot, PlotPoint, suit_symbol, symbols
from card_studio.ui.suits import suit_colour
from card_studio.ui.theme import Theme

_LEAST, _MOST = 9.0, 34.0
"""Symbol sizes in pixels; the area grows with the bytes."""
_MOST_NAMES = 6
"""Up to so many cards, each is named in the plot."""
_DASHES: dict[Compression, Any] = {
    Compression.LRR: Qt.PenStyle.SolidLine,
    Compression.LTH: Qt.PenStyle.DashLine,
    Compression.FINE_TUNE: Qt.PenStyle.DotLine,
    Compression.GRADUAL: Qt.PenStyle.DashDotLine,
    Compression.EDGE_POPUP: Qt.PenStyle.DashDotDotLine,
}


class TradeOffPlot(Plot):
    """Each card's robust over its clean accuracy; area is bytes, the suit its augmentation, the steps Pareto's."""

    def __init__(self, theme: Theme) -> None:
        self._answers: SuiteAnswers | None = None
        self._ticked: frozenset[CardId] = frozenset()
        self._published: tuple[PublishedFigure, ...] = ()
        self._cards: Any = symbols()
        self._others: Any = symbols()
        self._front: Any = pg.PlotDataItem()
        super().__init__(theme, "Clean against robust accuracy", "Clean accuracy (%)", "Robust accuracy (%)")
        for item in (self._front, self._others, self._cards):
            self.addItem(item)

    def show_cards(
        self, answers: SuiteAnswers, ticked: Collection[CardId], published: Sequence[PublishedFigure]
    ) -> None:
        """Show all cards of a suite; those that are not ticked are faint."""
        self._answers, self._ticked, self._published = answers, frozenset(ticked), tuple(published)
        self.set_points([self._point(card) for card in self._finite()] + [published_point(p) for p in published])
        self.dress()
        self.autoRange(padding=0.12)

    def dress(self) -> None:
        super().dress()
        if self._answers is None:
            return
        tokens = self.theme.tokens
        self._cards.setData(self._spots())
        self._others.setData([_hollow(figure, figure.clean) for figure in self._published])
        own = [self._own(card.id) for card in self._finite()]
        points = [(100 * each.clean_accuracy, 100 * each.robust_accuracy) for each in own]
        front = [points[at] for at in pareto_front(points)]
        self._front.setData([x for x, _ in front], [y for _, y in front])
        self._front.setPen(pg.mkPen(tokens.muted, width=1, style=Qt.PenStyle.DashLine))
        self._write_names()

    def sheet(self) -> Sheet:
        """Return the plot as a table, published figures marked."""
        headings = (
            Heading(text="Card"),
            Heading(text="Augmentation"),
            Heading(text="Sparsity (%)", digits=1),
            Heading(text="Size (kB)", digits=1),
            Heading(text="Clean (%)", digits=1),
            Heading(text="Robust (%)", digits=1),
            Heading(text="Source"),
        )
        rows: list[Any] = []
        for card in self._answers.cards if self._answers else ():
            own = self._own(card.id)
            figures = (100 * card.sparsity, card.file_bytes / 1000, 100 * own.clean_accuracy, 100 * own.robust_accuracy)
            rows.append((f"{card.name} ({short_method(card)})", str(card.augmentation), *figures, "this workspace"))
        rows += [
            (p.label, str(p.augmentation or "several"), 100 * p.sparsity, None, 100 * p.clean, 100 * p.robust, p.source)
            for p in self._published
        ]
        return Sheet(title="Clean against robust accuracy", headings=headings, rows=tuple(rows), note=self.note)

    note = ""

    def choose(self, key: Hashable) -> None:
        super().choose(key)
        if self._answers is not None:
            self._write_names()

    def _own(self, card: CardId) -> Evaluation:
        assert self._answers is not None
        return self._answers.evaluations[card]

    def _finite(self) -> list[Card]:
        """Cards with both figures: a suite of clean images alone gives one."""
        cards = self._answers.cards if self._answers is not None else ()
        return [card for card in cards if np.isfinite(self._own(card.id).robust_accuracy)]

    def _point(self, card: Card) -> PlotPoint:
        own = self._own(card.id)
        clean, robust = 100 * own.clean_accuracy, 100 * own.robust_accuracy
        words = f"{card.name}, {short_method(card)}, {card.augmentation}, {size_text(card.file_bytes)}: "
        return PlotPoint(key=card.id, x=clean, y=robust, words=f"{words}clean {clean:.1f} %, robust {robust:.1f} %")

    def _spots(self) -> list[dict[str, Any]]:
        assert self._answers is not None
        largest = max(card.file_bytes for card in self._answers.cards)
        spots = []
        for card in sorted(self._finite(), key=lambda card: -card.file_bytes):
            own = self._own(card.id)
            colour = QColor(suit_colour(str(card.augmentation)))
            colour.setAlphaF(0.9 if card.id in self._ticked else 0.25)
            spots.append(
                {
                    "pos": (100 * own.clean_accuracy, 100 * own.robust_accuracy),
                    "size": _size(card.file_bytes / largest),
                    "symbol": suit_symbol(str(card.augmentation)),
                    "brush": colour,
                    "pen": None,
                }
            )
        return spots

    def _write_names(self) -> None:
        assert self._answers is not None
        ticked = [card for card in self._finite() if card.id in self._ticked]
        if len(ticked) > _MOST_NAMES:  # more would hide the points; the chosen one is named
            ticked = [card for card in self._finite() if card.id == self.chosen]
        largest = max((card.file_bytes for card in self._answers.cards), default=1)
        self.labels.set_labels(
            [
                PlotLabel(
                    text=f"{short_title(card)} · {short_method(card)}",
                    x=100 * self._own(card.id).clean_accuracy,
                    y=100 * self._own(card.id).robust_accuracy,
                    colour=self.theme.tokens.muted,
                    radius=_size(card.file_bytes / largest) / 2 - 4,
                )
                for card in ticked
            ]
        )


class SparsityPlot(Plot):
    """Robust accuracy over sparsity, a line per method and augmentation, with the spread over replicates."""

    def __init__(self, theme: Theme) -> None:
        self._answers: SuiteAnswers | None = None
        self._lines: tuple[Line, ...] = ()
        self._ticked: frozenset[CardId] = frozenset()
        self._published: tuple[PublishedFigure, ...] = ()
        self._drawn: list[Any] = []
        super().__init__(theme, "Robust accuracy against sparsity", "Sparsity (%)", "Robust accuracy (%)")

    note = ""

    def show_lines(
        self, lines: Sequence[Line], ticked: Collection[CardId], published: Sequence[PublishedFigure]
    ) -> None:
        """Show these lines; those without a ticked card are faint."""
        self._lines = tuple(line for line in lines if np.isfinite([p.mean for p in line.points]).all())
        self._ticked, self._published = frozenset(ticked), tuple(published)
        points = [point for line in self._lines for point in self._line_points(line)]
        self.set_points(points + [published_point(p, over_sparsity=True) for p in published])
        self.dress()
        self.autoRange(padding=0.12)

    def dress(self) -> None:
        super().dress()
        for item in self._drawn:
            self.removeItem(item)
        self._drawn = []
        for line in self._lines:
            self._draw(line)
        self._draw_published()
        self.labels.set_labels([self._label(line) for line in self._lines if self._is_ticked(line)])

    def sheet(self) -> Sheet:
        """Return the lines as a table."""
        headings = (
            Heading(text="Line"),
            Heading(text="Sparsity (%)", digits=1),
            Heading(text="Runs", digits=0),
            Heading(text="Robust (%), mean", digits=1),
            Heading(text="sd", digits=1),
            Heading(text="95 % low", digits=1),
            Heading(text="95 % high", digits=1),
            Heading(text="Verdict"),
        )
        rows: list[Any] = []
        for line in self._lines:
            for p in line.points:
                low, high = (100 * end for end in p.interval) if p.interval else (None, None)
                spread = None if p.sd is None else 100 * p.sd
                verdict = "one run" if p.interval is None else "t interval"
                rows.append((line.label, 100 * p.sparsity, len(p.cards), 100 * p.mean, spread, low, high, verdict))
        rows += [
            (f"{p.source}: {p.label}", 100 * p.sparsity, 1, 100 * p.robust, None, None, None, "published")
            for p in self._published
        ]
        return Sheet(title="Robust accuracy against sparsity", headings=headings, rows=tuple(rows), note=self.note)

    def _line_points(self, line: Line) -> list[PlotPoint]:
        found = []
        for p in line.points:
            spread = "one run" if p.sd is None else f"± {100 * p.sd:.1f} (sd of {len(p.cards)} runs)"
            words = f"{line.label} at {100 * p.sparsity:.3g} %: robust {100 * p.mean:.1f} % {spread}"
            found += [PlotPoint(key=card, x=100 * p.sparsity, y=100 * p.mean, words=words) for card in p.cards]
        return found

    def _draw(self, line: Line) -> None:
        colour = QColor(suit_colour(line.augmentation))
        colour.setAlphaF(0.95 if self._is_ticked(line) else 0.25)
        x, y = [100 * p.sparsity for p in line.points], [100 * p.mean for p in line.points]
        style = _DASHES.get(line.method, Qt.PenStyle.SolidLine)
        self._keep(pg.PlotDataItem(x, y, pen=pg.mkPen(colour, width=1.6, style=style)))
        marks = symbols()
        marks.setData(x, y, symbol=suit_symbol(line.augmentation), size=14, brush=colour, pen=None)
        self._keep(marks)
        self._draw_spread(line, colour)
        if line.method is Compression.DENSE and line.points:
            level = pg.InfiniteLine(
                100 * line.points[0].mean, 0, pen=pg.mkPen(colour, width=1, style=Qt.PenStyle.DotLine)
            )
            self._keep(level, ignore=True)

    def _is_ticked(self, line: Line) -> bool:
        return any(card in self._ticked for p in line.points for card in p.cards)

    def _label(self, line: Line) -> PlotLabel:
        runs = min(len(p.cards) for p in line.points)
        text = f"{line.label} ({'one run' if runs == 1 else f'n = {runs}'})"
        last = line.points[-1]
        return PlotLabel(text=text, x=100 * last.sparsity, y=100 * last.mean, colour=self.theme.tokens.text)

    def _draw_spread(self, line: Line, colour: QColor) -> None:
        known = [p for p in line.points if p.sd is not None]
        if known:
            self._keep(
                pg.ErrorBarItem(
                    x=100 * np.array([p.sparsity for p in known]),
                    y=100 * np.array([p.mean for p in known]),
                    height=200 * np.array([p.sd for p in known], np.float64),
                    beam=1.2,
                    pen=pg.mkPen(colour, width=1.4),
                )
            )

    def _draw_published(self) -> None:
        by_line: dict[tuple[Any, Any, str], list[PublishedFigure]] = {}
        for figure in self._published:
            by_line.setdefault((figure.method, figure.augmentation, figure.source), []).append(figure)
        for figures in by_line.values():
            suit = str(figures[0].augmentation or "")
            colour = QColor(suit_colour(suit))
            colour.setAlphaF(0.6)
            style = _DASHES.get(figures[0].method or Compression.LRR, Qt.PenStyle.SolidLine)
            x, y = [100 * f.sparsity for f in figures], [100 * f.robust for f in figures]
            along = figures[0].source == ROBUSTNETS  # RobustBench's are single cards and decks, no line
            if along:
                self._keep(pg.PlotDataItem(x, y, pen=pg.mkPen(colour, width=1, style=style)))
            marks = symbols()
            marks.setData(x, y, symbol=suit_symbol(suit), size=9, brush=None, pen=pg.mkPen(colour, width=1))
            self._keep(marks)

    def _keep(self, item: Any, *, ignore: bool = False) -> None:
        self.addItem(item, ignoreBounds=ignore)
        self._drawn.append(item)


def _size(share: float) -> float:
    """Return a symbol's size in pixels: its area is a share of the largest one's."""
    return max(_LEAST, float(_MOST * share**0.5))


def published_point(figure: PublishedFigure, *, over_sparsity: bool = False) -> PlotPoint:
    """Return a published figure as something to point at."""
    accuracies = f"clean {100 * figure.clean:.2f} %, robust {100 * figure.robust:.2f} %"
    words = f"Published, {figure.source}: {figure.label}: {accuracies}"
    x = figure.sparsity if over_sparsity else figure.clean
    return PlotPoint(key=("published", figure.source, figure.label), x=100 * x, y=100 * figure.robust, words=words)


def _hollow(figure: PublishedFigure, x: float) -> dict[str, Any]:
    colour = QColor(suit_colour(str(figure.augmentation or "")))
    return {
        "pos": (100 * x, 100 * figure.robust),
        "size": 11,
        "symbol": suit_symbol(str(figure.augmentation or "")),
        "brush": None,
        "pen": pg.mkPen(colour, width=1),
    }
