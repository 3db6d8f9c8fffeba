"""Records as tables for people and as one JSON document for programs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

from card_studio.domain.card import Card, Evaluation
from card_studio.domain.deck import Deck, DeckScore, Selection
from card_studio.domain.ids import CardId, short
from card_studio.domain.job import Job
from card_studio.domain.prediction import Prediction
from card_studio.studio.proposing import Proposal
from card_studio.studio.sheet import Heading, Sheet

OUT = Console()
if not OUT.is_terminal:
    OUT.width = 200  # a pipe or a file has no edge at which to cut words
PROGRESS = Console(stderr=True)
"""Progress goes to stderr, so that --json leaves one document on stdout."""


def as_json(value: Any) -> None:
    """Print one JSON document on stdout."""
    OUT.print_json(json_text(value))


def json_text(value: Any) -> str:
    """Return records as one JSON document, as `--json` prints them."""
    return json.dumps(_plain(value), allow_nan=True, indent=2)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(each) for name, each in asdict(value).items()}
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Path) else value


def plain_text(value: Any) -> str:
    """Return a plain value as a recipe would write it; nothing for none."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def percent(share: float | None) -> str:
    """Return a share as a percentage with two decimals, or a dash where it is not known."""
    return "–" if share is None or np.isnan(share) else f"{100 * share:.2f}"


def size(count: int) -> str:
    """Return bytes in kB (1,000 bytes)."""
    return f"{count / 1000:,.1f}"


def jobs_table(jobs: Sequence[Job]) -> Table:
    """Return jobs in the order in which they will run."""
    table = Table("job", "name", "state", "%", "phase", "error", box=None)
    for job in jobs:
        table.add_row(str(job.id), job.name, job.state, f"{100 * job.progress:.0f}", job.phase, job.error)
    return table


def cards_table(cards: Sequence[Card]) -> Table:
    """Return cards with their headline figures."""
    table = Table("card", "name", "method", "augmentation", "network", box=None)
    for heading in ("clean %", "robust %", "sparsity %", "kB", "epochs"):
        table.add_column(heading, justify="right")
    for card in cards:
        figures = (percent(card.clean_accuracy), percent(card.robust_accuracy), percent(card.sparsity))
        words = (short(card.id), card.name, card.method, card.augmentation, card.recipe.network.name)
        table.add_row(*words, *figures, size(card.file_bytes), f"{card.total_epochs:g}")
    return table


def decks_table(decks: Sequence[Deck]) -> Table:
    """Return decks with their cards."""
    table = Table("deck", "mode", "m", "cards", box=None)
    for deck in decks:
        table.add_row(deck.name, deck.mode, str(deck.batch), " ".join(short(card) for card in deck.cards))
    return table


def evaluations_table(cards: Sequence[Card], evaluations: Sequence[Evaluation]) -> Table:
    """Return accuracies by corruption and severity, a column for each card; all must be of one suite."""
    table = Table("corruption", "severity", box=None)
    for card in cards:
        table.add_column(f"{short(card.id)} %", justify="right")
    for index, cell in enumerate(evaluations[0].cells):
        figures = [percent(each.cells[index].accuracy) for each in evaluations]
        table.add_row(cell.corruption or "clean", str(cell.severity or "–"), *figures)
    table.add_row("mean of the corrupted", "", *[percent(each.robust_accuracy) for each in evaluations])
    return table


def sheet_table(sheet: Sheet) -> Table:
    """Return a sheet as it is read: figures right-aligned, an asterisk where a cell is marked."""
    table = Table(box=None)
    passed, groups = 0, list(sheet.groups)
    for column, heading in enumerate(sheet.headings):
        if groups and column == passed:
            name, count = groups.pop(0)
            passed += count
        else:
            name = ""
        table.add_column(f"{name}\n{heading.text}" if sheet.groups else heading.text, justify=_side(heading))
    for row in range(len(sheet.rows)):
        table.add_row(*[sheet.written(row, column) for column in range(len(sheet.headings))])
    return table


