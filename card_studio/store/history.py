"""What a run has reported, read back as the events that it was; they were checked on their way in."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from card_studio.domain.ids import CardId, JobId
from card_studio.domain.names import corruption_named
from card_studio.domain.run import CellEvaluated, EpochFinished, LevelFinished, StepReported
from card_studio.store.records import or_nan
from card_studio.store.schema import CellRow, EpochRow, LevelRow, LogRow, RunRow, StepRow


def telling_run(session: Session, job_id: JobId) -> int:
    """Return the latest run that has reported anything, -1 for none.

    A new attempt begins by repeating the old one's reports; until it has, the old one's are shown.
    """
    latest = (
        select(RunRow.id)
        .where(RunRow.job_id == job_id)
        .order_by((RunRow.log_offset > 0).desc(), RunRow.attempt.desc())
        .limit(1)
    )
    found = session.scalar(latest)
    return -1 if found is None else found


def steps(session: Session, run_id: int, after_step: int = -1) -> list[StepReported]:
    """Return training metrics after a step, oldest first."""
    columns = (
        StepRow.at,
        StepRow.step,
        StepRow.epoch,
        StepRow.level,
        StepRow.loss,
        StepRow.accuracy,
        StepRow.learning_rate,
        StepRow.sparsity,
        StepRow.images_per_s,
    )
    query = select(*columns).where(StepRow.run_id == run_id, StepRow.step > after_step).order_by(StepRow.step)
    return [
        StepReported.model_construct(
            at=at,
            step=step,
            epoch=epoch,
            level=level,
            loss=or_nan(loss),
            accuracy=or_nan(accuracy),
            learning_rate=learning_rate,
            sparsity=sparsity,
            images_per_s=images_per_s,
        )
        for at, step, epoch, level, loss, accuracy, learning_rate, sparsity, images_per_s in session.execute(query)
    ]


def epochs(session: Session, run_id: int) -> list[EpochFinished]:
    """Return validation metrics, oldest first."""
    query = select(EpochRow.__table__).where(EpochRow.run_id == run_id).order_by(EpochRow.step)
    return [
        EpochFinished.model_construct(
            at=row.at,
            step=row.step,
            epoch=row.epoch,
            level=row.level,
            validation_loss=or_nan(row.validation_loss),
            validation_accuracy=or_nan(row.validation_accuracy),
        )
        for row in session.execute(query)
    ]


def levels(session: Session, run_id: int) -> list[LevelFinished]:
    """Return finished levels, oldest first."""
    query = select(LevelRow).where(LevelRow.run_id == run_id).order_by(LevelRow.level)
    return [
        LevelFinished.model_construct(
            at=row.at,
            level=row.level,
            levels=row.levels,
            sparsity=row.sparsity,
            validation_accuracy=or_nan(row.validation_accuracy),
            reused=row.reused,
        )
        for row in session.scalars(query)
    ]


def cells(session: Session, run_id: int) -> list[CellEvaluated]:
    """Return evaluated cells as they came in."""
    query = select(CellRow.__table__).where(CellRow.run_id == run_id).order_by(CellRow.id)
    return [
        CellEvaluated.model_construct(
            at=row.at,
            card=CardId(row.card_id),
            corruption=corruption_named(row.corruption) if row.corruption else None,
            severity=row.severity,
            accuracy=or_nan(row.accuracy),
            images=row.images,
        )
        for row in session.execute(query)
    ]


def log(session: Session, run_id: int) -> list[tuple[float, str]]:
    """Return the log's lines with their times, oldest first."""
    query = select(LogRow.at, LogRow.text).where(LogRow.run_id == run_id).order_by(LogRow.id)
    return [(at, text) for at, text in session.execute(query)]
