"""Whoever dies: nothing is lost, nothing is doubled, and the card is the one that an undisturbed run makes."""

import signal
from pathlib import Path

import pytest

from card_studio.domain.job import JobState
from card_studio.domain.recipe import Recipe
from card_studio.domain.run import Outcome
from card_studio.errors import WorkspaceError
from card_studio.settings import Settings
from card_studio.studio.host import host_lives, run_host
from card_studio.studio.workspace import Workspace
from tests.processes import end_processes_of, processes_of, wait_until


def _long(quick: Recipe) -> Recipe:
    """Return a recipe that trains for seconds on a fast machine: who is to be disturbed must not be done yet."""
    return quick.model_copy(update={"training": quick.training.model_copy(update={"epochs": 10})})


def _training(workspace: Workspace, job_id: int) -> bool:
    """Say whether two epochs are over; steps are told by the clock, on a fast machine hardly before the end."""
    return len(workspace.history(job_id).epochs) >= 2  # type: ignore[arg-type]


def _undisturbed(tmp_path: Path, settings: Settings, recipe: Recipe) -> tuple[list[str], list[int]]:
    calm = Workspace(tmp_path / "calm", settings=settings)
    job = calm.wait(calm.submit(recipe), timeout_s=120)
    return sorted(calm.cards_made_by(job)), [epoch.step for epoch in calm.history(job.id).epochs]


@pytest.mark.parametrize("victim", ["worker", "host"])
def test_a_killed_process_loses_and_doubles_nothing(
    workspace: Workspace, quick: Recipe, settings: Settings, tmp_path: Path, victim: str
) -> None:
    recipe = _long(quick)
    job = workspace.submit(recipe)
    workspace.ensure_host()
    wait_until(lambda: _training(workspace, job.id))
    word = "studio.worker" if victim == "worker" else " host "
    for process in processes_of(workspace.path, word):
        process.send_signal(signal.SIGKILL)
    job = workspace.wait(job, timeout_s=120)
    assert job.attempt == 2
    cards, steps = _undisturbed(tmp_path, settings, recipe)
    assert sorted(workspace.cards_made_by(job)) == cards
    assert [epoch.step for epoch in workspace.history(job.id).epochs] == steps
    end_processes_of(tmp_path / "calm")


def test_pause_and_resume_go_on_from_the_same_step(
    workspace: Workspace, quick: Recipe, settings: Settings, tmp_path: Path
) -> None:
    recipe = _long(quick)
    job = workspace.submit(recipe)
    workspace.ensure_host()
    wait_until(lambda: _training(workspace, job.id))
    workspace.pause([job.id])
    wait_until(lambda: workspace.job(job.id).state is JobState.PAUSED)
    assert workspace.runs(job.id)[-1].outcome is Outcome.PAUSED
    before = workspace.history(job.id)
    workspace.resume([job.id])
    job = workspace.wait(job, timeout_s=120)
    after = workspace.history(job.id)
    assert after.steps[: len(before.steps)] == before.steps
    cards, steps = _undisturbed(tmp_path, settings, recipe)
    assert sorted(workspace.cards_made_by(job)) == cards
    assert [epoch.step for epoch in after.epochs] == steps
    end_processes_of(tmp_path / "calm")


def test_cancel_ends_a_running_job(workspace: Workspace, quick: Recipe) -> None:
    job = workspace.submit(_long(quick))
    workspace.ensure_host()
    wait_until(lambda: workspace.job(job.id).state is JobState.RUNNING)
    workspace.cancel([job.id])
    wait_until(lambda: workspace.job(job.id).state is JobState.CANCELLED)
    wait_until(lambda: not processes_of(workspace.path, "studio.worker"))


def test_one_host_at_a_time(workspace: Workspace, settings: Settings) -> None:
    assert not host_lives(workspace.path)
    workspace.submit(Recipe())
    workspace.ensure_host()
    assert host_lives(workspace.path)
    with pytest.raises(WorkspaceError, match="already at work"):
        run_host(workspace.path, settings, workers=1, until_idle=True)


def test_a_worker_without_its_host_ends(workspace: Workspace, quick: Recipe) -> None:
    job = workspace.submit(_long(quick))
    workspace.ensure_host()
    wait_until(lambda: _training(workspace, job.id))
    for process in processes_of(workspace.path, " host "):
        process.kill()
    wait_until(lambda: not processes_of(workspace.path, "studio.worker"), timeout_s=12)
