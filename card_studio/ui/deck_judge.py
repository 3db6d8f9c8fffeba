"""What is known of a deck: its score, or what it lacks, in words and as jobs to queue."""

from collections.abc import Sequence
from dataclasses import dataclass

from card_studio.domain.deck import Deck, DeckScore
from card_studio.domain.job import EvaluateCards, JobSpec, PrepareGate
from card_studio.errors import UserError
from card_studio.studio.workspace import Workspace
from card_studio.ui.card_face import size_text
from card_studio.ui.words import percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A score, or why there is none."""

    score: DeckScore | None = None
    lacking: str = ""
    """What is missing, in words."""
    jobs: tuple[JobSpec, ...] = ()
    """Jobs that would bring it and are not queued yet."""
    waiting: int = 0
    """Jobs that will bring it and are queued or running."""
    origin: str = ""
    """How the deck was proposed, if it was."""


def judge(workspace: Workspace, deck: Deck) -> Judgement:
    """Score a deck from what is stored, or say what it lacks; for a thread."""
    if not deck.cards:
        return Judgement(
            lacking="Clean and robust accuracy, bounds and memory appear here once cards are on the table."
        )
    try:
        return Judgement(score=workspace.score(deck), origin=origin_of(deck))
    except UserError as error:
        reason = str(error)
    specs = workspace.missing(deck)
    under_way, left = workspace.under_way(specs)
    return Judgement(
        lacking=describe(specs) if specs else reason, jobs=tuple(left), waiting=len(under_way), origin=origin_of(deck)
    )


def origin_of(deck: Deck) -> str:
    """Return in words how a deck was proposed, on which images, and whether it was edited since."""
    chosen = deck.selection
    if chosen is None:
        return ""
    edited = "" if deck.as_proposed else "Edited since it was proposed. "
    return (
        f"{edited}Proposed from {chosen.hand} cards for at most {size_text(chosen.budget_bytes)}: chosen by "
        f"{percent(chosen.accuracy)} % on {chosen.suite.definition}, never on the images that it is scored on here."
    )


def describe(specs: Sequence[JobSpec], where: str = "") -> str:
    """Return in words what these jobs would bring; `where` says on which images, if that is not plain."""
    where = f" {where}" if where else ""
    parts = []
    for spec in specs:
        if isinstance(spec, EvaluateCards):
            cards = "1 card is" if len(spec.cards) == 1 else f"{len(spec.cards)} cards are"
            parts.append(f"{cards} not evaluated{where} yet")
        elif isinstance(spec, PrepareGate):
            suits = ", ".join(str(each.name) for each in spec.augmentations)
            parts.append(f"the gate has no {'distances' if where else 'references'} for {suits}{where} yet")
    text = "; ".join(parts)
    return text[:1].upper() + text[1:] + "." if text else ""
