"""The folder of one attempt at a job: what host and worker child say to each other, and what a next attempt takes over.

    job.json       the order: specification, folders, device, threads, and the host's identity      host  -> child
    control        `pause`, `cancel` or `stop`                                                      host  -> child
    pid            the child's process id and start time                                            host  -> later hosts
    events.jsonl   what happened, append-only                                                       child -> host
    checkpoint     training state; `checkpoint.mark` is the log's length at that state             child -> next attempt
    log.txt        the child's stderr

A checkpoint and its mark are two files, so a crash between their two renames must be told apart: `mark.next` is
written before the checkpoint, `checkpoint.mark` (with the checkpoint's size and time) after it. If the checkpoint is
not the one that `checkpoint.mark` describes, it is the one that `mark.next` announced.
"""

import json
import shutil
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from card_studio.domain.job import JobSpec
from card_studio.files import write_atomically


class Control(StrEnum):
    """What the host asks of a running child."""

    PAUSE = "pause"
    CANCEL = "cancel"
    STOP = "stop"
    """Save and end; the job goes on later, under another host."""


class Order(BaseModel):
    """All that a worker child is told."""

    model_config = ConfigDict(frozen=True)

    spec: JobSpec
    workspace: Path
    data_folder: Path | None
    device: str
    threads: int
    host_pid: int
    host_started: float
    """The host's start in seconds since 1970, so that a reused process id is not taken for it."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Paths of one attempt's folder."""

    folder: Path

    @property
    def order(self) -> Path:
        """The order, JSON."""
        return self.folder / "job.json"

    @property
    def control(self) -> Path:
        """The host's latest wish; absent while there is none."""
        return self.folder / "control"

    @property
    def pid(self) -> Path:
        """The child's process id and start time."""
        return self.folder / "pid"

    @property
    def events(self) -> Path:
        """The event log."""
        return self.folder / "events.jsonl"

    @property
    def checkpoint(self) -> Path:
        """The latest training state."""
        return self.folder / "checkpoint"

    @property
    def log(self) -> Path:
        """The child's stderr."""
        return self.folder / "log.txt"

    def announce_checkpoint(self, log_bytes: int) -> None:
        """Say, before a checkpoint is written, how long the log is at that state."""
        write_atomically(self._next, str(log_bytes).encode())

    def confirm_checkpoint(self, log_bytes: int) -> None:
        """Say, after a checkpoint is written, that it is the one of that log length."""
        write_atomically(self._mark, json.dumps({"log_bytes": log_bytes, "checkpoint": self._signature()}).encode())

    def mark(self) -> int:
        """Return the log's length at the checkpoint; 0 where there is no checkpoint."""
        if not self.checkpoint.exists():
            return 0
        if self._mark.exists():
            mark = json.loads(self._mark.read_bytes())
            if mark["checkpoint"] == self._signature():
                return int(mark["log_bytes"])
        return int(self._next.read_bytes()) if self._next.exists() else 0

    def take_over(self, previous: "Attempt") -> None:
        """Start where `previous` saved its last checkpoint: copy that, and the log up to it."""
        mark = previous.mark()
        if not mark:
            return
        with previous.events.open("rb") as log:
            write_atomically(self.events, log.read(mark))
        shutil.copyfile(previous.checkpoint, self.checkpoint)
        self.confirm_checkpoint(mark)

    @property
    def _mark(self) -> Path:
        return self.folder / "checkpoint.mark"

    @property
    def _next(self) -> Path:
        return self.folder / "mark.next"

    def _signature(self) -> list[int]:
        status = self.checkpoint.stat()
        return [status.st_size, status.st_mtime_ns]


def attempt_folder(workspace: Path, job_id: int, attempt: int) -> Attempt:
    """Return the folder of a job's attempt, which may not exist yet."""
    return Attempt(workspace / "runs" / str(job_id) / f"attempt-{attempt}")
