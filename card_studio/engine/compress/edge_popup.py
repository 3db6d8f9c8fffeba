"""Edge-popup and biprop: weights stay at their random start, learned scores decide which are used (METHODS 2).

Edge-popup (Ramanujan et al. 2020) uses W_eff = W * M; biprop (Diffenderfer and Kailkhura 2021) uses
W_eff = alpha * sign(W) * M with alpha = sum(abs(W * M)) / number kept, per layer. M keeps the largest abs(scores),
exactly as many as the sparsity leaves. The gradient passes straight through: d score = dL/dW_eff * W * sign(score).
"""

import math
from collections.abc import Mapping
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.func import functional_call

from card_studio.domain.names import Compression
from card_studio.domain.options import Scored
from card_studio.engine.compress.mask import Masks, Scope, kept_counts, top_masks
from card_studio.engine.nets import prunable

_HALF = 0.5


def scheduled_sparsity(target: float, epoch: float, *, schedule_epochs: int, scope: Scope) -> float:
    """Return sparsity(e) = s_f + (0.5 - s_f)(1 - e/E)^3 for global ranking, and the target otherwise (METHODS 2).

    Starting at one half keeps whole layers from collapsing; a target below it needs no schedule.

    Args:
        target: s_f, in [0, 1).
        epoch: e, counted from 0; may be fractional.
        schedule_epochs: E; 0 for no schedule.
        scope: only global ranking is scheduled.
    """
    if scope == "layerwise" or target < _HALF or epoch >= schedule_epochs:
        return target
    return target + (_HALF - target) * (1 - epoch / schedule_epochs) ** 3


class _MaskedWeight(torch.autograd.Function):
    """W * M forward; backward to the scores, through the mask as if it were abs(score)."""

    @staticmethod
    def forward(ctx: Any, scores: Tensor, weight: Tensor, mask: Tensor, values: Tensor) -> Tensor:
        ctx.save_for_backward(scores, weight)
        return torch.where(mask, values, 0)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        scores, weight = ctx.saved_tensors
        return gradients[0] * weight * scores.sign(), None, None, None


def binary_values(weight: Tensor, mask: Tensor) -> Tensor:
    """Return alpha * sign(W) for every weight, alpha = sum(abs(W * M)) / number kept; 0 for a layer that keeps none."""
    alpha = weight.abs().masked_fill(~mask, 0).sum() / mask.count_nonzero().clamp(min=1)
    return torch.where(weight < 0, -alpha, alpha)


class ScoredNet(nn.Module):
    """A network whose frozen random weights are picked by scores; only the scores (and what is no weight) are trained.

    Attributes:
        net: the plain network; its prunable weights take no gradient and never change.
        names: its prunable weights, in order.
        scores: one tensor for each of them.
        sparsity: what the next forward pass applies; `set_epoch` moves it.
    """

    def __init__(self, net: nn.Module, options: Scored, generator: torch.Generator) -> None:
        """Wrap an initialised network, drawing scores from kaiming_uniform(a=sqrt 5), layer by layer.

        Args:
            net: the plain network, weights initialised; kept, not copied.
            options: EdgePopup or Biprop.
            generator: a CPU generator.

        Raises:
            RecipeError: the sparsity cannot be reached with the layers that stay dense.
        """
        super().__init__()
        self.net = net
        self.options = options
        self.sparsity = scheduled_sparsity(
            options.sparsity, 0, schedule_epochs=options.schedule_epochs, scope=options.scope
        )
        weights = prunable(net)
        kept_counts(
            {name: weight.numel() for name, weight in weights.items()},
            options.sparsity,
            dense_first=options.dense_first,
            dense_last=options.dense_last,
        )
        self.names = tuple(weights)
        self.scores = nn.ParameterList(_initial_scores(weight, generator) for weight in weights.values())
        for weight in weights.values():
            weight.requires_grad_(False)

    @classmethod
    def wrap(cls, net: nn.Module, options: Scored, generator: torch.Generator) -> Self:
        """Return `net` with scores: see `__init__`."""
        return cls(net, options, generator)

    @property
    def binary(self) -> bool:
        """Whether weights are one sign and one scale per layer."""
        return getattr(self.options, "method", None) is Compression.BIPROP

    def set_epoch(self, epoch: float) -> None:
        """Set the sparsity that the schedule gives for `epoch`, counted from 0."""
        self.sparsity = scheduled_sparsity(
            self.options.sparsity, epoch, schedule_epochs=self.options.schedule_epochs, scope=self.options.scope
        )

    def masks(self) -> Masks:
        """Return which weights the scores pick now, at the present sparsity."""
        ranks = {name: score.detach().abs() for name, score in zip(self.names, self.scores, strict=True)}
        return top_masks(
            ranks,
            self.sparsity,
            scope=self.options.scope,
            dense_first=self.options.dense_first,
            dense_last=self.options.dense_last,
        )

    def effective_weights(self) -> dict[str, Tensor]:
        """Return the weights that the forward pass uses, by name, with gradients to the scores."""
        weights = prunable(self.net)
        effective: dict[str, Tensor] = {}
        for score, (name, mask) in zip(self.scores, self.masks().items(), strict=True):
            weight = weights[name]
            values = binary_values(weight, mask) if self.binary else weight
            # torch leaves Function.apply without types
            effective[name] = _MaskedWeight.apply(score, weight, mask, values)  # type: ignore[no-untyped-call]  # torch has no types here
        return effective

    def forward(self, images: Tensor) -> Tensor:
        """Return logits [N, classes] of float images [N, 3, H, W] in [0,1]."""
        logits: Tensor = functional_call(self.net, self.effective_weights(), (images,))
        return logits


def _initial_scores(weight: Tensor, generator: torch.Generator) -> nn.Parameter:
    bound = 1 / math.sqrt(weight[0].numel())  # kaiming_uniform(a=sqrt 5)
    draws = torch.rand(weight.shape, generator=generator)
    scores = ((2 * draws - 1) * bound).to(weight.device)
    return nn.Parameter(torch.empty_like(weight, requires_grad=False).copy_(scores))


def effective_state(net: nn.Module) -> dict[str, Tensor]:
    """Return a plain network's state dict, weights as they act: for a ScoredNet masked (and binary), else as they are.

    Copies on the CPU, outside the gradient; removed weights are +0.0.
    """
    plain = net.net if isinstance(net, ScoredNet) else net
    state: Mapping[str, Tensor] = plain.state_dict()
    with torch.no_grad():
        effective = net.effective_weights() if isinstance(net, ScoredNet) else {}
    return {name: _copied(effective.get(name, tensor)) for name, tensor in state.items()}


def _copied(tensor: Tensor) -> Tensor:
    return tensor.detach().to("cpu").clone(memory_format=torch.contiguous_format)
