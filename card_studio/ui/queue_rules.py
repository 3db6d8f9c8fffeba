"""What may be done with jobs, and where they go when moved: rules without a widget."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from card_studio.domain.ids import JobId
from card_studio.domain.job import Job, JobState, Request
from card_studio.ui.words import aware, duration, moment, spoken

MOVABLE = (JobState.QUEUED,)
PAUSABLE = (JobState.QUEUED, JobState.RUNNING)
CANCELLABLE = (JobState.QUEUED, JobState.RUNNING, JobState.PAUSED)
RESUMABLE = (JobState.PAUSED,)
RETRIABLE = (JobState.FAILED, JobState.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place in the queue: before a job, or at the end where that is None."""

    before: JobId | None


def ids_in(jobs: Iterable[Job], states: Sequence[JobState]) -> list[JobId]:
    """Return the ids of those jobs that are in one of these states and have not been asked to leave it."""
    return [job.id for job in jobs if job.state in states]


def ended_ids(jobs: Iterable[Job]) -> list[JobId]:
    """Return the ids of those jobs that have ended."""
    return [job.id for job in jobs if job.state.ended]


def place_after_step(jobs: Sequence[Job], moved: Sequence[JobId], step: int) -> Spot | None:
    """Return before which job a selection goes when moved one place up (-1) or down (+1).

    Args:
        jobs: all jobs, in the queue's order.
        moved: queued jobs to move, as one block.
        step: -1 or +1.

    Returns:
        Where they go, or None where they cannot go further.
    """
    line = [job.id for job in jobs if job.state in MOVABLE]
    block = [each for each in line if each in set(moved)]
    rest = [each for each in line if each not in set(moved)]
    if not block or not rest:
        return None
    edge = line.index(block[0]) if step < 0 else line.index(block[-1])
    others_above = sum(1 for each in line[:edge] if each in rest)
    target = others_above - 1 if step < 0 else others_above + 1
    if target < 0 or target > len(rest):
        return None
    return Spot(before=rest[target] if target < len(rest) else None)


def place_after_drop(jobs: Sequence[Job], row: int) -> JobId | None:
    """Return before which queued job a drop between rows goes; None for the end of the queue."""
    return next((job.id for job in jobs[max(0, row) :] if job.state in MOVABLE), None)


def second_line(job: Job) -> str:
    """Return what is said under a job's name: what it does, how it ended, or why it failed."""
    if job.request is not None:
        return "Pausing at the next safe point" if job.request is Request.PAUSE else "Stopping at the next safe point"
    if job.state is JobState.RUNNING:
        return job.phase or "Starting"
    if job.state is JobState.FAILED:
        return job.error or "Failed without a reason: see its log"
    if job.state.ended:
        return f"{spoken(job.state)} {moment(job.ended_at)}, after {duration(elapsed_s(job))}"
    tried = f", attempt {job.attempt + 1} next" if job.attempt else ""
    return f"{'Paused' if job.state is JobState.PAUSED else 'Waiting'}{tried}"


def elapsed_s(job: Job, now: datetime | None = None) -> float | None:
    """Return how long the latest attempt took, or has taken so far; None where it never started."""
    if job.started_at is None:
        return None
    end = aware(job.ended_at) if job.ended_at else (now or datetime.now(UTC))
    return max(0.0, (end - aware(job.started_at)).total_seconds())
