"""The commands under `card-studio deck`."""

from pathlib import Path
from typing import Annotated

import typer

from card_studio.cli import show
from card_studio.cli.options import CardIds, Json, bytes_of, workspace_of
from card_studio.cli.progress import JobBars
from card_studio.domain.card import CardQuery
from card_studio.domain.deck import Deck, DeckMode
from card_studio.domain.job import GateOptions, Job
from card_studio.errors import UserError
from card_studio.studio.deck_proposals import Answering
from card_studio.studio.deck_sharing import deck_target
from card_studio.studio.proposing import STEPS
from card_studio.studio.workspace import Workspace

deck_app = typer.Typer(help="Deal, score, ask and export decks.", rich_markup_mode=None)

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


@deck_app.command()
def propose(
    context: typer.Context,
    card: Annotated[list[str] | None, typer.Argument(help="The hand: card ids; all cards without.")] = None,
    find: Annotated[str, typer.Option(help="The hand: cards in which these words occur, as `cards` finds them.")] = "",
    budget: Annotated[str, typer.Option(help="What the cards' files may take in all, such as 500kB or 2MB.")] = "",
    mode: Annotated[DeckMode, typer.Option(help="How the cards answer together.")] = DeckMode.DOMAIN_ADAPTIVE,
    batch: Annotated[int, typer.Option(min=1, help="Images the gate decides on together (m).")] = 1,
    temperature: Annotated[float, typer.Option(min=0.01, help="Of the soft mode, in units of distance.")] = 1.0,
    references: Annotated[int, typer.Option(min=1, help="Images in each reference set (M).")] = 2000,
    steps: Annotated[int, typer.Option(min=1, help="Cards at most; one may be taken more than once.")] = STEPS,
    curve: Annotated[bool, typer.Option("--curve", help="Also the best deck for several budgets.")] = False,
    save: Annotated[str, typer.Option(help="Save the deck under this name.")] = "",
    json: Json = False,
) -> None:
    """Propose the best deck within a budget, chosen on validation images only; what is missing is made first."""
    workspace = workspace_of(context)
    limit = bytes_of(budget) if budget else None
    gate = GateOptions(images=references)
    answering = Answering(mode=mode, gate=gate, batch=batch, temperature=temperature)
    hand = _hand(workspace, card or [], find)
    _wait(workspace, workspace.queue_for_proposal(hand, answering))
    found = workspace.propose(hand, limit, answering=answering, steps=steps)
    sweep = workspace.proposer(hand, answering).sweep(steps=steps) if curve else ()
    deck = workspace.deal_proposal(save, found, gate=gate) if save else None
    if json:
        show.as_json({"proposal": found, "curve": sweep, "deck": deck})
        return
    cards = {each: workspace.card(each) for each in {step.card for step in found.steps}}
    show.OUT.print(show.proposal_table(found, cards))
    show.OUT.print(f"\n{show.selection_line(found.selection)}", soft_wrap=True)
    if sweep:
        show.OUT.print()
        show.OUT.print(show.budgets_table(sweep))
    if deck:
        show.OUT.print(f"\nsaved as {deck.name}: `card-studio deck score {deck.name!r}` scores it on test images")


@deck_app.command()
def export(
    context: typer.Context,
    name: Name,
    out: Annotated[Path, typer.Argument(help="A .deck for another workspace, or a .onnx for other programs.")],
    json: Json = False,
) -> None:
    """Write a deck to one file: its cards and its gate; references that are missing are made first."""
    workspace = workspace_of(context)
    deck = workspace.deck(name)
    path = deck_target(out)
    _wait(workspace, workspace.queue_references(deck))
    with JobBars() as bars:
        job = workspace.wait(workspace.export_deck(deck, path), progress=bars.update)
    found = {"job": job, "path": path, "bytes": path.stat().st_size}
    show.as_json(found) if json else show.OUT.print(str(path), soft_wrap=True)


def _hand(workspace: Workspace, cards: list[str], find: str) -> list[str]:
    if cards and find:
        raise UserError("name the cards, or give words to find them by: not both")
    if not find:
        return cards
    found = workspace.cards(CardQuery(text=find))
    if not found:
        raise UserError(f"no card has the words {find!r}: `card-studio cards` lists them")
    return [each.id for each in found]


def _make_missing(workspace: Workspace, deck: Deck) -> None:
    _wait(workspace, workspace.queue_missing(deck))


def _wait(workspace: Workspace, jobs: list[Job]) -> None:
    if jobs:
        with JobBars() as bars:
            for job in jobs:
                workspace.wait(job, progress=bars.update)
