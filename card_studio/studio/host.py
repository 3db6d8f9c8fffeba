"""The host: claims jobs, runs a worker child for each, and brings their events into the ledger.

One host per workspace and machine, by a file lock that death releases. It is a process of its own: the window starts
one and may close; `card-studio host` runs one on a server. Everything it knows is in the database or in the attempts'
folders, so a host that was killed is followed by another that goes on where it stopped.
"""

import logging
import platform
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import psutil
from filelock import FileLock, Timeout

from card_studio.domain.ids import JobId, RunId
from card_studio.domain.job import Job, JobState, Request
from card_studio.domain.run import Outcome, RunEnded
from card_studio.errors import WorkspaceError
from card_studio.files import explained, write_atomically
from card_studio.settings import Settings
from card_studio.store.database import open_database
from card_studio.store.ledger import Ledger
from card_studio.studio.attempt import Attempt, Control, Order, attempt_folder
from card_studio.studio.event_log import read_events
from card_studio.studio.launch import launch_worker, threads_for

_TICK_S = 0.2
_BEAT_EVERY_S = 2.0
_GRACE_S = 30.0
_STRANGER_ENDS_AFTER_S = 15.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Child:
    """A worker child and what was asked of it."""

    job_id: JobId
    run_id: RunId
    attempt: Attempt
    process: subprocess.Popen[bytes]
    asked: Control | None = None
    asked_at: float = 0.0
    ended: RunEnded | None = None


