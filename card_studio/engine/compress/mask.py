"""Masks: which weights stay. Counts are exact to the weight, ties go to the earlier weight, nothing comes back."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Literal

import torch
from torch import Tensor

from card_studio.errors import RecipeError

Masks = dict[str, Tensor]
"""For each prunable weight, by name, in the network's order: a bool tensor of its shape, True where it stays."""
Scope = Literal["global", "layerwise"]


def removed_count(weights: int, sparsity: float) -> int:
    """Return how many of `weights` weights a sparsity in [0, 1) removes: rounded to the nearest, halves up.

    Raises:
        ValueError: the sparsity is outside [0, 1).
    """
    if not 0 <= sparsity < 1:
        raise ValueError(f"sparsity {sparsity} is outside [0, 1)")
    return int(Fraction(str(sparsity)) * weights + Fraction(1, 2))


def kept_counts(
    sizes: Mapping[str, int],
    sparsity: float,
    *,
    dense_first: bool = False,
    dense_last: bool = False,
    previous: Mapping[str, int] | None = None,
) -> dict[str, int]:
    """Share out a sparsity among layers, so that each keeps the same share and the whole is exact to the weight.

    Layers that stay dense count as prunable weights that are kept; the others make up for them.

    Args:
        sizes: weights of each layer, in the network's order.
        sparsity: share of all weights removed, in [0, 1).
        dense_first: keep the first layer whole.
        dense_last: keep the last layer whole.
        previous: what each layer kept at an earlier level, of which no layer may get more.

    Raises:
        RecipeError: the layers that may be pruned hold too few weights.
        ValueError: `previous` has fewer weights left than are to be kept.
    """
    free = _free_layers(list(sizes), dense_first, dense_last)
    available = sum(sizes[name] for name in free)
    removed = removed_count(sum(sizes.values()), sparsity)
    if removed > available:
        raise RecipeError(
            f"a sparsity of {100 * sparsity:g} % cannot be reached with "
            f"{' and '.join(_kept_dense(dense_first, dense_last))} dense, as the other layers hold only "
            f"{100 * available / max(1, sum(sizes.values())):.1f} % of the weights: lower compression.sparsity, "
            "or prune those layers too"
        )
    shares = {name: Fraction(removed * sizes[name], max(1, available)) for name in free}
    cut = {name: int(share) for name, share in shares.items()}
    by_remainder = sorted(free, key=lambda name: cut[name] - shares[name])
    for name in by_remainder[: removed - sum(cut.values())]:
        cut[name] += 1
    if previous is not None:
        cut = _no_less_than({name: sizes[name] - previous[name] for name in free}, cut, shares, removed)
    return {name: size - cut.get(name, 0) for name, size in sizes.items()}


def _no_less_than(
    least: Mapping[str, int], cut: Mapping[str, int], shares: Mapping[str, Fraction], removed: int
) -> dict[str, int]:
    """Raise counts to `least`, and lower others towards it, so that they still sum to `removed`.

    Rounding shares to whole weights could otherwise remove one weight less of a layer at a higher sparsity.
    """
    if sum(least.values()) > removed:
        raise ValueError(f"removing {removed} weights would bring removed weights back")
    raised = {name: max(count, least[name]) for name, count in cut.items()}
    for _ in range(sum(raised.values()) - removed):
        most = max(
            (name for name in raised if raised[name] > least[name]), key=lambda name: raised[name] - shares[name]
        )
        raised[most] -= 1
    return raised


def top_mask(ranks: Tensor, kept: int) -> Tensor:
    """Mark the `kept` highest ranks; of equal ones the earlier stay. NaN ranks highest.

    Args:
        ranks: a float tensor of any shape, read in its logical order.
        kept: from 0 to the number of ranks.

    Returns:
        A bool tensor of the same shape, exactly `kept` of it True.
    """
    flat = ranks.reshape(-1)
    if kept <= 0 or kept >= flat.numel():
        return torch.full_like(ranks, kept > 0, dtype=torch.bool)
    threshold = flat.kthvalue(flat.numel() - kept + 1).values
    chosen = flat >= threshold
    if bool(threshold.isnan()) or int(chosen.count_nonzero()) != kept:
        chosen = _settle_ties(flat.nan_to_num(torch.inf, torch.inf, -torch.inf), kept)
    return chosen.reshape(ranks.shape)


