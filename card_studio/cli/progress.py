"""Progress bars for jobs, on stderr."""

import time
from collections.abc import Sequence

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from card_studio.cli.show import PROGRESS
from card_studio.domain.ids import JobId
from card_studio.domain.job import Job, JobState

_SAY_EVERY_S = 5.0


class JobBars:
    """One bar for each job, shown from its first word on; where stderr is no terminal, a line for each change."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[phase]}"), TimeElapsedColumn(),
            console=PROGRESS, disable=not PROGRESS.is_terminal,
        )  # fmt: skip
        self._bars: dict[JobId, TaskID] = {}
        self._doing = ""
        self._said: dict[JobId, tuple[str, float]] = {}

    def __enter__(self) -> "JobBars":
        """Begin to draw."""
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Draw for the last time."""
        self._progress.stop()

    def show(self, doing: str, jobs: Sequence[Job]) -> None:
        """Draw jobs as they stand, under a heading that is printed once."""
        if doing and doing != self._doing:
            PROGRESS.print(doing)
            self._doing = doing
        for job in jobs:
            if job.state is not JobState.QUEUED:
                self.update(job)

    def update(self, job: Job) -> None:
        """Draw one job as it stands."""
        if job.id not in self._bars:
            self._bars[job.id] = self._progress.add_task(job.name, total=1.0, phase="")
        phase = str(job.state) if job.state.ended else job.phase
        if not PROGRESS.is_terminal:
            self._say(job, phase)

    def _say(self, job: Job, phase: str) -> None:
        """Print what a job is doing now: its end at once, its phases not oftener than every few seconds."""
        said, at = self._said.get(job.id, ("", 0.0))
        now = time.monotonic()
        if phase and phase != said and (job.state.ended or now - at > _SAY_EVERY_S):
            text = f"job {job.id} ({job.name}): {phase}, {100 * job.progress:.0f} %"
            PROGRESS.print(text, soft_wrap=True, highlight=False)
            self._said[job.id] = (phase, now)
        self._progress.update(self._bars[job.id], completed=job.progress, phase=phase)
