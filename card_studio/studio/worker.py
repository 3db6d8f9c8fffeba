"""The worker child: runs one job's engine generator and appends its events to the attempt's log.

Started as `python -m card_studio.studio.worker FOLDER`, never imported. It never opens the database. Each yield of the
generator is the only point where pause, cancel or stop is honoured. Without its host it saves and ends within 10 s.
"""

import argparse
import contextlib
import os
import sys
import threading
import time
import traceback
from collections.abc import Generator
from pathlib import Path

import psutil

from card_studio.domain.job import JobKind
from card_studio.domain.run import AnyEvent, CheckpointSaved, Outcome, RunEnded, RunStarted
from card_studio.engine.context import Command, Context, device_named, use_threads
from card_studio.engine.own_code import use_extensions
from card_studio.engine.tasks import TASKS
from card_studio.errors import UserError
from card_studio.studio.attempt import Attempt, Control, Order
from card_studio.studio.environment import environment

_CHECKPOINT_EVERY_S = 30.0
_LOOK_FOR_HOST_EVERY_S = 2.0
_ORPHAN_ENDS_AFTER_S = 8.0
_NICENESS = 5
_SESSION_GROUP = Path("/proc/self/autogroup")

EventStream = Generator[AnyEvent, Command | None, None]


class EventLog:
    """The attempt's append-only log."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt
        self._file = attempt.events.open("ab")

    def write(self, event: AnyEvent) -> None:
        """Append one event, stamped with the time, and hand it to the system at once."""
        stamped = event.model_copy(update={"at": time.time()})
        self._file.write(stamped.model_dump_json().encode() + b"\n")
        self._file.flush()

    @property
    def length(self) -> int:
        """Bytes written."""
        return self._file.tell()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class HostWatch(threading.Thread):
    """Looks for the host; when it is gone, asks for an end, and forces one if the engine does not yield in time."""

    def __init__(self, order: Order) -> None:
        super().__init__(daemon=True)
        self._order = order
        self.orphaned = threading.Event()

    def run(self) -> None:
        """Watch until the host is gone."""
        while self._host_lives():
            time.sleep(_LOOK_FOR_HOST_EVERY_S)
        self.orphaned.set()
        time.sleep(_ORPHAN_ENDS_AFTER_S)
        os._exit(1)

    def _host_lives(self) -> bool:
        try:
            host = psutil.Process(self._order.host_pid)
            return abs(host.create_time() - self._order.host_started) < 1 and host.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False


def wish(attempt: Attempt, watch: HostWatch) -> Control | None:
    """Return what is asked of this child now."""
    if watch.orphaned.is_set():
        return Control.STOP
    try:
        return Control(attempt.control.read_text().strip())
    except FileNotFoundError:
        return None


def follow(events: EventStream, attempt: Attempt, log: EventLog, watch: HostWatch) -> Outcome:
    """Log events until the generator ends or somebody asks for an end; save a checkpoint now and then."""
    saved_at = time.monotonic()
    event = next(events, None)
    while event is not None:
        log.write(event)
        asked = wish(attempt, watch)
        if asked is Control.CANCEL:
            events.close()
            return Outcome.CANCELLED
        if asked is not None or time.monotonic() - saved_at > _CHECKPOINT_EVERY_S:
            event = _save(events, attempt, log)
            saved_at = time.monotonic()
            if asked is not None and event is not None:
                events.close()
                return Outcome.PAUSED
        else:
            event = next(events, None)
    return Outcome.FINISHED


def _save(events: EventStream, attempt: Attempt, log: EventLog) -> AnyEvent | None:
    """Ask for a checkpoint; a stage that resumes from its own outputs answers with its next event instead."""
    mark = log.length
    attempt.announce_checkpoint(mark)
    try:
        event = events.send(Command.SAVE)
    except StopIteration:
        return None
    if isinstance(event, CheckpointSaved):
        attempt.confirm_checkpoint(mark)
    return event


def run(attempt: Attempt) -> None:
    """Do the attempt's order, from its checkpoint where there is one; every end is an event in the log."""
    order = Order.model_validate_json(attempt.order.read_bytes())
    watch = HostWatch(order)
    watch.start()
    log = EventLog(attempt)
    try:
        context = _context(order, attempt)
        log.write(_started(order, context, attempt))
        outcome = follow(TASKS[JobKind(order.spec.kind)](order.spec, context), attempt, log, watch)
        log.write(RunEnded(outcome=outcome))
    except UserError as error:
        log.write(RunEnded(outcome=Outcome.FAILED, error=str(error)))
    except Exception as error:  # noqa: BLE001 - whatever the engine raises must reach the queue as this job's reason
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        log.write(RunEnded(outcome=Outcome.FAILED, error=reason, report=traceback.format_exc()))
    finally:
        log.close()


def _started(order: Order, context: Context, attempt: Attempt) -> RunStarted:
    return RunStarted(environment=environment(str(context.device), order.threads), resumed=attempt.checkpoint.exists())


def _context(order: Order, attempt: Attempt) -> Context:
    use_threads(order.threads)
    workspace = order.workspace
    use_extensions(workspace / "extensions")
    return Context(
        device=device_named(order.device),
        threads=order.threads,
        cache=workspace / "cache",
        stages=workspace / "stages",
        cards=workspace / "cards",
        artifacts=workspace / "artifacts",
        checkpoint=attempt.checkpoint,
        data_folder=order.data_folder,
    )


def _lower_priority() -> None:
    """Leave the processor to the window and to whatever else the user does.

    Where Linux groups processes by session, as desktops do, a process's own niceness counts only within its session,
    and the worker has one to itself: the group's counts.
    """
    lower = getattr(psutil, "BELOW_NORMAL_PRIORITY_CLASS", _NICENESS)
    with contextlib.suppress(psutil.Error, OSError):  # a container may forbid it; the work matters more
        psutil.Process().nice(lower)
    if os.name == "posix" and os.getsid(0) == os.getpid():
        with contextlib.suppress(OSError):  # only some kernels group
            _SESSION_GROUP.write_text(str(_NICENESS))


def main() -> None:
    """Run the attempt in the folder given on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    _lower_priority()
    run(Attempt(parser.parse_args(sys.argv[1:]).folder))


if __name__ == "__main__":
    main()
