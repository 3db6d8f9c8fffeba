"""Magnitude pruning: which weights are large enough to stay, and the cubic schedule of gradual pruning (METHODS 2)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from torch import Tensor

from card_studio.domain.options import CriterionOptions, Gradual, Magnitude, OwnCriterion
from card_studio.engine.compress.mask import Masks, Scope, top_masks
from card_studio.engine.own import own_scores

_MAGNITUDE = Magnitude()


def magnitude_masks(
    weights: Mapping[str, Tensor],
    sparsity: float,
    *,
    scope: Scope = "global",
    previous: Masks | None = None,
    dense_first: bool = False,
    dense_last: bool = False,
    criterion: CriterionOptions = _MAGNITUDE,
) -> Masks:
    """Keep the weights of largest absolute value, exactly as many as the sparsity leaves.

    Args:
        weights: each layer's weights by name, in the network's order (`nets.prunable`).
        sparsity: share of all weights removed, in [0, 1).
        scope: rank over the whole network, or give every layer the same share.
        previous: an earlier level's masks; what they removed stays removed.
        dense_first: keep the first layer whole.
        dense_last: keep the last layer whole.
        criterion: what ranks weights in place of their absolute value.

    Raises:
        RecipeError: the layers that may be pruned hold too few weights.
        ExtensionError: the criterion is one's own, and its code is missing or fails.
        ValueError: `previous` has fewer weights left than are to be kept.
    """
    if isinstance(criterion, OwnCriterion):
        ranks = own_scores(criterion, weights)
    else:
        ranks = {name: weight.detach().abs() for name, weight in weights.items()}
    return top_masks(
        ranks,
        sparsity,
        scope=scope,
        previous=previous,
        dense_first=dense_first,
        dense_last=dense_last,
    )


def gradual_sparsity(step: int, *, final: float, begin: int, prunings: int, every: int, initial: float = 0.0) -> float:
    """Return s_t = s_f + (s_i - s_f)(1 - (t - t0)/(n dt))^3 at the latest pruning up to `step` (Zhu and Gupta 2017).

    Args:
        step: t, counted from 0.
        final: s_f, reached at begin + prunings * every and kept from there on.
        begin: t0; before it the sparsity is `initial`.
        prunings: n, at least 1.
        every: dt, at least 1.
        initial: s_i.
    """
    done = min(max(0, (step - begin) // every), prunings)
    if done == prunings:
        return final
    return final + (initial - final) * (1 - done / prunings) ** 3


@dataclass(frozen=True, slots=True, kw_only=True)
class GradualSchedule:
    """When gradual pruning prunes, and to what sparsity, in steps from 0."""

    final: float
    begin: int
    prunings: int
    every: int

    @classmethod
    def of(cls, options: Gradual, total_steps: int) -> Self:
        """Turn shares of the training into steps; the final sparsity is always reached within them.

        Args:
            options: the recipe's compression.
            total_steps: optimiser steps of the whole training, at least 1.
        """
        begin = math.floor(options.start * total_steps)
        end = max(begin + 1, math.floor(options.end * total_steps))
        every = min(options.prune_every, end - begin)
        return cls(final=options.sparsity, begin=begin, prunings=(end - begin) // every, every=every)

    @property
    def end(self) -> int:
        """The step from which the sparsity is final."""
        return self.begin + self.prunings * self.every

    def sparsity(self, step: int) -> float:
        """Return the sparsity from `step` on, until the next pruning."""
        return gradual_sparsity(step, final=self.final, begin=self.begin, prunings=self.prunings, every=self.every)

    def prunes_at(self, step: int) -> bool:
        """Tell whether the sparsity grows at `step`."""
        return self.begin < step <= self.end and (step - self.begin) % self.every == 0
