"""Figures of evaluations: accuracy by corruption and severity, and clean against robust accuracy."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from card_studio.domain.card import Card, Evaluation
from card_studio.domain.names import FAMILIES
from card_studio.figures.style import DIVERGING, SEQUENTIAL, footnote, new_figure, plain, suit_style

_SMALLEST_AREA, _LARGEST_AREA = 40.0, 500.0


def accuracy_grid(evaluation: Evaluation) -> tuple[tuple[str, ...], tuple[int, ...], NDArray[np.float64]]:
    """Return corruptions by family, severities rising, and accuracy 0 to 1 as [corruptions, severities]."""
    found = {(cell.corruption, cell.severity): cell.accuracy for cell in evaluation.cells if cell.corruption}
    names = [name for family in FAMILIES.values() for name in family if any(name == key[0] for key in found)]
    severities = sorted({severity for _, severity in found})
    values = [[found[name, severity] for severity in severities] for name in names]
    return tuple(map(str, names)), tuple(severities), np.array(values).reshape(len(names), len(severities))


def robustness_matrix(evaluation: Evaluation, title: str, *, baseline: Evaluation | None = None) -> Figure:
    """Draw accuracy in percent, a row for each corruption and a column for each severity.

    Args:
        evaluation: with at least one corrupted cell.
        title: the card's name.
        baseline: another card's evaluation on the same suite; then the differences to it are drawn, in points.

    Raises:
        ValueError: the two are of different suites or data, so that their numbers may not be compared.
    """
    if baseline is not None and baseline.suite_key != evaluation.suite_key:
        raise ValueError("evaluations of different suites cannot be compared")
    names, severities, values = accuracy_grid(evaluation)
    shown = 100 * values if baseline is None else 100 * (values - accuracy_grid(baseline)[2])
    figure = new_figure(2.6 + 0.75 * len(severities), 1.6 + 0.3 * len(names))
    axes = figure.subplots()
    reach = max(1.0, float(np.abs(shown).max(initial=0)))
    low, high = (0.0, 100.0) if baseline is None else (-reach, reach)
    image = axes.imshow(shown, cmap=SEQUENTIAL if baseline is None else DIVERGING, vmin=low, vmax=high, aspect="auto")
    axes.set_xticks(range(len(severities)), [str(each) for each in severities])
    axes.set_yticks(range(len(names)), [name.replace("_", " ") for name in names])
    axes.set_xlabel("severity")
    axes.set_title(title, loc="left")
    axes.spines[:].set_visible(False)
    colours = image.to_rgba(shown)
    for (row, column), value in np.ndenumerate(shown):
        red, green, blue, _ = colours[row, column]
        ink = "black" if 0.3 * red + 0.6 * green + 0.1 * blue > 0.5 else "white"
        text = f"{value:.1f}" if baseline is None else f"{value:+.1f}"
        axes.text(column, row, text, ha="center", va="center", fontsize=8, color=ink)
    unit = "accuracy, %" if baseline is None else "difference to the baseline, points"
    figure.colorbar(image, ax=axes, label=unit)
    footnote(figure, f"{evaluation.suite.definition}; n = {evaluation.images} images in each cell")
    return figure


def clean_against_robust(cards: Sequence[Card]) -> Figure:
    """Draw each card's robust over its clean accuracy, its area growing with its file, and the Pareto front.

    Cards that were not evaluated are left out.

    Raises:
        ValueError: the cards' figures are of different suites, so that they may not be compared.
    """
    known = [card for card in cards if card.clean_accuracy is not None and card.robust_accuracy is not None]
    if len({(card.data_digest, card.suite) for card in known}) > 1:
        raise ValueError("cards evaluated on different suites cannot be compared in one figure")
    figure = new_figure(5.5, 4.2)
    axes = figure.subplots()
    plain(axes)
    points = np.array([(card.clean_accuracy, card.robust_accuracy) for card in known], np.float64).reshape(-1, 2) * 100
    largest = max((card.file_bytes for card in known), default=1)
    for augmentation in dict.fromkeys(str(card.augmentation) for card in known):
        colour, marker = suit_style(augmentation)
        own = [index for index, card in enumerate(known) if card.augmentation == augmentation]
        areas = [_area(known[index].file_bytes / largest) for index in own]
        x, y = points[own].T
        axes.scatter(x, y, s=areas, c=colour, marker=marker, alpha=0.75, label=augmentation, linewidths=0)
    front = pareto_front(points)
    axes.plot(*points[front].T, color="0.5", linewidth=0.8, zorder=0, label="Pareto front")
    axes.set_xlabel("clean accuracy, %")
    axes.set_ylabel("robust accuracy, %")
    if known:
        axes.legend(frameon=False, fontsize=8, markerscale=0.7)
        suite = known[0].suite
        footnote(figure, f"{suite.definition if suite else 'no suite'}; area: bytes of the card file")
    return figure


def _area(share: float) -> float:
    return _SMALLEST_AREA + (_LARGEST_AREA - _SMALLEST_AREA) * share


def pareto_front(points: NDArray[np.float64]) -> list[int]:
    """Return which points [N, 2] no other beats in one figure without losing in the other, by rising first figure."""
    order = sorted(range(len(points)), key=lambda index: (-points[index, 0], -points[index, 1]))
    front: list[int] = []
    best = -np.inf
    for index in order:
        if points[index, 1] > best:
            best = points[index, 1]
            front.append(index)
    return front[::-1]
