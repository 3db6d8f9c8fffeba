"""AugMix on a batch: every image draws its own chains, depths, operations, levels, signs and weights (METHODS 3).

Hendrycks et al. 2020: out = (1 - m) x + m sum_i w_i chain_i(x), with w ~ Dirichlet(1, ..., 1) and m ~ Beta(1, 1).
Inside a chain images are whole grey levels, as in Pillow; the mixture is a float.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from card_studio.domain.options import AugmixAugmentation
from card_studio.engine.data.augmix_ops import GEOMETRIC, POINTWISE, Op, move

_RANDOM_DEPTHS = 3
_LOWEST_LEVEL = 0.1
_CHUNK_PIXELS = {"cpu": 64 * 32 * 32, "cuda": 4096 * 32 * 32}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """What N images draw, for a number of chains and of steps in a chain.

    Attributes:
        depths: int64 [N, chains], operations in each chain.
        ops: int64 [N, chains, steps], members of Op; those beyond a chain's depth are not used.
        levels: float32 [N, chains, steps].
        signs: float32 [N, chains, steps], -1 or 1.
        weights: float32 [N, chains], of sum 1.
        share: float32 [N], m, the mixture's share of the result.
    """

    depths: Tensor
    ops: Tensor
    levels: Tensor
    signs: Tensor
    weights: Tensor
    share: Tensor

    def part(self, start: int, end: int, device: torch.device) -> "Draw":
        """Return what images start to end have drawn, on a device."""
        return Draw(**{name: getattr(self, name)[start:end].to(device) for name in self.__slots__})


def draw(count: int, generator: torch.Generator, options: AugmixAugmentation) -> Draw:
    """Draw everything that AugMix needs for `count` images, on the generator's device."""
    steps = options.depth if options.depth > 0 else _RANDOM_DEPTHS
    shape = (count, options.chains)

    def uniform(*size: int) -> Tensor:
        return torch.rand(size, generator=generator, device=generator.device)

    weights = -torch.log1p(-uniform(*shape))
    depths = 1 + (uniform(*shape) * _RANDOM_DEPTHS).long() if options.depth < 0 else torch.full(shape, steps)
    return Draw(
        depths=depths.to(generator.device),
        ops=(uniform(*shape, steps) * (len(Op) if options.all_operations else Op.TRANSLATE_Y + 1)).long(),
        levels=_LOWEST_LEVEL + (options.severity - _LOWEST_LEVEL) * uniform(*shape, steps),
        signs=torch.where(uniform(*shape, steps) < 0.5, 1.0, -1.0),
        weights=weights / weights.sum(dim=1, keepdim=True).clamp(min=1e-30),
        share=uniform(count),
    )


def augmix(images: Tensor, generator: torch.Generator, options: AugmixAugmentation | None = None) -> Tensor:
    """Return an AugMix view of each image.

    Args:
        images: float [N, 3, H, W] in [0, 1]; inside the chains rounded to 256 grey levels.
        generator: draws for each image.
        options: chains, depth, severity, and whether the operations that overlap with CIFAR-C take part.

    Returns:
        A new float batch of the same shape, in [0, 1].
    """
    drawn = draw(len(images), generator, options or AugmixAugmentation())
    pixels = _CHUNK_PIXELS.get(images.device.type, _CHUNK_PIXELS["cuda"])
    size = max(1, pixels // max(1, images.shape[2] * images.shape[3]))
    result = torch.empty_like(images)
    for start in range(0, len(images), size):
        part = images[start : start + size]
        result[start : start + size] = mixed(part, drawn.part(start, start + len(part), images.device))
    return result


def augmix_views(
    images: Tensor, generator: torch.Generator, options: AugmixAugmentation | None = None
) -> tuple[Tensor, Tensor]:
    """Return the two further views, independently drawn, that the Jensen-Shannon consistency loss compares."""
    return augmix(images, generator, options), augmix(images, generator, options)


def mixed(images: Tensor, drawn: Draw) -> Tensor:
    """Return the mixture that images have drawn: float [N, 3, H, W] in [0, 1]."""
    count, chains = drawn.depths.shape
    grey = (images.float() * 255).round_()
    state = grey.repeat_interleave(chains, dim=0)
    for step in range(drawn.ops.shape[2]):
        _apply_step(state, drawn, step)
    weights = drawn.weights * (drawn.share / 255)[:, None]
    mixture = torch.bmm(weights[:, None, :], state.view(count, chains, -1)).view(images.shape)
    return torch.addcmul(mixture, images.float(), (1 - drawn.share)[:, None, None, None]).clamp_(0, 1).to(images)


def _apply_step(state: Tensor, drawn: Draw, step: int) -> None:
    """Apply one operation to every chain that is deep enough, chains of one operation together."""
    ops = drawn.ops[:, :, step].flatten()
    active = (drawn.depths > step).flatten().nonzero().flatten()
    order = active[ops[active].argsort()]
    ops, levels = ops[order], drawn.levels[:, :, step].flatten()[order]
    signs = drawn.signs[:, :, step].flatten()[order]
    edges = [0, *torch.bincount(ops, minlength=len(Op)).cumsum(0).tolist()]
    groups = [(slice(edges[op], edges[op + 1]), apply) for op, apply in POINTWISE.items()]
    for here, apply in groups:
        if here.stop > here.start:
            chosen = order[here]
            state.index_copy_(0, chosen, apply(state.index_select(0, chosen), levels[here]))
    here = slice(edges[GEOMETRIC.start], edges[GEOMETRIC.stop])
    if here.stop > here.start:
        chosen = order[here]
        state.index_copy_(0, chosen, move(state.index_select(0, chosen), ops[here], levels[here], signs[here]))
