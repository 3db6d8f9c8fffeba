"""A run's events into the database: metrics to their tables, news to the job, what was made to the library."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import exists, insert, or_, select
from sqlalchemy.orm import Session

from card_studio.domain.job import EvaluateCards, JobState, MakeCard, MapCards
from card_studio.domain.run import (
    Advanced,
    AnyEvent,
    CardEvaluated,
    CardMade,
    CellEvaluated,
    CheckpointSaved,
    DatasetOpened,
    DeckBrought,
    DistancesMeasured,
    EpochFinished,
    LevelFinished,
    Logged,
    MapMeasured,
    PhaseStarted,
    ReferenceBuilt,
    RunStarted,
    StepReported,
)
from card_studio.store import deck_rows, keeping
from card_studio.store.queue_order import after_all, new_job
from card_studio.store.records import spec_from
from card_studio.store.schema import Base, CellRow, EpochRow, JobRow, LevelRow, LogRow, RunRow, StepRow

_TABLES: dict[type[AnyEvent], type[Base]] = {
    StepReported: StepRow,
    EpochFinished: EpochRow,
    LevelFinished: LevelRow,
    CellEvaluated: CellRow,
}
_LASTING = (CheckpointSaved, LevelFinished, CardMade, CardEvaluated, MapMeasured, ReferenceBuilt, DistancesMeasured)
"""Events after which a new attempt has less to do: a worker that dies later did not die in vain."""


def ingest_events(session: Session, job: JobRow, run: RunRow, events: Sequence[AnyEvent]) -> None:
    """Write what `events` say; the caller holds the write lock and stores the log's offset in the same transaction."""
    rows: defaultdict[type[Base], list[dict[str, Any]]] = defaultdict(list)
    for event in events:
        table = _TABLES.get(type(event))
        if table is not None:
            rows[table].append(_metric(run, event))
        elif isinstance(event, Logged | PhaseStarted):
            rows[LogRow].append({"run_id": run.id, "at": event.at, "text": event.text})
        if isinstance(event, _LASTING) and event.at >= run.started_at.timestamp():
            job.losses = 0
        _tell(job, run, event)
        if not _keep(session, job, event):
            text = "a result was not kept: its card is not in this workspace"
            rows[LogRow].append({"run_id": run.id, "at": event.at, "text": text})
    for table, values in rows.items():
        session.connection().execute(insert(table).prefix_with("OR REPLACE"), values)


def _metric(run: RunRow, event: AnyEvent) -> dict[str, Any]:
    values = event.model_dump(exclude={"event", "card"}) | {"run_id": run.id}
    if isinstance(event, CellEvaluated):
        values |= {"card_id": event.card, "corruption": event.corruption or ""}
    return values


def _tell(job: JobRow, run: RunRow, event: AnyEvent) -> None:
    """Bring the job's and the run's own columns up to date."""
    match event:
        case Advanced():
            job.progress, job.eta_s = event.progress, event.eta_s
        case PhaseStarted():
            job.phase = event.text
        case RunStarted():
            run.environment = event.environment.model_dump_json()
            job.device = event.environment.device
        case DatasetOpened():
            run.data_label, run.data_digest, run.fingerprint = event.label, event.digest, event.fingerprint
        case _:
            pass


def _keep(session: Session, job: JobRow, event: AnyEvent) -> bool:
    """Put what was made into the library; False where a card that it is about is missing."""
    match event:
        case CardMade():
            keeping.keep_card(session, event, job.id)
            _queue_follow_ups(session, job, event)
        case CardEvaluated():
            return keeping.keep_evaluation(session, event, job.id)
        case MapMeasured():
            return keeping.keep_map(session, event, job.id)
        case ReferenceBuilt():
            keeping.keep_reference(session, event, job.id)
        case DistancesMeasured():
            keeping.keep_distances(session, event, job.id)
        case DeckBrought():
            deck_rows.keep(session, event)
        case _:
            pass
    return True


def _queue_follow_ups(session: Session, job: JobRow, made: CardMade) -> None:
    """Queue what the job's maker asked to be done with each card, unless it is queued or done already.

    A new attempt says again what the old one had said, and two trajectories may share their dense card.
    """
    spec = spec_from(job.spec)
    if not isinstance(spec, MakeCard):
        return
    wanted: list[EvaluateCards | MapCards] = []
    if spec.then_evaluate is not None:
        wanted.append(EvaluateCards(cards=(made.card,), suite=spec.then_evaluate))
    if spec.then_map is not None:
        wanted.append(MapCards(cards=(made.card,), options=spec.then_map))
    for follow_up in wanted:
        name = f"{'Evaluate' if isinstance(follow_up, EvaluateCards) else 'Map'} {made.name}"
        row = new_job(follow_up, position=after_all(session), name=name, priority=job.priority, origin_id=job.id)
        dead = JobRow.state.in_((JobState.FAILED, JobState.CANCELLED))
        same = (JobRow.kind == row.kind, JobRow.spec == row.spec)
        if not session.scalar(select(exists().where(*same, or_(JobRow.origin_id == job.id, ~dead)))):
            session.add(row)
            session.flush()
