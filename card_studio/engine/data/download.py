"""Fetches a published archive and unpacks it, step by step; what arrived is checked before anything is unpacked."""

import hashlib
import tarfile
import tempfile
import urllib.error
import urllib.request
from http.client import HTTPException
from importlib.metadata import version
from pathlib import Path

from card_studio.engine.data.progress import Work
from card_studio.errors import DataError
from card_studio.files import explained, replacing

_CHUNK_BYTES = 1 << 18
_SILENCE_S = 30.0
"""A server that says nothing for so long is given up."""
_UNPACKING = 0.1


def fetching(url: str, archive: Path, md5: str, *, label: str) -> Work[None]:
    """Fetch a .tar.gz and unpack it beside itself; an archive that lies there whole is not fetched again.

    Args:
        url: where the archive is published.
        archive: where it is to lie, and stays; the folder is made if it is not there.
        md5: of the archive, as published; unpacking refuses members that point outside the folder.
        label: what to call the dataset in an error.

    Yields:
        The share done, after every 256 kB and after every file that was unpacked.

    Raises:
        DataError: the server cannot be reached, breaks off, or sends something else.
        WorkspaceError: the disk is full or read-only.
    """
    if not archive.is_file() or _md5(archive) != md5:
        try:
            yield from _receiving(url, archive, md5, label)
        except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
            if isinstance(error, urllib.error.HTTPError):
                error.close()  # it is the server's answer too, and holds the connection
            reason = getattr(error, "reason", None) or error or type(error).__name__
            raise DataError(f"{archive}: {label} could not be fetched from {url}: {reason}") from error
    yield from _unpacking(archive, label)


def _receiving(url: str, archive: Path, md5: str, label: str) -> Work[None]:
    request = urllib.request.Request(url, headers={"User-Agent": f"card-studio/{version('card-studio')}"})
    with urllib.request.urlopen(request, timeout=_SILENCE_S) as response, replacing(archive) as temporary:
        expected = int(response.headers.get("Content-Length") or 0)
        digest, received = hashlib.md5(usedforsecurity=False), 0
        with temporary.open("wb") as file:
            while chunk := response.read(_CHUNK_BYTES):
                file.write(chunk)
                digest.update(chunk)
                received += len(chunk)
                yield (1 - _UNPACKING) * min(1.0, received / expected) if expected else 0.0
        if digest.hexdigest() != md5:
            raise DataError(
                f"{archive}: {url} sent {received:,} bytes that are not the published archive of {label} (MD5 {md5}): "
                "try again later, or fetch it by hand"
            )


def _unpacking(archive: Path, label: str) -> Work[None]:
    """Unpack into a folder of its own first, so that what is seen under the final names is whole."""
    with explained(archive.parent), tempfile.TemporaryDirectory(dir=archive.parent, prefix=".unpacking-") as place:
        try:
            with tarfile.open(archive) as tar:
                members = tar.getmembers()
                for done, member in enumerate(members, 1):
                    tar.extract(member, place, filter="data")
                    yield 1 - _UNPACKING + _UNPACKING * done / len(members)
        except (tarfile.TarError, EOFError) as error:
            raise DataError(f"{archive}: {label} could not be unpacked: {error}") from error
        for file in [path for path in Path(place).rglob("*") if path.is_file()]:
            target = archive.parent / file.relative_to(place)
            target.parent.mkdir(parents=True, exist_ok=True)
            file.replace(target)


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
