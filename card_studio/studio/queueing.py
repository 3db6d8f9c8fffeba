"""Use cases of the queue: ask for work, order it, stop it, wait for it, and see how it goes."""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from card_studio.domain.ids import CardId, JobId
from card_studio.domain.job import (
    EvaluateCards,
    ExportCard,
    ImportCards,
    Job,
    JobSpec,
    JobState,
    MakeCard,
    MapCards,
    MapOptions,
    Request,
    Suite,
)
from card_studio.domain.options import VALUE_BITS, ValueType
from card_studio.domain.recipe import Recipe, read_recipe
from card_studio.domain.run import AnyEvent, CardExported, CardMade, History, HostState, Run
from card_studio.errors import CardFileError, UserError, WorkspaceError
from card_studio.studio.attempt import attempt_folder
from card_studio.studio.event_log import read_events
from card_studio.studio.extending import Extending
from card_studio.studio.host import host_lives
from card_studio.studio.launch import launch_host
from card_studio.studio.targets import card_target

_POLL_S = 0.2
_HOST_STARTS_WITHIN_S = 30.0


class Queueing(Extending):
    """The queue, as a front end sees it."""

    def submit(
        self,
        recipe: Recipe | Path | str,
        *,
        replicates: int = 1,
        priority: int = 0,
        evaluate: Suite | None = None,
        map: MapOptions | None = None,
    ) -> Job:
        """Queue a recipe, `replicates` times with seeds counting up; return the first job.

        Args:
            recipe: a recipe, or the path of a TOML file.
            replicates: how many, at least 1.
            priority: higher runs first.
            evaluate: the suite on which each card is then evaluated, if any.
            map: how each card's sensitivity is then mapped, if at all.

        Raises:
            RecipeError: the file is missing or wrong.
        """
        if replicates < 1:
            raise UserError(f"replicates is {replicates}: ask for at least 1")
        checked = recipe if isinstance(recipe, Recipe) else read_recipe(Path(recipe))
        recipes = [checked.model_copy(update={"seed": checked.seed + index}) for index in range(replicates)]
        specs = [MakeCard(recipe=each, then_evaluate=evaluate, then_map=map) for each in recipes]
        return self.submit_all(specs, priority=priority)[0]

    def submit_all(self, specs: Sequence[JobSpec], *, priority: int = 0) -> list[Job]:
        """Queue several jobs in order; data found from here are found by the worker, wherever that runs.

        Raises:
            RecipeError: a recipe names a method of one's own that this workspace lacks, or an option of it is wrong.
        """
        return self._ledger.add_all([_located(self._resolved(spec)) for spec in specs], priority=priority)

    def evaluate(self, cards: Sequence[CardId], suite: Suite | None = None) -> Job:
        """Queue the evaluation of cards of one dataset on a suite, by default the standard one."""
        return self.submit_all([EvaluateCards(cards=tuple(cards), suite=suite or Suite())])[0]

    def map(self, cards: Sequence[CardId], options: MapOptions | None = None) -> Job:
        """Queue the sensitivity maps of cards of one dataset."""
        return self.submit_all([MapCards(cards=tuple(cards), options=options or MapOptions())])[0]

    def import_cards(self, path: Path, recipe: Recipe | Path | str | None = None) -> Job:
        """Queue the import of a .card file of another workspace, or of a foreign state dict.

        Args:
            path: a .card, .pt, .pth or .safetensors file.
            recipe: what is known of how a foreign network was made; for a .card file, where its dataset lies here.

        Raises:
            CardFileError: there is no such file.
            RecipeError: the recipe's file is missing or wrong.
        """
        file = Path(path).expanduser().resolve()
        if not file.is_file():
            raise CardFileError(f"{path}: no such file")
        known = recipe if recipe is None or isinstance(recipe, Recipe) else read_recipe(Path(recipe))
        return self.submit_all([ImportCards(path=file, recipe=known)])[0]

    def export_rounded(self, card_id: str, out: Path, values: ValueType) -> Job:
        """Queue a card's export with its kept weights in fewer bits; `exported_by` tells what that changed.

        Args:
            card_id: the card, or the first characters of its id.
            out: a file ending in .card, or a folder to put it in.
            values: fewer bits than the card has now.

        Raises:
            NotFoundError: there is no such card.
            CardFileError: the file's name does not end in .card, or the card's values have no more bits than that.
        """
        card = self._library.card(card_id)
        stored = card.recipe.values
        if VALUE_BITS[values] >= VALUE_BITS[stored]:
            reason = (
                "is what it has: leave the values out" if values == stored else "would not bring back what was rounded"
            )
            raise CardFileError(f"{card.name}: its values are {stored}: {values} {reason}")
        target = card_target(card, out.expanduser().resolve(), f"-{values}")
        return self.submit_all([ExportCard(card=card.id, out=target, values=values)])[0]

    def jobs(self, states: Collection[JobState] | None = None) -> list[Job]:
        """Return jobs: running, paused, queued in the order they will run, then ended, newest first."""
        return self._ledger.jobs(states)

    def queue(self, limit: int) -> tuple[list[Job], dict[JobState, int]]:
        """Return the first so many of `jobs`, and how many there are in each state: cheap for a long list too."""
        return self._ledger.queue(limit)

    def job(self, job_id: JobId) -> Job:
        """Return one job.

        Raises:
            NotFoundError: there is none of that number.
        """
        return self._ledger.job(job_id)

    def runs(self, job_id: JobId) -> list[Run]:
        """Return a job's attempts, oldest first."""
        return self._ledger.runs(job_id)

    def history(self, job_id: JobId, *, after_step: int = -1) -> History:
        """Return what a job's latest run has reported; of the steps only those after `after_step`."""
        return self._ledger.history(job_id, after_step=after_step)

    def log(self, job_id: JobId) -> list[tuple[float, str]]:
        """Return a job's log: seconds since 1970, and a line."""
        return self._ledger.log(job_id)

    def cards_made_by(self, job: Job) -> list[CardId]:
        """Return the cards of a job's latest attempt, as its own log says; also those that were known before."""
        return [event.card for event in self._said_by(job) if isinstance(event, CardMade)]

    def exported_by(self, job: Job) -> CardExported:
        """Return what a finished export has written, and what that changed."""
        return next(event for event in self._said_by(job) if isinstance(event, CardExported))

    def _said_by(self, job: Job) -> Iterator[AnyEvent]:
        path = attempt_folder(self.path, job.id, job.attempt).events
        events, offset = read_events(path, 0)
        while events:
            yield from events
            events, offset = read_events(path, offset)

    def reorder(self, jobs: Sequence[JobId], before: JobId | None) -> list[Job]:
        """Move queued jobs before another, or to the end; return them."""
        return self._ledger.move(jobs, before)

    def prioritise(self, jobs: Sequence[JobId], priority: int) -> list[Job]:
        """Set the priority of jobs; higher runs first."""
        return self._ledger.set_priority(jobs, priority)

    def pause(self, jobs: Sequence[JobId]) -> list[Job]:
        """Ask jobs to save their state and wait."""
        return self._ledger.request(jobs, Request.PAUSE)

    def resume(self, jobs: Sequence[JobId]) -> list[Job]:
        """Let paused jobs go on."""
        return self._ledger.requeue(jobs)

    def cancel(self, jobs: Sequence[JobId]) -> list[Job]:
        """End jobs without their result."""
        return self._ledger.request(jobs, Request.CANCEL)

    def retry(self, jobs: Sequence[JobId]) -> list[Job]:
        """Queue failed or cancelled jobs again; they go on from their last checkpoint."""
        return self._ledger.requeue(jobs)

    def duplicate(self, jobs: Sequence[JobId]) -> list[Job]:
        """Queue the same work once more."""
        return self.submit_all([self._ledger.job(each).spec for each in jobs])

    def forget(self, jobs: Sequence[JobId]) -> None:
        """Take ended jobs off the list; their cards stay."""
        self._ledger.forget(jobs)

    def host(self) -> HostState | None:
        """Return the host at work on this workspace, if one lives."""
        return self._ledger.host()

    def ensure_host(self) -> None:
        """Start a host in a process of its own, unless one lives.

        Raises:
            WorkspaceError: it did not come up.
        """
        if host_lives(self.path):
            return
        launch_host(self.path, self.settings)
        deadline = time.monotonic() + _HOST_STARTS_WITHIN_S
        while not host_lives(self.path):
            if time.monotonic() > deadline:
                raise WorkspaceError(f"the host did not start: see {self.path / 'host.log'}")
            time.sleep(_POLL_S)

    def wait(self, job: Job, *, timeout_s: float | None = None, progress: Callable[[Job], None] | None = None) -> Job:
        """Wait until a job has ended, with a host at work; return it.

        Args:
            job: a job of this workspace.
            timeout_s: give up after so long; None waits for ever.
            progress: called now and then with the job as it stands.

        Raises:
            UserError: the job failed or was cancelled, or the time is up.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            now = self._ledger.job(job.id)
            if progress:
                progress(now)
            if now.state.ended:
                break
            if deadline is not None and time.monotonic() > deadline:
                raise UserError(f"job {job.id} ({now.name}) is still {now.state} after {timeout_s} s")
            self.ensure_host()
            time.sleep(_POLL_S)
        if now.state is not JobState.FINISHED:
            raise UserError(f"job {now.id} ({now.name}) {now.state}" + (f": {now.error}" if now.error else ""))
        return now


def _located(spec: JobSpec) -> JobSpec:
    """Make a relative data path absolute where something lies there; others start at the settings' data folder."""
    recipe = spec.recipe if isinstance(spec, MakeCard | ImportCards) else None
    data = recipe.data if recipe is not None else getattr(spec, "data", None)
    path = getattr(data, "path", None)
    if data is None or path is None or path.is_absolute() or not path.exists():
        return spec
    located = data.model_copy(update={"path": path.resolve()})
    if recipe is not None:
        return spec.model_copy(update={"recipe": recipe.model_copy(update={"data": located})})
    return spec.model_copy(update={"data": located})
