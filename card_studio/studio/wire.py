"""Messages between the dealer and its client: a JSON header and one array, length first. Nothing is pickled."""

import json
import struct
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from card_studio.domain.job import Suite
from card_studio.domain.options import CorruptionOption, DataOptions, Options

_LENGTH = struct.Struct("<I")
_AT_MOST_HEADER_BYTES = 1 << 20


class SuiteRows(Options):
    """Some images of one cell of a suite, asked of the dealer."""

    suite: Suite
    data: DataOptions
    digest: str
    """The dataset's: another dataset's images are refused."""
    corruption: CorruptionOption | None
    """None for the clean images, whose severity is 0."""
    severity: int
    rows: tuple[int, ...]
    cache: Path
    data_folder: Path | None = None


def send(stream: BinaryIO, header: dict[str, Any], array: NDArray[Any] | None = None) -> None:
    """Write one message and flush it."""
    body = b""
    if array is not None:
        array = np.ascontiguousarray(array)
        header = header | {"dtype": array.dtype.str, "shape": list(array.shape)}
        body = array.tobytes()
    text = json.dumps(header).encode()
    stream.write(_LENGTH.pack(len(text)) + text + body)
    stream.flush()


def receive(stream: BinaryIO) -> tuple[dict[str, Any], NDArray[Any] | None]:
    """Read one message.

    Raises:
        EOFError: the other side is gone.
    """
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    if length > _AT_MOST_HEADER_BYTES:
        raise EOFError("the other side does not speak this protocol")
    header: dict[str, Any] = json.loads(_exactly(stream, length))
    if "dtype" not in header:
        return header, None
    dtype = np.dtype(header["dtype"])
    shape = tuple(int(side) for side in header["shape"])
    body = _exactly(stream, dtype.itemsize * int(np.prod(shape)))
    return header, np.frombuffer(body, dtype).reshape(shape)


def _exactly(stream: BinaryIO, count: int) -> bytes:
    parts: list[bytes] = []
    while count:
        part = stream.read(count)
        if not part:
            raise EOFError("the other side ended")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
