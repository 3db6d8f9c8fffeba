"""What is trained: a network whose masked weights stay exactly zero, one pruned as it trains, or scores."""

from collections.abc import Mapping
from typing import Protocol

import torch
from torch import Tensor, nn

from card_studio.domain.options import Gradual
from card_studio.engine.compress.edge_popup import ScoredNet, effective_state
from card_studio.engine.compress.magnitude import GradualSchedule, magnitude_masks
from card_studio.engine.compress.mask import Masks, apply_masks
from card_studio.engine.nets import prunable

_NET = "net."
_MASK = "mask."
_SPARSITY = "sparsity"


class Learner(Protocol):
    """A network in training and the rule by which it is made sparse."""

    net: nn.Module

    @property
    def sparsity(self) -> float:
        """Share of the prunable weights that are absent now."""

    def parameters(self) -> list[nn.Parameter]:
        """Return what the optimiser changes."""

    def stepped(self, steps: int) -> None:
        """Restore the rule after an optimiser step, the `steps`-th of the level."""

    def state(self) -> dict[str, Tensor]:
        """Return all tensors that resuming needs besides the optimiser's."""

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Take up a state that `state` returned."""

    def finished(self) -> dict[str, Tensor]:
        """Return the plain network's state dict, absent weights exactly +0."""

    def masks(self) -> Masks:
        """Return which prunable weights are present; empty where all are."""


class Masked:
    """A plain network, dense or with masks that do not change.

    Masked weights are set to zero after each optimiser step instead of multiplying the mask in at each forward. Both
    give the same numbers: the forward sees zeros at the same places, so the other weights get the same gradients, and
    whatever gradient, weight decay or momentum a masked weight collects is thrown away before anything reads it. One
    pass over the weights per step is cheaper than two (forward and backward) and keeps the layers plain.
    """

    def __init__(self, net: nn.Module, masks: Masks | None = None) -> None:
        """Take a network, already on its device, and mask it at once.

        Args:
            net: the network.
            masks: which prunable weights are present; None or empty for all.
        """
        self.net = net
        self._set_masks(masks or {})

    @property
    def sparsity(self) -> float:
        """Share of the prunable weights that are masked."""
        return self._sparsity

    def parameters(self) -> list[nn.Parameter]:
        """Return all parameters, batch norm's included."""
        return list(self.net.parameters())

    def stepped(self, steps: int) -> None:
        """Set masked weights to zero again."""
        with torch.no_grad():
            for weight, absent in self._absent:
                weight.masked_fill_(absent, 0)

    def state(self) -> dict[str, Tensor]:
        """Return the network's and the masks' tensors."""
        net = {_NET + name: value for name, value in self.net.state_dict().items()}
        return net | {_MASK + name: mask for name, mask in self._masks.items()}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Take up weights and masks."""
        self.net.load_state_dict(_under(_NET, state))
        self._set_masks(_under(_MASK, state))

    def begin(self, weights: Mapping[str, Tensor], masks: Masks) -> None:
        """Start from a state dict, masked at once."""
        self.net.load_state_dict(weights)
        self._set_masks(masks)

    def finished(self) -> dict[str, Tensor]:
        """Return the network's state dict; masked weights are exactly +0."""
        return self.net.state_dict()

    def masks(self) -> Masks:
        """Return the masks; empty where the network is dense."""
        return self._masks

    def _set_masks(self, masks: Masks) -> None:
        weights = prunable(self.net)
        self._masks = {name: _like(mask, weights[name]) for name, mask in masks.items()}
        self._absent = [(weights[name].data, _like(~mask, weights[name])) for name, mask in self._masks.items()]
        absent = sum(int(mask.count_nonzero()) for _, mask in self._absent)
        self._sparsity = absent / sum(weight.numel() for weight in weights.values())
        apply_masks(weights, self._masks)


class GraduallyMasked(Masked):
    """Gradual magnitude pruning: masks grow on a cubic schedule as the network trains (GMP)."""

    def __init__(self, net: nn.Module, options: Gradual, total_steps: int) -> None:
        """Take a network, still dense.

        Args:
            net: the network.
            options: the recipe's compression.
            total_steps: optimiser steps of the whole training.
        """
        super().__init__(net)
        self._options = options
        self._schedule = GradualSchedule.of(options, total_steps)

    def stepped(self, steps: int) -> None:
        """Prune where the schedule says so; in between keep masked weights at zero."""
        super().stepped(steps)
        if not self._schedule.prunes_at(steps):
            return
        masks = magnitude_masks(
            prunable(self.net),
            self._schedule.sparsity(steps),
            scope=self._options.scope,
            previous=self._masks or None,
            dense_first=self._options.dense_first,
            dense_last=self._options.dense_last,
            criterion=self._options.criterion,
        )
        self._set_masks(masks)


class Scored:
    """Edge-popup and biprop: weights stay, scores are trained, and the density follows its schedule."""

    def __init__(self, net: ScoredNet, steps_per_epoch: int) -> None:
        """Take a network with scores.

        Args:
            net: on its device.
            steps_per_epoch: the schedule moves at the start of each epoch, as biprop's does.
        """
        self.net: nn.Module = net
        self._scored = net
        self._steps_per_epoch = steps_per_epoch

    @property
    def sparsity(self) -> float:
        """Share of the prunable weights that the scores leave out now."""
        return self._scored.sparsity

    def parameters(self) -> list[nn.Parameter]:
        """Return the scores."""
        return [parameter for parameter in self.net.parameters() if parameter.requires_grad]

    def stepped(self, steps: int) -> None:
        """Move the density to where the schedule wants it for the next step."""
        self._scored.set_epoch(steps // self._steps_per_epoch)

    def state(self) -> dict[str, Tensor]:
        """Return weights, scores, running statistics, and the present sparsity."""
        net = {_NET + name: value for name, value in self.net.state_dict().items()}
        return net | {_SPARSITY: torch.tensor(self.sparsity, dtype=torch.float64)}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Take up a state that `state` returned."""
        self.net.load_state_dict(_under(_NET, state))
        self._scored.sparsity = float(state[_SPARSITY])

    def finished(self) -> dict[str, Tensor]:
        """Return the plain network's state dict, weights as they act: masked, and for biprop alpha * sign(W)."""
        return effective_state(self.net)

    def masks(self) -> Masks:
        """Return which weights the scores pick."""
        return self._scored.masks()


def _like(mask: Tensor, weight: Tensor) -> Tensor:
    """Return a mask laid out in memory as its weight is, without which each masking is several times slower."""
    return torch.empty_like(weight, dtype=torch.bool).copy_(mask)


def _under(prefix: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
