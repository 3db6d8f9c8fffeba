"""A study's report as a folder that stands alone: report.md, tables as CSV and LaTeX, figures as PNG and SVG."""

from dataclasses import replace
from pathlib import Path

from matplotlib.figure import Figure

from card_studio import __version__
from card_studio.domain.card import Card
from card_studio.domain.ids import short
from card_studio.domain.recipe import write_recipe
from card_studio.figures.folder import Folder
from card_studio.figures.robustness import clean_against_robust, robust_over_sparsity, robustness_matrix
from card_studio.figures.sensitivity import frequency_profile, sensitivity_wall
from card_studio.studio.replicates import recipe_key
from card_studio.studio.report import (
    Studies,
    Study,
    cards_sheet,
    corruption_sheet,
    groups_of,
    groups_sheet,
    table_sheet,
)
from card_studio.studio.robustness import SuiteAnswers, measure
from card_studio.studio.robustness_grid import card_title, make_grid
from card_studio.studio.robustness_sheets import data_sheet, summary_sheet
from card_studio.studio.sensitivity_view import MapKind, cell_sheet, map_sheet
from card_studio.studio.sheet import Sheet, as_markdown
from card_studio.studio.side_by_side import told_apart

_MOST_MATRICES, _MOST_MAPS = 12, 24
"""Figures of single cards; tables hold all of them."""


def write_report(workspace: Studies, study: Study, out: Path) -> list[Path]:
    """Write a study's report; return its files, report.md first.

    Raises:
        WorkspaceError: the folder cannot be written to, or a stored result is missing.
    """
    return _Report(workspace, study, Folder(out)).write()


class _Report:
    """The text as it grows, and the folder that its tables and figures go to."""

    def __init__(self, workspace: Studies, study: Study, folder: Folder) -> None:
        self._workspace, self._study, self._folder = workspace, study, folder
        self._lines: list[str] = []

    def write(self) -> list[Path]:
        study = self._study
        self._say(f"# {study.name}")
        self._say(f"{len(study.cards)} cards, {study.chosen}. Written by card-studio {__version__}.")
        if study.unmeasured:
            names = ", ".join(card_title(card) for card in study.unmeasured)
            self._say(f"Not evaluated, and so in no table of accuracies: {names}.")
        for number, answers in enumerate(study.suites, start=1):
            self._suite(answers, f"suite-{number}")
        for number, kind in enumerate(study.kinds, start=1):
            self._maps(kind, f"maps-{number}")
        self._table("cards", cards_sheet(study), level=2)
        self._recipes()
        self._definitions()
        self._folder.text("report.md", "\n".join(self._lines))
        *others, report = self._folder.written
        return [report, *others]

    def _suite(self, answers: SuiteAnswers, name: str) -> None:
        flag = "" if answers.suite.standard else " (not the standard suite)"
        self._say(f"## {answers.data_label}: {len(answers.cards)} cards on one suite{flag}")
        said = answers.definition()
        self._say(said)
        ids = [card.id for card in answers.cards]
        grid = make_grid(answers, measure(self._workspace, answers, ids, None))
        if len(grid.rows) > 1:
            self._table(f"{name}-robust", table_sheet(answers, "robust"), said=said)
        self._table(f"{name}-clean", table_sheet(answers, "clean"), said=said)
        self._table(f"{name}-recipes", groups_sheet(answers), said=said)
        self._table(f"{name}-corruptions", corruption_sheet(answers), said=said)
        self._table(f"{name}-cards", summary_sheet(grid), said=said)
        self._folder.table(f"{name}-cells", data_sheet(grid))
        if len(grid.rows) == 1:
            return
        self._say("### Figures")
        self._figure(f"{name}-sparsity", "Robust accuracy against sparsity", robust_over_sparsity(answers))
        self._figure(f"{name}-trade-off", "Clean against robust accuracy", clean_against_robust(answers))
        for group in groups_of(answers)[:_MOST_MATRICES]:
            card = group.first
            title = _title(card, len(group.cards))
            figure = robustness_matrix(answers.evaluations[card.id], title)
            self._figure(f"{name}-matrix-{short(card.id)}", title, figure)

    def _maps(self, kind: MapKind, name: str) -> None:
        self._say(f"## {kind.data_label}: sensitivity to spatial frequencies, {len(kind.maps)} cards")
        self._say(kind.definition)
        self._table(name, map_sheet(kind, kind.maps), said=kind.definition)
        self._folder.table(f"{name}-cells", cell_sheet(kind, kind.maps))
        shown = kind.maps[:_MOST_MAPS]
        maps, cards = [each.map for each in shown], [each.card for each in shown]
        labels = told_apart(cards, lambda card: f"{card.augmentation} {card.method} {100 * card.sparsity:.3g} %")
        self._figure(f"{name}-wall", "Error rate by frequency, 0 at the centre", sensitivity_wall(maps, labels))
        self._figure(f"{name}-profile", "Error rate by distance from frequency 0", frequency_profile(maps, labels))

    def _recipes(self) -> None:
        """Write each recipe, of replicates the first one's, so that the study can be made again."""
        self._say("### Recipes as files")
        seen: dict[str, Card] = {}
        for card in self._study.cards:
            seen.setdefault(recipe_key(card), card)
        for card in seen.values():
            name = f"recipe-{short(card.id)}.toml"
            self._folder.text(name, write_recipe(card.recipe))
            self._lines.append(f"- [{card_title(card)}]({name})")
        self._lines.append("")

    def _definitions(self) -> None:
        self._say("## What the numbers are")
        for line in (
            "Clean accuracy: of the suite's images without corruption. Robust accuracy: the plain mean of the "
            "accuracies over all corruptions and severities of the suite; on the standard fifteen at five severities "
            "this is RobustBench's figure, on others it is not, and is flagged with †.",
            "Intervals of one card: 95 %; of one cell Wilson's, of a mean over cells a percentile bootstrap over "
            "images, an image's whole row of cells being one draw (1,000 resamples, seed 0).",
            "Spread: the sample's standard deviation over replicates, which differ in the seed alone; intervals over "
            "replicates: Student's t, 95 %. One run is called one run, and gets no verdict.",
            "Sparsity: share of prunable weights (convolutions and linear layers) that are zero, measured.",
            "Size: bytes of the card's file; kB of 1,000 bytes.",
            "Calibration error: expected, fifteen equal bins, on the clean images.",
        ):
            self._lines.append(f"- {line}")
        self._lines.append("")

    def _say(self, text: str) -> None:
        self._lines += [text, ""]

    def _table(self, name: str, sheet: Sheet, *, said: str = "", level: int = 3) -> None:
        """Write a table to its files, and into the text without the definition that was said above it."""
        self._folder.table(name, sheet, latex=True)
        self._say(f"{'#' * level} {sheet.title}")
        self._lines.append(as_markdown(replace(sheet, note=sheet.note.removeprefix(said).lstrip(" ·."))))

    def _figure(self, name: str, words: str, figure: Figure) -> None:
        self._folder.figure(name, figure)
        self._say(f"![{words}]({name}.png)")


def _title(card: Card, replicates: int) -> str:
    return card_title(card) + (f", the first of {replicates} replicates" if replicates > 1 else "")
