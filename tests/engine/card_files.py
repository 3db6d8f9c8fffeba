"""Small cards for the card file's tests, sparse and binary, and how a refusal looks."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from card_studio.domain.names import NetworkName
from card_studio.domain.options import Biprop, Lrr, NetworkOptions
from card_studio.domain.recipe import Recipe, fingerprint
from card_studio.engine.card_file import CardContent, load_card
from card_studio.engine.compress.edge_popup import ScoredNet, effective_state
from card_studio.engine.compress.magnitude import magnitude_masks
from card_studio.engine.compress.mask import apply_masks
from card_studio.engine.nets import NETS, initialise, prunable
from card_studio.errors import CardFileError

NORMAL: dict[str, Any] = {"mean": (0.5, 0.4, 0.3), "std": (0.25, 0.2, 0.3)}


def content_of(recipe: Recipe, state: dict[str, Tensor], classes: int = 10) -> CardContent:
    return CardContent(
        recipe=recipe,
        fingerprint=fingerprint(recipe, "data"),
        classes=tuple(f"class {index}" for index in range(classes)),
        size=32,
        data_label="shapes",
        data_digest="data",
        level=3,
        total_epochs=12.5,
        state=state,
        packages={"torch": "2.13.0"},
        **NORMAL,
    )


def sparse(sparsity: float = 0.9, *, width: float = 0.25, seed: int = 0, classes: int = 10) -> CardContent:
    """A pruned ResNet-8 with running statistics that are not trivial."""
    network = NetworkOptions(name=NetworkName.RESNET8, width=width)
    net = NETS[network.name](classes, width=width, **NORMAL)
    generator = torch.Generator().manual_seed(seed)
    initialise(net, "kaiming_normal", generator)
    net(torch.rand(8, 3, 32, 32, generator=generator))
    apply_masks(prunable(net), magnitude_masks(prunable(net), sparsity))
    return content_of(Recipe(network=network, compression=Lrr(sparsity=sparsity)), net.state_dict(), classes)


def binary(sparsity: float = 0.9, *, width: float = 0.25) -> CardContent:
    options = Biprop(sparsity=sparsity, scope="layerwise")
    net = NETS[NetworkName.RESNET8](10, width=width, affine=False, **NORMAL)
    generator = torch.Generator().manual_seed(0)
    initialise(net, "kaiming_normal", generator)
    wrapped = ScoredNet.wrap(net, options, generator)
    network = NetworkOptions(name=NetworkName.RESNET8, width=width)
    return content_of(Recipe(network=network, compression=options), effective_state(wrapped))


def refused(data: bytes, folder: Path, match: str = ".") -> None:
    path = folder / "bad.card"
    path.write_bytes(data)
    with pytest.raises(CardFileError, match=match) as caught:
        load_card(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
