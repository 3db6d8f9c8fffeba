"""A CardQuery in SQL: filtered, sorted by an index and paged before any card is read."""

from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from card_studio.domain.card import CardOrder, CardQuery
from card_studio.store.schema import CardDetailRow, CardRow, CardTagRow

ORDERS: dict[CardOrder, InstrumentedAttribute[Any]] = {
    "created": CardRow.created_at,
    "name": CardRow.name,
    "method": CardRow.method,
    "augmentation": CardRow.augmentation,
    "network": CardRow.network,
    "data": CardRow.data_label,
    "sparsity": CardRow.sparsity,
    "bytes": CardRow.file_bytes,
    "clean": CardRow.clean_accuracy,
    "robust": CardRow.robust_accuracy,
    "validation": CardRow.validation_accuracy,
    "epochs": CardRow.total_epochs,
}


def page(query: CardQuery) -> Select[CardRow, CardDetailRow]:
    """Return the statement that reads a query's page.

    Where the page lies is found by walking the order's index, which holds no more than the figure and the row's
    number, so a far page costs little more than the first.
    """
    order = _order(query)
    numbers = select(CardRow.number).where(*_conditions(query)).order_by(*order)
    if query.limit is not None or query.offset:
        numbers = numbers.limit(-1 if query.limit is None else query.limit).offset(query.offset)
    return (
        select(CardRow, CardDetailRow)
        .join(CardDetailRow, CardDetailRow.card_id == CardRow.id)
        .where(CardRow.number.in_(numbers))
        .order_by(*order)
    )


def total(query: CardQuery) -> Select[int]:
    """Return the statement that counts what a query finds, whatever its page."""
    return select(func.count()).select_from(CardRow).where(*_conditions(query))


def _order(query: CardQuery) -> tuple[ColumnElement[Any], ...]:
    column = ORDERS[query.order]
    if query.descending:
        return column.desc().nulls_last(), CardRow.number.desc()
    return column.asc().nulls_last(), CardRow.number.asc()


def _conditions(query: CardQuery) -> list[ColumnElement[bool]]:
    conditions = [_found(query.text)] if query.text.strip() else []
    choices: list[tuple[InstrumentedAttribute[str], tuple[str, ...]]] = [
        (CardRow.method, query.methods),
        (CardRow.augmentation, query.augmentations),
        (CardRow.network, query.networks),
        (CardRow.id, query.ids),
    ]
    conditions += [column.in_(allowed) for column, allowed in choices if allowed]
    for tag in query.tags:
        conditions.append(CardRow.id.in_(select(CardTagRow.card_id).where(CardTagRow.tag == tag)))
    if query.data_digest is not None:
        conditions.append(CardRow.data_digest == query.data_digest)
    return conditions


def _found(text: str) -> ColumnElement[bool]:
    """Return the condition that a card's searchable text holds every word.

    As a list of numbers, made first: otherwise a rare word would be sought card by card along the order's index.
    """
    card = aliased(CardRow)
    words = (card.search.contains(word, autoescape=True) for word in text.casefold().split())
    return CardRow.number.in_(select(card.number).where(*words))
