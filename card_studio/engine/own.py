"""Networks, augmentations and criteria of one's own: called, and held to what they promise (card_studio.extend)."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from card_studio.domain.names import MethodKind
from card_studio.domain.options import OwnAugmentation, OwnCorruption, OwnCriterion, OwnNetwork
from card_studio.engine.nets_parts import Shape
from card_studio.engine.own_code import ready
from card_studio.errors import ExtensionError

_CONSTRUCTOR_SEED = 0


def own_network(network: OwnNetwork, shape: Shape) -> nn.Module:
    """Build a network; what it draws itself comes from a fixed seed.

    Raises:
        ExtensionError: its code is missing, fails, or returns no module.
    """
    construct = ready(MethodKind.NETWORK, network)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_CONSTRUCTOR_SEED)
        net = construct(shape)
    if not isinstance(net, nn.Module):
        raise ExtensionError(f"network {network.name} must return a torch.nn.Module, not {type(net).__name__}")
    return net


def own_augmentation(images: Tensor, generator: torch.Generator, options: OwnAugmentation) -> Tensor:
    """Augment a batch, float [N, 3, H, W] in [0, 1].

    Raises:
        ExtensionError: its code is missing, fails, or returns another shape or type.
    """
    made = ready(MethodKind.AUGMENTATION, options)(images, generator)
    return _require(made, images, f"augmentation {options.name}").clamp(0, 1)


def own_scores(criterion: OwnCriterion, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return how much each weight matters: float64, at least 0, by layer.

    Raises:
        ExtensionError: its code is missing, fails, or returns other layers, shapes, or what is no number.
    """
    what = f"criterion {criterion.name}"
    scores = ready(MethodKind.CRITERION, criterion)({name: weight.detach().clone() for name, weight in weights.items()})
    if not isinstance(scores, Mapping) or scores.keys() != weights.keys():
        raise ExtensionError(f"{what} must return a dict with a tensor for each of the {len(weights)} layers")
    for name, weight in weights.items():
        _require(scores[name], weight, f"{what}, layer {name}")
        if not bool(torch.isfinite(scores[name]).all()):
            raise ExtensionError(f"{what}, layer {name}: a score is infinite or not a number")
    lowest = min(float(scores[name].min()) for name in weights)
    return {name: scores[name].detach().double() - lowest for name in weights}


def own_corrupted(images: Tensor, severity: int, seeds: Tensor, options: OwnCorruption) -> Tensor:
    """Corrupt images, uint8 [N, 3, H, W], one by one, each with a generator of its own seed, int64 [N].

    Raises:
        ExtensionError: its code is missing, fails, or returns another shape or type.
    """
    corrupt = ready(MethodKind.CORRUPTION, options)
    made = []
    for image, seed in zip(images, seeds.tolist(), strict=True):
        found = corrupt(image.clone(), severity, torch.Generator().manual_seed(seed))
        made.append(_require(found, image, f"corruption {options.name}").to(torch.uint8))
    return torch.stack(made) if made else images.clone()


def _require(made: Any, like: Tensor, what: str) -> Tensor:
    wanted = f"a {str(like.dtype).removeprefix('torch.')} tensor {list(like.shape)}"
    if not isinstance(made, Tensor):
        raise ExtensionError(f"{what} must return {wanted}, not {type(made).__name__}")
    if made.shape != like.shape or made.is_floating_point() != like.is_floating_point():
        found = f"{str(made.dtype).removeprefix('torch.')} {list(made.shape)}"
        raise ExtensionError(f"{what} must return {wanted}, not {found}")
    return made
