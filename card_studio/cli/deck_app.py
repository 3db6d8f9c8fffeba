"""The commands under `card-studio deck`."""

from pathlib import Path
from typing import Annotated

import typer

from card_studio.cli import show
from card_studio.cli.options import CardIds, Json, workspace_of
from card_studio.cli.progress import JobBars
from card_studio.domain.deck import Deck, DeckMode
from card_studio.domain.job import GateOptions
from card_studio.studio.workspace import Workspace

deck_app = typer.Typer(help="Deal, score and ask decks.", rich_markup_mode=None)

Name = Annotated[str, typer.Argument(help="The deck's name.")]


@deck_app.command()
def deal(
    context: typer.Context,
    name: Name,
    card: CardIds,
    mode: Annotated[DeckMode, typer.Option(help="How the cards answer together.")] = DeckMode.DOMAIN_ADAPTIVE,
    batch: Annotated[int, typer.Option(min=1, help="Images the gate decides on together (m).")] = 1,
    references: Annotated[int, typer.Option(min=1, help="Images in each reference set (M).")] = 2000,
    json: Json = False,
) -> None:
    """Save a new deck of cards, in order, and queue what its gate lacks."""
    gate = GateOptions(images=references)
    deck = workspace_of(context).deal(name, card, mode=mode, gate=gate, batch=batch)
    show.as_json(deck) if json else show.OUT.print(show.decks_table([deck]))


@deck_app.command()
def score(context: typer.Context, name: Name, json: Json = False) -> None:
    """Score a deck from stored answers; what is missing is made first."""
    workspace = workspace_of(context)
    deck = workspace.deck(name)
    _make_missing(workspace, deck)
    found = workspace.score(deck)
    if json:
        show.as_json(found)
        return
    show.OUT.print(show.score_table(found))
    low, high = (100 * each for each in found.gain_interval)
    gain = f"{100 * found.gain:+.2f} points (95 %: {low:+.2f} to {high:+.2f}, paired bootstrap over images)"
    show.OUT.print(f"\ngate against averaging: {gain}; {show.size(found.file_bytes)} kB")
    show.OUT.print(f"{found.suite.definition}\n", soft_wrap=True)
    show.OUT.print(show.choices_table(found))


@deck_app.command()
def predict(
    context: typer.Context,
    name: Name,
    image: Annotated[list[Path], typer.Argument(help="Image files.")],
    batch: Annotated[int | None, typer.Option(min=1, help="The gate's m, in place of the deck's.")] = None,
    json: Json = False,
) -> None:
    """Ask a deck about images, and why."""
    workspace = workspace_of(context)
    try:
        sources = [str(each) for each in image]
        found = workspace.predict(workspace.deck(name), image, sources=sources, batch=batch)
    finally:
        workspace.close()
    show.as_json(found) if json else show.OUT.print(show.predictions_table(found))


def _make_missing(workspace: Workspace, deck: Deck) -> None:
    jobs = workspace.queue_missing(deck)
    if jobs:
        with JobBars() as bars:
            for job in jobs:
                workspace.wait(job, progress=bars.update)
