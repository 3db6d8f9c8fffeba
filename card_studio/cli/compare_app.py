"""Commands that compare cards, as the Compare page does, and report on studies: to tables, JSON and files."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from card_studio.cli import show
from card_studio.cli.measure_app import Out
from card_studio.cli.options import CardIds, Json, workspace_of
from card_studio.domain.card import Card, Cell
from card_studio.errors import UserError
from card_studio.studio.disagreement import (
    Disagreement,
    Disagreements,
    Question,
    disagreement_sheet,
    find_disagreements,
)
from card_studio.studio.normalising import Normaliser
from card_studio.studio.recipe_differences import option_rows, recipe_sheet
from card_studio.studio.report import read_study
from card_studio.studio.robustness import SuiteAnswers, measure
from card_studio.studio.robustness_grid import Grid, card_title, make_grid
from card_studio.studio.robustness_sheets import reading_sheet
from card_studio.studio.sensitivity_view import map_sheet
from card_studio.studio.side_by_side import Sides, headline_sheet, read_sides
from card_studio.studio.suite_pictures import suite_pictures
from card_studio.studio.workspace import Workspace

_EVERYWHERE = "all"


def compare(
    context: typer.Context,
    card: CardIds,
    baseline: Annotated[str | None, typer.Option(help="Card to which differences are; the first by default.")] = None,
    suite: Annotated[
        int | None, typer.Option(min=1, help="Which suite, if all cards have answered several; they are listed.")
    ] = None,
    cell: Annotated[
        str, typer.Option(help="Where images are compared: all, clean, or such as gaussian_noise-3.")
    ] = _EVERYWHERE,
    right: Annotated[str | None, typer.Option(help="Only images that this card answers rightly.")] = None,
    wrong: Annotated[str | None, typer.Option(help="Only images that this card answers wrongly.")] = None,
    images: Annotated[int, typer.Option(min=0, max=1000, help="How many images of most disagreement.")] = 24,
    out: Out = None,
    json: Json = False,
) -> None:
    """Compare two to six cards: recipes, numbers, matrices, maps, and the images they disagree on most."""
    workspace = workspace_of(context)
    sides = read_sides(workspace, card)
    answers = _common(sides, suite)
    base = workspace.card(baseline) if baseline else sides.cards[0]
    grid = _grid(workspace, sides, answers, base)
    ids = [None if each is None else workspace.card(each).id for each in (right, wrong)]
    question = Question(cell=_cell(answers, cell), right=_of(ids[0], answers), wrong=_of(ids[1], answers))
    found = find_disagreements(workspace, answers, question)
    shown = found.part(0, images)
    if out is not None:
        _write(workspace, sides, grid, found, shown, out)
    if json:
        show.as_json(_plain(sides, grid, found, shown))
        return
    _print(sides, grid, found, shown)
    if out is not None:
        show.OUT.print(f"\nwritten to {out}", soft_wrap=True, highlight=False)


def report(
    context: typer.Context,
    study: Annotated[str, typer.Argument(help="A tag, the name of a recipe or of cards, or all.")],
    out: Annotated[Path, typer.Argument(help="Folder for report.md, its tables and figures.")],
    json: Json = False,
) -> None:
    """Write a study's findings into a folder: methods by augmentation, spread over replicates, figures, definitions."""
    workspace = workspace_of(context)
    found = read_study(workspace, study)
    from card_studio.figures.report import write_report  # matplotlib takes its time: only where it is needed

    files = write_report(workspace, found, out)
    if json:
        show.as_json({"study": found.name, "chosen": found.chosen, "cards": found.cards, "files": files})
        return
    show.OUT.print(f"{len(found.cards)} cards, {found.chosen}; written to {files[0]}", soft_wrap=True, highlight=False)


def _common(sides: Sides, number: int | None) -> SuiteAnswers:
    """Return one of the suites that all cards have answered: by its number, or the first, which is then said.

    Raises:
        UserError: there is none, or none of that number.
    """
    if not sides.one_dataset:
        data = ", ".join(f"{card.name}: {card.data_label}" for card in sides.cards)
        raise UserError(f"the cards are of unlike data ({data}): no image is common to all, so they are not compared")
    common = [each for each in sides.suites if len(each.cards) == len(sides.cards)]
    if not common:
        raise UserError("no suite was answered by all these cards: evaluate them together first")
    if number is None and len(common) == 1:
        return common[0]
    numbered = "; ".join(f"{n}: {each.suite.definition}" for n, each in enumerate(common, start=1))
    if number is not None and number > len(common):
        raise UserError(f"--suite {number}: all these cards have answered {len(common)} ({numbered})")
    if number is None:
        said = f"several suites are common to these cards ({numbered}): compared on the first, --suite names another"
        show.PROGRESS.print(said, soft_wrap=True, highlight=False)
    return common[(number or 1) - 1]


