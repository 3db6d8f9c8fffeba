"""The commands of card-studio. Without one, the window is wanted; `__main__` opens it."""

import logging
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from card_studio import __version__
from card_studio.cli import show
from card_studio.cli.cards_app import export, import_cards
from card_studio.cli.compare_app import compare, report
from card_studio.cli.corrupt_app import corrupt
from card_studio.cli.deck_app import deck_app
from card_studio.cli.extend_app import extend
from card_studio.cli.measure_app import evaluate, finish, map_sensitivity
from card_studio.cli.options import Json, Place, workspace_of
from card_studio.cli.progress import JobBars
from card_studio.cli.recipe_app import options
from card_studio.domain.card import CardQuery
from card_studio.domain.job import Suite
from card_studio.domain.recipe import read_recipe
from card_studio.errors import UserError
from card_studio.settings import Settings
from card_studio.studio.doctor import examine
from card_studio.studio.host import run_host
from card_studio.studio.tour import Tour, as_plain, run_tour
from card_studio.studio.workspace import Workspace

_INTERRUPTED = 130

app = typer.Typer(name="card-studio", no_args_is_help=False, add_completion=False, rich_markup_mode=None)
app.add_typer(deck_app, name="deck")
app.command("import")(import_cards)
app.command()(export)
app.command()(options)
app.command()(extend)
app.command()(corrupt)
app.command()(evaluate)
app.command("map")(map_sensitivity)
app.command()(compare)
app.command()(report)


@dataclass(frozen=True, slots=True)
class Window:
    """What `run` returns where the window is wanted."""

    workspace: Path | None


def run(arguments: list[str]) -> "int | Window":
    """Run one command; return the exit status, or that the window is wanted.

    Raises:
        UserError: the user's mistake, in one line.
    """
    try:
        result = app(arguments, prog_name="card-studio", standalone_mode=False)
    except typer.Abort:
        return _INTERRUPTED
    except TyperException as error:
        raise UserError(" ".join(error.format_message().split())) from error
    return result if isinstance(result, int | Window) else 0


def _version(wanted: bool) -> None:
    if wanted:
        show.OUT.print(f"card-studio {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    workspace: Annotated[Path | None, typer.Option(help="Folder of jobs, cards, decks and results.")] = None,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
) -> Window | None:
    """Compress networks into CARDs, deal them into decks, and see what that does to robustness."""
    del version
    context.obj = Place(workspace)
    return None if context.invoked_subcommand else Window(workspace)


@app.command()
def tour(
    out: Annotated[Path, typer.Option(help="Folder for tour.json, the pictures and the workspace.")],
    json: Json = False,
    window: Annotated[bool, typer.Option(help="Open the window afterwards, where there is a display.")] = True,
) -> Window | None:
    """Do the main job on the embedded dataset: make, evaluate and map cards, deal a deck, predict."""
    folder = out.resolve()
    workspace = Workspace(folder / "workspace", settings=Settings(host_linger_s=5))
    with JobBars() as bars:
        found = run_tour(workspace, folder, bars.show)
    plain = as_plain(workspace, found)
    workspace.close()
    pictures = _grab(folder, found)
    show.as_json(plain) if json else _print_tour(found, folder, pictures)
    return Window(folder / "workspace") if window and not json and has_display() else None


def _grab(folder: Path, found: Tour) -> list[Path]:
    """Have a child draw each page with the tour's content."""
    images = [argument for path in found.images for argument in ("--image", str(path))]
    command = [sys.executable, "-m", "card_studio.ui.grab", str(folder / "workspace"), str(folder)]
    command += ["--deck", found.deck.name, *images]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        lines = result.stderr.strip().splitlines() or ["no reason was given"]
        raise UserError(f"the tour is done, but its pages could not be drawn: {lines[-1]}")
    return sorted(folder.glob("*.png"))


