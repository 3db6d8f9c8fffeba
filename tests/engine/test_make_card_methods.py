"""Tests of the methods' definitions (METHODS 2), on what a job leaves behind."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from card_studio.domain.job import MakeCard
from card_studio.domain.options import (
    Biprop,
    DenseLong,
    EdgePopup,
    FineTune,
    Lrr,
    Lth,
    RandomMask,
)
from card_studio.domain.recipe import Recipe
from card_studio.domain.run import (
    CardMade,
    EpochFinished,
    LevelFinished,
    PhaseStarted,
    StepReported,
)
from card_studio.engine.context import Command, Context
from card_studio.engine.data.datasets import open_dataset
from card_studio.engine.make_card import make_card
from card_studio.engine.nets import build_net, initialise, prunable
from card_studio.engine.seeds import seeded
from card_studio.engine.stages import Stages
from card_studio.engine.trajectory import Start, trajectory
from tests.engine.making import METHODS, of, run, state, using


def torch_file(path: Path) -> dict[str, torch.Tensor]:
    """Read a safetensors file without our own code."""
    from safetensors.torch import load_file

    return load_file(path)


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
