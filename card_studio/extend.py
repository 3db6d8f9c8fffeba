"""What a file of one's own methods imports: decorators that register networks, augmentations, corruptions, criteria.

    from card_studio.extend import Options, augmentation, option

    class Stripes(Options):
        period: int = option(4, "Rows from one stripe to the next", unit="px", ge=2, le=32)

    @augmentation("stripes", Stripes)
    def stripes(images, generator, options):
        ...

A recipe then says `name = "own.stripes"` and `period = 8`. The file is run only in child processes, never in the
window or on the command line. The first line of a function's docstring is its explanation in form and lists; every
option needs a default. What each function is given and must return is said at its decorator.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from card_studio.domain.names import MethodKind
from card_studio.domain.options import Options, option

__all__ = ["Options", "Registered", "augmentation", "collecting", "corruption", "criterion", "network", "option"]

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A method, as its file registers it."""

    kind: MethodKind
    name: str
    options: type[Options]
    function: Callable[..., Any]


_found: list[Registered] = []


@contextmanager
def collecting() -> Iterator[list[Registered]]:
    """Give the list that receives what is registered meanwhile."""
    global _found
    before, _found = _found, []
    try:
        yield _found
    finally:
        _found = before


def network(name: str, options: type[Options] = Options) -> Callable[[Function], Function]:
    """Register a network: `function(shape, options)` returns a torch module.

    `shape` (engine.nets_parts.Shape) has `classes`, `size` in pixels, the images' `mean` and `std`, `width`, and
    `affine`, which is False for edge-popup and biprop: batch norm without weights, no biases. The module takes float
    images [N, 3, size, size] in [0, 1] and returns logits [N, classes]; engine.nets_parts.ImageClassifier normalises.
    Weights of convolutions and linear layers are what is pruned; these and batch norm start from the recipe's seed,
    whatever else from a fixed one. All tensors must lie in its state dict.
    """
    return _registering(MethodKind.NETWORK, name, options)


def augmentation(name: str, options: type[Options] = Options) -> Callable[[Function], Function]:
    """Register an augmentation: `function(images, generator, options)` returns a new batch.

    Images are float32 [N, 3, H, W] in [0, 1], which may not be changed in place, on any device; the generator is on
    the CPU, and all draws must come from it. The result has the same shape and is clamped to [0, 1].
    """
    return _registering(MethodKind.AUGMENTATION, name, options)


def corruption(name: str, options: type[Options] = Options) -> Callable[[Function], Function]:
    """Register a corruption: `function(image, severity, generator, options)` returns a new image.

    The image is uint8 [3, H, W], the severity 1 to 5. Each image has a generator of its own, on the CPU, so that it
    is corrupted in the same way whatever others are corrupted with it.
    """
    return _registering(MethodKind.CORRUPTION, name, options)


def criterion(name: str, options: type[Options] = Options) -> Callable[[Function], Function]:
    """Register a pruning criterion: `function(weights, options)` returns how much each weight matters.

    Weights are a dict of float tensors by layer, in the network's order, the removed ones 0. The result has a tensor
    of the same shape for each; the lowest are removed. How many is not its business: counts are exact to the weight,
    and what is removed stays removed.
    """
    return _registering(MethodKind.CRITERION, name, options)


def _registering(kind: MethodKind, name: str, options: type[Options]) -> Callable[[Function], Function]:
    def register(function: Function) -> Function:
        _found.append(Registered(kind=kind, name=name, options=options, function=function))
        return function

    return register
