"""The main job through a real host, real workers and a real database: recipe, job, run, card, deck, prediction."""

from pathlib import Path

import numpy as np
import pytest

from card_studio.domain.card import CardQuery
from card_studio.domain.deck import DeckMode
from card_studio.domain.job import EvaluateCards, JobState, MapCards, MapOptions, PrepareGate, Suite
from card_studio.domain.names import CorruptionName
from card_studio.domain.recipe import Recipe
from card_studio.domain.run import Outcome
from card_studio.errors import NotFoundError, RecipeError, UserError
from card_studio.pictures import encode_png
from card_studio.studio.workspace import Workspace

SUITE = Suite(corruptions=(CorruptionName.GAUSSIAN_NOISE, CorruptionName.CONTRAST), severities=(1, 5), images=40)


def _finish_all(workspace: Workspace) -> None:
    while pending := [job for job in workspace.jobs() if not job.state.ended]:
        workspace.wait(pending[0], timeout_s=120)


def test_the_main_job(workspace: Workspace, quick: Recipe, tmp_path: Path) -> None:
    job = workspace.submit(quick, evaluate=SUITE, map=MapOptions(images=4))
    seen: list[float] = []
    workspace.wait(job, timeout_s=120, progress=lambda now: seen.append(now.progress))
    _finish_all(workspace)
    _the_run_is_recorded(workspace, quick)
    dense, sparse = workspace.cards(CardQuery(order="sparsity", descending=False))
    assert (dense.sparsity, sparse.sparsity) == (0.0, pytest.approx(0.5, abs=1e-4))
    assert sparse.kept_weights == round(sparse.prunable_weights * 0.5)
    assert workspace.card_file(dense.id).stat().st_size == dense.file_bytes > sparse.file_bytes
    _evaluations_and_maps_are_there(workspace)
    _a_deck_answers(workspace, [dense.id, sparse.id], tmp_path)
    assert seen == sorted(seen)


def _the_run_is_recorded(workspace: Workspace, recipe: Recipe) -> None:
    jobs = workspace.jobs()
    assert {job.state for job in jobs} == {JobState.FINISHED}
    made = next(job for job in jobs if job.spec.kind == "make_card")
    (run,) = workspace.runs(made.id)
    assert run.outcome is Outcome.FINISHED
    assert (run.seed, run.attempt) == (recipe.seed, 1)
    assert run.fingerprint
    assert run.environment
    assert {"torch", "numpy"} <= set(run.environment.packages)
    assert run.ended_at
    assert run.ended_at > run.started_at
    history = workspace.history(made.id)
    assert [level.sparsity for level in history.levels] == [0.0, 0.5]
    assert len(history.epochs) == 4
    assert [step.step for step in history.steps] == sorted({step.step for step in history.steps})
    assert sorted(workspace.cards_made_by(made)) == sorted(card.id for card in workspace.cards())


def _evaluations_and_maps_are_there(workspace: Workspace) -> None:
    for evaluation in workspace.evaluations():
        answers = workspace.array(evaluation.probabilities)
        labels = workspace.array(evaluation.labels)
        assert answers.shape == (5, 40, 10)
        right = (answers.argmax(2) == labels).mean(1)
        assert [cell.accuracy for cell in evaluation.cells] == pytest.approx(right.tolist())
        assert evaluation.robust_accuracy == pytest.approx(right[1:].mean())
    assert len(workspace.evaluations()) == 2
    for each in workspace.maps():
        assert each.errors.shape == (32, 32)
    assert len(workspace.maps()) == 2


def _a_deck_answers(workspace: Workspace, cards: list[str], tmp_path: Path) -> None:
    deck = workspace.deal("hand", cards)
    with pytest.raises(UserError, match="not measured yet"):
        workspace.score(deck)
    images = np.random.default_rng(0).integers(0, 256, (3, 3, 32, 32), np.uint8)
    predictions = workspace.predict(deck, images)
    assert workspace.missing(deck) == ()
    score = workspace.score(deck)
    by_hand = np.mean([workspace.array(each.probabilities) for each in workspace.evaluations()], axis=0)
    labels = workspace.array(workspace.evaluations()[0].labels)
    assert score.clean == pytest.approx((by_hand.argmax(2) == labels).mean(1)[0])  # one suit: the gate has no choice
    for prediction in predictions:
        assert prediction.chosen == "clean"
        assert prediction.card_probabilities is not None
        assert prediction.probabilities is not None
        assert prediction.probabilities == pytest.approx(prediction.card_probabilities.mean(0), abs=1e-6)
    path = tmp_path / "one.png"
    path.write_bytes(encode_png(images[0]))
    (again,) = workspace.predict(deck, [path])
    assert again.probabilities == pytest.approx(predictions[0].probabilities, abs=1e-6)
    assert workspace.samples(deck, CorruptionName.CONTRAST, 5, count=7).shape == (7, 3, 32, 32)


