"""The .card file: a compact network, packed, with what determines it; its hash is its identity (DESIGN, Data)."""

import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor, nn

from card_studio.domain.ids import CardId, Fingerprint
from card_studio.domain.options import ValueType
from card_studio.domain.recipe import labels_of, merged, recipe_from
from card_studio.engine.card_codec import Layer, Packed, pack, reference_bits, unpack
from card_studio.engine.card_container import Container, read_container, write_container
from card_studio.engine.card_content import CardContent, SavedCard
from card_studio.engine.card_header import Header, fitting, header_of, layout_of, outline_of, require_plausible
from card_studio.engine.nets import is_affine, prunable
from card_studio.errors import CardFileError, RecipeError
from card_studio.files import write_atomically

__all__ = ["CardContent", "SavedCard", "ValueType", "card_id", "card_net", "load_card", "measured_card", "save_card"]

CARD_SUFFIX = ".card"
_PARTS = ("masks", "signs", "values", "scales")
"""The file's tensors that hold the packed layers."""
_DENSE = {"floats": torch.float32, "integers": torch.int64}
"""The file's tensors that hold everything else, joined: a name for each would outweigh a small network's content."""


def save_card(content: CardContent, path: Path, *, values: ValueType | None = None) -> SavedCard:
    """Write a card file.

    Args:
        content: the card.
        path: the file, ending in .card; or a folder, in which the file is named after its identity.
        values: how kept weights of layers that are not binary are stored; None as `content.values` says. float32 is
            exact; the others change the network, and with it the card's identity.

    Raises:
        CardFileError: the state does not fit the recipe's network, or weights that are not finite are to be rounded.
        WorkspaceError: the disk is full or read-only, or permission is missing.
    """
    values = content.values if values is None else values
    outline = _outline(content)
    state = fitting(content.state, outline, "the network to save")
    names = list(prunable(outline))
    packed = pack({name: state[name].reshape(-1).numpy() for name in names}, values)
    dense = {name: tensor for name, tensor in state.items() if name not in names}
    parts = {part: torch.from_numpy(getattr(packed, part)) for part in _PARTS}
    header = header_of(content, packed.layers, outline, values)
    beside = {"labels": labels_of(content.recipe), "extras": dict(content.extras)}
    identity, data = write_container(header, parts | _joined(dense), beside)
    require_plausible(outline, len(data))
    target = path if path.suffix == CARD_SUFFIX else path / f"{identity}{CARD_SUFFIX}"
    _write_once(target, data)
    return SavedCard(
        id=identity,
        path=target,
        file_bytes=len(data),
        reference_bytes=_reference_bytes(packed.layers, dense, values, data[:8]),
        parameters=sum(parameter.numel() for parameter in outline.parameters()),
        **_measured(packed.layers),
    )


def load_card(path: Path) -> CardContent:
    """Read and check a card file.

    Raises:
        CardFileError: it is missing, damaged, from another version, or no card file.
    """
    container = read_container(path)
    try:
        header = Header.model_validate(container.card)
        recipe = recipe_from(merged(_table(container, "labels"), header.recipe), str(path))
        outline = outline_of(recipe.network, classes=len(header.classes), size=header.size, affine=header.affine)
        require_plausible(outline, container.file_bytes)
        state = _unpacked(container, header, outline)
    except ValidationError as error:
        raise CardFileError(f"{path}: its header has {error.error_count()} wrong entries") from error
    except (CardFileError, RecipeError) as error:
        raise CardFileError(f"{path}: not a card that this release can use: {error}") from error
    fields = header.model_dump(exclude={"recipe", "affine", "layout", "kept", "binary", "fingerprint"})
    return CardContent(
        recipe=recipe,
        fingerprint=Fingerprint(header.fingerprint),
        state=state,
        extras=_table(container, "extras"),
        **fields,
    )


def _table(container: Container, name: str) -> dict[str, Any]:
    """Return one of the tables that lie beside the identity."""
    table = container.extras.get(name)
    if not isinstance(table, dict):
        raise CardFileError(f"it lacks its {name}")
    return table


def card_id(path: Path) -> CardId:
    """Return a card file's identity, checked against its content.

    Raises:
        CardFileError: it is missing, damaged, from another version, or no card file.
    """
    return read_container(path).id


