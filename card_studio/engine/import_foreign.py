"""Networks from elsewhere: RobustBench's CARDs and their decks, and plain state dicts of the networks here.

Only tensors are read (torch.load with weights_only=True, or safetensors): a file whose pickle would run code is
refused. Which network it is follows from its tensors' names and shapes; sparsity and binarity are measured.
"""

import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from card_studio.domain.options import AnyNetwork, Biprop, CompressionOptions, Dense, Lrr
from card_studio.domain.recipe import Recipe, fingerprint
from card_studio.engine.card_content import CardContent
from card_studio.engine.recognise import ForeignNet, recognise
from card_studio.errors import CardFileError

__all__ = ["ForeignNet", "content_of", "read_foreign"]

_MAX_BYTES = 1 << 32
_WRAPPINGS = ("state_dict", "model_state_dict", "model", "net")
_PREFIXES = ("module.", "model.")
_DECK_MEMBER = re.compile(r"models\.(\d+)\.(.+)")


def read_foreign(path: Path, *, size: int = 32, network: AnyNetwork | None = None) -> list[ForeignNet]:
    """Read the networks in a .pt, .pth or .safetensors file: one, or the cards of a deck in order.

    Where the file lacks the normalisation (RobustBench's do), CIFAR-10's constants are taken, for 100 classes
    CIFAR-100's.

    Args:
        path: the file.
        size: pixels on each side of the images it was made for.
        network: its name and width; None finds one by its tensors, at width 1 if that is among them.

    Raises:
        CardFileError: the file is missing, damaged, holds more than tensors or values that are not finite, or no
            network known here.
    """
    members = _members(_tensors(_loaded(path), path), path)
    try:
        first = recognise(members[0], size=size, network=network)
        nets = [first, *(recognise(member, size=size, network=first.network) for member in members[1:])]
        for net in nets:
            _check_finite(net)
        return nets
    except CardFileError as error:
        raise CardFileError(f"{path}: {error}") from error


def content_of(
    net: ForeignNet, *, recipe: Recipe, classes: Sequence[str], data_label: str, data_digest: str
) -> CardContent:
    """Make card content of a foreign network.

    Args:
        net: what was read.
        recipe: what is known of how it was made. Its network is replaced by what was found; its compression, where
            that is Dense, by Biprop for a binary and Lrr for any other sparse network, at the measured sparsity.
        classes: their names, in order of the logits.
        data_label: the name of the data it was trained on.
        data_digest: hash of that data, as `open_dataset` gives it.

    Raises:
        CardFileError: the number of classes differs, or not one weight is left.
    """
    if len(classes) != net.classes:
        raise CardFileError(f"the network has {net.classes} classes, but {len(classes)} are named")
    if net.sparsity == 1:
        raise CardFileError("all of the network's weights are zero: it answers every image alike and makes no card")
    known = recipe.compression
    compression = _assumed(net) if isinstance(known, Dense) else known
    found = recipe.model_copy(update={"network": net.network, "compression": compression})
    return CardContent(
        recipe=found,
        fingerprint=fingerprint(found, data_digest),
        classes=tuple(classes),
        size=net.size,
        mean=net.mean,
        std=net.std,
        data_label=data_label,
        data_digest=data_digest,
        level=0,
        total_epochs=0.0,
        state=net.state,
        packages={},
    )


def _assumed(net: ForeignNet) -> CompressionOptions:
    if net.sparsity == 0 and not net.binary:
        return Dense()
    return Biprop(sparsity=net.sparsity) if net.binary else Lrr(sparsity=net.sparsity)


def _check_finite(net: ForeignNet) -> None:
    for name, value in net.state.items():
        if not torch.isfinite(value).all():
            raise CardFileError(f"{name} holds values that are not finite: the training that made it went wrong")


def _loaded(path: Path) -> Any:
    if not path.is_file():
        raise CardFileError(f"{path}: no such file")
    try:
        if _unpacked_bytes(path) > _MAX_BYTES:
            raise CardFileError(f"{path}: too large: over {_MAX_BYTES >> 30} GiB")
        if path.suffix == ".safetensors":
            return safetensors.torch.load(path.read_bytes())
        return torch.load(path, map_location="cpu", weights_only=True)
    except CardFileError:
        raise
    except Exception as error:  # whatever a hostile or damaged file makes the readers raise: it is the file's fault
        raise CardFileError(
            f"{path}: refused: not a file of tensors only, or damaged ({type(error).__name__}); save a plain state_dict"
        ) from error


def _unpacked_bytes(path: Path) -> int:
    """Return a file's size, or for an archive what its directory claims."""
    size = path.stat().st_size
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            size = max(size, sum(entry.file_size for entry in archive.infolist()))
    return size


def _tensors(loaded: Any, path: Path) -> dict[str, Tensor]:
    """Return the state dict inside a checkpoint, without wrappers' prefixes and biprop's left-over scores."""
    for key in _WRAPPINGS:
        if isinstance(loaded, Mapping) and isinstance(loaded.get(key), Mapping):
            loaded = loaded[key]
    if not isinstance(loaded, Mapping) or not loaded:
        raise CardFileError(f"{path}: holds no state dict")
    tensors = {str(name): value for name, value in loaded.items() if isinstance(value, Tensor)}
    for name, value in tensors.items():
        if value.layout != torch.strided or value.is_meta:
            kind = "has no values" if value.is_meta else "is stored as a sparse tensor"
            raise CardFileError(f"{path}: {name} {kind}: save a state_dict of plain tensors")
    for prefix in _PREFIXES:
        if all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): value for name, value in tensors.items()}
    return {name: value for name, value in tensors.items() if not name.endswith("scores")}


def _members(tensors: Mapping[str, Tensor], path: Path) -> list[dict[str, Tensor]]:
    """Return the state dicts of a deck's cards, or of the one network."""
    found = [match for name in tensors if (match := _DECK_MEMBER.fullmatch(name))]
    if not found:
        return [dict(tensors)]
    shared = {name: value for name, value in tensors.items() if name in ("mu", "sigma")}
    members: dict[int, dict[str, Tensor]] = {}
    for match in found:
        members.setdefault(int(match[1]), dict(shared))[match[2]] = tensors[match[0]]
    if sorted(members) != list(range(len(members))):
        raise CardFileError(f"{path}: a deck whose cards are not numbered from 0 on")
    return [members[index] for index in sorted(members)]