def test_cards_of_one_recipe_are_the_same_card(workspace: Workspace, quick: Recipe) -> None:
    first = workspace.submit(quick)
    workspace.wait(first, timeout_s=120)
    stages = list((workspace.path / "stages").iterdir())
    for stage in stages:
        stage.unlink()
    second = workspace.wait(workspace.submit(quick), timeout_s=120)
    assert workspace.cards_made_by(second) == workspace.cards_made_by(workspace.job(first.id))
    assert workspace.count_cards() == 2


def test_what_a_deck_lacks_is_listed_and_queued_once(workspace: Workspace, quick: Recipe) -> None:
    workspace.wait(workspace.submit(quick), timeout_s=120)
    cards = [card.id for card in workspace.cards()]
    deck = workspace.deal("hand", cards, mode=DeckMode.DOMAIN_AGNOSTIC)
    evaluate, gate = workspace.missing(deck)
    assert isinstance(evaluate, EvaluateCards)
    assert isinstance(gate, PrepareGate)
    assert set(evaluate.cards) == set(cards)
    before = len(workspace.jobs())
    assert {job.spec for job in workspace.queue_missing(deck)} == {evaluate, gate}
    assert len(workspace.jobs()) == before


def test_submitting_replicates_counts_seeds_up(workspace: Workspace, quick: Recipe) -> None:
    workspace.submit(quick, replicates=3)
    assert sorted(job.spec.recipe.seed for job in workspace.jobs()) == [0, 1, 2]  # type: ignore[union-attr]
    with pytest.raises(UserError, match="at least 1"):
        workspace.submit(quick, replicates=0)


def test_data_found_from_here_are_found_from_everywhere(
    workspace: Workspace, quick: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pictures").mkdir()
    monkeypatch.chdir(tmp_path)
    for path, stored in (("pictures", tmp_path / "pictures"), ("elsewhere", Path("elsewhere"))):
        recipe = Recipe.model_validate(quick.model_dump() | {"data": {"name": "folder", "path": path}})
        assert workspace.submit(recipe).spec.recipe.data.path == stored  # type: ignore[union-attr]


def test_duplicates_and_maps_are_queued(workspace: Workspace, quick: Recipe) -> None:
    job = workspace.submit(quick)
    (copy,) = workspace.duplicate([job.id])
    assert copy.spec == job.spec
    workspace.cancel([job.id, copy.id])
    assert {each.state for each in workspace.jobs()} == {JobState.CANCELLED}
    with pytest.raises(UserError, match="cancelled"):
        workspace.wait(copy)


def test_a_failed_job_says_why(workspace: Workspace, quick: Recipe, tmp_path: Path) -> None:
    missing = {"name": "folder", "path": str(tmp_path / "nowhere")}
    recipe = Recipe.model_validate(quick.model_dump() | {"data": missing})
    with pytest.raises(UserError, match="nowhere"):
        workspace.wait(workspace.submit(recipe), timeout_s=60)
    assert workspace.cards() == []


def test_unknown_names_are_the_users_mistake(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        workspace.card("abc")
    with pytest.raises(NotFoundError):
        workspace.deck("none")
    with pytest.raises(RecipeError):
        workspace.submit(tmp_path / "none.toml")
    with pytest.raises(NotFoundError):
        workspace.deal("hand", ["abc"])


def test_mapping_is_queued_for_several_cards(workspace: Workspace, quick: Recipe) -> None:
    workspace.wait(workspace.submit(quick), timeout_s=120)
    ids = [card.id for card in workspace.cards()]
    job = workspace.map(ids, MapOptions(images=2))
    assert isinstance(job.spec, MapCards)
    workspace.wait(job, timeout_s=60)
    assert {each.card_id for each in workspace.maps()} == set(ids)
