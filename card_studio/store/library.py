"""The library: cards, what was measured of them, gates' references, and decks.

Every method is one transaction and may be called from any thread or process.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace

import numpy as np
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, aliased

from card_studio.domain.card import Card, CardQuery, Evaluation, SensitivityMap
from card_studio.domain.deck import Deck
from card_studio.domain.gate import Reference
from card_studio.domain.ids import CardId, ContentHash, DeckId, JobId, short
from card_studio.domain.job import MapOptions
from card_studio.domain.run import CardMade
from card_studio.errors import NotFoundError, UserError
from card_studio.store import deck_rows
from card_studio.store.artifacts import Artifacts
from card_studio.store.card_search import page, total
from card_studio.store.database import Database
from card_studio.store.keeping import card_row, keep_card, search_text, tags_of
from card_studio.store.records import card_from, evaluation_from, or_nan, reference_from
from card_studio.store.schema import (
    CardDetailRow,
    CardRow,
    CardTagRow,
    DeckRow,
    DistanceRow,
    EvaluationRow,
    MapRow,
    ReferenceRow,
)

_AFTER_HEX = "~"
"""Sorts after every hexadecimal digit: ids that begin with p are those from p to p + this."""


class Library:
    """Cards, measurements and decks of one workspace."""

    def __init__(self, database: Database) -> None:
        """Take an open database; the stored arrays lie beside it."""
        self._database = database
        self._artifacts = Artifacts(database.folder / "artifacts")

    # --- cards ------------------------------------------------------------------------------------------------------

    def cards(self, query: CardQuery | None = None) -> list[Card]:
        """Return the page of cards that a query asks for; all cards, newest first, without one."""
        with self._database.session() as session:
            rows = session.execute(page(query or CardQuery())).all()
            tags = _tags(session, [row.id for row, _ in rows])
            return [card_from(row, detail, tags[row.id]) for row, detail in rows]

    def count(self, query: CardQuery | None = None) -> int:
        """Return how many cards a query finds, whatever its page."""
        with self._database.session() as session:
            return session.scalar(total(query or CardQuery())) or 0

    def card(self, id_or_prefix: str) -> Card:
        """Return one card by its id or the first characters of it.

        Raises:
            NotFoundError: no card, or more than one, begins like that.
        """
        prefix = id_or_prefix.strip().lower()
        alike = select(CardRow).where(CardRow.id >= prefix, CardRow.id < prefix + _AFTER_HEX).limit(2)
        with self._database.session() as session:
            found = list(session.scalars(alike)) if prefix else []
            if len(found) != 1:
                problem = "several cards begin with" if found else "there is no card"
                raise NotFoundError(f"{problem} {id_or_prefix!r}: give more of the id, as `card-studio cards` shows it")
            row = found[0]
            return card_from(row, session.get_one(CardDetailRow, row.id), tags_of(session, row.id))

    def add_card(self, made: CardMade) -> Card:
        """Put a card that no job here has made, an imported one, into the library; one that is there stays as it is."""
        with self._database.write() as session:
            keep_card(session, made, None)
        return self.card(made.card)

    def set_tags(self, ids: Collection[CardId], tags: Iterable[str]) -> None:
        """Give cards these tags in place of those they have; blanks around a tag are dropped.

        Raises:
            NotFoundError: one of the cards does not exist; then nothing is changed.
        """
        wanted = {tag.strip() for tag in tags} - {""}
        with self._database.write() as session:
            for card_id in dict.fromkeys(ids):
                row = _card(session, card_id)
                session.execute(delete(CardTagRow).where(CardTagRow.card_id == card_id))
                session.add_all(CardTagRow(card_id=card_id, tag=tag) for tag in wanted)
                _renew_search(session, row)

    def set_notes(self, card_id: CardId, notes: str) -> None:
        """Replace a card's notes.

        Raises:
            NotFoundError: there is no such card.
        """
        with self._database.write() as session:
            row = _card(session, card_id)
            session.get_one(CardDetailRow, card_id).notes = notes
            _renew_search(session, row)

    def rename(self, card_id: CardId, name: str) -> None:
        """Call a card by another name.

        Raises:
            NotFoundError: there is no such card.
            UserError: the name is empty.
        """
        with self._database.write() as session:
            row = _card(session, card_id)
            row.name = _name(name, "card")
            _renew_search(session, row)

    # --- what was measured ------------------------------------------------------------------------------------------

    def evaluations(self, card_ids: Collection[CardId] | None = None, suite_key: str | None = None) -> list[Evaluation]:
        """Return the latest evaluation of each card on each suite, newest first.

        Args:
            card_ids: of these cards; None for all.
            suite_key: on this suite; None for all.
        """
        rank = func.row_number().over(
            partition_by=(EvaluationRow.card_id, EvaluationRow.suite_key),
            order_by=(EvaluationRow.created_at.desc(), EvaluationRow.id.desc()),
        )
        ranked = select(EvaluationRow.id, rank.label("rank"))
        if card_ids is not None:
            ranked = ranked.where(EvaluationRow.card_id.in_(card_ids))
        if suite_key is not None:
            ranked = ranked.where(EvaluationRow.suite_key == suite_key)
        places = ranked.subquery()
        query = (
            select(EvaluationRow)
            .join(places, places.c.id == EvaluationRow.id)
            .where(places.c.rank == 1)
            .order_by(EvaluationRow.created_at.desc(), EvaluationRow.id.desc())
        )
        with self._database.session() as session:
            return [evaluation_from(row) for row in session.scalars(query)]

    def maps(self, card_ids: Collection[CardId] | None = None) -> list[SensitivityMap]:
        """Return the latest sensitivity map of each card for each kind of measurement, newest first.

        Args:
            card_ids: of these cards; None for all.

        Raises:
            WorkspaceError: a stored map is missing or damaged.
        """
        newer = aliased(MapRow)
        beaten = select(newer.id).where(
            newer.card_id == MapRow.card_id,
            newer.options == MapRow.options,
            (newer.created_at > MapRow.created_at) | ((newer.created_at == MapRow.created_at) & (newer.id > MapRow.id)),
        )
        query = select(MapRow).where(~beaten.exists()).order_by(MapRow.created_at.desc(), MapRow.id.desc())
        if card_ids is not None:
            query = query.where(MapRow.card_id.in_(card_ids))
        with self._database.session() as session:
            rows = list(session.scalars(query))
        newest: dict[tuple[str, MapOptions], MapRow] = {}
        for row in rows:  # options written before one was added are text of another length, and mean the same
            newest.setdefault((row.card_id, MapOptions.model_validate_json(row.options)), row)
        return [self._map(row, options) for (_, options), row in newest.items()]

    def _map(self, row: MapRow, options: MapOptions) -> SensitivityMap:
        return SensitivityMap(
            card_id=CardId(row.card_id),
            options=options,
            size=row.size,
            errors=np.array(self._artifacts.array(ContentHash(row.errors)), np.float32),
            clean_error=or_nan(row.clean_error),
            images=row.images,
            job_id=None if row.job_id is None else JobId(row.job_id),
            created_at=row.created_at,
        )

    def reference(self, key: str) -> Reference | None:
        """Return the reference set of that key (`domain.gate.reference_key`), None where there is none yet."""
        with self._database.session() as session:
            row = session.get(ReferenceRow, key)
            return reference_from(row) if row is not None else None

    def distances(self, reference_key: str, suite_key: str) -> ContentHash | None:
        """Return which stored array, float32 [cells, N], holds a suite's distances to one reference set, if any."""
        with self._database.session() as session:
            row = session.get(DistanceRow, (reference_key, suite_key))
            return ContentHash(row.distances) if row is not None else None

    # --- decks ------------------------------------------------------------------------------------------------------

    def decks(self) -> list[Deck]:
        """Return all decks, the last modified first."""
        with self._database.session() as session:
            return deck_rows.read(session, select(DeckRow).order_by(DeckRow.modified_at.desc(), DeckRow.id.desc()))

    def deck(self, id_or_name: DeckId | str) -> Deck:
        """Return a deck by its name or number; a name wins over a number written out.

        Raises:
            NotFoundError: there is none.
        """
        with self._database.session() as session:
            found: list[Deck] = []
            if isinstance(id_or_name, str):
                found = deck_rows.read(session, select(DeckRow).where(DeckRow.name == id_or_name.strip()))
            if not found and (isinstance(id_or_name, int) or id_or_name.isdecimal()):
                found = deck_rows.read(session, select(DeckRow).where(DeckRow.id == int(id_or_name)))
        if not found:
            raise NotFoundError(f"there is no deck {id_or_name!r}: `card-studio decks` lists them")
        return found[0]

    def save_deck(self, deck: Deck) -> Deck:
        """Save a deck as it is given; one whose id is 0 is new and gets one.

        Raises:
            NotFoundError: the deck, or one of its cards, does not exist.
            UserError: the name is empty or taken.
        """
        deck = replace(deck, name=_name(deck.name, "deck"))
        with self._database.write() as session:
            for card_id in set(deck.cards):
                _card(session, card_id)
            return deck_rows.save(session, deck)

    def delete_deck(self, deck_id: DeckId) -> None:
        """Delete a deck; its cards stay.

        Raises:
            NotFoundError: there is none.
        """
        with self._database.write() as session:
            deck_rows.remove(session, deck_id)


def _card(session: Session, card_id: CardId) -> CardRow:
    row = card_row(session, card_id)
    if row is None:
        raise NotFoundError(f"there is no card {short(card_id)}")
    return row


def _renew_search(session: Session, row: CardRow) -> None:
    session.flush()
    notes = session.get_one(CardDetailRow, row.id).notes
    row.search = search_text(row, notes, tags_of(session, row.id))


def _name(name: str, what: str) -> str:
    stripped = name.strip()
    if not stripped:
        raise UserError(f"a {what} needs a name: type at least one letter")
    return stripped


def _tags(session: Session, ids: list[str]) -> defaultdict[str, tuple[str, ...]]:
    found: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    for row in session.scalars(select(CardTagRow).where(CardTagRow.card_id.in_(ids)).order_by(CardTagRow.tag)):
        found[row.card_id] += (row.tag,)
    return found
