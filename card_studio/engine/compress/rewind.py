"""From one level of a trajectory to the next: prune by magnitude, then rewind weights (LTH) or not (LRR).

What LTH and LRR share, and where they part (METHODS 2): both prune the same global share and restart the
learning-rate schedule; LTH's survivors go back to their early weights, LRR's keep what they learned.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from card_studio.domain.options import Iterative, Lth
from card_studio.engine.compress.magnitude import magnitude_masks
from card_studio.engine.compress.mask import Masks


def next_masks(trained: Mapping[str, Tensor], previous: Masks, sparsity: float, *, options: Iterative) -> Masks:
    """Return a level's masks: global magnitude of the trained survivors, a subset of the level before.

    Args:
        trained: the state dict after the level before, or its weights.
        previous: that level's masks, in the network's order; all True after level 0.
        sparsity: the new level's, of `domain.recipe.level_sparsities`.
        options: the recipe's compression.

    Raises:
        RecipeError: the sparsity cannot be reached with the layers that stay dense.
    """
    return magnitude_masks(
        {name: trained[name] for name in previous},
        sparsity,
        scope="global",
        previous=previous,
        dense_first=options.dense_first,
        dense_last=options.dense_last,
    )


def next_state(
    trained: Mapping[str, Tensor], early: Mapping[str, Tensor], masks: Masks, *, options: Iterative
) -> dict[str, Tensor]:
    """Return the state dict from which a level is trained; removed weights are +0.0.

    Args:
        trained: the full state dict after the level before.
        early: LTH's rewind point, the full state dict of level 0 at `rewind_epoch`; unused for LRR.
        masks: the new level's masks.
        options: Lth or Lrr.
    """
    source = early if isinstance(options, Lth) else trained
    return {
        name: tensor.masked_fill(~masks[name], 0) if name in masks else tensor.clone()
        for name, tensor in source.items()
    }


def all_kept(weights: Mapping[str, Tensor]) -> Masks:
    """Return level 0's masks: everything stays."""
    return {name: torch.ones_like(weight, dtype=torch.bool, requires_grad=False) for name, weight in weights.items()}
