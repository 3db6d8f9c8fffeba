"""Commands that bring cards in, and take them out."""

from pathlib import Path
from typing import Annotated

import typer

from card_studio.cli import show
from card_studio.cli.options import Json, Wait, workspace_of
from card_studio.cli.progress import JobBars
from card_studio.domain.options import ValueType


def import_cards(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A .card or .deck file, or a state dict: .pt, .pth or .safetensors.")],
    recipe: Annotated[
        Path | None,
        typer.Option(
            help="What is known of how a state dict was made; for a .card or .deck file, where its data lie here."
        ),
    ] = None,
    wait: Wait = True,
    json: Json = False,
) -> None:
    """Put the cards of a file into the workspace, and print their ids and the deck's name; nothing in it is run."""
    workspace = workspace_of(context)
    job = workspace.import_cards(file, recipe)
    if not wait:
        show.as_json(job) if json else show.OUT.print(f"queued as job {job.id}: {job.name}")
        return
    with JobBars() as bars:
        job = workspace.wait(job, progress=bars.update)
    cards = [workspace.card(each) for each in workspace.cards_made_by(job)]
    deck = workspace.deck_brought_by(job)
    if json:
        show.as_json({"job": job, "cards": cards} | ({"deck": deck} if deck else {}))
        return
    show.OUT.print("\n".join(card.id for card in cards))
    if deck:
        show.OUT.print(show.decks_table([deck]))


def export(
    context: typer.Context,
    card: Annotated[str, typer.Argument(help="A card's id, or the first characters of it.")],
    out: Annotated[Path, typer.Argument(help="A file ending in .card, or a folder to put it in.")],
    values: Annotated[
        ValueType | None, typer.Option(help="Store kept weights in fewer bits, and say what that changes.")
    ] = None,
    json: Json = False,
) -> None:
    """Copy a card's file out of the workspace, as it is or with its values rounded."""
    workspace = workspace_of(context)
    if values is None:
        path = workspace.export_card(card, out)
        show.as_json({"path": path}) if json else show.OUT.print(str(path))
        return
    with JobBars() as bars:
        job = workspace.wait(workspace.export_rounded(card, out, values), progress=bars.update)
    if json:
        show.as_json(workspace.exported_by(job))
        return
    show.OUT.print(str(workspace.exported_by(job).path))
    show.OUT.print(workspace.log(job.id)[-1][1], soft_wrap=True)