def _print_tour(found: Tour, folder: Path, pictures: list[Path]) -> None:
    out = show.OUT
    out.print(show.cards_table(found.cards))
    assert found.score.suite is not None
    out.print(f"\nrobust: {found.score.suite.definition}; one run each, three levels of 41.5 % (the paper: 20 %)\n")
    out.print(show.score_table(found.score))
    out.print()
    for each in found.predictions:
        cards = " and ".join(card.name for card in found.cards if card.id in each.chosen_cards)
        reasons = ", ".join(f"{s} {d:.2f}" for s, d in zip(each.suits, each.distances, strict=True))
        out.print(
            f"{each.source}: the gate chose {each.chosen} ({cards}) by a margin of {100 * each.margin:.1f} %, "
            f"{each.verdict} (distances: {reasons}); the deck says {each.label}",
            soft_wrap=True,
        )
    out.print(f"\n{found.elapsed_s:.0f} s. Written to {folder}: tour.json, " + ", ".join(p.name for p in pictures))


@app.command("run")
def run_recipe(
    context: typer.Context,
    recipe: Annotated[Path, typer.Argument(help="A recipe, TOML.")],
    set: Annotated[list[str] | None, typer.Option("--set", help="Override an option: a.b=value.")] = None,
    evaluate: Annotated[bool, typer.Option(help="Evaluate the card on the standard suite.")] = False,
    json: Json = False,
) -> None:
    """Make a card from a recipe: queue it, run it to the end, print the card's id."""
    workspace = workspace_of(context)
    checked = read_recipe(recipe, set or ())
    job = finish(workspace, workspace.submit(checked, evaluate=Suite() if evaluate else None))
    cards = [workspace.card(each) for each in workspace.cards_made_by(job)]
    show.as_json({"job": job, "cards": cards}) if json else show.OUT.print("\n".join(card.id for card in cards))


@app.command()
def submit(
    context: typer.Context,
    recipe: Annotated[Path, typer.Argument(help="A recipe, TOML.")],
    set: Annotated[list[str] | None, typer.Option("--set", help="Override an option: a.b=value.")] = None,
    replicates: Annotated[int, typer.Option(min=1, help="How many, with seeds counting up.")] = 1,
    priority: Annotated[int, typer.Option(help="Higher runs first.")] = 0,
    json: Json = False,
) -> None:
    """Queue a recipe for a host to run."""
    checked = read_recipe(recipe, set or ())
    job = workspace_of(context).submit(checked, replicates=replicates, priority=priority)
    show.as_json(job) if json else show.OUT.print(f"queued as job {job.id}: {job.name}")


@app.command()
def host(
    context: typer.Context,
    workers: Annotated[int | None, typer.Option(min=1, help="Jobs that run at once.")] = None,
    until_idle: Annotated[bool, typer.Option(help="End when the queue is empty.")] = False,
    linger: Annotated[float | None, typer.Option(help="End after so many seconds without work.")] = None,
) -> None:
    """Work through the queue; runs until interrupted."""
    logging.getLogger("card_studio").setLevel(logging.INFO)
    settings = Settings()
    place = context.find_root().obj
    path = (place.workspace or settings.workspace).expanduser().resolve()
    run_host(path, settings, workers=workers or settings.workers, until_idle=until_idle, linger_s=linger)


@app.command()
def jobs(context: typer.Context, json: Json = False) -> None:
    """List the queue: running, paused, queued in their order, then ended."""
    found = workspace_of(context).jobs()
    show.as_json(found) if json else show.OUT.print(show.jobs_table(found))


@app.command()
def cards(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="Words that must occur in a card's name, recipe, tags or notes.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    json: Json = False,
) -> None:
    """List cards, newest first."""
    found = workspace_of(context).cards(CardQuery(text=text, limit=limit))
    show.as_json(found) if json else show.OUT.print(show.cards_table(found))


@app.command()
def decks(context: typer.Context, json: Json = False) -> None:
    """List decks, the last modified first."""
    found = workspace_of(context).decks()
    show.as_json(found) if json else show.OUT.print(show.decks_table(found))


@app.command()
def doctor(context: typer.Context, json: Json = False) -> None:
    """Say what this machine and workspace are, and what is amiss."""
    place = context.find_root().obj
    findings = examine(place.workspace or Settings().workspace)
    if json:
        show.as_json(findings)
    else:
        for finding in findings:
            show.OUT.print(f"{'ok  ' if finding.good else 'AMISS'} {finding.what}: {finding.found}", soft_wrap=True)
    if not all(finding.good for finding in findings):
        raise typer.Exit(2)


def has_display() -> bool:
    """Whether a window could be shown: always but on Linux without X or Wayland."""
    if sys.platform != "linux":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
