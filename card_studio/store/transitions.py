"""What may become of a job: the changes of state, on rows, and nothing else."""

from datetime import UTC, datetime

from card_studio.domain.job import (
    CorruptDataset,
    EvaluateCards,
    ExportCard,
    ExportDeck,
    ImportCards,
    Job,
    JobState,
    MakeCard,
    MapCards,
    PrepareGate,
    Request,
)
from card_studio.domain.run import Outcome
from card_studio.store.records import job_from, spec_from
from card_studio.store.schema import JobRow, RunRow

_LOSSES_ALLOWED = 3
_END_STATES = {
    Outcome.FINISHED: JobState.FINISHED,
    Outcome.FAILED: JobState.FAILED,
    Outcome.CANCELLED: JobState.CANCELLED,
    Outcome.PAUSED: JobState.PAUSED,
}


def ask(job: JobRow, request: Request | None) -> Job:
    """Pass a request to a running job; pause or cancel a waiting one at once."""
    if job.state == JobState.RUNNING:
        job.request = request
    elif request is Request.CANCEL and job.state in (JobState.QUEUED, JobState.PAUSED):
        job.state, job.ended_at = JobState.CANCELLED, datetime.now(UTC)
    elif request is Request.PAUSE and job.state == JobState.QUEUED:
        job.state = JobState.PAUSED
    return job_from(job)


def requeue(job: JobRow) -> Job:
    """Queue a paused, failed or cancelled job again, with its losses forgiven."""
    if job.state in (JobState.PAUSED, JobState.FAILED, JobState.CANCELLED):
        job.state, job.error, job.ended_at = JobState.QUEUED, "", None
        job.losses, job.forgotten = 0, False
    return job_from(job)


def start(job: JobRow, machine: str) -> RunRow:
    """Begin the next attempt at a queued job; return its row, not yet added."""
    now = datetime.now(UTC)
    job.state, job.attempt, job.started_at = JobState.RUNNING, job.attempt + 1, now
    job.request, job.eta_s, job.phase = None, None, ""
    return RunRow(
        job_id=job.id,
        attempt=job.attempt,
        machine=machine,
        started_at=now,
        seed=_seed(job),
        error="",
        report="",
        log_offset=0,
    )


def end(job: JobRow, run: RunRow, outcome: Outcome, error: str, report: str) -> None:
    """Record how the current run of a job ended, and what becomes of the job."""
    now = datetime.now(UTC)
    run.ended_at, run.outcome, run.error, run.report = now, outcome, error, report
    job.error = error if outcome is Outcome.FAILED else ""
    if outcome is Outcome.LOST:
        job.state = _after_loss(job, error)
    else:
        job.losses = 0
        job.state = _END_STATES[outcome]
    if job.state == JobState.FINISHED:
        job.progress = 1.0
    job.request, job.eta_s, job.phase = None, None, ""
    job.ended_at = now if JobState(job.state).ended else None


def _after_loss(job: JobRow, error: str) -> JobState:
    job.losses += 1
    if job.request == Request.CANCEL:
        return JobState.CANCELLED
    if job.request == Request.PAUSE:
        return JobState.PAUSED
    if job.losses < _LOSSES_ALLOWED:
        return JobState.QUEUED
    job.error = f"its worker died {job.losses} times in a row" + (f": {error}" if error else "")
    return JobState.FAILED


def _seed(job: JobRow) -> int:
    spec = spec_from(job.spec)
    if isinstance(spec, MakeCard):
        return spec.recipe.seed
    if isinstance(spec, CorruptDataset):
        return spec.seed
    if isinstance(spec, ImportCards | ExportCard | ExportDeck):
        return 0
    if isinstance(spec, EvaluateCards):
        return spec.suite.seed
    return spec.options.seed if isinstance(spec, MapCards | PrepareGate) else 0
