"""Files that are whole or absent: atomic writes, content hashes, and what the disk's refusals mean to a user."""

import errno
import hashlib
import io
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from card_studio.errors import WorkspaceError

_CHUNK_BYTES = 1 << 20
_REFUSALS = {
    errno.ENOSPC: "the disk is full: free some space and try again",
    errno.EDQUOT: "your disk quota is used up: free some space and try again",
    errno.EROFS: "the disk is read-only: choose another folder",
    errno.EACCES: "no permission to write there: choose another folder or change its rights",
    errno.EPERM: "no permission to write there: choose another folder or change its rights",
    errno.EEXIST: "a file stands where a folder is needed: choose another folder",
    errno.ENOTDIR: "a file stands where a folder is needed: choose another folder",
}


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn an OSError with a known cause into a WorkspaceError that names `path`; others pass.

    Raises:
        WorkspaceError: the disk is full or read-only, or permission is missing.
    """
    try:
        yield
    except OSError as error:
        reason = _REFUSALS.get(error.errno or 0)
        if reason is None:
            raise
        raise WorkspaceError(f"cannot write {path}: {reason}") from error


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; on success it is synced and renamed to `path`, on failure removed.

    Raises:
        WorkspaceError: the disk is full or read-only, or permission is missing.
    """
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
        temporary.touch(exist_ok=False)  # with the rights of any new file; a tempfile's would be its owner's alone
        try:
            yield temporary
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:  # an interrupt too must leave no half-written file behind
            with suppress(OSError):
                temporary.unlink()
            raise


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` to `path` so that a reader sees all of it or none.

    Raises:
        WorkspaceError: the disk is full or read-only, or permission is missing.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def content_hash(data: bytes) -> str:
    """Return the SHA-256 of `data` as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as 64 hexadecimal digits, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def content_path(folder: Path, content: str) -> Path:
    """Return where the content of that hash lies under `folder`."""
    return folder / content[:2] / content


def keep_content(folder: Path, data: bytes) -> str:
    """Store `data` under its own hash, unless it is there; it is never rewritten.

    Returns:
        The SHA-256 of `data`, by which `content_path` finds it.

    Raises:
        WorkspaceError: the disk is full or read-only, or permission is missing.
    """
    content = content_hash(data)
    path = content_path(folder, content)
    if not path.exists():
        write_atomically(path, data)
    return content


def array_bytes(array: NDArray[Any]) -> bytes:
    """Return an array as the bytes of a .npy file; arrays of objects, which would need pickle, are refused."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def read_array(path: Path, *, mapped: bool = False) -> NDArray[Any]:
    """Read a .npy file, memory-mapped if asked; nothing is ever unpickled.

    Raises:
        ValueError: it is not a .npy file, or it holds objects.
    """
    array: NDArray[Any] = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
    return array
