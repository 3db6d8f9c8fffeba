"""A sheet of the images that cards disagree on most, each with its true class and every card's answer."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from card_studio.figures.style import footnote, new_figure, suit_style
from card_studio.studio.disagreement import Disagreement, Disagreements

_ACROSS = 4
_RIGHT, _WRONG = "#1b7a43", "#b3261e"
_LINE = 0.17
"""Of a text line, in inches."""


def contact_sheet(
    found: Disagreements, shown: Sequence[Disagreement], pictures: Sequence[NDArray[np.uint8]], labels: Sequence[str]
) -> Figure:
    """Draw images with answers.

    Args:
        found: what they were found by.
        shown: the images, at least one.
        pictures: of each, uint8 [3, H, W].
        labels: a short name for each card, in `found`'s order.
    """
    rows = -(-len(shown) // _ACROSS)
    below = _LINE * (len(labels) + 1.5)
    figure = new_figure(2.3 * _ACROSS, rows * (1.5 + below) + 0.5)
    grid = figure.subplots(rows, _ACROSS, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, each, picture in zip(grid.flat, shown, pictures, strict=False):
        axes.imshow(picture.transpose(1, 2, 0), interpolation="nearest")
        axes.set_title(f"{found.classes[each.truth]} · {100 * each.divergence:.0f} %", fontsize=8, loc="left")
        _write_answers(axes, found, each, labels)
    footnote(figure, found.definition)
    return figure


def _write_answers(axes: Axes, found: Disagreements, each: Disagreement, labels: Sequence[str]) -> None:
    """Write under a picture what each card says; right answers have a tick."""
    for line, (card, label, answer) in enumerate(zip(found.cards, labels, each.answers, strict=True)):
        said = f"{'✓' if answer.right else '✗'} {found.classes[answer.label]} {100 * answer.probability:.0f} %"
        _note(axes, 0, line, label, suit_style(str(card.augmentation))[0])
        _note(axes, 0.5, line, said, _RIGHT if answer.right else _WRONG)
    _note(axes, 0, len(labels), f"{found.cell_words(each.cell)}, image {each.image:,}", "0.3")


def _note(axes: Axes, left: float, line: int, text: str, colour: str) -> None:
    """Write a line under a picture; the first one is line 0."""
    axes.annotate(
        text,
        (left, 0),
        xytext=(0, -4 - 72 * _LINE * line),
        xycoords="axes fraction",
        textcoords="offset points",
        va="top",
        fontsize=7,
        color=colour,
    )
