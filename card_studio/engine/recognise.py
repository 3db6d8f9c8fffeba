"""Which network a state dict belongs to: told from its tensors' names and shapes, its sparsity measured."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor, nn

from card_studio.domain.names import NetworkName
from card_studio.domain.options import AnyNetwork, NetworkOptions
from card_studio.engine.card_codec import is_binary
from card_studio.engine.card_header import fitting, outline_of
from card_studio.engine.compress.mask import sparsity_of
from card_studio.engine.nets import is_affine, prunable
from card_studio.engine.nets_parts import CIFAR_MEAN, CIFAR_STD
from card_studio.errors import CardFileError, RecipeError

CIFAR100_MEAN = (0.5071, 0.4865, 0.4409)
CIFAR100_STD = (0.2673, 0.2564, 0.2762)
"""RobustBench's constants for its CIFAR-100 cards (METHODS 3)."""
_CIFAR100_CLASSES = 100
_MAX_WIDTH = 16
_FIRST = (NetworkName.CARD_RESNET18_2, NetworkName.CARD_BINARY_RESNET18)
"""Tried before networks of the same tensors under other names."""
Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignNet:
    """A network found in a file.

    Attributes:
        network: name and width, as its tensors tell.
        classes: number of classes.
        size: pixels on each side of its images.
        mean: channel means it subtracts.
        std: channel deviations it divides by.
        state: its state dict, complete and float32.
        sparsity: measured share of prunable weights that are zero.
        binary: whether each layer's kept weights are all +-alpha.
    """

    network: AnyNetwork
    classes: int
    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    state: Mapping[str, Tensor]
    sparsity: float
    binary: bool


def recognise(state: Mapping[str, Tensor], *, size: int, network: AnyNetwork | None = None) -> ForeignNet:
    """Find the network whose tensors these are, and fill in what other programs leave out.

    Args:
        state: tensors by name; normalisation (`mu`, `sigma`) and batch counters may be missing.
        size: pixels on each side of the images it was made for.
        network: its name and width; None tries all, width 1 first.

    Raises:
        CardFileError: no network known here has such tensors.
    """
    candidates = [network] if network else sorted(_candidates(state, size), key=lambda found: found.width != 1)
    complaint = ""
    for candidate in candidates:
        try:
            return _as(candidate, state, size)
        except (CardFileError, RecipeError) as error:
            complaint = f" ({error})" if network else ""
    raise CardFileError(f"its tensors are not those of a network known here, for {size}x{size} images{complaint}")


def _candidates(state: Mapping[str, Tensor], size: int) -> Iterator[NetworkOptions]:
    """Yield every network at the width that the state's first layer has."""
    for name in [*_FIRST, *(name for name in NetworkName if name not in _FIRST)]:
        try:
            first, channels = _first_layer(name, size)
        except RecipeError:
            continue
        given = state.get(first)
        if given is not None and given.ndim and 0 < given.shape[0] / channels <= _MAX_WIDTH:
            yield NetworkOptions(name=name, width=given.shape[0] / channels)


@cache
def _first_layer(name: NetworkName, size: int) -> tuple[str, int]:
    """Return the name of a network's first weight, and its output channels at width 1."""
    outline = outline_of(NetworkOptions(name=name), classes=1, size=size, affine=True)
    first, weight = next(iter(prunable(outline).items()))
    return first, weight.shape[0]


def _as(network: AnyNetwork, state: Mapping[str, Tensor], size: int) -> ForeignNet:
    """Return the state as the given network.

    Raises:
        CardFileError: it is not one of these.
        RecipeError: such a network needs larger images.
    """
    affine = is_affine(state)
    last = next(reversed(prunable(outline_of(network, classes=1, size=size, affine=affine))))
    classes = state[last].shape[0] if last in state and state[last].ndim else 0
    if not classes:
        raise CardFileError(f"no classifier {last}")
    outline = outline_of(network, classes=classes, size=size, affine=affine)
    mean, std = _normalisation(state, classes)
    fitted = fitting(_completed(state, outline, mean, std), outline, "the state")
    weights = {name: fitted[name] for name in prunable(outline)}
    return ForeignNet(
        network=network,
        classes=classes,
        size=size,
        mean=mean,
        std=std,
        state=fitted,
        sparsity=sparsity_of(weights),
        binary=_all_binary(weights),
    )


def _all_binary(weights: Mapping[str, Tensor]) -> bool:
    kept = [weight[weight != 0].numpy() for weight in weights.values()]
    return any(values.size for values in kept) and all(is_binary(values) for values in kept if values.size)


def _normalisation(state: Mapping[str, Tensor], classes: int) -> tuple[Triple, Triple]:
    mean, std = (CIFAR100_MEAN, CIFAR100_STD) if classes == _CIFAR100_CLASSES else (CIFAR_MEAN, CIFAR_STD)
    mean = _triple(state["mu"]) if "mu" in state else mean
    std = _triple(state["sigma"]) if "sigma" in state else std
    if min(std) <= 0:
        raise CardFileError("its channel deviations are not above 0")
    return mean, std


def _triple(values: Tensor) -> Triple:
    if values.numel() != 3 or not values.is_floating_point() or not bool(values.isfinite().all()):
        raise CardFileError("its normalisation is not three numbers")
    red, green, blue = values.double().reshape(-1).tolist()
    return red, green, blue


def _completed(
    state: Mapping[str, Tensor], outline: nn.Module, mean: Sequence[float], std: Sequence[float]
) -> dict[str, Tensor]:
    """Add normalisation and batch counters where they are missing."""
    counters = {
        name: torch.zeros(tensor.shape, dtype=tensor.dtype)
        for name, tensor in outline.state_dict().items()
        if name.endswith("num_batches_tracked")
    }
    mu, sigma = torch.tensor(tuple(mean)).view(1, 3, 1, 1), torch.tensor(tuple(std)).view(1, 3, 1, 1)
    return counters | {"mu": mu, "sigma": sigma} | dict(state)
