"""Tests that every kind of job has its generator."""

import pytest

from card_studio.domain.job import JobKind, MakeCard
from card_studio.domain.options import NpzData, TrainingOptions
from card_studio.domain.recipe import Recipe
from card_studio.domain.run import CardMade
from card_studio.engine.context import Context
from card_studio.engine.tasks import TASKS


def test_every_kind_of_job_can_be_done() -> None:
    assert set(TASKS) == set(JobKind)


def test_a_job_reaches_its_own_generator(context: Context, small_data: NpzData) -> None:
    recipe = Recipe(
        data=small_data,
        network={"name": "conv2", "width": 0.1},
        training=TrainingOptions(epochs=1, batch_size=30),
    )
    events = list(TASKS[JobKind.MAKE_CARD](MakeCard(recipe=recipe), context))
    assert sum(isinstance(event, CardMade) for event in events) == 1


def test_a_job_of_another_kind_is_a_bug(context: Context, small_data: NpzData) -> None:
    with pytest.raises(TypeError, match="make_card is no MapCards"):
        TASKS[JobKind.MAP](MakeCard(recipe=Recipe(data=small_data)), context)
