"""What the window's dealing for the user needs from the workspace; every function here is for a thread."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from card_studio.domain.card import Card, CardQuery
from card_studio.domain.ids import CardId, short
from card_studio.domain.job import Job, JobSpec
from card_studio.errors import UserError
from card_studio.studio.deck_proposals import MOST_CARDS, Answering
from card_studio.studio.proposing import Proposer
from card_studio.studio.workspace import Workspace
from card_studio.ui.card_face import Face, face_of
from card_studio.ui.deck_judge import describe


@dataclass(frozen=True, slots=True, kw_only=True)
class HandChoice:
    """Cards to choose from."""

    text: str
    query: CardQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A hand of one dataset, and what proposes decks from it, or what that lacks."""

    cards: tuple[CardId, ...]
    titles: dict[CardId, str]
    suits: dict[CardId, str]
    least_bytes: int
    whole_bytes: int
    note: str
    """Which cards these are, and which were left out."""
    proposer: Proposer | None
    lacking: str
    left: tuple[JobSpec, ...]
    """Jobs that would bring what is missing, and are not queued yet."""
    under_way: tuple[Job, ...]


def prepare(workspace: Workspace, query: CardQuery, answering: Answering, preferred: str | None) -> Prepared:
    """Return the hand that a query finds, of one dataset, ready to propose from, or what it lacks.

    Args:
        workspace: an open one.
        query: finds the cards.
        answering: how the deck's cards answer together.
        preferred: digest of the dataset wanted, where the query finds several; else the one with the most cards.

    Raises:
        UserError: the query finds no card, or too many.
    """
    everything = workspace.count_cards(query)
    if preferred is not None and workspace.count_cards(replace(query, data_digest=preferred)):
        query = replace(query, data_digest=preferred)
    count = workspace.count_cards(query)
    if count > MOST_CARDS:  # known before any is read: thousands would take seconds
        raise UserError(f"{count:,} cards are too many to choose from: mark or search for {MOST_CARDS} at most.")
    found = workspace.cards(query)
    if not found:
        raise UserError("There is no card in this hand.")
    hand = _of_one_dataset(found)
    ids = tuple(card.id for card in hand)
    specs = workspace.missing_for_proposal(ids, answering)
    under_way, left = workspace.under_way(specs)
    return Prepared(
        cards=ids,
        titles=_titles(hand),
        suits={card.id: str(card.augmentation) for card in hand},
        least_bytes=min(card.file_bytes for card in hand),
        whole_bytes=sum(card.file_bytes for card in hand),
        note=_note(hand, everything - len(hand)),
        proposer=None if specs else workspace.proposer(ids, answering),
        lacking=describe(specs, "on the selection images"),
        left=tuple(left),
        under_way=tuple(under_way),
    )


def _titles(cards: Sequence[Card]) -> dict[CardId, str]:
    """Return what to call each card in a line: the user's name for it, else its face; told apart by the id."""
    titles = {}
    for card in cards:
        named = card.name != card.recipe.title
        titles[card.id] = card.name if named else _line(face_of(card, None))
    counts = Counter(titles.values())
    return {card: f"{title} ({short(card)})" if counts[title] > 1 else title for card, title in titles.items()}


def _line(face: Face) -> str:
    return f"{face.title} {face.method}"


def _of_one_dataset(cards: Sequence[Card]) -> list[Card]:
    digest = Counter(card.data_digest for card in cards).most_common(1)[0][0]
    return [card for card in cards if card.data_digest == digest]


def _note(hand: Sequence[Card], left_out: int) -> str:
    text = f"{len(hand):,} card{'s' if len(hand) > 1 else ''} of {hand[0].data_label}"
    return f"{text}; {left_out:,} of other data left out" if left_out else text
