"""Commands that bring cards in."""

from pathlib import Path
from typing import Annotated

import typer

from card_studio.cli import show
from card_studio.cli.options import Json, Wait, workspace_of
from card_studio.cli.progress import JobBars


def import_cards(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A .card file, or a state dict: .pt, .pth or .safetensors.")],
    recipe: Annotated[
        Path | None,
        typer.Option(help="What is known of how a state dict was made; for a .card file, where its data lie here."),
    ] = None,
    wait: Wait = True,
    json: Json = False,
) -> None:
    """Put the cards of a file into the workspace and print their ids; nothing in it is run."""
    workspace = workspace_of(context)
    job = workspace.import_cards(file, recipe)
    if not wait:
        show.as_json(job) if json else show.OUT.print(f"queued as job {job.id}: {job.name}")
        return
    with JobBars() as bars:
        job = workspace.wait(job, progress=bars.update)
    cards = [workspace.card(each) for each in workspace.cards_made_by(job)]
    show.as_json({"job": job, "cards": cards}) if json else show.OUT.print("\n".join(card.id for card in cards))
