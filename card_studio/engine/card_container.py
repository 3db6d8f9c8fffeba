"""The card file's outside: one safetensors file whose every byte is checked, read within bounded time and memory.

Its metadata holds `format`, `checksum`, `card` (JSON, part of the identity) and `extras` (JSON, not part of it:
what people call the card, where the data lay, whatever travels along on export).
The identity is the SHA-256 of `card`, the tensors' index and their bytes. The checksum is the SHA-256 of the header,
with zeros in place of the checksum, and of the identity's digest; so the two together cover the whole file.
"""

import hashlib
import json
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import safetensors
import safetensors.torch
from torch import Tensor

from card_studio.domain.ids import CardId
from card_studio.errors import CardFileError

FORMAT = 1
"""The version that this release writes, and the only one yet."""
_MAX_FILE_BYTES = 5 << 28
"""The largest network in float32, and a quarter more."""
_MAX_HEADER_BYTES = 1 << 24
_PREFIX_BYTES = 8
_NO_CHECKSUM = "0" * 64
_META = "__metadata__"


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """What a file holds."""

    id: CardId
    card: dict[str, Any]
    extras: dict[str, Any]
    tensors: dict[str, Tensor]
    file_bytes: int


def write_container(
    card: Mapping[str, Any], tensors: Mapping[str, Tensor], extras: Mapping[str, Any]
) -> tuple[CardId, bytes]:
    """Return the identity and the file's bytes; the same content always gives the same bytes.

    Args:
        card: JSON values, part of the identity.
        tensors: by name, on the CPU; their order does not matter.
        extras: JSON values outside the identity.
    """
    body = safetensors.torch.save({name: tensor.contiguous() for name, tensor in tensors.items()})
    header_bytes = _header_length(body)
    index = json.loads(body[_PREFIX_BYTES : _PREFIX_BYTES + header_bytes])
    data = memoryview(body)[_PREFIX_BYTES + header_bytes :]
    text = _json(card)
    identity = _identity(text, index, data)
    meta = {"format": str(FORMAT), "checksum": _NO_CHECKSUM, "card": text, "extras": _json(extras)}
    head = _head({_META: meta, **index})
    checksum = _checksum(head, identity)
    return CardId(identity), b"".join([head.replace(_NO_CHECKSUM.encode(), checksum.encode(), 1), data])


def read_container(path: Path) -> Container:
    """Read a file that `write_container` made.

    Raises:
        CardFileError: the file is missing, no card, from another version, or damaged.
    """
    with _opened(path) as file:
        head = _read_head(file, path)
        index = _parse(head[_PREFIX_BYTES:], path)
        meta = _metadata(index, path)
        _check_format(meta["format"], path)
        content = head + file.read()
    identity = _identity(meta["card"], index, memoryview(content)[len(head) :])
    if _checksum(head.replace(meta["checksum"].encode(), _NO_CHECKSUM.encode(), 1), identity) != meta["checksum"]:
        raise CardFileError(f"{path}: damaged: its checksum does not fit its content; get it anew")
    card, extras = _parse(meta["card"], path), _parse(meta["extras"], path)
    try:
        tensors = safetensors.torch.load(content)
    except (safetensors.SafetensorError, KeyError) as error:  # KeyError: a type that torch lacks
        raise CardFileError(f"{path}: damaged: {error}") from error
    return Container(id=CardId(identity), card=card, extras=extras, tensors=tensors, file_bytes=len(content))


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        if not path.is_file():
            raise CardFileError(f"{path}: no such card file")
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise CardFileError(f"{path}: too large to be a card file (over {_MAX_FILE_BYTES >> 20} MiB)")
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise CardFileError(f"{path}: cannot be read: {error.strerror}") from error


def _read_head(file: BinaryIO, path: Path) -> bytes:
    """Return length prefix and header; no more is read of a file that is no card."""
    prefix = file.read(_PREFIX_BYTES)
    length = _header_length(prefix) if len(prefix) == _PREFIX_BYTES else 0
    head = prefix + file.read(length) if 0 < length <= _MAX_HEADER_BYTES else b""
    if len(head) != _PREFIX_BYTES + length:
        raise CardFileError(f"{path}: not a card file, or one that was cut short")
    return head


def _header_length(content: bytes) -> int:
    (length,) = struct.unpack("<Q", content[:_PREFIX_BYTES])
    return int(length)


def _parse(text: bytes | str, path: Path) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: not JSON, or not UTF-8
        raise CardFileError(f"{path}: not a card file, or damaged") from error
    if not isinstance(values, dict):
        raise CardFileError(f"{path}: not a card file, or damaged")
    return values


def _metadata(index: dict[str, Any], path: Path) -> dict[str, str]:
    """Take the metadata out of the index."""
    meta = index.pop(_META, None)
    wanted = ("format", "checksum", "card", "extras")
    if not isinstance(meta, dict) or any(not isinstance(meta.get(key), str) for key in wanted):
        raise CardFileError(f"{path}: not a card file; to bring in another program's network, import it")
    if len(meta["checksum"]) != len(_NO_CHECKSUM) or len(meta) != len(wanted):
        raise CardFileError(f"{path}: not a card file, or damaged")
    return meta


def _check_format(text: str, path: Path) -> None:
    if text == str(FORMAT):
        return
    if text.isascii() and text.isdecimal() and text.strip("0") and len(text) < len(str(FORMAT)) + 4:
        raise CardFileError(
            f"{path}: a card file of format {text}, and this release reads format {FORMAT}: "
            + ("use a newer release" if int(text) > FORMAT else "open it with an older release")
        )
    raise CardFileError(f"{path}: not a card file, or damaged")


def _json(values: Any) -> str:
    return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _head(index: Mapping[str, Any]) -> bytes:
    """Return length prefix and header, padded so that the data starts at a multiple of 8."""
    text = json.dumps(index, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text


def _identity(card: str, index: Mapping[str, Any], data: memoryview) -> str:
    digest = hashlib.sha256(_json([card, index]).encode())
    digest.update(data)
    return digest.hexdigest()


def _checksum(head: bytes, identity: str) -> str:
    return hashlib.sha256(head + identity.encode()).hexdigest()
