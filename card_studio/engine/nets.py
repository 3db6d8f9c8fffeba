"""Every network by name; building one from options, its initial weights, and which of these may be pruned."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

import torch
from torch import Tensor, nn

from card_studio.domain.names import NetworkName
from card_studio.domain.options import AnyNetwork, OwnNetwork
from card_studio.engine.nets_parts import CIFAR_MEAN, CIFAR_STD, Shape, require_size
from card_studio.engine.nets_plain import ConvNet, Vgg16Small
from card_studio.engine.nets_preact import PreActResNet18
from card_studio.engine.nets_resnet import ResNet, ResNeXt29
from card_studio.engine.own import own_network

_GAIN = math.sqrt(2)
_SMALL_STAGES = (16, 32, 64)
_LARGE_STAGES = (64, 128, 256, 512)


class Constructor(Protocol):
    """How a network is made; RecipeError if its images are too small."""

    def __call__(
        self,
        classes: int,
        *,
        size: int = 32,
        mean: Sequence[float] = CIFAR_MEAN,
        std: Sequence[float] = CIFAR_STD,
        width: float = 1.0,
        affine: bool = True,
    ) -> nn.Module:
        """Return a network that takes [0,1] float images [N, 3, size, size] and gives logits [N, classes]."""


def _constructor(name: NetworkName, make: Callable[[Shape], nn.Module]) -> Constructor:
    def construct(
        classes: int,
        *,
        size: int = 32,
        mean: Sequence[float] = CIFAR_MEAN,
        std: Sequence[float] = CIFAR_STD,
        width: float = 1.0,
        affine: bool = True,
    ) -> nn.Module:
        require_size(name, size)
        return make(Shape(classes=classes, size=size, mean=mean, std=std, width=width, affine=affine))

    return construct


def _cifar_resnet(depth: int) -> Callable[[Shape], nn.Module]:
    return partial(ResNet, channels=_SMALL_STAGES, blocks=(depth - 2) // 6)


def _resnet18(widen: int) -> Callable[[Shape], nn.Module]:
    return partial(ResNet, channels=[count * widen for count in _LARGE_STAGES], blocks=2)


_N = NetworkName
NETS: dict[NetworkName, Constructor] = {
    _N.CONV2: _constructor(_N.CONV2, partial(ConvNet, pairs=1)),
    _N.CONV4: _constructor(_N.CONV4, partial(ConvNet, pairs=2)),
    _N.CONV6: _constructor(_N.CONV6, partial(ConvNet, pairs=3)),
    _N.CONV8: _constructor(_N.CONV8, partial(ConvNet, pairs=4)),
    _N.VGG16_SMALL: _constructor(_N.VGG16_SMALL, Vgg16Small),
    _N.RESNET8: _constructor(_N.RESNET8, _cifar_resnet(8)),
    _N.RESNET18: _constructor(_N.RESNET18, _resnet18(1)),
    _N.RESNET20: _constructor(_N.RESNET20, _cifar_resnet(20)),
    _N.RESNET32: _constructor(_N.RESNET32, _cifar_resnet(32)),
    _N.RESNET44: _constructor(_N.RESNET44, _cifar_resnet(44)),
    _N.RESNET56: _constructor(_N.RESNET56, _cifar_resnet(56)),
    _N.RESNEXT29: _constructor(_N.RESNEXT29, ResNeXt29),
    _N.WIDERESNET18_2: _constructor(_N.WIDERESNET18_2, _resnet18(2)),
    _N.CARD_RESNET18_2: _constructor(_N.CARD_RESNET18_2, _resnet18(2)),
    _N.CARD_BINARY_RESNET18: _constructor(_N.CARD_BINARY_RESNET18, PreActResNet18),
}
"""Networks by name. `card_resnet18_2` is RobustBench's name for WideResNet-18-2; `card_binary_resnet18` has neither
affine batch norm nor biases, whatever `affine` says."""


def build_net(
    network: AnyNetwork, *, classes: int, size: int, mean: Sequence[float], std: Sequence[float], affine: bool
) -> nn.Module:
    """Make the network that a recipe names; its weights are not meaningful before `initialise` or loading.

    Args:
        network: name and width.
        classes: number of classes.
        size: pixels on each side of its images.
        mean: channel means of images in [0,1].
        std: channel deviations of images in [0,1].
        affine: False for edge-popup and biprop: batch norm without weights, no biases (METHODS 2, BN).

    Raises:
        RecipeError: the network needs larger images.
        ExtensionError: it is one's own, and its code is missing or fails.
    """
    if isinstance(network, OwnNetwork):
        shape = Shape(classes=classes, size=size, mean=mean, std=std, width=network.width, affine=affine)
        return own_network(network, shape)
    return NETS[network.name](classes, size=size, mean=mean, std=std, width=network.width, affine=affine)


def is_affine(state: Mapping[str, Tensor]) -> bool:
    """Tell from a state dict whether its network was built with affine=True: it then has a bias somewhere."""
    return any(name.endswith(".bias") for name in state)


def initialise(net: nn.Module, init: str, generator: torch.Generator) -> None:
    """Set every weight in module order from `generator`, a CPU generator, so that a seed fixes the network.

    Convolutions and linear layers: normal with std sqrt(2 / fan_in), or the signs of those draws times that std.
    Batch norm: weight uniform in [0,1), running statistics at their start. Biases 0 (METHODS 2, Init).

    Args:
        net: a network; changed in place.
        init: "kaiming_normal" or "signed_constant".
        generator: the source of all draws.
    """
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                module.weight.copy_(_initial_weight(module.weight, init, generator))
            elif isinstance(module, nn.BatchNorm2d):
                module.reset_running_stats()
                if module.affine:
                    module.weight.copy_(torch.rand(module.weight.shape, generator=generator))
            if isinstance(module, nn.Conv2d | nn.Linear | nn.BatchNorm2d) and module.bias is not None:
                module.bias.zero_()


def _initial_weight(weight: Tensor, init: str, generator: torch.Generator) -> Tensor:
    std = _GAIN / math.sqrt(weight[0].numel())
    draws = torch.randn(weight.shape, generator=generator)
    if init == "kaiming_normal":
        return draws * std
    if init == "signed_constant":
        return torch.where(draws < 0, -std, std)
    raise ValueError(f"unknown init {init!r}")


def prunable(net: nn.Module) -> dict[str, nn.Parameter]:
    """Return every Conv2d and Linear weight by its name in the state dict, first layer first, classifier last.

    The first convolution, shortcuts and the classifier are included; batch norm and biases never are (METHODS 2).
    """
    return {
        f"{name}.weight": net.get_parameter(f"{name}.weight")
        for name, module in net.named_modules()
        if isinstance(module, nn.Conv2d | nn.Linear)
    }
