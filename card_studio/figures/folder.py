"""Results as files in a folder: tables as CSV and LaTeX, figures as PNG and SVG."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from card_studio.domain.ids import short
from card_studio.figures.disagreement import contact_sheet
from card_studio.figures.robustness import clean_against_robust, robust_over_sparsity, robustness_matrix
from card_studio.figures.sensitivity import frequency_profile, sensitivity_wall
from card_studio.figures.style import save
from card_studio.files import explained, write_atomically
from card_studio.studio.disagreement import Disagreement, Disagreements, disagreement_sheet
from card_studio.studio.robustness_grid import Grid, card_title, method_text
from card_studio.studio.robustness_sheets import data_sheet, reading_sheet, summary_sheet
from card_studio.studio.sensitivity_view import MapKind, cell_sheet, map_sheet, profile_sheet
from card_studio.studio.sheet import Sheet, as_csv, as_latex
from card_studio.studio.side_by_side import told_apart


class Folder:
    """A folder that results are written into; made if it is not there."""

    def __init__(self, path: Path) -> None:
        """Take the folder.

        Raises:
            WorkspaceError: it cannot be made.
        """
        with explained(path):
            path.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.written: list[Path] = []

    def text(self, name: str, text: str) -> None:
        """Write a text."""
        write_atomically(self.path / name, text.encode())
        self.written.append(self.path / name)

    def table(self, name: str, sheet: Sheet, *, latex: bool = False) -> None:
        """Write a table as CSV, and as LaTeX if asked."""
        self.text(f"{name}.csv", as_csv(sheet))
        if latex:
            self.text(f"{name}.tex", as_latex(sheet))

    def figure(self, name: str, figure: Figure) -> None:
        """Write a figure as PNG and as SVG."""
        for suffix in (".png", ".svg"):
            self.written.append(save(figure, self.path / f"{name}{suffix}"))


def write_evaluation(folder: Folder, grid: Grid) -> None:
    """Write what cards achieved on a suite: every cell, the matrices to read, a summary, and figures."""
    folder.table("cells", data_sheet(grid))
    folder.table("matrix", reading_sheet(grid), latex=True)
    folder.table("summary", summary_sheet(grid), latex=True)
    for name, figure in matrix_figures(grid):
        folder.figure(name, figure)
    if len(grid.rows) > 1:
        folder.figure("clean-robust", clean_against_robust(grid.answers))
        folder.figure("sparsity", robust_over_sparsity(grid.answers))


def matrix_figures(grid: Grid) -> Iterator[tuple[str, Figure]]:
    """Return each card's matrix, or its differences to the baseline, with a name for its file."""
    if len(grid.rows) == 1:
        return
    own = {result.card.id: result for result in grid.results}
    base = next((result for result in grid.results if grid.compares and result.comparison is None), None)
    for card, result in own.items():
        compared = base is not None and result is not base
        baseline = base.evaluation if base is not None and compared else None
        title = card_title(result.card) + (f" less {grid.baseline}" if compared else "")
        yield f"matrix-{short(card)}", robustness_matrix(result.evaluation, title, baseline=baseline)


def write_maps(folder: Folder, kind: MapKind) -> None:
    """Write maps of one kind: every cell, a line for each map, the error by frequency, and figures."""
    folder.table("map-cells", cell_sheet(kind, kind.maps))
    folder.table("maps", map_sheet(kind, kind.maps), latex=True)
    folder.table("frequency", profile_sheet(kind, kind.maps))
    maps, titles = [each.map for each in kind.maps], [card_title(each.card) for each in kind.maps]
    folder.figure("maps", sensitivity_wall(maps, titles))
    folder.figure("frequency", frequency_profile(maps, titles))


def write_disagreements(
    folder: Folder, found: Disagreements, shown: Sequence[Disagreement], pictures: Sequence[NDArray[np.uint8]]
) -> None:
    """Write the images that cards disagree on most: a table, and a sheet of the pictures where there are any."""
    folder.table("disagreements", disagreement_sheet(found, shown), latex=True)
    if pictures:
        labels = told_apart(found.cards, method_text)
        folder.figure("disagreements", contact_sheet(found, shown, pictures, labels))