def _grid(workspace: Workspace, sides: Sides, answers: SuiteAnswers, baseline: Card) -> Grid:
    if baseline.id not in answers.evaluations:
        raise UserError(f"{baseline.name} is none of the compared cards: the baseline must be one of them")
    results = measure(workspace, answers, [each.id for each in sides.cards], baseline.id)
    by = Normaliser(title=card_title(baseline), evaluation=answers.evaluations[baseline.id])
    return make_grid(answers, results, by.title, by)


def _cell(answers: SuiteAnswers, text: str) -> int | None:
    """Return which cell of the suite a text names; None for all.

    Raises:
        UserError: none.
    """
    if text == _EVERYWHERE:
        return None
    cells = answers.evaluations[answers.cards[0].id].cells
    names = [_name(each) for each in cells]
    if text not in names:
        raise UserError(f"{text!r} is no cell of this suite: all, clean, or a corruption and severity as {names[-1]}")
    return names.index(text)


def _name(cell: Cell) -> str:
    return "clean" if cell.corruption is None else f"{cell.corruption}-{cell.severity}"


def _of(card: Any, answers: SuiteAnswers) -> Any:
    if card is not None and card not in answers.evaluations:
        raise UserError("--right and --wrong name one of the compared cards")
    return card


def _plain(sides: Sides, grid: Grid, found: Disagreements, shown: list[Disagreement]) -> dict[str, Any]:
    """Return all of the comparison as plain values."""
    normaliser = grid.normaliser
    assert normaliser is not None
    maps = [
        {
            "definition": kind.definition,
            "cards": [each.card.id for each in kind.maps],
            "maps": [each.map for each in kind.maps],
        }
        for kind in sides.kinds
    ]
    return {
        "cards": sides.cards,
        "recipes": [
            {"option": row.name, "values": row.values, "differs": row.differs} for row in option_rows(sides.cards)
        ],
        "suite": grid.answers.definition(),
        "baseline": normaliser.evaluation.card_id,
        "results": [
            {
                "card": each.card.id,
                "evaluation": each.evaluation,
                "robust_interval": each.robust_interval,
                "mce": normaliser.mce(each.evaluation),
                "comparison": each.comparison,
            }
            for each in grid.results
        ],
        "maps": maps,
        "disagreements": {
            "definition": found.definition,
            "found": len(found),
            "images": [_image(found, each) for each in shown],
        },
    }


def _image(found: Disagreements, each: Disagreement) -> dict[str, Any]:
    cell = found.cells[each.cell]
    return {
        "image": each.image,
        "corruption": cell.corruption,
        "severity": cell.severity,
        "truth": found.classes[each.truth],
        "disagreement": each.divergence,
        "answers": [
            {
                "card": card.id,
                "answer": found.classes[answer.label],
                "probability": answer.probability,
                "right": answer.right,
            }
            for card, answer in zip(found.cards, each.answers, strict=True)
        ],
    }


def _print(sides: Sides, grid: Grid, found: Disagreements, shown: list[Disagreement]) -> None:
    sheets = [
        headline_sheet(sides, grid.results, grid.answers, grid.normaliser),
        recipe_sheet(sides.cards),
        reading_sheet(grid),
        *(map_sheet(kind, kind.maps) for kind in sides.kinds if len(kind.maps) > 1),
        disagreement_sheet(found, shown),
    ]
    for sheet in sheets:
        show.OUT.print(f"\n{sheet.title}", style="bold", highlight=False)
        show.OUT.print(show.sheet_table(sheet))
        show.OUT.print(sheet.note, soft_wrap=True, highlight=False)


def _write(
    workspace: Workspace, sides: Sides, grid: Grid, found: Disagreements, shown: list[Disagreement], out: Path
) -> None:
    from card_studio.figures.folder import (  # matplotlib takes its time: only where it is needed
        Folder,
        write_disagreements,
        write_evaluation,
        write_maps,
    )

    folder = Folder(out)
    folder.table("headline", headline_sheet(sides, grid.results, grid.answers, grid.normaliser), latex=True)
    folder.table("recipes", recipe_sheet(sides.cards, equal=True), latex=True)
    write_evaluation(folder, grid)
    if sides.kinds:
        write_maps(folder, sides.kinds[0])
    write_disagreements(folder, found, shown, _pictures(workspace, found, shown))
    folder.text("comparison.json", show.json_text(_plain(sides, grid, found, shown)))


def _pictures(workspace: Workspace, found: Disagreements, shown: list[Disagreement]) -> list[NDArray[np.uint8]]:
    """Return the images' pictures; none, with a line that says why, where they cannot be made here."""
    card = found.cards[0]
    try:
        return suite_pictures(
            workspace, card, found.answers.evaluations[card.id], [(each.cell, each.image) for each in shown]
        )
    except UserError as error:
        show.PROGRESS.print(f"no pictures: {error}", soft_wrap=True, highlight=False)
        return []
    finally:
        workspace.close()
