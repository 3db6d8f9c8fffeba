"""Decks in SQL: a row for the deck, and one for each card's place in it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count

from sqlalchemy import Select, delete, insert, select
from sqlalchemy.orm import Session

from card_studio.domain.deck import Deck, definition_of, numbered
from card_studio.domain.ids import CardId, DeckId
from card_studio.domain.run import DeckBrought
from card_studio.errors import NotFoundError, UserError
from card_studio.store.records import deck_from
from card_studio.store.schema import DeckCardRow, DeckRow


def read(session: Session, query: Select[DeckRow]) -> list[Deck]:
    """Return the decks that a query finds, in its order."""
    rows = list(session.scalars(query))
    places = select(DeckCardRow).where(DeckCardRow.deck_id.in_([row.id for row in rows]))
    cards: defaultdict[int, tuple[CardId, ...]] = defaultdict(tuple)
    for place in session.scalars(places.order_by(DeckCardRow.deck_id, DeckCardRow.place)):
        cards[place.deck_id] += (CardId(place.card_id),)
    return [deck_from(row, cards[row.id]) for row in rows]


def save(session: Session, deck: Deck) -> Deck:
    """Write a deck, new where its id is 0; its cards are known to exist.

    Raises:
        NotFoundError: the deck does not exist.
        UserError: the name is taken.
    """
    if session.scalar(select(DeckRow.id).where(DeckRow.name == deck.name, DeckRow.id != deck.id)) is not None:
        raise UserError(f"a deck is already called {deck.name!r}: choose another name")
    row = _row(session, deck.id) if deck.id else DeckRow()
    row.name, row.mode, row.gate = deck.name, deck.mode, deck.gate.model_dump_json()
    row.batch, row.temperature = deck.batch, deck.temperature
    row.selection = deck.selection.model_dump_json() if deck.selection else None
    row.created_at, row.modified_at = deck.created_at, deck.modified_at
    session.add(row)
    session.flush()
    _lay(session, row.id, deck.cards)
    return deck_from(row, deck.cards)


def keep(session: Session, brought: DeckBrought) -> None:
    """Save a deck that came out of a file, under its name or that and a number; one that is there already stays."""
    for number in count(1):
        name = numbered(brought.name, number)
        found = read(session, select(DeckRow).where(DeckRow.name == name))
        if not found:
            save(session, _deck(brought, name))
        if not found or definition_of(found[0]) == brought.deck:
            return


def _deck(brought: DeckBrought, name: str) -> Deck:
    at = datetime.fromtimestamp(brought.at, UTC)
    deck = brought.deck
    return Deck(
        id=DeckId(0),
        name=name,
        cards=deck.cards,
        mode=deck.mode,
        gate=deck.gate,
        batch=deck.batch,
        temperature=deck.temperature,
        created_at=at,
        modified_at=at,
    )


def remove(session: Session, deck_id: DeckId) -> None:
    """Delete a deck; its cards stay.

    Raises:
        NotFoundError: there is none.
    """
    row = _row(session, deck_id)
    _lay(session, deck_id, ())
    session.delete(row)


def _row(session: Session, deck_id: DeckId) -> DeckRow:
    row = session.get(DeckRow, deck_id)
    if row is None:
        raise NotFoundError(f"there is no deck {deck_id}: it may have been deleted")
    return row


def _lay(session: Session, deck_id: int, cards: Sequence[CardId]) -> None:
    session.execute(delete(DeckCardRow).where(DeckCardRow.deck_id == deck_id))
    if cards:
        places = [{"deck_id": deck_id, "place": place, "card_id": card_id} for place, card_id in enumerate(cards)]
        session.execute(insert(DeckCardRow), places)
