"""The ledger beside a plain Python twin that knows nothing of SQL: whatever is done to both, they agree."""

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from card_studio.domain.job import JobState, MakeCard, Request
from card_studio.domain.recipe import Recipe
from card_studio.domain.run import Advanced, CheckpointSaved, Logged, Outcome
from card_studio.store.database import FILE_NAME, open_database
from card_studio.store.ledger import Ledger

Q, P, R = JobState.QUEUED, JobState.PAUSED, JobState.RUNNING
ENDS = {
    Outcome.FINISHED: JobState.FINISHED,
    Outcome.FAILED: JobState.FAILED,
    Outcome.CANCELLED: JobState.CANCELLED,
    Outcome.PAUSED: P,
}
AFTER_NOW = 4e9
"""A time later than any start: what is saved then is new."""


@dataclass
class TwinRun:
    id: int
    lines: list[str] = field(default_factory=list)
    offset: int = 0
    outcome: Outcome | None = None


@dataclass
class TwinJob:
    id: int
    priority: int
    state: JobState = Q
    request: Request | None = None
    runs: list[TwinRun] = field(default_factory=list)
    progress: float = 0.0
    losses: int = 0
    forgotten: bool = False


class Twins(RuleBasedStateMachine):
    """The ledger, and `self.line`: all jobs in the order of their positions."""

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.line: list[TwinJob] = []

    @initialize()
    def open(self):
        shutil.copy(_blank(), self.folder / FILE_NAME)
        self.database = open_database(self.folder)
        self.ledger = Ledger(self.database)

    def teardown(self):
        if hasattr(self, "database"):
            self.database.close()
        shutil.rmtree(self.folder)

    # --- what the twin knows ---------------------------------------------------------------------------------------

    def waiting(self, *states):
        return sorted((job for job in self.line if job.state in states), key=lambda job: -job.priority)

    def some(self, data, *, least=1):
        picked = data.draw(st.lists(st.sampled_from(self.line), min_size=least, max_size=4, unique_by=lambda j: j.id))
        return picked, [job.id for job in picked]

    def running(self, data):
        return data.draw(st.sampled_from([job for job in self.line if job.state is R]))

    # --- what is done to both --------------------------------------------------------------------------------------

    @rule(priority=st.integers(-1, 1), state=st.sampled_from([Q, Q, P]))
    def add(self, priority, state):
        job = self.ledger.add(MakeCard(recipe=Recipe(seed=len(self.line))), priority=priority, state=state)
        self.line.append(TwinJob(job.id, priority, state))

    @rule()
    def claim(self):
        claim = self.ledger.claim("bench")
        queue = self.waiting(Q)
        assert (claim.job.id if claim else None) == (queue[0].id if queue else None)
        if claim:
            queue[0].state, queue[0].request = R, None
            queue[0].runs.append(TwinRun(claim.run.id))
            assert claim.run.attempt == claim.job.attempt == len(queue[0].runs)

    @precondition(lambda self: any(job.runs for job in self.line))
    @rule(data=st.data(), size=st.integers(0, 3), progress=st.floats(0, 1), saves=st.booleans(), again=st.booleans())
    def ingest(self, data, size, progress, saves, again):
        job = data.draw(st.sampled_from([job for job in self.line if job.runs]))
        run = data.draw(st.sampled_from(job.runs))
        offset = run.offset + (0 if again else size + 1)
        lines = [f"{run.id}:{offset}:{number}" for number in range(size)]
        events = [*(Logged(text=line) for line in lines), Advanced(progress=progress)]
        events += [CheckpointSaved(at=AFTER_NOW)] if saves else []
        current = run is job.runs[-1] and run.outcome is None
        assert self.ledger.ingest(run.id, events, offset=offset) == current
        if current and not again:
            run.lines, run.offset, job.progress = run.lines + lines, offset, progress
            job.losses = 0 if saves else job.losses

    @precondition(lambda self: any(job.state is R for job in self.line))
    @rule(data=st.data(), outcome=st.sampled_from(Outcome))
    def end(self, data, outcome):
        self._end(self.running(data), outcome)

    def _end(self, job, outcome):
        state = self.ledger.end(job.runs[-1].id, outcome, "why").state
        job.runs[-1].outcome = outcome
        if outcome is Outcome.LOST:
            job.losses += 1
            asked = {Request.CANCEL: JobState.CANCELLED, Request.PAUSE: P}.get(job.request)
            job.state = asked or (JobState.FAILED if job.losses == 3 else Q)
        else:
            job.losses, job.state = 0, ENDS[outcome]
        job.request = None
        job.progress = 1.0 if outcome is Outcome.FINISHED else job.progress
        assert state is job.state

    @precondition(lambda self: any(job.state is Q for job in self.line))
    @rule(times=st.integers(1, 3))
    def lose(self, times):
        for _ in range(times):
            self.claim()
            for job in [job for job in self.line if job.state is R][:1]:
                self._end(job, Outcome.LOST)

    @precondition(lambda self: any(len(job.runs) > 1 for job in self.line))
    @rule(data=st.data(), outcome=st.sampled_from(Outcome))
    def end_an_old_run(self, data, outcome):
        job = data.draw(st.sampled_from([job for job in self.line if len(job.runs) > 1]))
        assert self.ledger.end(job.runs[0].id, outcome).state is job.state

    @precondition(lambda self: self.line)
    @rule(data=st.data(), request=st.sampled_from([Request.PAUSE, Request.CANCEL, None]))
    def request(self, data, request):
        jobs, ids = self.some(data)
        self.ledger.request(ids, request)
        for job in jobs:
            if job.state is R:
                job.request = request
            elif job.state in (Q, P) and request is Request.CANCEL:
                job.state = JobState.CANCELLED
            elif job.state is Q and request is Request.PAUSE:
                job.state = P

    @precondition(lambda self: self.line)
    @rule(data=st.data())
    def requeue(self, data):
        jobs, ids = self.some(data)
        self.ledger.requeue(ids)
        for job in jobs:
            if job.state in (P, JobState.FAILED, JobState.CANCELLED):
                job.state, job.losses, job.forgotten = Q, 0, False

    @precondition(lambda self: self.line)
    @rule(data=st.data())
    def forget(self, data):
        jobs, ids = self.some(data)
        self.ledger.forget(ids)
        for job in jobs:
            job.forgotten |= job.state.ended

    @precondition(lambda self: self.line)
    @rule(data=st.data(), priority=st.integers(-1, 1))
    def set_priority(self, data, priority):
        jobs, ids = self.some(data)
        self.ledger.set_priority(ids, priority)
        for job in jobs:
            job.priority = priority

    @precondition(lambda self: self.line)
    @rule(data=st.data(), last=st.booleans())
    def move(self, data, last):
        jobs, ids = self.some(data)
        before = None if last else data.draw(st.sampled_from(self.line))
        self.ledger.move(ids, before.id if before else None)
        moved = [job for job in jobs if job.state in (Q, P)]
        if before in moved:
            in_line = self.waiting(Q, P)
            before = next((job for job in in_line[in_line.index(before) :] if job not in moved), None)
        others = [job for job in self.waiting(Q, P) if job not in moved]
        if before is not None:
            priority = before.priority
        elif others:
            priority = others[-1].priority
        else:
            priority = min((job.priority for job in moved), default=0)
        rest = [job for job in self.line if job not in moved]
        place = rest.index(before) if before is not None else len(rest)
        self.line = rest[:place] + moved + rest[place:]
        for job in moved:
            job.priority = priority

    # --- how they agree --------------------------------------------------------------------------------------------

    @invariant()
    def they_agree(self):
        if not hasattr(self, "ledger"):
            return
        listed = self.ledger.jobs()
        told = {job.id: (job.state, job.priority, job.request, job.attempt, job.progress) for job in listed}
        assert told == {
            job.id: (job.state, job.priority, job.request, len(job.runs), job.progress)
            for job in self.line
            if not job.forgotten
        }
        by_state = {state: [job for job in listed if job.state is state] for state in (R, P, Q)}
        ended = [job for job in listed if job.state.ended]
        assert listed == [*by_state[R], *by_state[P], *by_state[Q], *ended]
        assert by_state[R] == sorted(by_state[R], key=lambda job: job.started_at)
        assert [job.id for job in by_state[P]] == [job.id for job in self.waiting(P)]
        assert [job.id for job in by_state[Q]] == [job.id for job in self.waiting(Q)]
        assert ended == sorted(ended, key=lambda job: (job.ended_at, job.id), reverse=True)

    @precondition(lambda self: any(job.runs for job in self.line))
    @rule(data=st.data())
    def the_record_agrees(self, data):
        job = data.draw(st.sampled_from([job for job in self.line if job.runs]))
        assert [(run.id, run.outcome) for run in self.ledger.runs(job.id)] == [(r.id, r.outcome) for r in job.runs]
        assert [self.ledger.offset(run.id) for run in job.runs] == [run.offset for run in job.runs]
        telling = next((run for run in reversed(job.runs) if run.offset), job.runs[-1])
        assert [text for _, text in self.ledger.log(job.id)] == telling.lines


_BLANK: list[Path] = []


def _blank() -> Path:
    if not _BLANK:
        folder = Path(tempfile.mkdtemp())
        open_database(folder).close()
        _BLANK.append(folder / FILE_NAME)
    return _BLANK[0]


def teardown_module():
    """Remove the blank database."""
    for path in _BLANK:
        shutil.rmtree(path.parent)


TestTwins = Twins.TestCase
TestTwins.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
