"""What a run has made, put on the library's shelves; each of these may be said twice and is kept once."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from card_studio.domain.card import Cell, mean_of_cells
from card_studio.domain.run import CardEvaluated, CardMade, DistancesMeasured, MapMeasured, ReferenceBuilt
from card_studio.store.records import cells_text
from card_studio.store.schema import (
    CardDetailRow,
    CardRow,
    CardTagRow,
    DistanceRow,
    EvaluationRow,
    MapRow,
    ReferenceRow,
)


def card_row(session: Session, card_id: str) -> CardRow | None:
    """Return the row of a card by its whole id."""
    return session.scalar(select(CardRow).where(CardRow.id == card_id))


def keep_card(session: Session, made: CardMade, job_id: int | None) -> None:
    """Put a card on the shelf; one that is there stays as it is, with its name, tags and notes."""
    if card_row(session, made.card) is not None:
        return
    recipe = made.recipe
    row = CardRow(
        id=made.card,
        name=made.name,
        method=recipe.compression.method,
        augmentation=recipe.augmentation.name,
        network=recipe.network.name,
        data_label=made.data_label,
        data_digest=made.data_digest,
        size=made.size,
        sparsity=made.sparsity,
        prunable_weights=made.prunable_weights,
        kept_weights=made.kept_weights,
        parameters=made.parameters,
        binary=made.binary,
        file_bytes=made.file_bytes,
        reference_bytes=made.reference_bytes,
        level=made.level,
        total_epochs=made.total_epochs,
        validation_accuracy=made.validation_accuracy,
        job_id=job_id,
        created_at=_moment(made.at),
    )
    detail = CardDetailRow(
        card_id=made.card,
        recipe=recipe.model_dump_json(),
        fingerprint=made.fingerprint,
        classes=json.dumps(made.classes),
        notes=recipe.notes,
    )
    row.search = search_text(row, detail.notes, ())
    session.add(row)
    session.flush()
    session.add(detail)
    session.flush()


def search_text(row: CardRow, notes: str, tags: Iterable[str]) -> str:
    """Return all that a search for a card looks through, case folded."""
    parts = [row.name, row.network, row.method, row.augmentation, row.data_label, row.id, *tags, notes]
    return " ".join(parts).casefold()


def keep_evaluation(session: Session, evaluated: CardEvaluated, job_id: int | None) -> bool:
    """Keep a card's answers to a suite, and make the newest on test images the card's headline.

    Returns:
        False, and nothing is kept, where the library has no such card.
    """
    row = card_row(session, evaluated.card)
    if row is None:
        return False
    cells = tuple(
        Cell(corruption=cell.corruption, severity=cell.severity, accuracy=cell.accuracy, images=cell.images)
        for cell in evaluated.cells
    )
    clean, robust = mean_of_cells(cells)
    values = {
        "suite": evaluated.suite.model_dump_json(),
        "split": evaluated.suite.split,
        "data_digest": evaluated.data_digest,
        "cells": cells_text(cells),
        "clean_accuracy": clean,
        "robust_accuracy": robust,
        "calibration_error": evaluated.calibration_error,
        "images": evaluated.images,
        "probabilities": evaluated.probabilities,
        "labels": evaluated.labels,
        "forward_s": evaluated.forward_s,
        "corruption_s": evaluated.corruption_s,
        "created_at": _moment(evaluated.at),
    }
    statement = insert(EvaluationRow).values(
        card_id=evaluated.card, suite_key=evaluated.suite_key, job_id=job_id, **values
    )
    session.execute(statement.on_conflict_do_update(index_elements=["card_id", "suite_key", "job_id"], set_=values))
    _renew_headline(session, row)
    return True


def _renew_headline(session: Session, row: CardRow) -> None:
    newest = session.scalar(
        select(EvaluationRow)
        .where(EvaluationRow.card_id == row.id, EvaluationRow.split == "test")
        .order_by(EvaluationRow.created_at.desc(), EvaluationRow.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )
    if newest is not None:
        row.clean_accuracy, row.robust_accuracy = newest.clean_accuracy, newest.robust_accuracy
        session.get_one(CardDetailRow, row.id).suite = newest.suite
        session.flush()


def keep_map(session: Session, measured: MapMeasured, job_id: int | None) -> bool:
    """Keep a sensitivity map.

    Returns:
        False, and nothing is kept, where the library has no such card.
    """
    row = card_row(session, measured.card)
    if row is None:
        return False
    values = {
        "size": measured.size,
        "errors": measured.errors,
        "clean_error": measured.clean_error,
        "mean_error": measured.mean_error,
        "images": measured.images,
        "created_at": _moment(measured.at),
    }
    statement = insert(MapRow).values(
        card_id=measured.card, options=measured.options.model_dump_json(), job_id=job_id, **values
    )
    session.execute(statement.on_conflict_do_update(index_elements=["card_id", "options", "job_id"], set_=values))
    row.has_map = True
    session.flush()
    return True


def keep_reference(session: Session, built: ReferenceBuilt, job_id: int | None) -> None:
    """Keep a reference set; one that a file brought does not replace one that is there."""
    values = {
        "data_digest": built.data_digest,
        "data_label": built.data_label,
        "augmentation": built.augmentation.model_dump_json(),
        "options": built.options.model_dump_json(),
        "spectra": built.spectra,
        "job_id": job_id,
        "created_at": _moment(built.at),
    }
    statement = insert(ReferenceRow).values(key=built.key, **values)
    if built.brought:
        session.execute(statement.on_conflict_do_nothing(index_elements=["key"]))
    else:
        session.execute(statement.on_conflict_do_update(index_elements=["key"], set_=values))


def keep_distances(session: Session, measured: DistancesMeasured, job_id: int | None) -> None:
    """Keep where a suite's images lie from one reference set."""
    values = {
        "suite": measured.suite.model_dump_json(),
        "data_digest": measured.data_digest,
        "data": measured.data.model_dump_json(),
        "distances": measured.distances,
        "job_id": job_id,
        "created_at": _moment(measured.at),
    }
    statement = insert(DistanceRow).values(reference_key=measured.reference_key, suite_key=measured.suite_key, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["reference_key", "suite_key"], set_=values))


def tags_of(session: Session, card_id: str) -> tuple[str, ...]:
    """Return a card's tags, sorted."""
    return tuple(session.scalars(select(CardTagRow.tag).where(CardTagRow.card_id == card_id).order_by(CardTagRow.tag)))


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
