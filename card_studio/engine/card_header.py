"""The card file's header: what it says beside the tensors, and the outline of the network that these must fit."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from card_studio.domain.options import AnyNetwork, ValueType
from card_studio.domain.recipe import identity_of
from card_studio.engine.card_codec import Layer
from card_studio.engine.card_content import CardContent
from card_studio.engine.nets import build_net, is_affine
from card_studio.engine.nets_parts import CIFAR_MEAN, CIFAR_STD
from card_studio.errors import CardFileError

_MAX_WEIGHTS = 1 << 28
"""Six times the paper's largest network; a file that claims more is refused before anything is allocated."""
_WEIGHTS_ALWAYS_FINE = 1 << 25
_WEIGHTS_PER_BYTE = 1 << 12
"""At 99.99 % sparsity a file still has a byte for every 2,000 weights."""


class Header(BaseModel):
    """The `card` part of the file's metadata."""

    model_config = ConfigDict(extra="forbid")

    recipe: dict[str, Any]
    fingerprint: str
    classes: tuple[str, ...] = Field(min_length=1, max_length=1 << 20)
    size: int = Field(ge=1, le=1 << 14)
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    data_label: str
    data_digest: str
    level: int = Field(ge=0)
    total_epochs: float = Field(ge=0)
    packages: dict[str, str]
    values: ValueType
    affine: bool
    layout: str
    """Digest of the network's tensors: their names, shapes and types, in order."""
    kept: list[Annotated[int, Field(ge=0, strict=True)]]
    """Weights kept of each prunable layer, in order."""
    binary: list[bool]
    """Whether the kept weights of each prunable layer are +-alpha."""

    def layers(self, sizes: Mapping[str, int]) -> tuple[Layer, ...]:
        """Return the layers of the given names and sizes.

        Raises:
            CardFileError: the header has another number of layers.
        """
        if not len(self.kept) == len(self.binary) == len(sizes):
            raise CardFileError("its layers are not those of its recipe's network")
        return tuple(
            Layer(name=name, size=size, kept=kept, binary=binary)
            for (name, size), kept, binary in zip(sizes.items(), self.kept, self.binary, strict=True)
        )


def header_of(content: CardContent, layers: tuple[Layer, ...], outline: nn.Module, values: ValueType) -> dict[str, Any]:
    """Return the header's JSON values."""
    return Header(
        recipe=identity_of(content.recipe),
        fingerprint=content.fingerprint,
        classes=content.classes,
        size=content.size,
        mean=content.mean,
        std=content.std,
        data_label=content.data_label,
        data_digest=content.data_digest,
        level=content.level,
        total_epochs=content.total_epochs,
        packages=dict(content.packages),
        values=values,
        affine=is_affine(content.state),
        layout=layout_of(outline),
        kept=[layer.kept for layer in layers],
        binary=[layer.binary for layer in layers],
    ).model_dump(mode="json")


def require_plausible(outline: nn.Module, file_bytes: int) -> None:
    """Refuse a file too small for its network, so that a tiny one cannot ask for all memory.

    Raises:
        CardFileError: the file would hold many thousand weights in every byte.
    """
    weights = sum(tensor.numel() for tensor in outline.state_dict().values())
    if weights > _WEIGHTS_ALWAYS_FINE + _WEIGHTS_PER_BYTE * file_bytes:
        raise CardFileError(f"{file_bytes:,} bytes cannot hold its network of {weights:,} weights")


def layout_of(outline: nn.Module) -> str:
    """Return a digest of a network's tensors, so that a card never fills a network whose tensors have moved."""
    tensors = [[name, list(tensor.shape), str(tensor.dtype)] for name, tensor in outline.state_dict().items()]
    return hashlib.sha256(json.dumps(tensors, separators=(",", ":")).encode()).hexdigest()[:16]


def outline_of(
    network: AnyNetwork,
    *,
    classes: int,
    size: int,
    affine: bool,
    mean: Sequence[float] = CIFAR_MEAN,
    std: Sequence[float] = CIFAR_STD,
) -> nn.Module:
    """Return a network without memory for its weights, to learn their names and shapes.

    Raises:
        CardFileError: it is larger than any card may be.
        RecipeError: it needs larger images.
    """
    try:
        with torch.device("meta"):
            net = build_net(network, classes=classes, size=size, mean=mean, std=std, affine=affine)
    except RuntimeError as error:  # sizes beyond what a tensor can have
        raise CardFileError("its network is too large") from error
    if sum(tensor.numel() for tensor in net.state_dict().values()) > _MAX_WEIGHTS:
        raise CardFileError(f"its network is too large: over {_MAX_WEIGHTS:,} weights")
    return net


def fitting(state: Mapping[str, Tensor], outline: nn.Module, what: str) -> dict[str, Tensor]:
    """Return the state on the CPU in the outline's order and types.

    Raises:
        CardFileError: names or shapes differ.
    """
    wanted = outline.state_dict()
    if differing := sorted(wanted.keys() ^ state.keys()):
        raise CardFileError(f"{what} does not fit the recipe: it should have the same tensors, but see {differing[0]}")
    for name, tensor in wanted.items():
        given = state[name]
        if tensor.shape != given.shape:
            raise CardFileError(f"{what}: {name} is {list(given.shape)}, not {list(tensor.shape)}")
        if tensor.is_floating_point() != given.is_floating_point():
            raise CardFileError(f"{what}: {name} holds {given.dtype}, not {tensor.dtype}")
    return {name: state[name].detach().to("cpu", tensor.dtype).contiguous() for name, tensor in wanted.items()}
