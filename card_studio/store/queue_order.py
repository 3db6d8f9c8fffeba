"""The order of jobs: higher priority first, then position; and how jobs are given a place in it.

Positions put all jobs in one line, whatever their priority and state, and no two are equal: so a change of priority,
or a second try, finds a job where it always stood.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from card_studio.domain.job import JOB_SPEC, JobSpec, JobState, title
from card_studio.store.schema import JobRow

RUN_ORDER: tuple[ColumnElement[Any], ...] = (JobRow.priority.desc(), JobRow.position.asc(), JobRow.id.asc())
"""The order in which waiting jobs run."""
WAITING = (JobState.QUEUED, JobState.PAUSED)
_LEAST_GAP = 1e-6
"""Nearer than this, positions are spaced anew: doubles still tell them apart with room to spare."""


def next_in_line() -> Select[int]:
    """Return the statement that finds the queued job that runs next."""
    return select(JobRow.id).where(JobRow.state == JobState.QUEUED).order_by(*RUN_ORDER).limit(1)


def list_order() -> tuple[ColumnElement[Any], ...]:
    """Return the order of the job list: running, paused, queued as they will run, then ended, newest first."""
    ranks = {JobState.RUNNING: 0, JobState.PAUSED: 1, JobState.QUEUED: 2}
    rank = case(*((JobRow.state == state, place) for state, place in ranks.items()), else_=3)
    started = case((JobRow.state == JobState.RUNNING, JobRow.started_at))
    ended = case((rank == 3, JobRow.ended_at))
    newest = case((rank == 3, JobRow.id))
    return (rank.asc(), started.asc(), ended.desc(), newest.desc(), *RUN_ORDER)


def new_job(
    spec: JobSpec,
    *,
    position: float,
    name: str | None = None,
    priority: int = 0,
    state: JobState = JobState.QUEUED,
    origin_id: int | None = None,
) -> JobRow:
    """Return a row, not yet added, for a job."""
    return JobRow(
        kind=spec.kind,
        spec=JOB_SPEC.dump_json(spec).decode(),
        name=name or title(spec),
        state=state,
        priority=priority,
        position=position,
        created_at=datetime.now(UTC),
        origin_id=origin_id,
    )


def after_all(session: Session) -> float:
    """Return a position after every job's."""
    return (session.scalar(select(func.max(JobRow.position))) or 0.0) + 1


def place(session: Session, moved: Sequence[JobRow], before: JobRow | None) -> None:
    """Put `moved` jobs, in that order, before another job, with its priority; or after all that wait.

    Where `before` is itself moved, the next job in line that is not takes its part.
    """
    waiting = list(session.scalars(select(JobRow).where(JobRow.state.in_(WAITING)).order_by(*RUN_ORDER)))
    ids = {row.id for row in moved}
    if before is not None and before.id in ids:
        before = next((row for row in waiting[waiting.index(before) :] if row.id not in ids), None)
    line = [row for row in waiting if row.id not in ids]
    if before is None:
        priority = line[-1].priority if line else min((row.priority for row in moved), default=0)
        first, step = after_all(session), 1.0
    else:
        priority = before.priority
        first, step = _gap_before(session, before, ids, len(moved))
    for number, row in enumerate(moved):
        row.priority, row.position = priority, first + number * step
    session.flush()


def _gap_before(session: Session, before: JobRow, moved: set[int], count: int) -> tuple[float, float]:
    """Return the first position and the step for `count` jobs just before one, spacing all anew where it is tight."""
    previous = select(func.max(JobRow.position)).where(JobRow.position < before.position, JobRow.id.not_in(moved))
    below = session.scalar(previous)
    below = before.position - count - 1 if below is None else below
    step = (before.position - below) / (count + 1)
    if step < _LEAST_GAP:
        _space_anew(session)
        return _gap_before(session, before, moved, count)
    return below + step, step


def _space_anew(session: Session) -> None:
    """Give all jobs whole positions, in the order that they have."""
    for number, row in enumerate(session.scalars(select(JobRow).order_by(JobRow.position, JobRow.id)), start=1):
        row.position = float(number)
    session.flush()
