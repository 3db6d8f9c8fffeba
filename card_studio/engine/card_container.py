"""The outside of card and deck files: safetensors whose every byte is checked, read in bounded time and memory.

Its metadata holds `format`, `checksum`, `card` or `deck` (JSON, part of the identity) and `extras` (JSON, not part of
it: what people call the card, where the data lay, whatever travels along on export). The identity is the SHA-256 of
`card` or `deck`, the tensors' index and their bytes. The checksum is the SHA-256 of the header, with zeros in place of
the checksum, and of the identity's digest; so the two together cover the whole file.
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
_MAX_HEADER_BYTES = 1 << 24
_PREFIX_BYTES = 8
_NO_CHECKSUM = "0" * 64
_META = "__metadata__"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of file: its section's name in the metadata, and how large it may be."""

    section: str
    max_bytes: int

    @property
    def noun(self) -> str:
        """What a message calls it."""
        return f"{self.section} file"


CARD = Kind(section="card", max_bytes=5 << 28)
"""The largest network in float32, and a quarter more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a file says of itself before its data: to be believed once the checksum fits."""

    raw: bytes
    """Length prefix and header."""
    index: dict[str, Any]
    """Each tensor's type, shape and place, without the metadata."""
    meta: dict[str, str]


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
    """Return a card's identity and its file's bytes; the same content always gives the same bytes.

    Args:
        card: JSON values, part of the identity.
        tensors: by name, on the CPU; their order does not matter.
        extras: JSON values outside the identity.
    """
    body = safetensors.torch.save({name: tensor.contiguous() for name, tensor in tensors.items()})
    header_bytes = _header_length(body)
    index = json.loads(body[_PREFIX_BYTES : _PREFIX_BYTES + header_bytes])
    data = memoryview(body)[_PREFIX_BYTES + header_bytes :]
    head = new_head(CARD, card, index, extras)
    digest = identity_begun(CARD, head)
    digest.update(data)
    return CardId(digest.hexdigest()), b"".join([sealed(head, digest.hexdigest()), data])


def new_head(kind: Kind, content: Mapping[str, Any], index: Mapping[str, Any], extras: Mapping[str, Any]) -> Head:
    """Return the head of a file to be written; its checksum is still missing."""
    meta = {
        "format": str(FORMAT),
        "checksum": _NO_CHECKSUM,
        kind.section: json_text(content),
        "extras": json_text(extras),
    }
    return Head(raw=_packed({_META: meta, **index}), index=dict(index), meta=meta)


def sealed(head: Head, identity: str) -> bytes:
    """Return a new head's bytes with the checksum in its place."""
    return head.raw.replace(_NO_CHECKSUM.encode(), _checksum(head.raw, identity).encode(), 1)


def read_container(path: Path) -> Container:
    """Read a card file that `write_container` made.

    Raises:
        CardFileError: the file is missing, no card, from another version, or damaged.
    """
    with opened(path, CARD) as file:
        head = read_head(file, path, CARD)
        content = head.raw + file.read()
    digest = identity_begun(CARD, head)
    digest.update(memoryview(content)[len(head.raw) :])
    identity = digest.hexdigest()
    require_whole(head, identity, path)
    card, extras = parsed(head.meta[CARD.section], path, CARD), parsed(head.meta["extras"], path, CARD)
    try:
        tensors = safetensors.torch.load(content)
    except (safetensors.SafetensorError, KeyError) as error:  # KeyError: a type that torch lacks
        raise CardFileError(f"{path}: damaged: {error}") from error
    return Container(id=CardId(identity), card=card, extras=extras, tensors=tensors, file_bytes=len(content))


@contextmanager
def opened(path: Path, kind: Kind) -> Iterator[BinaryIO]:
    """Open a file of a size that it may have.

    Raises:
        CardFileError: it is missing, too large, or the disk refuses.
    """
    try:
        if not path.is_file():
            raise CardFileError(f"{path}: no such {kind.noun}")
        if path.stat().st_size > kind.max_bytes:
            raise CardFileError(f"{path}: too large to be a {kind.noun} (over {kind.max_bytes >> 20} MiB)")
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise CardFileError(f"{path}: cannot be read: {error.strerror}") from error


