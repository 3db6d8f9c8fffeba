"""Tests of making cards in pieces: whoever is stopped, wherever, ends with the same events and cards."""

from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from card_studio.domain.job import MakeCard
from card_studio.domain.names import Compression
from card_studio.domain.recipe import Recipe
from card_studio.domain.run import (
    AnyEvent,
    CheckpointSaved,
)
from card_studio.engine.context import Command, Context
from card_studio.engine.make_card import make_card
from card_studio.errors import DataError
from tests.engine.making import METHODS, elsewhere, plain, run, using


class TestEveryMethod:
    @pytest.mark.parametrize("method", list(Compression))
    def test_resumes_bit_for_bit_wherever_it_stops(
        self, method: Compression, recipe: Recipe, context: Context, subtests_seed: int
    ) -> None:
        recipe = using(recipe, METHODS[method])
        whole = run(recipe, elsewhere(context, "whole"))
        stops = np.random.default_rng(subtests_seed).choice(len(whole) - 1, 3, replace=False)
        for stop in stops:
            place = elsewhere(context, f"stopped-{stop}")
            before = run(recipe, place, save_at=int(stop))
            after = run(recipe, place)
            assert plain(before + after) == plain(whole)

    @pytest.fixture
    def subtests_seed(self, request: pytest.FixtureRequest) -> int:
        """Return a seed of its own for each method."""
        return list(Compression).index(request.getfixturevalue("method"))


class TestResuming:
    @settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(stops=st.lists(st.integers(0, 12), min_size=2, max_size=4))
    def test_any_number_of_times(
        self, stops: list[int], recipe: Recipe, context: Context, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        recipe = using(recipe, METHODS[Compression.LTH])
        root = tmp_path_factory.mktemp("resumed")
        place = replace(context, stages=root / "stages", cards=root / "cards", checkpoint=root / "checkpoint")
        told: list[AnyEvent] = []
        for stop in stops:
            told += run(recipe, place, save_at=stop)
        told += run(recipe, place)
        assert plain(told) == plain(run(recipe, elsewhere(context, f"whole-{root.name}")))

    def test_trains_again_what_died_with_its_log(self, recipe: Recipe, context: Context) -> None:
        """The stage of a level finished after the checkpoint is there, but its curves are not in the log."""
        recipe = using(recipe, METHODS[Compression.LRR])
        place = elsewhere(context, "died")
        before = run(recipe, place, save_at=4)
        checkpoint = place.checkpoint.read_bytes()
        run(recipe, place)
        place.checkpoint.write_bytes(checkpoint)
        after = run(recipe, place)
        assert plain(before + after) == plain(run(recipe, elsewhere(context, "whole")))

    def test_refuses_images_that_changed(self, recipe: Recipe, context: Context) -> None:
        run(recipe, context, save_at=3)
        path = Path(str(recipe.data.path))
        arrays = dict(np.load(path))
        arrays["images"][0] ^= 1
        np.savez(path, **arrays)
        with pytest.raises(DataError, match="images changed since this job was paused"):
            run(recipe, context)

    def test_saving_does_not_change_what_follows(self, recipe: Recipe, context: Context) -> None:
        seconds = count()
        place = elsewhere(context, "saving")
        events = make_card(MakeCard(recipe=recipe), place, clock=lambda: float(next(seconds)))
        told = [next(events)]
        told.append(next(events))
        try:
            while True:
                answer = events.send(Command.SAVE)
                told += [] if isinstance(answer, CheckpointSaved) else [answer]
                answer = next(events)
                told.append(answer)
        except StopIteration:
            pass
        assert plain(told) == plain(run(recipe, elsewhere(context, "whole")))
