"""The budget curve: accuracy on the selection images against bytes, step by step and budget by budget."""

from collections.abc import Mapping, Sequence
from math import floor, log10
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from card_studio.domain.deck import Selection
from card_studio.domain.ids import CardId
from card_studio.studio.proposing import Proposal, ProposedStep
from card_studio.studio.sheet import Heading, Sheet, Value
from card_studio.ui.card_face import size_text
from card_studio.ui.deck_score import signed
from card_studio.ui.plots import Plot, PlotPoint, suit_symbol, symbols
from card_studio.ui.suits import suit_colour
from card_studio.ui.theme import Theme

STEP, BUDGET = "step", "budget"
Place = tuple[str, int]
"""A point: a step of the proposal, or the best deck of another budget, by its number."""
_NAME = "Accuracy against bytes"


class BudgetPlot(Plot):
    """The proposal's steps as suits joined by a line; the best decks of other budgets as rings joined by steps."""

    def __init__(self, theme: Theme) -> None:
        self._proposal: Proposal | None = None
        self._others: tuple[Proposal, ...] = ()
        self._suits: Mapping[CardId, str] = {}
        self._titles: Mapping[CardId, str] = {}
        self._way, self._front = pg.PlotDataItem(), pg.PlotDataItem(stepMode="right")
        self._steps, self._rings = symbols(), symbols()
        super().__init__(theme, _NAME, "Deck (kB)", "Selection accuracy (%)")
        for item in (self._front, self._rings, self._way, self._steps):
            self.addItem(item)

    def show_proposal(
        self,
        proposal: Proposal | None,
        others: Sequence[Proposal],
        titles: Mapping[CardId, str],
        suits: Mapping[CardId, str],
    ) -> None:
        """Show a proposal's steps, and the best decks of other budgets."""
        self._proposal, self._others, self._titles, self._suits = proposal, tuple(others), titles, suits
        steps = proposal.steps if proposal else ()
        points = [self._point((STEP, at), step, self.step_words(at)) for at, step in enumerate(steps)]
        points += [
            self._point((BUDGET, at), last_step(each), self.budget_words(at)) for at, each in enumerate(self._others)
        ]
        self.set_points(points)
        self.dress()
        self.autoRange(padding=0.12)

    def step_words(self, at: int) -> str:
        """Return what a step of the proposal did."""
        assert self._proposal is not None
        step = self._proposal.steps[at]
        low, high = (signed(each) for each in step.gain_interval)
        gained = f"{signed(step.gain)} points ({low} to {high})" if at else f"{100 * step.accuracy:.1f} %"
        return (
            f"Step {at + 1}: {self._titles[step.card]}, {gained}; now {100 * step.accuracy:.1f} %, clean "
            f"{100 * step.clean:.1f} %, {size_text(step.file_bytes)}"
        )

    def budget_words(self, at: int) -> str:
        """Return what the best deck of another budget is."""
        each = self._others[at]
        last = last_step(each)
        return (
            f"Best deck found for {size_text(each.selection.budget_bytes)}: {len(each.cards)} cards, "
            f"{100 * last.accuracy:.1f} %, clean {100 * last.clean:.1f} %, {size_text(last.file_bytes)}"
        )

    def dress(self) -> None:
        super().dress()
        tokens = self.theme.tokens
        front = [last_step(each) for each in self._others]
        self._front.setData(*_line(front))
        self._front.setPen(pg.mkPen(tokens.muted, width=1, style=Qt.PenStyle.DashLine))
        ring = pg.mkPen(tokens.muted, width=2)
        self._rings.setData([{"pos": _at(step), "size": 12, "pen": ring, "brush": None} for step in front])
        steps = self._proposal.steps if self._proposal else ()
        self._way.setData(*_line(steps))
        self.getAxis("bottom").setTicks([_ticks([step.file_bytes for step in (*front, *steps)])])
        self._way.setPen(pg.mkPen(tokens.accent, width=2))
        held = len(self._proposal.cards) if self._proposal else 0
        self._steps.setData([self._spot(step, at < held) for at, step in enumerate(steps)])

    def _spot(self, step: ProposedStep, held: bool) -> dict[str, Any]:
        suit = self._suits[step.card]
        colour = QColor(suit_colour(suit))
        colour.setAlphaF(1.0 if held else 0.3)
        return {"pos": _at(step), "size": 15, "symbol": suit_symbol(suit), "brush": colour, "pen": None}

    @staticmethod
    def _point(key: Place, step: ProposedStep, words: str) -> PlotPoint:
        x, y = _at(step)
        return PlotPoint(key=key, x=x, y=y, words=words)


def last_step(proposal: Proposal) -> ProposedStep:
    """Return the step at which a proposal's deck is whole."""
    return proposal.steps[len(proposal.cards) - 1]


def steps_sheet(proposal: Proposal, titles: Mapping[CardId, str], note: str) -> Sheet:
    """Return a proposal card by card."""
    headings = (
        Heading(text="Card"),
        Heading(text="Gain", digits=1, signed=True),
        Heading(text="from", digits=1, signed=True),
        Heading(text="to", digits=1, signed=True),
        Heading(text="Corrupted (%)", digits=1),
        Heading(text="Clean (%)", digits=1),
        Heading(text="kB", digits=1),
    )
    rows: list[tuple[Value, ...]] = []
    for at, step in enumerate(proposal.steps, 1):
        name = f"{at}  {titles[step.card]}" + ("" if at <= len(proposal.cards) else " (left out: no better)")
        shares = (step.gain, *step.gain_interval, step.accuracy, step.clean)
        rows.append((name, *(100 * share for share in shares), step.file_bytes / 1000))
    return Sheet(title="What each card added", headings=headings, rows=tuple(rows), note=note)


def selection_note(chosen: Selection) -> str:
    """Return in words on what a deck was chosen."""
    return (
        f"Mean over the corrupted cells of {chosen.suite.definition}; {chosen.images} images in each cell; "
        f"{chosen.mode.value}, m = {chosen.batch}. Gains in points; from and to: 95 %, paired bootstrap over images. "
        "Chosen to be high here, so these figures flatter: report the deck's score, which is from test images."
    )


def _at(step: ProposedStep) -> tuple[float, float]:
    """Return a step's place: the horizontal axis goes by equal factors."""
    return log10(step.file_bytes / 1000), 100 * step.accuracy


def _line(steps: Sequence[ProposedStep]) -> tuple[list[float], list[float]]:
    places = [_at(step) for step in steps]
    return [x for x, _ in places], [y for _, y in places]


def _ticks(sizes: Sequence[int]) -> list[tuple[float, str]]:
    """Return ticks at 1, 2 and 5 times each power of ten around these bytes, in kB."""
    if not sizes:
        return []
    powers = range(floor(log10(min(sizes) / 1000)), floor(log10(max(sizes) / 1000)) + 2)
    return [(log10(times * 10.0**power), f"{times * 10.0**power:,g}") for power in powers for times in (1, 2, 5)]
