"""Finds a dataset's image files in a folder or a .zip, class by class; a .zip is read in memory, never unpacked.

Files and folders are named by their path below the source, with / between the parts.
"""

import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from card_studio.errors import DataError
from card_studio.pictures import PICTURE_SUFFIXES

MAX_FILE_BYTES = 256 << 20
"""No image file is larger; a .zip member that says so is a bomb."""
_DEEPEST = 4
"""Levels of folders looked into, so that a link back to a parent ends."""
_LAYOUT = "wanted are at least two class folders that hold image files, as <class>/<image>"
_HIDDEN = re.compile(r"(^|/)(\.|__MACOSX(/|$))")
_OUTSIDE = re.compile(r"^/|^[A-Za-z]:|(^|/)\.\.(/|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A folder or a .zip of files; hidden ones are left out."""

    path: Path
    files: tuple[str, ...]
    folders: tuple[str, ...]
    read: Callable[[str], bytes]
    """Returns a file's bytes; may be called from several threads."""


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """Open a folder or a .zip file.

    Raises:
        DataError: it is missing, is neither, or is a .zip that is damaged, encrypted or unsafe.
    """
    if path.is_dir():
        yield _folder(path)
    elif not path.exists():
        raise DataError(f"{path}: no such folder or .zip: data.path must name one that is there")
    else:
        with _archive(path) as archive:
            yield _zip(path, archive)


def class_files(source: Source) -> dict[str, list[str]]:
    """Return the image files of each class, classes and files sorted by name.

    A single top folder that holds the class folders, such as `train`, is descended into.

    Raises:
        DataError: there are no class folders, or images lie elsewhere than directly in them.
    """
    pictures = [file for file in source.files if _suffix(file) in PICTURE_SUFFIXES]
    top = _top(source.folders, pictures)
    found: dict[str, list[str]] = {folder: [] for folder in source.folders if _parent(folder) == top}
    for file in pictures:
        if _parent(file) not in found:
            raise DataError(f"{source.path}: {file} does not lie directly in a class folder: {_LAYOUT}")
        found[_parent(file)].append(file)
    if len(found) < 2:
        raise DataError(f"{source.path}: no class folders: {_LAYOUT}")
    return {_name(folder): sorted(found[folder]) for folder in sorted(found)}


def _top(folders: tuple[str, ...], pictures: list[str]) -> str:
    holders = {_parent(file) for file in pictures}
    top = ""
    while True:
        inside = [folder for folder in folders if _parent(folder) == top]
        if len(inside) != 1 or holders & {top, inside[0]}:
            return top
        top = inside[0]


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _suffix(path: str) -> str:
    stem, dot, suffix = _name(path).rpartition(".")
    return f".{suffix.lower()}" if dot and stem else ""


def _folder(top: Path) -> Source:
    files: list[str] = []
    folders: list[str] = []
    waiting = [""]
    while waiting:
        for path, is_folder in _entries(top, waiting.pop()):
            (folders if is_folder else files).append(path)
            if is_folder and path.count("/") < _DEEPEST - 1:
                waiting.append(path)

    def read(name: str) -> bytes:
        try:
            return (top / name).read_bytes()
        except OSError as error:
            raise DataError(f"{top / name}: cannot be read: {error.strerror}") from error

    return Source(path=top, files=tuple(files), folders=tuple(folders), read=read)


def _entries(top: Path, below: str) -> list[tuple[str, bool]]:
    prefix = f"{below}/" if below else ""
    try:
        found = [(prefix + entry.name, entry.is_dir()) for entry in (top / below).iterdir()]
    except OSError as error:
        raise DataError(f"{top / below}: cannot be read: {error.strerror}") from error
    return [(path, is_folder) for path, is_folder in found if not _HIDDEN.search(path)]


def _archive(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise DataError(f"{path}: not a folder, and not a whole .zip file ({error}): copy it anew") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error


def _zip(path: Path, archive: zipfile.ZipFile) -> Source:
    members: dict[str, zipfile.ZipInfo] = {}
    folders: set[str] = set()
    for info in archive.infolist():
        name = info.filename.replace("\\", "/").rstrip("/")
        _check(path, info, name)
        if _HIDDEN.search(name):
            continue
        if info.is_dir():
            folders.add(name)
        else:
            members[name] = info
            folders.add(_parent(name))
    for folder in list(folders):
        parts = folder.split("/")
        folders.update("/".join(parts[:depth]) for depth in range(1, len(parts)))

    def read(name: str) -> bytes:
        try:
            return archive.read(members[name])
        except Exception as error:  # zipfile's decompressors raise almost anything on damaged bytes
            raise DataError(f"{path}: {name} is damaged or encrypted ({error}): make the .zip anew") from error

    return Source(path=path, files=tuple(members), folders=tuple(sorted(folders - {""})), read=read)


def _check(path: Path, info: zipfile.ZipInfo, name: str) -> None:
    """Refuse members that point outside, or that would fill the memory."""
    if _OUTSIDE.search(name):
        raise DataError(f"{path}: member {info.filename!r} points outside the archive: not read; make the .zip anew")
    if info.file_size > MAX_FILE_BYTES:
        raise DataError(
            f"{path}: member {info.filename!r} would unpack to {info.file_size:,} bytes: "
            f"at most {MAX_FILE_BYTES:,} are allowed"
        )
