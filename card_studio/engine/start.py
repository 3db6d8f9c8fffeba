"""What a level's training starts from: weights, masks and the rule by which they go on (METHODS 2)."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from card_studio.domain import options
from card_studio.domain.options import FineTune, Gradual, Magnitude, Ranked, Sparse
from card_studio.domain.recipe import Recipe
from card_studio.engine.compress.edge_popup import ScoredNet
from card_studio.engine.compress.magnitude import magnitude_masks
from card_studio.engine.compress.mask import Masks, random_masks_like
from card_studio.engine.data.datasets import Dataset
from card_studio.engine.learner import GraduallyMasked, Learner, Masked, Scored
from card_studio.engine.nets import build_net, initialise, prunable
from card_studio.engine.seeds import seeded
from card_studio.engine.stages import Stage
from card_studio.engine.trajectory import Level, Start


def fresh_learner(level: Level, recipe: Recipe, dataset: Dataset, per_epoch: int, device: torch.device) -> Learner:
    """Return a level's learner with the recipe's initial weights and, as yet, no masks.

    Args:
        level: which decides the kind of learner.
        recipe: network, its initial weights, seed.
        dataset: classes, image size and normalisation.
        per_epoch: optimiser steps in an epoch.
        device: where to.
    """
    net = build_net(
        recipe.network,
        classes=len(dataset.classes),
        size=dataset.size,
        mean=dataset.mean,
        std=dataset.std,
        affine=level.start is not Start.SCORED,
    )
    initialise(net, recipe.network.init, seeded(recipe.seed, "initial weights"))
    net.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
    if isinstance(recipe.compression, Gradual):
        return GraduallyMasked(net, recipe.compression, level.steps(per_epoch))
    if isinstance(recipe.compression, options.Scored):
        return Scored(ScoredNet(net, recipe.compression, seeded(recipe.seed, "scores")), per_epoch)
    return Masked(net)


def start_level(learner: Learner, level: Level, recipe: Recipe, parent: Stage | None, early: Stage | None) -> None:
    """Give a fresh learner the weights and masks that its level starts from.

    Args:
        learner: as `fresh_learner` made it.
        level: the level.
        recipe: its recipe.
        parent: the level that the masks come from, where there is one.
        early: the level whose weights survivors go back to; None for the initial ones.
    """
    if parent is None:
        return
    if not isinstance(learner, Masked):
        raise TypeError(f"{type(learner).__name__} starts from initial weights only")
    masks = _pruned(parent, level, recipe, learner.net)
    state: Mapping[str, Tensor] = learner.net.state_dict()
    if level.start is Start.SURVIVORS:
        state = parent.state
    if level.start is Start.REWOUND and early is not None:
        state = early.state
    if level.start is Start.RANDOM_MASK:
        masks = random_masks_like(masks, seeded(recipe.seed, "random mask"))
    learner.begin(state, masks)


def _pruned(parent: Stage, level: Level, recipe: Recipe, net: nn.Module) -> Masks:
    """Return masks by the parent's trained weights: LTH and LRR always prune globally (METHODS 2)."""
    compression = recipe.compression
    if not isinstance(compression, Sparse):
        raise TypeError(f"{compression.method} does not prune")
    return magnitude_masks(
        {name: parent.state[name] for name in prunable(net)},
        level.sparsity,
        scope=compression.scope if isinstance(compression, FineTune) else "global",
        previous=parent.masks or None,
        dense_first=compression.dense_first,
        dense_last=compression.dense_last,
        criterion=compression.criterion if isinstance(compression, Ranked) else Magnitude(),
    )
