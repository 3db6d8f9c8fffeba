"""The ledger: jobs in their order, their runs, and what the runs report.

Every method is one transaction and may be called from any thread or process. Whoever claims a job gets an attempt
number that no one else has; what older attempts still say is refused.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from card_studio.domain.ids import JobId, RunId
from card_studio.domain.job import Job, JobSpec, JobState, Request
from card_studio.domain.run import (
    AnyEvent,
    CellEvaluated,
    Claim,
    Environment,
    EpochFinished,
    History,
    HostState,
    LevelFinished,
    Outcome,
    Run,
    StepReported,
)
from card_studio.errors import NotFoundError
from card_studio.store import history, transitions
from card_studio.store.database import Database
from card_studio.store.ingest import ingest_events
from card_studio.store.queue_order import after_all, list_order, new_job, next_in_line, place
from card_studio.store.records import job_from, run_from
from card_studio.store.schema import HostRow, JobRow, RunRow


class Ledger:
    """Jobs, runs and hosts of one workspace."""

    def __init__(self, database: Database) -> None:
        """Take an open database."""
        self._database = database

    # --- the list ---------------------------------------------------------------------------------------------------

    def add(
        self, spec: JobSpec, *, name: str | None = None, priority: int = 0, state: JobState = JobState.QUEUED
    ) -> Job:
        """Add a job at the end of its priority.

        Args:
            spec: what to do.
            name: what to call it; one made of the spec if empty.
            priority: higher runs first.
            state: QUEUED, or PAUSED to hold it back.

        Raises:
            ValueError: it is neither QUEUED nor PAUSED.
        """
        if state not in (JobState.QUEUED, JobState.PAUSED):
            raise ValueError(f"a new job is queued or paused, not {state}")
        with self._database.write() as session:
            row = new_job(spec, position=after_all(session), name=name, priority=priority, state=state)
            session.add(row)
            session.flush()
            return job_from(row)

    def add_all(self, specs: Sequence[JobSpec], priority: int = 0) -> list[Job]:
        """Add several jobs in that order, all or none."""
        with self._database.write() as session:
            first = after_all(session)
            rows = [new_job(spec, position=first + n, priority=priority) for n, spec in enumerate(specs)]
            session.add_all(rows)
            session.flush()
            return [job_from(row) for row in rows]

    def jobs(self, states: Collection[JobState] | None = None) -> list[Job]:
        """Return jobs in those states, or all: running, paused, queued as they will run, then ended, newest first."""
        query = select(JobRow.__table__).where(JobRow.forgotten.is_(False)).order_by(*list_order())
        if states is not None:
            query = query.where(JobRow.state.in_(states))
        with self._database.session() as session:
            return [job_from(row) for row in session.execute(query)]  # bare rows: half the time for a long list

    def queue(self, limit: int) -> tuple[list[Job], dict[JobState, int]]:
        """Return the list's first so many jobs, in the order of `jobs`, and how many there are in each state."""
        listed = JobRow.forgotten.is_(False)
        query = select(JobRow.__table__).where(listed).order_by(*list_order()).limit(limit)
        counts = select(JobRow.state, func.count()).where(listed).group_by(JobRow.state)
        with self._database.session() as session:
            found = {JobState(state): number for state, number in session.execute(counts)}
            jobs = [job_from(row) for row in session.execute(query)] if limit else []
            return jobs, {state: found.get(state, 0) for state in JobState}

    def job(self, job_id: JobId) -> Job:
        """Return one job, also where it was taken off the list.

        Raises:
            NotFoundError: there is none of that number.
        """
        with self._database.session() as session:
            return job_from(_row(session, job_id))

    def runs(self, job_id: JobId) -> list[Run]:
        """Return a job's runs, oldest first.

        Raises:
            NotFoundError: there is no such job.
        """
        with self._database.session() as session:
            _row(session, job_id)
            query = select(RunRow).where(RunRow.job_id == job_id).order_by(RunRow.attempt)
            return [run_from(row) for row in session.scalars(query)]

    def environments(self, jobs: Collection[JobId]) -> dict[JobId, Environment]:
        """Return what each of these jobs last ran on, as far as it was recorded."""
        query = (
            select(RunRow.job_id, RunRow.environment).where(RunRow.environment.is_not(None)).order_by(RunRow.attempt)
        )
        with self._database.session() as session:
            latest = {JobId(job): text for job, text in session.execute(query) if job in jobs}
        return {job: Environment.model_validate_json(text) for job, text in latest.items() if text}

    # --- what people ask --------------------------------------------------------------------------------------------

    def request(self, ids: Collection[JobId], request: Request | None) -> list[Job]:
        """Ask for a pause or the end of jobs; None takes back what was asked of a running one.

        A running job gets the request, which its host passes on; a waiting one is paused or cancelled at once; an
        ended one stays as it is.

        Raises:
            NotFoundError: one of them does not exist; then nothing is changed.
        """
        with self._database.write() as session:
            return [transitions.ask(row, request) for row in _rows(session, ids)]

    def requeue(self, ids: Collection[JobId]) -> list[Job]:
        """Put paused, failed and cancelled jobs back in the queue, at their old place; others stay as they are.

        Raises:
            NotFoundError: one of them does not exist; then nothing is changed.
        """
        with self._database.write() as session:
            return [transitions.requeue(row) for row in _rows(session, ids)]

    def forget(self, ids: Collection[JobId]) -> None:
        """Take ended jobs off the list; the record stays, for cards refer to it. Others stay on.

        Raises:
            NotFoundError: one of them does not exist; then nothing is changed.
        """
        with self._database.write() as session:
            for row in _rows(session, ids):
                row.forgotten = row.forgotten or JobState(row.state).ended

    def move(self, ids: Sequence[JobId], before: JobId | None) -> list[Job]:
        """Put waiting jobs, in that order, before another, and give them its priority; None puts them last of all.

        Running and ended jobs among `ids` stay where they are.

        Raises:
            NotFoundError: one of them does not exist; then nothing is changed.
        """
        with self._database.write() as session:
            rows = _rows(session, ids)
            waiting = [row for row in rows if row.state in (JobState.QUEUED, JobState.PAUSED)]
            place(session, waiting, _row(session, before) if before is not None else None)
            return [job_from(row) for row in rows]

    def set_priority(self, ids: Collection[JobId], priority: int) -> list[Job]:
        """Set jobs' priority; within it they keep their order.

        Raises:
            NotFoundError: one of them does not exist; then nothing is changed.
        """
        with self._database.write() as session:
            rows = _rows(session, ids)
            for row in rows:
                row.priority = priority
            return [job_from(row) for row in rows]

    # --- what the latest run has reported ---------------------------------------------------------------------------

    def steps(self, job_id: JobId, after_step: int = -1) -> list[StepReported]:
        """Return training metrics after a step, oldest first."""
        with self._database.session() as session:
            return history.steps(session, history.telling_run(session, job_id), after_step)

    def epochs(self, job_id: JobId) -> list[EpochFinished]:
        """Return validation metrics, oldest first."""
        with self._database.session() as session:
            return history.epochs(session, history.telling_run(session, job_id))

    def levels(self, job_id: JobId) -> list[LevelFinished]:
        """Return finished levels, oldest first."""
        with self._database.session() as session:
            return history.levels(session, history.telling_run(session, job_id))

    def cells(self, job_id: JobId) -> list[CellEvaluated]:
        """Return evaluated cells as they came in."""
        with self._database.session() as session:
            return history.cells(session, history.telling_run(session, job_id))

    def history(self, job_id: JobId, *, after_step: int = -1) -> History:
        """Return all of the above in one consistent look; `after_step` cuts the steps only."""
        with self._database.session() as session:
            run_id = history.telling_run(session, job_id)
            return History(
                steps=tuple(history.steps(session, run_id, after_step)),
                epochs=tuple(history.epochs(session, run_id)),
                levels=tuple(history.levels(session, run_id)),
                cells=tuple(history.cells(session, run_id)),
            )

    def log(self, job_id: JobId) -> list[tuple[float, str]]:
        """Return the log's lines with their times, seconds since 1970 UTC, oldest first."""
        with self._database.session() as session:
            return history.log(session, history.telling_run(session, job_id))

    # --- the host's side --------------------------------------------------------------------------------------------

    def claim(self, host: str) -> Claim | None:
        """Take the next job from the queue and begin its next attempt; no two callers ever get the same.

        Args:
            host: the machine's name, for the record.

        Returns:
            None where nothing is queued.
        """
        with self._database.session() as session:
            if session.scalar(next_in_line()) is None:
                return None  # an idle host asks often: it must not take the write lock for it
        with self._database.write() as session:
            next_id = session.scalar(next_in_line())
            if next_id is None:
                return None
            row = _row(session, JobId(next_id))
            run = transitions.start(row, host)
            session.add(run)
            session.flush()
            return Claim(job=job_from(row), run=run_from(run))

    def offset(self, run_id: RunId) -> int:
        """Return how many bytes of a run's event log are in the database.

        Raises:
            NotFoundError: there is no such run.
        """
        with self._database.session() as session:
            return _run(session, run_id).log_offset

    def ingest(self, run_id: RunId, events: Sequence[AnyEvent], *, offset: int) -> bool:
        """Bring events of a run's log into the database, all or none, and once only.

        Args:
            run_id: the run.
            events: those between the stored offset and `offset`, in order.
            offset: where the log now ends, in bytes; up to the stored offset nothing is new, and nothing is written.

        Returns:
            False, and nothing is written, where the run is no longer its job's current attempt or has ended.

        Raises:
            NotFoundError: there is no such run.
        """
        with self._database.write() as session:
            run = _run(session, run_id)
            job = _row(session, JobId(run.job_id))
            if run.attempt != job.attempt or run.outcome is not None:
                return False
            if offset > run.log_offset:
                ingest_events(session, job, run, events)
                run.log_offset = offset
            return True

    def end(self, run_id: RunId, outcome: Outcome, error: str = "", report: str = "") -> Job:
        """Record how a run ended, and what becomes of its job; one that has ended, or is not current, changes nothing.

        A LOST run's job goes back to the queue, unless someone had asked for its pause or end; the third loss in a row
        in which nothing new was saved fails it.

        Args:
            run_id: the run.
            outcome: how it ended.
            error: why it failed, in one line.
            report: for a bug: the traceback.

        Raises:
            NotFoundError: there is no such run.
        """
        with self._database.write() as session:
            run = _run(session, run_id)
            job = _row(session, JobId(run.job_id))
            if run.attempt == job.attempt and run.outcome is None:
                transitions.end(job, run, outcome, error, report)
            return job_from(job)

    # --- hosts ------------------------------------------------------------------------------------------------------

    def register_host(self, pid: int, started_at: float, machine: str, workers: int) -> None:
        """Say which process now runs the queue; whoever did before is taken to have left.

        Args:
            pid: its process number.
            started_at: when the operating system started it, seconds since 1970 UTC.
            machine: the machine's name.
            workers: jobs that it runs at once, at most.
        """
        now = datetime.now(UTC)
        row = HostRow(
            pid=pid, process_started_at=started_at, machine=machine, workers=workers, registered_at=now, beat_at=now
        )
        with self._database.write() as session:
            session.execute(update(HostRow).where(HostRow.left_at.is_(None)).values(left_at=now))
            session.add(row)

    def beat(self, pid: int) -> None:
        """Say that the host lives; this alone does not make the database's version grow."""
        here = (HostRow.pid == pid, HostRow.left_at.is_(None))
        with self._database.write(announce=False) as session:
            session.execute(update(HostRow).where(*here).values(beat_at=datetime.now(UTC)))

    def leave(self, pid: int) -> None:
        """Say that the host ends."""
        here = (HostRow.pid == pid, HostRow.left_at.is_(None))
        with self._database.write() as session:
            session.execute(update(HostRow).where(*here).values(left_at=datetime.now(UTC)))

    def host(self) -> HostState | None:
        """Return the host that registered last and has not left; `beat_at` tells whether it may have died."""
        newest = select(HostRow).where(HostRow.left_at.is_(None)).order_by(HostRow.id.desc()).limit(1)
        running = select(func.count()).select_from(JobRow).where(JobRow.state == JobState.RUNNING)
        with self._database.session() as session:
            row = session.scalar(newest)
            if row is None:
                return None
            return HostState(
                pid=row.pid,
                process_started_at=row.process_started_at,
                machine=row.machine,
                workers=row.workers,
                registered_at=row.registered_at,
                beat_at=row.beat_at,
                running=session.scalar(running) or 0,
            )


def _row(session: Session, job_id: JobId) -> JobRow:
    row = session.get(JobRow, job_id)
    if row is None:
        raise NotFoundError(f"there is no job {job_id}: see the numbers in the queue")
    return row


def _rows(session: Session, ids: Collection[JobId]) -> list[JobRow]:
    found = {row.id: row for row in session.scalars(select(JobRow).where(JobRow.id.in_(ids)))}
    return [found[job_id] if job_id in found else _row(session, job_id) for job_id in ids]


def _run(session: Session, run_id: RunId) -> RunRow:
    row = session.get(RunRow, run_id)
    if row is None:
        raise NotFoundError(f"there is no run {run_id}")
    return row
