"""AugMix on a batch: every image draws its own chains, depths, operations, levels, signs and weights (METHODS 3).

Hendrycks et al. 2020: out = (1 - m) x + m sum_i w_i chain_i(x), with w ~ Dirichlet(1, ..., 1) and m ~ Beta(1, 1).
Inside a chain images are bytes, whole grey levels as in Pillow; the mixture is a float.

Time on one CPU thread, about 40 us an image in batches of 512: equalize 6 (counting and looking up, byte by byte),
rotations 6 (grid_sample), shears 7, the other operations 5, sorting and copying 8, mixing 6. Some 800 calls of torch
cost another 2 ms a batch whatever its size: batches of 128 take 10 to 15 us an image more. Training therefore puts the
batches of several steps together (`augmix_together`), each with the draws of its own generator.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from card_studio.domain.options import AugmixAugmentation
from card_studio.engine.data.augmix_ops import GEOMETRIC, POINTWISE, Op
from card_studio.engine.data.pixels import grey_levels

_RANDOM_DEPTHS = 3
_LOWEST_LEVEL = 0.1
_MIXED_AT_ONCE = 64
_CHUNK_PIXELS = {"cpu": 512 * 32 * 32, "cuda": 4096 * 32 * 32}


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

    @classmethod
    def of_all(cls, draws: "Sequence[Draw]") -> "Draw":
        """Return what the images of several batches have drawn, one batch after another."""
        return cls(**{name: torch.cat([getattr(each, name) for each in draws]) for name in cls.__slots__})

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
        images: float [N, 3, H, W] in [0, 1]; inside the chains rounded to 256 grey levels. Or uint8, which is faster.
        generator: draws for each image.
        options: chains, depth, severity, and whether the operations that overlap with CIFAR-C take part.

    Returns:
        A new float batch of the same shape, in [0, 1].
    """
    return augmix_together([images], [generator], options)[0]


def augmix_together(
    batches: Sequence[Tensor], generators: Sequence[torch.Generator], options: AugmixAugmentation | None = None
) -> tuple[Tensor, ...]:
    """Return what `augmix` makes of each batch with its generator, bit for bit, in less time than one by one.

    Args:
        batches: as for `augmix`, all of one size and type; of `images_at_once` images in all, to be fastest.
        generators: one for each batch, or the same one several times: batch after batch draws from it.
        options: as for `augmix`.

    Returns:
        New batches of the same shapes.
    """
    options = options or AugmixAugmentation()
    pairs = zip(batches, generators, strict=True)
    drawn = Draw.of_all([draw(len(batch), generator, options) for batch, generator in pairs])
    images = batches[0] if len(batches) == 1 else torch.cat(list(batches))
    size = images_at_once(images)
    result = torch.empty_like(images, dtype=torch.float32)
    for start in range(0, len(images), size):
        part = images[start : start + size]
        result[start : start + size] = mixed(part, drawn.part(start, start + len(part), images.device))
    return torch.split(result, [len(batch) for batch in batches])


def images_at_once(images: Tensor) -> int:
    """Return how many such images are best mixed at once: what fits the processor's cache, or keeps a GPU busy."""
    pixels = _CHUNK_PIXELS.get(images.device.type, _CHUNK_PIXELS["cuda"])
    return max(1, pixels // max(1, images.shape[2] * images.shape[3]))


def mixed(images: Tensor, drawn: Draw) -> Tensor:
    """Return the mixture that images have drawn: float [N, 3, H, W] in [0, 1]; images are as for `augmix`."""
    count, chains = drawn.depths.shape
    scale = 255 if images.dtype == torch.uint8 else 1
    state = images if scale > 1 else grey_levels(torch.add(images.new_full((), 0.5), images, alpha=255))
    ends = _chain_ends(state, drawn).view(count, chains, -1)
    weights = (drawn.weights * (drawn.share / 255)[:, None])[:, None]
    rest = ((1 - drawn.share) / scale)[:, None]
    result = torch.empty_like(images, dtype=torch.float32, memory_format=torch.contiguous_format).flatten(1)
    parts = (torch.split(values, _MIXED_AT_ONCE) for values in (result, ends, weights, images.flatten(1), rest))
    for out, end, weight, image, share in zip(*parts, strict=True):
        mixture = torch.bmm(weight, end.float())[:, 0]
        out.copy_(mixture.addcmul_(image.float(), share).clamp_(0, 1))
    return result.view(images.shape)


def _chain_ends(state: Tensor, drawn: Draw) -> Tensor:
    """Return what comes out of the chains when uint8 [N, 3, H, W] go in: uint8 [N * chains, 3, H, W].

    At each step the chains are put in the order of their operations, so that each operation is done once, on one slice.
    """
    count, chains, steps = drawn.ops.shape
    place = torch.arange(count * chains, device=state.device) // chains  # of each chain's image in the state
    for step in range(steps):
        ops = torch.where(drawn.depths > step, drawn.ops[:, :, step], len(Op)).flatten()
        order = ops.argsort()
        state = state.index_select(0, place[order])
        levels = drawn.levels[:, :, step].flatten()[order]
        signs = drawn.signs[:, :, step].flatten()[order]
        counts = torch.bincount(ops, minlength=len(Op) + 1).tolist()
        state = torch.cat(_operated(state, counts, levels, signs))
        place = order.argsort()
    return state.index_select(0, place)


def _operated(state: Tensor, counts: list[int], levels: Tensor, signs: Tensor) -> list[Tensor]:
    """Apply each operation in turn to the next counts[op] images, and nothing to the last ones."""
    parts = list(torch.split(state, counts))
    for operations, strengths in ((POINTWISE, levels), (GEOMETRIC, levels * signs)):
        shares = torch.split(strengths, counts)
        for op, apply in operations.items():
            if counts[op]:
                parts[op] = apply(parts[op], shares[op])
    return parts