def read_head(file: BinaryIO, path: Path, kind: Kind) -> Head:
    """Read a file up to its data; no more is read of one that is of another kind.

    Raises:
        CardFileError: it is of another kind or version, cut short, or damaged.
    """
    raw = _read_raw_head(file, path, kind)
    index = parsed(raw[_PREFIX_BYTES:], path, kind)
    meta = _metadata(index, path, kind)
    _check_format(meta["format"], path, kind)
    return Head(raw=raw, index=index, meta=meta)


def identity_begun(kind: Kind, head: Head) -> "hashlib._Hash":
    """Return the SHA-256 of a file's identity, to be updated with every byte after the head."""
    return hashlib.sha256(json_text([head.meta[kind.section], head.index]).encode())


def require_whole(head: Head, identity: str, path: Path) -> None:
    """Check that every byte is what was written.

    Raises:
        CardFileError: one is not.
    """
    checksum = head.meta["checksum"]
    if _checksum(head.raw.replace(checksum.encode(), _NO_CHECKSUM.encode(), 1), identity) != checksum:
        raise CardFileError(f"{path}: damaged: its checksum does not fit its content; get it anew")


def parsed(text: bytes | str, path: Path, kind: Kind) -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        CardFileError: the text is none.
    """
    try:
        values = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:  # ValueError: not JSON, not UTF-8, or not a number
        raise CardFileError(f"{path}: not a {kind.noun}, or damaged") from error
    if not isinstance(values, dict):
        raise CardFileError(f"{path}: not a {kind.noun}, or damaged")
    return values


def _refuse(constant: str) -> None:
    """Infinity and NaN are no JSON, whatever Python reads and writes."""
    raise ValueError(constant)


def json_text(values: Any) -> str:
    """Return values as the one JSON text that stands for them."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _read_raw_head(file: BinaryIO, path: Path, kind: Kind) -> bytes:
    prefix = file.read(_PREFIX_BYTES)
    length = _header_length(prefix) if len(prefix) == _PREFIX_BYTES else 0
    head = prefix + file.read(length) if 0 < length <= _MAX_HEADER_BYTES else b""
    if len(head) != _PREFIX_BYTES + length:
        raise CardFileError(f"{path}: not a {kind.noun}, or one that was cut short")
    return head


def _header_length(content: bytes) -> int:
    (length,) = struct.unpack("<Q", content[:_PREFIX_BYTES])
    return int(length)


def _metadata(index: dict[str, Any], path: Path, kind: Kind) -> dict[str, str]:
    """Take the metadata out of the index."""
    meta = index.pop(_META, None)
    wanted = ("format", "checksum", kind.section, "extras")
    if not isinstance(meta, dict) or any(not isinstance(meta.get(key), str) for key in wanted):
        raise CardFileError(f"{path}: not a {kind.noun}; to bring in another program's network, import it")
    if len(meta["checksum"]) != len(_NO_CHECKSUM) or len(meta) != len(wanted):
        raise CardFileError(f"{path}: not a {kind.noun}, or damaged")
    return meta


def _check_format(text: str, path: Path, kind: Kind) -> None:
    if text == str(FORMAT):
        return
    if text.isascii() and text.isdecimal() and text.strip("0") and len(text) < len(str(FORMAT)) + 4:
        raise CardFileError(
            f"{path}: a {kind.noun} of format {text}, and this release reads format {FORMAT}: "
            + ("use a newer release" if int(text) > FORMAT else "open it with an older release")
        )
    raise CardFileError(f"{path}: not a {kind.noun}, or damaged")


def _packed(index: Mapping[str, Any]) -> bytes:
    """Return length prefix and header, padded so that the data starts at a multiple of 8."""
    text = json.dumps(index, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text


def _checksum(head: bytes, identity: str) -> str:
    return hashlib.sha256(head + identity.encode()).hexdigest()
