"""Figures of evaluations: accuracy by corruption and severity, and clean against robust accuracy."""

from typing import Literal

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from card_studio.domain.card import Evaluation
from card_studio.domain.names import FAMILIES, is_own
from card_studio.figures.style import DIVERGING, SEQUENTIAL, footnote, new_figure, plain, suit_style
from card_studio.studio.robustness import SuiteAnswers, lines_over_sparsity, pareto_front

_DASHES: tuple[Literal["-", "--", "-.", ":"], ...] = ("-", "--", "-.", ":")
"""One after another for the methods, whose colours are their suits'."""
_SMALLEST_AREA, _LARGEST_AREA = 40.0, 500.0


def accuracy_grid(evaluation: Evaluation) -> tuple[tuple[str, ...], tuple[int, ...], NDArray[np.float64]]:
    """Return corruptions by family, severities rising, and accuracy 0 to 1 as [corruptions, severities]."""
    found = {(cell.corruption, cell.severity): cell.accuracy for cell in evaluation.cells if cell.corruption}
    ours = [name for family in FAMILIES.values() for name in family if any(name == key[0] for key in found)]
    own = dict.fromkeys(name for name, _ in found if is_own(name))
    names = [*map(str, ours), *map(str, own)]
    severities = sorted({severity for _, severity in found})
    values = [[found[name, severity] for severity in severities] for name in names]
    return tuple(names), tuple(severities), np.array(values).reshape(len(names), len(severities))


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


def clean_against_robust(answers: SuiteAnswers) -> Figure:
    """Draw each card's robust over its clean accuracy on a suite, its area growing with its file, and the front."""
    figure = new_figure(5.5, 4.2)
    axes = figure.subplots()
    plain(axes)
    own = [answers.evaluations[card.id] for card in answers.cards]
    points = [(100 * each.clean_accuracy, 100 * each.robust_accuracy) for each in own]
    largest = max(card.file_bytes for card in answers.cards)
    for augmentation in dict.fromkeys(str(card.augmentation) for card in answers.cards):
        colour, marker = suit_style(augmentation)
        at = [index for index, card in enumerate(answers.cards) if card.augmentation == augmentation]
        areas = [_area(answers.cards[index].file_bytes / largest) for index in at]
        x, y = zip(*(points[index] for index in at), strict=True)
        axes.scatter(x, y, s=areas, c=colour, marker=marker, alpha=0.75, label=augmentation, linewidths=0)
    front = np.array([points[index] for index in pareto_front(points)])
    axes.plot(*front.T, color="0.5", linewidth=0.8, zorder=0, label="Pareto front")
    axes.set_xlabel("clean accuracy, %")
    axes.set_ylabel("robust accuracy, %")
    axes.legend(frameon=False, fontsize=8, markerscale=0.7)
    footnote(figure, f"{answers.definition()}; area: bytes of the card file")
    return figure


def robust_over_sparsity(answers: SuiteAnswers) -> Figure:
    """Draw a line for each method and augmentation: mean robust accuracy over sparsity, sd over replicates as bars.

    A point of one run has no bar.
    """
    figure = new_figure(6.5, 4.2)
    axes = figure.subplots()
    plain(axes)
    dashes: dict[str, int] = {}
    for line in lines_over_sparsity(answers):
        colour, marker = suit_style(line.augmentation)
        style = _DASHES[dashes.setdefault(str(line.method), len(dashes)) % len(_DASHES)]
        x = [100 * point.sparsity for point in line.points]
        y = [100 * point.mean for point in line.points]
        bars = [float("nan") if point.sd is None else 100 * point.sd for point in line.points]
        drawn = axes.errorbar(x, y, yerr=bars, color=colour, marker=marker, markersize=5, linewidth=1.2, capsize=2)
        drawn.lines[0].set_linestyle(style)
        drawn.set_label(line.label)
    axes.set_xlabel("sparsity, %")
    axes.set_ylabel("robust accuracy, %")
    axes.legend(frameon=False, fontsize=7)
    footnote(figure, f"{answers.definition()}; bars: sd over replicates, none for one run")
    return figure


def _area(share: float) -> float:
    return _SMALLEST_AREA + (_LARGEST_AREA - _SMALLEST_AREA) * share
