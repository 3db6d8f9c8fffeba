"""Tests of making cards: every method hits its sparsity, levels are shared by jobs, names and events are right."""

from typing import Any

import pytest
import torch

from card_studio.domain.names import Compression
from card_studio.domain.options import (
    Biprop,
    EdgePopup,
    FineTune,
    GaussianAugmentation,
    Gradual,
    Lrr,
    Lth,
    ShapesData,
    TrainingOptions,
)
from card_studio.domain.recipe import Recipe, at_sparsity, fingerprint
from card_studio.domain.run import (
    Advanced,
    CardMade,
    DatasetOpened,
    LevelFinished,
    PhaseStarted,
    StepReported,
)
from card_studio.engine.card_file import card_net, load_card
from card_studio.engine.context import Context
from card_studio.engine.data.datasets import open_dataset
from card_studio.engine.nets import prunable
from card_studio.engine.stages import Stages
from card_studio.engine.trajectory import trajectory
from tests.engine.making import METHODS, elsewhere, of, run, state, using

SCORED = (EdgePopup, Biprop)


def prunable_names(made: CardMade, context: Context) -> set[str]:
    return set(prunable(card_net(load_card(context.cards / f"{made.card}.card"))))


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

    @pytest.mark.parametrize(("scope", "sparsity"), [("global", 0.37), ("layerwise", 0.995)])
    @pytest.mark.parametrize("kind", [FineTune, Gradual, EdgePopup, Biprop])
    def test_hits_any_sparsity_in_both_scopes(
        self, kind: Any, scope: str, sparsity: float, recipe: Recipe, context: Context
    ) -> None:
        settings = {"fine_tune_epochs": 1} if kind is FineTune else {"schedule_epochs": 0} if kind in SCORED else {}
        training = recipe.training.model_copy(update={"epochs": 1})
        options = kind(sparsity=sparsity, scope=scope, **settings)
        made = of(CardMade, run(using(recipe.model_copy(update={"training": training}), options), context))[-1]
        kept = made.prunable_weights - int(sparsity * made.prunable_weights + 0.5)
        weights = [tensor for name, tensor in state(made, context).items() if name in prunable_names(made, context)]
        assert made.kept_weights == kept == sum(int(weight.count_nonzero()) for weight in weights)
        if scope == "layerwise":
            for weight in weights:
                assert int(weight.count_nonzero()) == pytest.approx((1 - sparsity) * weight.numel(), abs=1)

    def test_has_settings_here(self) -> None:
        assert set(METHODS) == set(Compression)

    @pytest.mark.parametrize("method", list(Compression))
    def test_gives_the_same_card_again(self, method: Compression, recipe: Recipe, context: Context) -> None:
        recipe = using(recipe, METHODS[method])
        ids = [of(CardMade, run(recipe, elsewhere(context, name)))[-1].card for name in ("one", "two")]
        assert ids[0] == ids[1]


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
