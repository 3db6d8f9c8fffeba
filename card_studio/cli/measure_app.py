"""Commands that measure cards: evaluate them on a suite, map their sensitivity; to a table, JSON and files."""

from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from card_studio.cli import show
from card_studio.cli.options import CardIds, Json, Wait, corruptions_named, suite_source, workspace_of
from card_studio.cli.progress import JobBars
from card_studio.domain.card import Card, Evaluation, SensitivityMap
from card_studio.domain.gate import suite_key
from card_studio.domain.job import EvaluateCards, Job, MapOptions, Suite
from card_studio.domain.options import Precision
from card_studio.studio.normalising import Normaliser
from card_studio.studio.precision import PrecisionShift, precision_shift
from card_studio.studio.robustness import measure, suites_answered
from card_studio.studio.robustness_grid import card_title, make_grid
from card_studio.studio.sensitivity_view import map_kinds, map_sheet
from card_studio.studio.versions import versions_of
from card_studio.studio.workspace import Workspace

Out = Annotated[Path | None, typer.Option(help="Folder for tables (CSV, LaTeX), JSON and figures (PNG, SVG).")]
Arithmetic = Annotated[Precision, typer.Option(help="Arithmetic of the forward pass.")]


def evaluate(
    context: typer.Context,
    card: CardIds,
    suite: Annotated[str, typer.Option(help="builtin, cifar-c, or a folder in CIFAR-C's layout.")] = "builtin",
    corruption: Annotated[list[str] | None, typer.Option(help="Only these, one's own too; repeat it.")] = None,
    images: Annotated[int, typer.Option(min=0, help="Only the first so many; 0 takes all.")] = 0,
    split: Annotated[Literal["test", "validation"], typer.Option(help="Which images.")] = "test",
    precision: Arithmetic = "float32",
    normaliser: Annotated[str, typer.Option(help="A card whose errors normalise mCE; evaluated too.")] = "",
    out: Out = None,
    wait: Wait = True,
    json: Json = False,
) -> None:
    """Evaluate cards on clean and corrupted images."""
    workspace = workspace_of(context)
    found = [workspace.card(each) for each in card]
    by = workspace.card(normaliser) if normaliser else None
    asked = Suite.model_validate(
        {
            "source": suite_source(suite, found[0].data_label),
            "corruptions": corruptions_named(corruption or ()),
            "images": images,
            "split": split,
            "precision": precision,
        }
    )
    job = workspace.evaluate(list(dict.fromkeys(each.id for each in [*found, *([by] if by else [])])), asked)
    asked = suite_of(job)
    if not wait:
        show.as_json(job) if json else show.OUT.print(f"queued as job {job.id}: {job.name}")
        return
    finish(workspace, job)
    found = [workspace.card(each.id) for each in found]
    ordered = _answers(workspace, found, asked)
    mce = None if by is None else Normaliser(title=card_title(by), evaluation=_answers(workspace, [by], asked)[0])
    if out is not None:
        _write_evaluation(workspace, found, ordered, out, mce)
    if json:
        show.as_json([_told(workspace, each, mce) for each in ordered])
        return
    show.OUT.print(show.evaluations_table(found, ordered))
    show.OUT.print(f"\n{asked.definition}", soft_wrap=True)
    for each, own in zip(found, ordered, strict=True):
        said = [mce.words(own)] if mce else []
        if (shift := _shift(workspace, own)) is not None:
            said.append(shift.words)
        if said:
            show.OUT.print(f"{card_title(each)}: {'; '.join(said)}", soft_wrap=True, highlight=False)
    if mce is not None:
        show.OUT.print(mce.definition, soft_wrap=True, highlight=False)
    _print_folder(out)


