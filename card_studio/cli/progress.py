"""Progress bars for jobs, on stderr."""

from collections.abc import Sequence

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from card_studio.cli.show import PROGRESS
from card_studio.domain.ids import JobId
from card_studio.domain.job import Job, JobState


class JobBars:
    """One bar for each job, shown from its first word on; where stderr is no terminal, a line for each change."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[phase]}"), TimeElapsedColumn(),
            console=PROGRESS, disable=not PROGRESS.is_terminal,
        )  # fmt: skip
        self._bars: dict[JobId, TaskID] = {}
        self._doing = ""
        self._said: dict[JobId, str] = {}

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
        if not PROGRESS.is_terminal and phase and self._said.get(job.id) != phase:
            PROGRESS.print(f"job {job.id} ({job.name}): {phase}", soft_wrap=True, highlight=False)
            self._said[job.id] = phase
        self._progress.update(self._bars[job.id], completed=job.progress, phase=phase)