def _side(heading: Heading) -> Literal["left", "right"]:
    return "left" if heading.digits is None else "right"


def score_table(score: DeckScore) -> Table:
    """Return a deck's score beside averaging and the bounds."""
    table = Table("", "clean %", "robust %", box=None)
    table.add_row(f"deck, {score.mode}, m = {score.m}", percent(score.clean), percent(score.robust))
    table.add_row("average of all cards", percent(score.agnostic_clean), percent(score.agnostic_robust))
    table.add_row(f"best single card, {short(score.best_card)}", "", percent(score.best_card_robust))
    table.add_row("bound: best augmentation for each cell", "", percent(score.best_suit_robust))
    table.add_row("unreachable: any card is right", "", percent(score.any_card_robust))
    return table


def choices_table(score: DeckScore) -> Table:
    """Return how often the gate chose each augmentation, by corruption and severity."""
    table = Table("corruption", "severity", *[f"{suit} %" for suit in score.suits], box=None)
    for cell in score.cells:
        table.add_row(cell.corruption or "clean", str(cell.severity or "–"), *map(percent, cell.chosen))
    return table


def proposal_table(proposal: Proposal, cards: Mapping[CardId, Card]) -> Table:
    """Return a proposal card by card; those after the most accurate deck are not in it."""
    table = Table("step", "card", "name", "augmentation", box=None)
    for heading in ("gain", "95 %", "corrupted %", "clean %", "kB", "in the deck"):
        table.add_column(heading, justify="right")
    for number, step in enumerate(proposal.steps, 1):
        card = cards[step.card]
        low, high = step.gain_interval
        figures = (f"{100 * step.gain:+.2f}", f"{100 * low:+.2f} to {100 * high:+.2f}", percent(step.accuracy))
        held = "yes" if number <= len(proposal.cards) else "no"
        words = (str(number), short(card.id), card.name, str(card.augmentation))
        table.add_row(*words, *figures, percent(step.clean), size(step.file_bytes), held)
    return table


def selection_line(chosen: Selection) -> str:
    """Return in words how a deck was chosen."""
    limit = f"at most {size(chosen.budget_bytes)} kB"
    return (
        f"{len(chosen.cards)} of {chosen.hand} cards, {limit}, {chosen.mode}, m = {chosen.batch}; greedily and with "
        f"repeats, on {chosen.suite.definition} ({chosen.images} in each cell). Chosen to be high there, so the "
        "accuracies above flatter: what to report is the deck's score on test images"
    )


def budgets_table(proposals: Sequence[Proposal]) -> Table:
    """Return the best deck found for each of several budgets."""
    table = Table(box=None)
    for heading in ("budget kB", "kB", "corrupted %", "clean %"):
        table.add_column(heading, justify="right")
    table.add_column("cards")
    for each in proposals:
        last = each.steps[len(each.cards) - 1]
        figures = (size(each.selection.budget_bytes), size(last.file_bytes), percent(last.accuracy))
        table.add_row(*figures, percent(last.clean), " ".join(short(card) for card in each.cards))
    return table


def predictions_table(predictions: Sequence[Prediction]) -> Table:
    """Return what a deck says of images, and why."""
    table = Table("image", "answer", "probability %", "chosen", "margin", "", "distances", box=None)
    for each in predictions:
        pairs = zip(each.suits, each.distances, strict=True)
        distances = ", ".join(f"{suit} {distance:.2f}" for suit, distance in pairs)
        sure = percent(None if each.probabilities is None else float(each.probabilities.max()))
        cards = " ".join(short(card) for card in each.chosen_cards)
        chosen = f"{each.chosen} ({cards})"
        table.add_row(each.source, each.label or "–", sure, chosen, f"{each.margin:.3f}", each.verdict, distances)
    return table