class Host:
    """The queue's engine room, on one workspace."""

    def __init__(self, workspace: Path, settings: Settings, workers: int) -> None:
        self._workspace = workspace
        self._settings = settings
        self._workers = workers
        self._ledger = Ledger(open_database(workspace))
        self._children: list[Child] = []
        self._stopping = False

    def serve(self, *, until_idle: bool, linger_s: float | None) -> None:
        """Work until told to stop; or until idle; or until idle for `linger_s`."""
        me = psutil.Process()
        self._ledger.register_host(me.pid, me.create_time(), platform.node(), self._workers)
        self._adopt_orphans()
        idle_since = beat_at = time.monotonic()
        while not (self._stopping and not self._children):
            self._tick()
            now = time.monotonic()
            if now - beat_at > _BEAT_EVERY_S:
                self._ledger.beat(me.pid)
                beat_at = now
            if self._children:
                idle_since = now
            elif until_idle or (linger_s is not None and now - idle_since > linger_s):
                break
            time.sleep(_TICK_S)
        self._ledger.leave(me.pid)

    def stop(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """Ask every child to save and end, then end."""
        self._stopping = True

    def _tick(self) -> None:
        self._claim()
        self._pass_on_requests()
        for child in list(self._children):
            exited = child.process.poll() is not None
            self._ingest(child)
            if exited:
                self._settle(child)
                self._children.remove(child)

    def _claim(self) -> None:
        while not self._stopping and len(self._children) < self._workers:
            claim = self._ledger.claim(platform.node())
            if claim is None:
                return
            self._start(claim.job, claim.run.id)

    def _start(self, job: Job, run_id: RunId) -> None:
        attempt = attempt_folder(self._workspace, job.id, job.attempt)
        with explained(attempt.folder):
            attempt.folder.mkdir(parents=True, exist_ok=True)
        if job.attempt > 1:
            attempt.take_over(attempt_folder(self._workspace, job.id, job.attempt - 1))
        threads = threads_for(self._settings, self._workers)
        write_atomically(attempt.order, self._order(job, threads).model_dump_json().encode())
        process = launch_worker(attempt, threads)
        write_atomically(attempt.pid, f"{process.pid} {psutil.Process(process.pid).create_time()}".encode())
        log.info("job %s attempt %s started as process %s", job.id, job.attempt, process.pid)
        self._children.append(Child(job.id, run_id, attempt, process))

    def _order(self, job: Job, threads: int) -> Order:
        me = psutil.Process()
        return Order(
            spec=job.spec,
            workspace=self._workspace,
            data_folder=self._settings.data,
            device=self._settings.device,
            threads=threads,
            host_pid=me.pid,
            host_started=me.create_time(),
        )

    def _pass_on_requests(self) -> None:
        requests = {job.id: job.request for job in self._ledger.jobs(states=(JobState.RUNNING,))}
        wishes = {Request.PAUSE: Control.PAUSE, Request.CANCEL: Control.CANCEL}
        for child in self._children:
            request = requests.get(child.job_id)
            wanted = wishes[request] if request else Control.STOP if self._stopping else None
            if wanted is not None and wanted is not child.asked:
                write_atomically(child.attempt.control, wanted.encode())
                child.asked, child.asked_at = wanted, time.monotonic()
            elif child.asked and time.monotonic() - child.asked_at > _GRACE_S:
                log.warning("job %s did not answer %s in %s s: ended", child.job_id, child.asked, _GRACE_S)
                child.process.kill()

    def _ingest(self, child: Child) -> None:
        offset = self._ledger.offset(child.run_id)
        events, after = read_events(child.attempt.events, offset)
        if events:
            self._ledger.ingest(child.run_id, events, offset=after)
            child.ended = next((event for event in reversed(events) if isinstance(event, RunEnded)), child.ended)

    def _settle(self, child: Child) -> None:
        """Record how a child ended; an end that nobody asked of this job sends it back to the queue."""
        ended = child.ended or _silent_end(child)
        job = self._ledger.end(child.run_id, ended.outcome, ended.error, ended.report)
        if job.state is JobState.PAUSED and child.asked is not Control.PAUSE:
            self._ledger.requeue([child.job_id])
        log.info("job %s attempt %s: %s %s", child.job_id, job.attempt, ended.outcome, ended.error)

    def _adopt_orphans(self) -> None:
        """Bring in the last words of jobs whose host died, and queue them again."""
        for job in self._ledger.jobs(states=(JobState.RUNNING,)):
            attempt = attempt_folder(self._workspace, job.id, job.attempt)
            _end_stranger(attempt)
            run = self._ledger.runs(job.id)[-1]
            offset = self._ledger.offset(run.id)
            events, after = read_events(attempt.events, offset)
            self._ledger.ingest(run.id, events, offset=after)
            ended = next((event for event in reversed(events) if isinstance(event, RunEnded)), None)
            ended = ended or RunEnded(outcome=Outcome.PAUSED)
            state = self._ledger.end(run.id, ended.outcome, ended.error, ended.report).state
            if state is JobState.PAUSED and job.request is not Request.PAUSE:
                self._ledger.requeue([job.id])


def _silent_end(child: Child) -> RunEnded:
    """Say what is known of a child that died without a word."""
    if child.asked is Control.CANCEL:
        return RunEnded(outcome=Outcome.CANCELLED)
    if child.asked is not None:
        return RunEnded(outcome=Outcome.PAUSED)
    lines = child.attempt.log.read_text(errors="replace").strip().splitlines()
    last = f": {lines[-1]}" if lines else ""
    return RunEnded(
        outcome=Outcome.LOST,
        error=f"the worker ended with status {child.process.returncode}{last}",
        report="\n".join(lines[-50:]),
    )


def _end_stranger(attempt: Attempt) -> None:
    """Wait for a child of a dead host to save and end; end it if it does not."""
    if not attempt.pid.exists():
        return
    pid, started = attempt.pid.read_text().split()
    try:
        process = psutil.Process(int(pid))
        if abs(process.create_time() - float(started)) > 1:
            return
        write_atomically(attempt.control, Control.STOP.encode())
        try:
            process.wait(_STRANGER_ENDS_AFTER_S)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait()
    except psutil.NoSuchProcess:
        return


def run_host(
    workspace: Path, settings: Settings, *, workers: int, until_idle: bool = False, linger_s: float | None = None
) -> None:
    """Be the host of `workspace` until told to stop by a signal; or until idle.

    Raises:
        WorkspaceError: another host is at work there, or the workspace cannot be used.
    """
    with explained(workspace):
        workspace.mkdir(parents=True, exist_ok=True)
    lock = FileLock(workspace / "host.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise WorkspaceError(f"{workspace}: a host is already at work here") from error
    try:
        host = Host(workspace, settings, workers)
        signal.signal(signal.SIGTERM, host.stop)
        signal.signal(signal.SIGINT, host.stop)
        host.serve(until_idle=until_idle, linger_s=linger_s)
    finally:
        lock.release()


def host_lives(workspace: Path) -> bool:
    """Whether a host holds the workspace's lock on this machine."""
    path = workspace / "host.lock"
    if not path.exists():
        return False
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False
