"""Figures of sensitivity maps: a wall of maps on one colour scale, and the error by frequency."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from card_studio.domain.card import SensitivityMap
from card_studio.domain.fourier import radial_profile
from card_studio.figures.style import DIVERGING, SEQUENTIAL, footnote, new_figure, plain

_LIMIT_SHARE = 99.0


def sensitivity_wall(
    maps: Sequence[SensitivityMap], titles: Sequence[str], *, columns: int = 4, baseline: SensitivityMap | None = None
) -> Figure:
    """Draw maps side by side on one colour scale, frequency 0 at the centre.

    Args:
        maps: measured with the same options and images.
        titles: one for each.
        columns: maps in a row.
        baseline: a map of the same kind; then the differences to it are drawn.

    Raises:
        ValueError: the maps were measured differently, so that they may not share a scale.
    """
    _require_one_kind([*maps, *([baseline] if baseline else [])])
    shown = [each.errors - (baseline.errors if baseline else 0) for each in maps]
    every = np.concatenate([each.ravel() for each in shown])
    high = max(1e-3, float(np.percentile(np.abs(every), _LIMIT_SHARE)))
    low = -high if baseline else min(0.0, float(every.min()))
    columns = min(columns, len(maps))
    rows = -(-len(maps) // columns)
    figure = new_figure(2.1 * columns + 0.9, 2.3 * rows + 0.5)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, errors, title in zip(grid.flat, shown, titles, strict=False):
        image = axes.imshow(errors, cmap=DIVERGING + "_r" if baseline else SEQUENTIAL, vmin=low, vmax=high)
        axes.set_title(title, fontsize=9)
    figure.colorbar(image, ax=grid, label="difference in error rate" if baseline else "error rate", shrink=0.8)
    footnote(figure, definition(maps[0]))
    return figure


def frequency_profile(maps: Sequence[SensitivityMap], titles: Sequence[str]) -> Figure:
    """Draw each map's mean error rate by distance from frequency 0.

    Raises:
        ValueError: the maps were measured differently.
    """
    _require_one_kind(maps)
    figure = new_figure(5.5, 3.6)
    axes = figure.subplots()
    plain(axes)
    for each, title in zip(maps, titles, strict=True):
        axes.plot(*radial_profile(each.errors), label=title, linewidth=1.4)
    axes.set_xlabel("frequency, cycles per image")
    axes.set_ylabel("mean error rate")
    axes.legend(frameon=False, fontsize=8)
    footnote(figure, definition(maps[0]))
    return figure


def definition(measured: SensitivityMap) -> str:
    """Return one line that goes with every number of a map."""
    options = measured.options
    clamp = "clamped to [0, 1]" if options.clamp else "not clamped"
    precision = "" if options.precision == "float32" else f"; computed in {options.precision}"
    return (
        f"Fourier noise of norm {options.norm:g} in each channel, {clamp}; "
        f"n = {measured.images} images; seed {options.seed}{precision}"
    )


def _require_one_kind(maps: Sequence[SensitivityMap]) -> None:
    if not maps or len({(each.options, each.size, each.images) for each in maps}) != 1:
        raise ValueError("a wall needs maps of one size, measured with the same options")
