"""Rows to plain records: rows never leave the store.

Specs and recipes are frozen, so each text is parsed once and the object shared: a list of 10,000 jobs is read often.
"""

import json
import math
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row

from card_studio.domain.card import Card, Cell, Evaluation
from card_studio.domain.deck import Deck, DeckMode, Selection
from card_studio.domain.gate import Reference
from card_studio.domain.ids import CardId, ContentHash, DeckId, Fingerprint, JobId, RunId
from card_studio.domain.job import JOB_SPEC, GateOptions, Job, JobSpec, JobState, Request, Suite
from card_studio.domain.names import corruption_named
from card_studio.domain.options import AugmentationOptions
from card_studio.domain.recipe import Recipe
from card_studio.domain.run import Environment, Outcome, Run
from card_studio.store.schema import CardDetailRow, CardRow, DeckRow, EvaluationRow, JobRow, ReferenceRow, RunRow

_AUGMENTATION: TypeAdapter[AugmentationOptions] = TypeAdapter(AugmentationOptions)
_CLASSES: TypeAdapter[tuple[str, ...]] = TypeAdapter(tuple[str, ...])


@lru_cache(maxsize=20_000)
def spec_from(text: str) -> JobSpec:
    """Return the job spec of that JSON."""
    return JOB_SPEC.validate_json(text)


@lru_cache(maxsize=20_000)
def recipe_of(text: str) -> Recipe:
    """Return the recipe of that JSON."""
    return Recipe.model_validate_json(text)


@lru_cache(maxsize=1_000)
def suite_of(text: str) -> Suite:
    """Return the suite of that JSON."""
    return Suite.model_validate_json(text)


def or_nan(value: float | None) -> float:
    """Return the figure, NaN where the database has NULL: SQLite keeps no NaN."""
    return math.nan if value is None else value


def job_from(row: JobRow | Row[Any]) -> Job:
    """Return a job's record, of its row or of a bare row of its table."""
    return Job(
        id=JobId(row.id),
        spec=spec_from(row.spec),
        name=row.name,
        state=JobState(row.state),
        priority=row.priority,
        position=row.position,
        created_at=row.created_at,
        attempt=row.attempt,
        request=Request(row.request) if row.request else None,
        progress=row.progress,
        phase=row.phase,
        eta_s=row.eta_s,
        device=row.device,
        error=row.error,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )


def run_from(row: RunRow) -> Run:
    """Return a run's record."""
    return Run(
        id=RunId(row.id),
        job_id=JobId(row.job_id),
        attempt=row.attempt,
        started_at=row.started_at,
        ended_at=row.ended_at,
        outcome=Outcome(row.outcome) if row.outcome else None,
        error=row.error,
        report=row.report,
        environment=Environment.model_validate_json(row.environment) if row.environment else None,
        fingerprint=Fingerprint(row.fingerprint) if row.fingerprint else None,
        seed=row.seed,
    )


def card_from(row: CardRow, detail: CardDetailRow, tags: tuple[str, ...]) -> Card:
    """Return a card's record."""
    return Card(
        id=CardId(row.id),
        name=row.name,
        recipe=recipe_of(detail.recipe),
        fingerprint=Fingerprint(detail.fingerprint),
        data_label=row.data_label,
        data_digest=row.data_digest,
        classes=_CLASSES.validate_json(detail.classes),
        size=row.size,
        sparsity=row.sparsity,
        prunable_weights=row.prunable_weights,
        kept_weights=row.kept_weights,
        parameters=row.parameters,
        binary=row.binary,
        file_bytes=row.file_bytes,
        reference_bytes=row.reference_bytes,
        level=row.level,
        total_epochs=row.total_epochs,
        validation_accuracy=or_nan(row.validation_accuracy),
        clean_accuracy=row.clean_accuracy,
        robust_accuracy=row.robust_accuracy,
        suite=suite_of(detail.suite) if detail.suite else None,
        has_map=row.has_map,
        job_id=JobId(row.job_id) if row.job_id is not None else None,
        created_at=row.created_at,
        tags=tags,
        notes=detail.notes,
    )


def cells_text(cells: tuple[Cell, ...]) -> str:
    """Return an evaluation's cells as its row keeps them."""
    return json.dumps([[cell.corruption, cell.severity, cell.accuracy, cell.images] for cell in cells])


def _cells(text: str) -> tuple[Cell, ...]:
    return tuple(
        Cell(
            corruption=corruption_named(corruption) if corruption else None,
            severity=severity,
            accuracy=accuracy,
            images=images,
        )
        for corruption, severity, accuracy, images in json.loads(text)
    )


def evaluation_from(row: EvaluationRow) -> Evaluation:
    """Return an evaluation's record."""
    return Evaluation(
        card_id=CardId(row.card_id),
        suite=suite_of(row.suite),
        suite_key=row.suite_key,
        data_digest=row.data_digest,
        cells=_cells(row.cells),
        clean_accuracy=or_nan(row.clean_accuracy),
        robust_accuracy=or_nan(row.robust_accuracy),
        calibration_error=or_nan(row.calibration_error),
        images=row.images,
        probabilities=ContentHash(row.probabilities),
        labels=ContentHash(row.labels),
        job_id=JobId(row.job_id) if row.job_id is not None else None,
        created_at=row.created_at,
    )


def reference_from(row: ReferenceRow) -> Reference:
    """Return a reference set's record."""
    return Reference(
        key=row.key,
        data_digest=row.data_digest,
        data_label=row.data_label,
        augmentation=_AUGMENTATION.validate_json(row.augmentation),
        options=GateOptions.model_validate_json(row.options),
        spectra=ContentHash(row.spectra),
        created_at=row.created_at,
    )


def deck_from(row: DeckRow, cards: tuple[CardId, ...]) -> Deck:
    """Return a deck's record."""
    return Deck(
        id=DeckId(row.id),
        name=row.name,
        cards=cards,
        mode=DeckMode(row.mode),
        gate=GateOptions.model_validate_json(row.gate),
        batch=row.batch,
        temperature=row.temperature,
        created_at=row.created_at,
        modified_at=row.modified_at,
        selection=Selection.model_validate_json(row.selection) if row.selection else None,
    )