def map_sensitivity(
    context: typer.Context,
    card: CardIds,
    images: Annotated[int, typer.Option(min=1, help="Test images perturbed at every frequency.")] = 256,
    norm: Annotated[float, typer.Option(help="Norm of the perturbation, per channel, on the 0-1 scale.")] = 4.0,
    precision: Arithmetic = "float32",
    out: Out = None,
    wait: Wait = True,
    json: Json = False,
) -> None:
    """Measure the Fourier sensitivity maps of cards."""
    workspace = workspace_of(context)
    found = [workspace.card(each) for each in card]
    ids = [each.id for each in found]
    options = MapOptions.model_validate({"images": images, "norm": norm, "precision": precision})
    job = workspace.map(ids, options)
    if not wait:
        show.as_json(job) if json else show.OUT.print(f"queued as job {job.id}: {job.name}")
        return
    finish(workspace, job)
    maps = [each for each in workspace.maps(ids) if each.options == options]
    kind = map_kinds(found, maps, versions_of(workspace, [each.job_id for each in maps]))[0]
    measured = [_told_map(workspace, each.map, kind.definition) for each in kind.maps]
    if out is not None:
        from card_studio.figures.folder import Folder, write_maps  # matplotlib takes its time: only where it is needed

        folder = Folder(out)
        write_maps(folder, kind)
        folder.text("maps.json", show.json_text(measured))
    if json:
        show.as_json(measured)
        return
    show.OUT.print(show.sheet_table(map_sheet(kind, kind.maps)))
    show.OUT.print(f"\n{kind.definition}", soft_wrap=True)
    _print_folder(out)


def suite_of(job: Job) -> Suite:
    """Return the suite of an evaluation as it was queued: with the code of one's own corruptions."""
    assert isinstance(job.spec, EvaluateCards)
    return job.spec.suite


def finish(workspace: Workspace, job: Job) -> Job:
    """Wait for a job with a progress bar."""
    with JobBars() as bars:
        return workspace.wait(job, progress=bars.update)


def _answers(workspace: Workspace, cards: list[Card], suite: Suite) -> list[Evaluation]:
    """Return the evaluations of cards on a suite, in the cards' order."""
    key = suite_key(suite, cards[0].data_digest)
    known = workspace.evaluations([each.id for each in cards])
    by_card = {each.card_id: each for each in known if each.suite_key == key}
    return [by_card[each.id] for each in cards]


def _told(workspace: Workspace, evaluation: Evaluation, mce: Normaliser | None) -> dict[str, Any]:
    """Return an evaluation for JSON, with what its numbers are."""
    versions = versions_of(workspace, [evaluation.job_id])
    told: dict[str, Any] = {each.name: getattr(evaluation, each.name) for each in fields(evaluation)}
    told |= {
        "definition": evaluation.suite.definition,
        "computed_with": next(iter(versions.values()), ""),
        "mean_error": 1 - evaluation.robust_accuracy,
    }
    if mce is not None:
        told |= {"mce": mce.mce(evaluation), "normaliser": mce.evaluation.card_id, "mce_definition": mce.definition}
    shift = _shift(workspace, evaluation)
    return told if shift is None else told | {"against_float32": shift}


def _told_map(workspace: Workspace, measured: SensitivityMap, definition: str) -> dict[str, Any]:
    """Return a map for JSON, with what it is and what computed it."""
    versions = versions_of(workspace, [measured.job_id])
    told: dict[str, Any] = {each.name: getattr(measured, each.name) for each in fields(measured)}
    return told | {"definition": definition, "computed_with": next(iter(versions.values()), "")}


def _shift(workspace: Workspace, evaluation: Evaluation) -> PrecisionShift | None:
    """Return what the arithmetic changed, where the card was evaluated in float32 too."""
    known = [
        each for each in workspace.evaluations([evaluation.card_id]) if each.suite == evaluation.suite.images_alone
    ]
    if not known or evaluation.suite == evaluation.suite.images_alone:
        return None
    exact, other = (workspace.array(each.probabilities) for each in (known[0], evaluation))
    return precision_shift(known[0], evaluation, exact, other)


def _write_evaluation(
    workspace: Workspace, cards: list[Card], evaluations: list[Evaluation], out: Path, mce: Normaliser | None
) -> None:
    from card_studio.figures.folder import Folder, write_evaluation  # as above

    versions = versions_of(workspace, [each.job_id for each in evaluations])
    (answers,) = suites_answered(cards, evaluations, versions)
    folder = Folder(out)
    results = measure(workspace, answers, [each.id for each in cards], None)
    write_evaluation(folder, make_grid(answers, results, normaliser=mce))
    folder.text("evaluations.json", show.json_text([_told(workspace, each, mce) for each in evaluations]))


def _print_folder(out: Path | None) -> None:
    if out is not None:
        show.OUT.print(f"written to {out}", soft_wrap=True, highlight=False)
