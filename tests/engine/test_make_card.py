"""Tests of making cards: the methods' definitions, levels shared by jobs, and resuming bit for bit."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from card_studio.domain.job import MakeCard
from card_studio.domain.names import Compression
from card_studio.domain.options import (
    Biprop,
    Dense,
    DenseLong,
    EdgePopup,
    FineTune,
    GaussianAugmentation,
    Gradual,
    Lrr,
    Lth,
    NpzData,
    RandomMask,
    ShapesData,
    TrainingOptions,
)
from card_studio.domain.recipe import Recipe, at_sparsity, fingerprint
from card_studio.domain.run import (
    Advanced,
    AnyEvent,
    CardMade,
    CheckpointSaved,
    DatasetOpened,
    EpochFinished,
    LevelFinished,
    PhaseStarted,
    StepReported,
)
from card_studio.engine.card_file import card_net, load_card
from card_studio.engine.context import Command, Context
from card_studio.engine.data.datasets import open_dataset
from card_studio.engine.make_card import make_card
from card_studio.engine.nets import build_net, initialise, prunable
from card_studio.engine.seeds import seeded
from card_studio.engine.stages import Stages
from card_studio.engine.trajectory import Start, trajectory
from card_studio.errors import DataError

METHODS = {
    Compression.DENSE: Dense(),
    Compression.FINE_TUNE: FineTune(sparsity=0.7, fine_tune_epochs=1),
    Compression.GRADUAL: Gradual(sparsity=0.7, prune_every=1),
    Compression.LTH: Lth(sparsity=0.7, share_per_level=0.5, rewind_epoch=1, also_keep=(0,)),
    Compression.LRR: Lrr(sparsity=0.7, share_per_level=0.5, also_keep=(0, 0.5)),
    Compression.EDGE_POPUP: EdgePopup(sparsity=0.7, scope="global", schedule_epochs=1),
    Compression.BIPROP: Biprop(sparsity=0.7, schedule_epochs=0),
    Compression.DENSE_LONG: DenseLong(matched_sparsity=0.5, share_per_level=0.5),
    Compression.RANDOM_MASK: RandomMask(sparsity=0.7, share_per_level=0.5),
}
Job = Callable[..., list[AnyEvent]]


@pytest.fixture
def recipe(small_data: NpzData) -> Recipe:
    """Return a recipe of two epochs of three steps."""
    return Recipe(
        seed=5,
        data=small_data,
        network={"name": "resnet8", "width": 0.1},
        augmentation=GaussianAugmentation(),
        training=TrainingOptions(epochs=2, batch_size=30),
    )


def using(recipe: Recipe, compression: object) -> Recipe:
    return recipe.model_copy(update={"compression": compression})


def run(recipe: Recipe, context: Context, save_at: int | None = None) -> list[AnyEvent]:
    """Make a card under a clock that makes every step long enough to be told; with `save_at`, save and die there."""
    seconds = count()
    events = make_card(MakeCard(recipe=recipe), context, clock=lambda: float(next(seconds)))
    told: list[AnyEvent] = []
    event = next(events, None)
    while event is not None:
        told.append(event)
        if save_at is None or len(told) <= save_at:
            event = next(events, None)
        elif isinstance(event := events.send(Command.SAVE), CheckpointSaved):
            events.close()
            break
    return told


def plain(events: Sequence[AnyEvent]) -> list[dict[str, Any]]:
    """Return events without what the clock decides."""
    return [event.model_dump(exclude={"at", "images_per_s", "eta_s"}) for event in events]


def of(kind: type[AnyEvent], events: Sequence[AnyEvent]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def state(made: CardMade, context: Context) -> dict[str, torch.Tensor]:
    return dict(load_card(context.cards / f"{made.card}.card").state)


def elsewhere(context: Context, name: str) -> Context:
    root = context.cards.parent / name
    return replace(context, stages=root / "stages", cards=root / "cards", checkpoint=root / "checkpoint")


class TestEveryMethod:
    @pytest.mark.parametrize("method", list(Compression))
    def test_hits_its_sparsity_to_the_weight_and_measures_the_saved_card(
        self, method: Compression, recipe: Recipe, context: Context
    ) -> None:
        recipe = using(recipe, METHODS[method])
        made = of(CardMade, run(recipe, context))[-1]
        target = getattr(recipe.compression, "sparsity", 0.0)
        assert made.kept_weights == made.prunable_weights - int(target * made.prunable_weights + 0.5)
        assert made.recipe.compression.method is method
        assert made.binary == (method is Compression.BIPROP)
        data = open_dataset(recipe.data, cache=context.cache).validation
        with torch.no_grad():
            answers = card_net(load_card(context.cards / f"{made.card}.card"))(data.images / 255).argmax(1)
        assert made.validation_accuracy == pytest.approx((answers == data.labels).float().mean().item())

    def test_has_settings_here(self) -> None:
        assert set(METHODS) == set(Compression)

    @pytest.mark.parametrize("method", list(Compression))
    def test_gives_the_same_card_again(self, method: Compression, recipe: Recipe, context: Context) -> None:
        recipe = using(recipe, METHODS[method])
        ids = [of(CardMade, run(recipe, elsewhere(context, name)))[-1].card for name in ("one", "two")]
        assert ids[0] == ids[1]

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


class TestLevels:
    def test_are_shared_by_recipes_that_pass_through_them(self, recipe: Recipe, context: Context) -> None:
        dense = of(CardMade, run(recipe, context))[0]
        told = run(using(recipe, Lrr(sparsity=0.5, share_per_level=0.5, also_keep=(0,))), context)
        assert [level.reused for level in of(LevelFinished, told)] == [True, False]
        assert {report.level for report in of(StepReported, told)} == {1}
        assert of(CardMade, told)[0].card == dense.card
        for method in (FineTune(fine_tune_epochs=1), Lth(sparsity=0.5, share_per_level=0.5)):
            assert of(LevelFinished, run(using(recipe, method), context))[0].reused
        longer = run(using(recipe, Lrr(sparsity=0.75, share_per_level=0.5)), context)
        assert [level.reused for level in of(LevelFinished, longer)] == [True, True, False]

    def test_differ_where_seed_or_training_does(self, recipe: Recipe, context: Context) -> None:
        run(recipe, context)
        training = recipe.training.model_copy(update={"weight_decay": 0.0})
        for change in ({"seed": 6}, {"training": training}, {"augmentation": GaussianAugmentation(sigma=0.2)}):
            assert not of(LevelFinished, run(recipe.model_copy(update=change), context))[0].reused

    def test_kept_on_the_way_give_the_cards_of_their_own_recipes(self, recipe: Recipe, context: Context) -> None:
        """0.6 lies between two levels of the way to 0.875: it branches off."""
        long = using(recipe, Lrr(sparsity=0.875, share_per_level=0.5, also_keep=(0, 0.6)))
        told = run(long, context)
        cards = of(CardMade, told)
        assert [card.sparsity for card in cards] == pytest.approx([0, 0.6, 0.875], abs=1e-3)
        own = run(at_sparsity(long, 0.6), elsewhere(context, "own"))
        assert of(CardMade, own)[0].card == cards[1].card
        assert cards[1].fingerprint == fingerprint(at_sparsity(long, 0.6), cards[1].data_digest)
        assert [level.level for level in of(LevelFinished, told)] == list(range(5))
        assert (cards[1].level, cards[2].level) == (2, 3)

    def test_a_lost_level_is_trained_again(self, recipe: Recipe, context: Context) -> None:
        recipe = using(recipe, Lrr(sparsity=0.5, share_per_level=0.5))
        whole = of(CardMade, run(recipe, context))[-1]
        data = open_dataset(recipe.data, cache=context.cache)
        stages = Stages(context.stages, recipe, data.digest)
        for level in trajectory(recipe):
            stages.path(level).write_bytes(b"damaged")
        assert of(CardMade, run(recipe, context))[-1].card == whole.card

    def test_total_epochs_are_stated(self, recipe: Recipe, context: Context) -> None:
        epochs = {method: of(CardMade, run(using(recipe, METHODS[method]), context))[-1] for method in METHODS}
        assert {str(method): card.total_epochs for method, card in epochs.items()} == {
            "dense": 2, "fine_tune": 3, "gradual": 2, "lth": 4, "lrr": 6, "edge_popup": 2, "biprop": 2,
            "dense_long": 4, "random_mask": 2,
        }  # fmt: skip


class TestDefinitions:
    """METHODS 2, checked on what a job leaves behind: stages before training, cards after it."""

    def parts(self, recipe: Recipe, context: Context) -> tuple[Stages, Any, Any]:
        data = open_dataset(recipe.data, cache=context.cache)
        return Stages(context.stages, recipe, data.digest), trajectory(recipe), data

    @staticmethod
    def frozen(recipe: Recipe) -> Recipe:
        """Return the recipe with a learning rate so small that a level ends where it began."""
        return recipe.model_copy(
            update={"training": recipe.training.model_copy(update={"learning_rate": 1e-30, "weight_decay": 0.0})}
        )

    @staticmethod
    def initial(recipe: Recipe, data: Any, affine: bool = True) -> dict[str, torch.Tensor]:
        net = build_net(recipe.network, classes=3, size=12, mean=data.mean, std=data.std, affine=affine)
        initialise(net, recipe.network.init, seeded(recipe.seed, "initial weights"))
        return {name: weight.detach() for name, weight in prunable(net).items()}

    @staticmethod
    def largest(weights: dict[str, torch.Tensor], kept: int) -> dict[str, np.ndarray]:
        """Return which weights are the largest over all layers, by sorting them in NumPy."""
        flat = np.concatenate([np.abs(weight.numpy()).ravel() for weight in weights.values()])
        chosen = np.zeros(flat.size, bool)
        chosen[np.argsort(-flat, kind="stable")[:kept]] = True
        ends = np.cumsum([weight.numel() for weight in weights.values()])[:-1]
        return {
            name: part.reshape(weight.shape)
            for (name, weight), part in zip(weights.items(), np.split(chosen, ends), strict=True)
        }

    def test_lrr_prunes_the_smallest_survivors_and_goes_on_from_the_trained_values(
        self, recipe: Recipe, context: Context
    ) -> None:
        recipe = using(self.frozen(recipe), Lrr(sparsity=0.75, share_per_level=0.5))
        made = of(CardMade, run(recipe, context))[-1]
        _, _, data = self.parts(recipe, context)
        start, end = self.initial(recipe, data), state(made, context)
        chosen = self.largest(start, made.kept_weights)
        for name, weight in start.items():
            assert np.array_equal(end[name].numpy(), np.where(chosen[name], weight.numpy(), 0))

    @pytest.mark.parametrize("rewind_epoch", [0, 1])
    def test_lth_goes_back_to_the_early_weights_bit_for_bit(
        self, rewind_epoch: int, recipe: Recipe, context: Context
    ) -> None:
        recipe = using(recipe, Lth(sparsity=0.5, share_per_level=0.5, rewind_epoch=rewind_epoch))
        events = make_card(MakeCard(recipe=recipe), context)
        for event in events:
            if isinstance(event, PhaseStarted) and event.text.startswith("level 1"):
                events.send(Command.SAVE)
                break
        from_checkpoint = torch_file(context.checkpoint)
        stages, levels, data = self.parts(recipe, context)
        early, dense = self.initial(recipe, data), stages.load(levels[rewind_epoch])
        if rewind_epoch:
            early = stages.load(levels[0]).state
        weights = {name: dense.state[name] for name in self.initial(recipe, data)}
        chosen = self.largest(weights, sum(weight.numel() for weight in weights.values()) // 2)
        for name in weights:
            expected = np.where(chosen[name], early[name].numpy(), 0)
            assert np.array_equal(from_checkpoint[f"net.{name}"].numpy(), expected)
        assert levels[-1].epochs == range(rewind_epoch, 2)

    def test_fine_tuning_prunes_once_and_trains_slowly(self, recipe: Recipe, context: Context) -> None:
        recipe = using(recipe, FineTune(sparsity=0.6, fine_tune_epochs=2, fine_tune_learning_rate=0.002))
        told = run(recipe, context)
        stages, levels, data = self.parts(recipe, context)
        dense = stages.load(levels[0]).state
        chosen = self.largest(
            {name: dense[name] for name in self.initial(recipe, data)}, of(CardMade, told)[0].kept_weights
        )
        masks = stages.load(levels[1]).masks
        assert all(np.array_equal(masks[name].numpy(), chosen[name]) for name in chosen)
        assert {report.learning_rate for report in of(StepReported, told) if report.level == 1} == {0.002}

    def test_layerwise_fine_tuning_prunes_each_layer_alike(self, recipe: Recipe, context: Context) -> None:
        made = of(CardMade, run(using(recipe, FineTune(sparsity=0.6, scope="layerwise")), context))[0]
        for name in self.initial(recipe, self.parts(recipe, context)[2]):
            weight = state(made, context)[name]
            assert int(weight.count_nonzero()) == pytest.approx(0.4 * weight.numel(), abs=1)

    def test_a_random_mask_has_lrrs_layer_densities_but_other_weights(self, recipe: Recipe, context: Context) -> None:
        lrr = state(of(CardMade, run(using(recipe, Lrr(sparsity=0.7, share_per_level=0.5)), context))[0], context)
        told = run(using(recipe, RandomMask(sparsity=0.7, share_per_level=0.5)), context)
        assert [level.reused for level in of(LevelFinished, told)] == [True, True, False]
        random = state(of(CardMade, told)[0], context)
        names = list(self.initial(recipe, self.parts(recipe, context)[2]))
        assert [int(random[n].count_nonzero()) for n in names] == [int(lrr[n].count_nonzero()) for n in names]
        assert not all(torch.equal(random[n] != 0, lrr[n] != 0) for n in names)

    def test_dense_long_trains_one_schedule_as_long_as_the_iterative_card(
        self, recipe: Recipe, context: Context
    ) -> None:
        told = run(using(recipe, DenseLong(matched_sparsity=0.875, share_per_level=0.5)), context)
        assert [event.epoch for event in of(EpochFinished, told)] == list(range(1, 9))
        rates = [report.learning_rate for report in of(StepReported, told)]
        assert all(later < earlier for earlier, later in pairwise(rates))

    def test_edge_popup_keeps_initial_weights_and_biprop_their_signs_and_one_scale(
        self, recipe: Recipe, context: Context
    ) -> None:
        start = self.initial(recipe, self.parts(recipe, context)[2], affine=False)
        popup = state(of(CardMade, run(using(recipe, EdgePopup(sparsity=0.6, schedule_epochs=0)), context))[0], context)
        binary = state(of(CardMade, run(using(recipe, Biprop(sparsity=0.6, schedule_epochs=0)), context))[0], context)
        for name, weight in start.items():
            kept = popup[name] != 0
            assert torch.equal(popup[name][kept], weight[kept])
            kept = binary[name] != 0
            alpha = weight[kept].abs().sum() / kept.count_nonzero()
            torch.testing.assert_close(binary[name], alpha * weight.sign() * kept)

    def test_first_and_last_layers_can_stay_dense(self, recipe: Recipe, context: Context) -> None:
        options = Lrr(sparsity=0.6, share_per_level=0.5, dense_first=True, dense_last=True)
        card = state(of(CardMade, run(using(recipe, options), context))[0], context)
        names = list(self.initial(recipe, self.parts(recipe, context)[2]))
        assert [bool((card[name] == 0).any()) for name in names] == [False] + [True] * (len(names) - 2) + [False]

    def test_plans_start_levels_as_their_methods_say(self, recipe: Recipe) -> None:
        starts = {
            str(method): [level.start for level in trajectory(using(recipe, METHODS[method]))] for method in METHODS
        }
        assert starts["lrr"] == [Start.FRESH, Start.SURVIVORS, Start.SURVIVORS]
        assert starts["lth"] == [Start.FRESH, Start.FRESH, Start.REWOUND, Start.REWOUND]
        assert starts["random_mask"] == [Start.FRESH, Start.SURVIVORS, Start.RANDOM_MASK]


def torch_file(path: Path) -> dict[str, torch.Tensor]:
    """Read a safetensors file without our own code."""
    from safetensors.torch import load_file

    return load_file(path)


def test_the_images_are_opened_before_anything_else(recipe: Recipe, context: Context) -> None:
    told = run(recipe, context)
    assert isinstance(told[0], PhaseStarted)
    assert isinstance(told[1], DatasetOpened)
    assert told[1].fingerprint == of(CardMade, told)[0].fingerprint


def test_a_schedule_longer_than_the_training_matters_to_global_ranking_only(recipe: Recipe) -> None:
    values = recipe.model_dump() | {"compression": EdgePopup(schedule_epochs=10).model_dump()}
    assert Recipe.model_validate(values).training.epochs == 2
    values["compression"]["scope"] = "global"
    with pytest.raises(ValueError, match="schedule_epochs must be at most"):
        Recipe.model_validate(values)


def test_names_tell_cards_on_the_way_apart_and_do_not_change_what_is_written(recipe: Recipe, context: Context) -> None:
    recipe = using(recipe, Lrr(sparsity=0.75, share_per_level=0.5, also_keep=(0, 0.5)))
    named = of(CardMade, run(recipe.model_copy(update={"name": "Mine", "notes": "a note"}), context))
    assert [card.name for card in named] == ["Mine · dense", "Mine · 50 %", "Mine"]
    assert named[-1].recipe.notes == "a note"
    nameless = of(CardMade, run(recipe, context))
    assert [card.card for card in nameless] == [card.card for card in named]
    assert nameless[1].name == "resnet8 · gaussian · lrr 50 %"


def test_rendering_the_images_gives_signs_of_life(context: Context) -> None:
    recipe = Recipe(
        data=ShapesData(train_images=1500, held_out_images=20),
        network={"name": "conv2", "width": 0.1},
        training=TrainingOptions(epochs=1, batch_size=500),
    )
    told = run(recipe, context)
    opened = next(index for index, event in enumerate(told) if isinstance(event, DatasetOpened))
    assert {type(event) for event in told[1:opened]} <= {Advanced, PhaseStarted}
    assert any("opening the images: 40 %" in getattr(event, "text", "") for event in told[:opened])
    assert isinstance(told[-1], Advanced)
    assert told[-1].progress == 1
