"""What a card file holds, and what is measured when one is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from card_studio.domain.ids import CardId, Fingerprint
from card_studio.domain.options import ValueType
from card_studio.domain.recipe import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class CardContent:
    """All that a card file holds.

    Attributes:
        recipe: how it was made.
        fingerprint: hash of all that determines the result.
        classes: their names, in order of the logits.
        size: pixels on each side of its images.
        mean: channel means of images in [0,1].
        std: channel deviations of images in [0,1].
        data_label: the training data's name, as shown.
        data_digest: hash of the training data, split and seed.
        level: pruning round, 0 for dense.
        total_epochs: epochs trained in all, earlier levels included.
        state: the full state dict of the network that `build_net` makes; removed weights are exactly 0.
        packages: versions of the packages that made it.
        values: how the file stores kept weights; `state` is float32 all the same.
        extras: JSON values that travel along outside the identity.
    """

    recipe: Recipe
    fingerprint: Fingerprint
    classes: tuple[str, ...]
    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    data_label: str
    data_digest: str
    level: int
    total_epochs: float
    state: Mapping[str, Tensor]
    packages: Mapping[str, str]
    values: ValueType = "float32"
    extras: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedCard:
    """A card file that was written, and what was measured of its network.

    Attributes:
        reference_bytes: sum over layers of n * H(density) + kept * bits per value, dense tensors, and the header.
        sparsity: measured share of prunable weights that are zero.
        parameters: of the network, buffers not counted.
        binary: whether each layer's kept weights are all +-alpha.
    """

    id: CardId
    path: Path
    file_bytes: int
    reference_bytes: int
    sparsity: float
    prunable_weights: int
    kept_weights: int
    parameters: int
    binary: bool