def card_net(content: CardContent) -> nn.Module:
    """Return the card's network in eval mode, with a copy of its state."""
    net = _outline(content)
    net.load_state_dict({name: tensor.clone() for name, tensor in content.state.items()}, assign=True)
    return net.eval()


def measured_card(path: Path) -> SavedCard:
    """Return what `save_card` returned when it wrote this file, which `load_card` has found good.

    Raises:
        CardFileError: it is missing, damaged, from another version, or no card file.
    """
    container = read_container(path)
    outline = _outline(load_card(path))
    header = Header.model_validate(container.card)
    sizes = {name: weight.numel() for name, weight in prunable(outline).items()}
    dense = {name: tensor for name, tensor in outline.state_dict().items() if name not in sizes}
    layers = header.layers(sizes)
    with path.open("rb") as file:
        reference_bytes = _reference_bytes(layers, dense, header.values, file.read(8))
    return SavedCard(
        id=container.id,
        path=path,
        file_bytes=container.file_bytes,
        reference_bytes=reference_bytes,
        parameters=sum(parameter.numel() for parameter in outline.parameters()),
        **_measured(layers),
    )


def _outline(content: CardContent) -> nn.Module:
    return outline_of(
        content.recipe.network, classes=len(content.classes), size=content.size, affine=is_affine(content.state)
    )


def _unpacked(container: Container, header: Header, outline: nn.Module) -> dict[str, Tensor]:
    """Return the full state, in the outline's order."""
    wanted = outline.state_dict()
    if container.tensors.keys() != {*_PARTS, *_DENSE} or header.layout != layout_of(outline):
        raise CardFileError("its tensors are not those of its recipe's network in this release")
    sizes = {name: weight.numel() for name, weight in prunable(outline).items()}
    arrays: dict[str, Any] = {part: container.tensors[part].numpy() for part in _PARTS}
    weights = unpack(Packed(layers=header.layers(sizes), **arrays), header.values)
    packed = {name: torch.from_numpy(flat).view(wanted[name].shape) for name, flat in weights.items()}
    dense = {name: tensor for name, tensor in wanted.items() if name not in sizes}
    return fitting(packed | _separated(container.tensors, dense), outline, "its state")


def _joined(dense: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return all tensors of each type as one, in order."""
    return {
        part: torch.cat([torch.zeros(0, dtype=kind), *(t.reshape(-1) for t in dense.values() if t.dtype == kind)])
        for part, kind in _DENSE.items()
    }


def _separated(joined: Mapping[str, Tensor], dense: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Undo `_joined`, with the shapes of `dense`."""
    separated: dict[str, Tensor] = {}
    for part, kind in _DENSE.items():
        those = {name: tensor for name, tensor in dense.items() if tensor.dtype == kind}
        sizes = [tensor.numel() for tensor in those.values()]
        if joined[part].dtype != kind or joined[part].shape != (sum(sizes),):
            raise CardFileError(f"its {part} do not fit its recipe's network")
        pieces = torch.split(joined[part], sizes)
        separated |= {n: piece.view(t.shape) for (n, t), piece in zip(those.items(), pieces, strict=True)}
    return separated


def _write_once(target: Path, data: bytes) -> None:
    """Leave a file alone that already holds just this."""
    if not (target.is_file() and target.stat().st_size == len(data) and target.read_bytes() == data):
        write_atomically(target, data)


def _reference_bytes(layers: tuple[Layer, ...], dense: Mapping[str, Tensor], values: ValueType, start: bytes) -> int:
    """Return the layers' reference size with the dense tensors and the header as they are.

    Args:
        layers: all of them.
        dense: every other tensor.
        values: of layers that are not binary.
        start: the file's first eight bytes, which say how long its header is.
    """
    (header,) = struct.unpack("<Q", start)
    plain = sum(tensor.numel() * tensor.element_size() for tensor in dense.values())
    return math.ceil(reference_bits(layers, values) / 8) + plain + 8 + int(header)


def _measured(layers: tuple[Layer, ...]) -> dict[str, Any]:
    weights = sum(layer.size for layer in layers)
    kept = sum(layer.kept for layer in layers)
    return {
        "prunable_weights": weights,
        "kept_weights": kept,
        "sparsity": 1 - kept / weights,
        "binary": kept > 0 and all(layer.binary for layer in layers if layer.kept),
    }
