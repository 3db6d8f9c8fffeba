"""What every network shares: normalisation in buffers, channel counts, batch norm, and the smallest image it takes."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from card_studio.domain.names import NetworkName
from card_studio.domain.options import too_small
from card_studio.errors import RecipeError

CIFAR_MEAN = (0.491, 0.482, 0.447)
CIFAR_STD = (0.247, 0.243, 0.262)
"""Channel means and deviations of CIFAR-10's training images (METHODS 3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a network is built for.

    Attributes:
        classes: number of classes, at least 1.
        size: pixels on each side of the images.
        mean: channel means of images in [0,1].
        std: channel deviations of images in [0,1], above 0.
        width: multiplies the channels of every layer.
        affine: whether batch norm has weights and biases, and the other layers biases.
    """

    classes: int
    size: int
    mean: Sequence[float]
    std: Sequence[float]
    width: float
    affine: bool

    def channels(self, count: int) -> int:
        """Return `count` channels at this width, at least 1."""
        return max(1, round(count * self.width))


class ImageClassifier(nn.Module):
    """A network on [0,1] images [N, 3, H, W]: subtracts `mu`, divides by `sigma`, gives logits [N, classes].

    The two are buffers under RobustBench's names, so they are saved with the network but are not parameters.
    """

    mu: Tensor
    sigma: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.register_buffer("mu", torch.tensor(tuple(shape.mean)).view(1, 3, 1, 1))
        self.register_buffer("sigma", torch.tensor(tuple(shape.std)).view(1, 3, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        """Return logits [N, classes] of float images [N, 3, H, W] in [0,1]."""
        return self.logits((images - self.mu) / self.sigma)

    def logits(self, inputs: Tensor) -> Tensor:
        """Return logits [N, classes] of normalised images."""
        raise NotImplementedError


def conv3x3(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    """Return a 3x3 convolution that keeps the image's size (at stride 1), without bias."""
    return nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)


def conv1x1(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    """Return a 1x1 convolution without bias."""
    return nn.Conv2d(inputs, outputs, 1, stride, bias=False)


def require_size(name: NetworkName, size: int) -> None:
    """Refuse images that the network would shrink to nothing.

    Raises:
        RecipeError: `size`, in pixels, is below what the network needs.
    """
    if problem := too_small(name, size):
        raise RecipeError(problem)
