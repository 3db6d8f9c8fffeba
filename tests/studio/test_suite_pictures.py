"""The images that cards were evaluated on: the cache's where they lie there, else a child makes the very same."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from card_studio.domain.card import Evaluation
from card_studio.domain.job import Suite
from card_studio.domain.names import CorruptionName
from card_studio.domain.options import ShapesData
from card_studio.engine.data.datasets import Dataset, open_dataset
from card_studio.engine.data.suites import SuiteImages
from card_studio.errors import UserError
from card_studio.studio.suite_pictures import suite_pictures
from card_studio.studio.workspace import Workspace
from tests.studio.test_robustness import Answers, card

DATA = ShapesData(train_images=10, held_out_images=120)
SUITE = Suite(corruptions=(CorruptionName.GLASS_BLUR, CorruptionName.SPATTER), severities=(2, 4))
PLACES = [(2, 110), (0, 3), (2, 5), (4, 5), (2, 5)]
CARD = card("a")
ASKED = CARD.recipe.model_copy(update={"data": DATA})


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    opened = Workspace(tmp_path_factory.mktemp("pictures") / "workspace")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return open_dataset(DATA, cache=tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def whole(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> SuiteImages:
    """The suite as an evaluation makes it."""
    return SuiteImages(SUITE, dataset, tmp_path_factory.mktemp("whole"))


@pytest.fixture
def evaluation(dataset: Dataset) -> Evaluation:
    return replace(Answers().evaluation(CARD, 0.5, suite=SUITE), data_digest=dataset.digest)


def expected(whole: SuiteImages) -> list[object]:
    return [whole.images(whole.cells[cell])[image].tolist() for cell, image in PLACES]


def test_a_child_makes_what_is_not_in_the_cache(
    workspace: Workspace, evaluation: Evaluation, whole: SuiteImages
) -> None:
    made = suite_pictures(workspace, replace(CARD, recipe=ASKED), evaluation, PLACES)
    assert [each.tolist() for each in made] == expected(whole)
    assert not list((workspace.path / "cache").glob("suites/*")), "a few pictures are not a cell"


def test_another_dataset_is_refused_in_one_line(workspace: Workspace, evaluation: Evaluation) -> None:
    other = replace(evaluation, data_digest="0" * 64)
    with pytest.raises(UserError, match="shapes is not what it was when the cards were evaluated"):
        suite_pictures(workspace, replace(CARD, recipe=ASKED), other, PLACES)


def test_cached_pictures_need_no_child(
    workspace: Workspace, evaluation: Evaluation, dataset: Dataset, whole: SuiteImages, tmp_path: Path
) -> None:
    quiet = Workspace(tmp_path / "quiet")
    kept = SuiteImages(SUITE, dataset, quiet.path / "cache")
    for cell in kept.cells:
        kept.images(cell)
    made = suite_pictures(quiet, CARD, evaluation, PLACES)
    assert [each.tolist() for each in made] == expected(whole)
    assert not (quiet.path / "dealer.log").exists()
    quiet.close()