def _settle_ties(flat: Tensor, kept: int) -> Tensor:
    threshold = flat.kthvalue(flat.numel() - kept + 1).values
    above, tied = flat > threshold, flat == threshold
    return above | (tied & (tied.cumsum(0) <= kept - above.count_nonzero()))


def top_masks(
    ranks: Mapping[str, Tensor],
    sparsity: float,
    *,
    scope: Scope,
    previous: Masks | None = None,
    dense_first: bool = False,
    dense_last: bool = False,
) -> Masks:
    """Keep the highest-ranking weights, exactly as many as the sparsity leaves.

    Args:
        ranks: for each layer, in the network's order, a float tensor at least 0 of its weights' shape.
        sparsity: share of all weights removed, in [0, 1).
        scope: rank over the whole network, or give every layer the same share.
        previous: an earlier level's masks; what they removed stays removed.
        dense_first: keep the first layer whole.
        dense_last: keep the last layer whole.

    Raises:
        RecipeError: the layers that may be pruned hold too few weights.
        ValueError: `previous` has fewer weights left than are to be kept.
    """
    sizes = {name: rank.numel() for name, rank in ranks.items()}
    left = None if previous is None else {name: int(previous[name].count_nonzero()) for name in ranks}
    counts = kept_counts(sizes, sparsity, dense_first=dense_first, dense_last=dense_last, previous=left)
    known = dict(ranks) if previous is None else _without_removed(ranks, previous)
    if scope == "layerwise":
        return {name: top_mask(rank, counts[name]) for name, rank in known.items()}
    return _global_masks(known, counts, _free_layers(list(sizes), dense_first, dense_last))


def _global_masks(ranks: Mapping[str, Tensor], counts: Mapping[str, int], free: list[str]) -> Masks:
    masks = {name: torch.ones_like(rank, dtype=torch.bool) for name, rank in ranks.items()}
    if free:
        joined = torch.cat([ranks[name].reshape(-1) for name in free])
        chosen = top_mask(joined, sum(counts[name] for name in free))
        pieces = torch.split(chosen, [ranks[name].numel() for name in free])
        masks |= {name: piece.reshape(ranks[name].shape) for name, piece in zip(free, pieces, strict=True)}
    return masks


def _without_removed(ranks: Mapping[str, Tensor], previous: Masks) -> dict[str, Tensor]:
    """Rank what was removed below everything else."""
    return {name: rank.nan_to_num(torch.inf).masked_fill(~previous[name], -1) for name, rank in ranks.items()}


def _free_layers(names: list[str], dense_first: bool, dense_last: bool) -> list[str]:
    return names[int(dense_first) : max(int(dense_first), len(names) - int(dense_last))]


def _kept_dense(dense_first: bool, dense_last: bool) -> list[str]:
    return ["the first layer"] * dense_first + ["the last layer"] * dense_last


def random_masks_like(masks: Masks, generator: torch.Generator) -> Masks:
    """Draw masks that keep as many weights of each layer, but which ones is chance: the control of METHODS 2.

    Args:
        masks: the masks whose counts are copied.
        generator: a CPU generator; layers are drawn in order.
    """
    return {
        name: top_mask(torch.rand(mask.shape, generator=generator), int(mask.count_nonzero())).to(mask.device)
        for name, mask in masks.items()
    }


def apply_masks(weights: Mapping[str, Tensor], masks: Masks) -> None:
    """Set the removed weights to +0.0, in place and outside the gradient.

    Args:
        weights: the network's weights or their gradients, by name; may hold more names than `masks`.
        masks: what stays.
    """
    with torch.no_grad():
        for name, mask in masks.items():
            weights[name].masked_fill_(~mask, 0)


def sparsity_of(weights: Mapping[str, Tensor]) -> float:
    """Return the share of weights that are zero; 0 where there are none."""
    total = sum(weight.numel() for weight in weights.values())
    kept = sum(int(weight.count_nonzero()) for weight in weights.values())
    return 1 - kept / total if total else 0.0
